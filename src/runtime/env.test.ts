import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf, environmentOf } from './env.ts';
import { VERSION } from './testing.ts';

const PLACES = { codeDir: '/data/code/abc', optDir: '/data/layers/def', tmpDir: '/tmp' };
const account = { appId: '1250000000', uin: '100000000001' };

test('the documented variables, with real paths', () => {
  const env = environmentOf(VERSION, account, PLACES, '/usr/bin/node', { NODE_PATH: 'x' }, {});
  assert.equal(env.USER_CODE_ROOT, '/data/code/abc/');
  assert.equal(env.PWD, '/data/code/abc');
  assert.equal(env._, '/usr/bin/node');
  assert.equal(env._SCF_SERVER_PORT, '28902');
  assert.equal(env.SCF_RUNTIME, VERSION.runtime);
  assert.equal(env.SCF_FUNCTIONVERSION, '$LATEST');
  assert.equal(env.TENCENTCLOUD_REGION, 'ap-guangzhou');
  assert.equal(env.TENCENTCLOUD_APPID, '1250000000');
  assert.equal(env.TENCENTCLOUD_UIN, '100000000001');
  assert.equal(env.PATH, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  assert.equal(env.LD_LIBRARY_PATH, '/data/code/abc:/data/layers/def');
  assert.equal(env.TZ, 'UTC');
  assert.equal(env.NODE_PATH, 'x');
  assert.ok(!('TENCENTCLOUD_SECRETID' in env), 'no role, no keys');
});

test('the user\u2019s variables win over the platform\u2019s', () => {
  const version = { ...VERSION, environment: { TZ: 'Asia/Tokyo', NODE_PATH: 'mine' } };
  const env = environmentOf(version, account, PLACES, '/n', { NODE_PATH: 'x' }, {});
  assert.equal(env.TZ, 'Asia/Tokyo');
  assert.equal(env.NODE_PATH, 'mine');
});

test('keys of a role are in the environment, and not in the context', () => {
  const keys = { TENCENTCLOUD_SECRETID: 'a', TENCENTCLOUD_SECRETKEY: 'b', TENCENTCLOUD_SESSIONTOKEN: 'c' };
  const env = environmentOf(VERSION, account, PLACES, '/n', {}, keys);
  assert.deepEqual({ ...env, ...keys }, env);
  assert.doesNotMatch(JSON.stringify(contextOf(VERSION, account)), /SECRET|TOKEN/);
});

test('the context has the documented keys in their order', () => {
  const context = contextOf({ ...VERSION, environment: { A: '1' } }, account);
  assert.deepEqual(Object.keys(context), [
    'memory_limit_in_mb',
    'time_limit_in_ms',
    'request_id',
    'environment',
    'environ',
    'function_version',
    'function_name',
    'namespace',
    'tencentcloud_region',
    'tencentcloud_appid',
    'tencentcloud_uin',
  ]);
  assert.equal(context.environment, '{"SCF_NAMESPACE":"default","A":"1"}');
  assert.equal(context.environ, 'SCF_NAMESPACE=default;A=1');
});
