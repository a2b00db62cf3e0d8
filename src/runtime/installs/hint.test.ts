import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stockOf } from './documented.ts';
import { hintFor } from './hint.ts';

describe('hints', () => {
  const told: readonly (readonly [string, string, string])[] = [
    ['Nodejs12.16', "Error: Cannot find module 'lodash'\nRequire stack:\n- /var/user/index.js", 'lodash'],
    ['Nodejs10.15', "Error: Cannot find module 'lodash/fp'", 'lodash'],
    [
      'Nodejs18.15',
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'cos-nodejs-sdk-v5' imported from x",
      'cos-nodejs-sdk-v5',
    ],
    [
      'Nodejs20.19',
      "Error: Cannot find module 'tencentcloud-sdk-nodejs/tencentcloud/services/scf'",
      'tencentcloud-sdk-nodejs',
    ],
    ['Python3.6', "ModuleNotFoundError: No module named 'requests'", 'requests'],
    ['Python3.6', "ModuleNotFoundError: No module named 'PIL'", 'PIL'],
    ['Python3.10', "ModuleNotFoundError: No module named 'tencentcloud.common'", 'tencentcloud'],
    ['Python2.7', 'Traceback (most recent call last):\nImportError: No module named qcloud_cos_v5', 'qcloud_cos_v5'],
    ['Python2.7', 'ImportError: No module named yaml', 'yaml'],
  ];
  for (const [runtime, error, name] of told)
    test(`${runtime} without ${name}`, () =>
      assert.equal(
        hintFor(runtime, error),
        `[PLATFORM] ${name} is among the libraries for ${runtime} that are not in the code package; install them with: openscf runtime install ${runtime}`,
      ));

  test('what is documented and not installable is told as that', () => {
    assert.match(hintFor('Python3.6', "No module named 'tensorflow'"), /not; put it into the code package or a layer/);
    assert.match(hintFor('Nodejs12.16', "Cannot find module 'puppeteer'"), /puppeteer.*layer/);
  });

  const silent: readonly (readonly [string, string])[] = [
    ['Nodejs18.15', "Error: Cannot find module 'lodash'"],
    ['Nodejs12.16', "Error: Cannot find module './lodash'"],
    ['Nodejs12.16', "Error: Cannot find module '/var/user/request'"],
    ['Nodejs12.16', "Error: Cannot find module '@x/request'"],
    ['Nodejs12.16', 'TypeError: request is not a function'],
    ['Python3.9', "ModuleNotFoundError: No module named 'numpy'"],
    ['Python3.6', "ModuleNotFoundError: No module named 'requests_oauthlib'"],
    ['Python3.6', ''],
    ['Php7.4', "Cannot find module 'lodash'"],
  ];
  for (const [runtime, error] of silent)
    test(`${runtime}: nothing is said of ${JSON.stringify(error)}`, () => assert.equal(hintFor(runtime, error), ''));
});

describe('the lists', () => {
  test('by runtime, as documented', () => {
    const names = (runtime: string) => stockOf(runtime)?.libraries.map(one => one.name) ?? [];
    for (const runtime of ['Nodejs6.10', 'Nodejs8.9', 'Nodejs10.15', 'Nodejs12.16'])
      assert.ok(names(runtime).includes('request'), runtime);
    for (const runtime of ['Nodejs14.18', 'Nodejs24.11'])
      assert.deepEqual(names(runtime), ['cos-nodejs-sdk-v5', 'tencentcloud-sdk-nodejs']);
    for (const runtime of ['Python2.7', 'Python3.6'])
      for (const name of ['requests', 'cos-python-sdk-v5', 'tencentcloud-sdk-python', 'PyMySQL', 'numpy', 'Pillow'])
        assert.ok(names(runtime).includes(name), `${runtime} ${name}`);
    for (const runtime of ['Python3.7', 'Python3.13']) assert.ok(!names(runtime).includes('numpy'));
    assert.equal(stockOf('Go1'), undefined);
  });

  test('each library once, and its version is one', () => {
    for (const runtime of ['Nodejs12.16', 'Python2.7', 'Python3.6', 'Python3.9']) {
      const { libraries = [], absent = [] } = stockOf(runtime) ?? {};
      const names = [...libraries, ...absent].map(one => one.name.toLowerCase());
      assert.equal(new Set(names).size, names.length, runtime);
      for (const { version = '1' } of libraries) assert.match(version, /^\d+(\.\d+)*(\.post1)?$/);
    }
  });
});
