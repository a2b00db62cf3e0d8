import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as limits from '../core/limits.ts';
import { isConfigError, type Loaded, loadConfig, type Sources } from './load.ts';
import { SETTINGS } from './setting.ts';

const at = (sources: Partial<Sources> = {}): Loaded =>
  loadConfig({ flags: {}, env: {}, cwd: '/home/ada', freeMemoryMB: 1000, ...sources });
const file = (text: string) => ({ path: '/etc/openscf/openscf.yml', text });

function refusal(sources: Partial<Sources>): { code: string; zh: string; en: string } {
  try {
    at(sources);
  } catch (error) {
    if (!isConfigError(error)) throw error;
    return { code: error.code, zh: error.text('zh'), en: error.text('en') };
  }
  throw new Error('not refused');
}

test('defaults are the documented ones', () => {
  const { config, origins } = at();
  assert.deepEqual(config, {
    data: '/home/ada/.openscf',
    host: '127.0.0.1',
    portApi: 9700,
    portCos: 9701,
    portHttp: 9702,
    portTls: 9743,
    portOffset: 18000,
    baseDomain: 'localhost',
    trustedProxies: '',
    region: 'ap-guangzhou',
    appId: '1250000000',
    uin: '100000000001',
    memory: 500,
    warm: 31,
    idle: 600,
    grace: 10,
    sandbox: 'auto',
    runtimes: 'auto',
    cloudNames: 'on',
    dev: false,
    examples: false,
    lang: 'en',
    logLevel: 'info',
    quota: {
      layers: limits.LAYERS_PER_REGION,
      layerVersions: limits.VERSIONS_PER_LAYER,
      namespaces: limits.NAMESPACES_PER_REGION,
      functions: limits.FUNCTIONS_PER_NAMESPACE,
      versions: limits.VERSIONS_PER_FUNCTION,
      triggersPerType: limits.TRIGGERS_PER_TYPE,
      triggers: limits.TRIGGERS_PER_FUNCTION,
      burst: 0,
      gatewayQps: 0,
    },
    records: { rows: 100_000, days: 7, bytesMB: 256 },
    websocket: { idle: 900, messageKB: 1024 },
    clb: { vips: '' },
    cos: { scrubMB: 8 },
    s3: { buckets: '' },
    compat: {
      apigwHeaderCase: 'lower',
      apigwDropLocation: false,
      wsUpstreamAction: 'data send',
      wsParallel: false,
      wsCleanupOnServerClose: false,
      clbBase64Flag: 'string',
      clbExtendedEvent: true,
      cosEventName: 'concrete',
      cosExtendedEvent: true,
      cosAppendEvents: 'wildcard',
      timerUtcOffset: 480,
      instancePerEvent: false,
      eventInstanceConcurrency: false,
    },
  });
  assert.ok(Object.values(origins).every(origin => origin.from === 'default'));
  assert.equal(Object.keys(origins).length, SETTINGS.length);
});

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const flags = { portApi: '1' };
  const env = { OPENSCF_PORT_API: '2', OPENSCF_PORT_COS: '2' };
  const text = '# mine\nportApi: 3\nportCos: 3\nportHttp: 3\n';
  const { config, origins } = at({ flags, env, file: file(text) });
  assert.deepEqual([config.portApi, config.portCos, config.portHttp, config.portTls], [1, 2, 3, 9743]);
  assert.deepEqual(origins.portApi, { from: 'flag', where: '--port-api' });
  assert.deepEqual(origins.portCos, { from: 'env', where: 'OPENSCF_PORT_COS' });
  assert.deepEqual(origins.portHttp, { from: 'file', where: '/etc/openscf/openscf.yml:4' });
  assert.deepEqual(origins.portTls, { from: 'default', where: '' });
});

test('a flag that was not given leaves the other sources alone', () => {
  assert.equal(at({ flags: { portApi: undefined }, env: { OPENSCF_PORT_API: '5' } }).config.portApi, 5);
});

test('every setting can be given in each of the three ways and means the same', () => {
  const sample: Record<string, string> = { number: '200', switch: 'on', text: '12345678' };
  const odd: Record<string, string> = {
    region: 'ap-x1',
    registry: 'http://x',
    's3.token': 'x'.repeat(16),
    's3.buckets': 'a.b=c-1250000000',
  };
  for (const one of SETTINGS) {
    if (one.name === 'secretId' || one.name === 'secretKey') continue;
    const first = one.shape.kind === 'choice' ? (one.shape.values.at(-1) ?? '') : '';
    const value = odd[one.name] ?? (first || (sample[one.shape.kind] ?? ''));
    const where = one.name === 'data' ? { path: '/home/ada/openscf.yml' } : { path: '/etc/openscf.yml' };
    const byFlag = at({ flags: { [one.name]: value } });
    const byEnv = at({ env: { [one.env]: value } });
    const byFile = at({ file: { ...where, text: `${one.name}: ${value}` } });
    assert.deepEqual(byEnv.config, byFlag.config, one.name);
    assert.deepEqual(byFile.config, byFlag.config, one.name);
    assert.deepEqual(
      [byFlag, byEnv, byFile].map(loaded => loaded.origins[one.name]?.from),
      ['flag', 'env', 'file'],
    );
  }
});

test('buckets of another store are given as pairs', () => {
  const like = (buckets: string) => () => at({ flags: { 's3.buckets': buckets } }).config.s3.buckets;
  for (const fine of ['', 'a=b-1', ' a.b = c-1 '.replaceAll(' = ', '='), 'A_b=x-y-1250000000,c=x-y-1250000000,'])
    assert.equal(like(fine)(), fine);
  for (const wrong of ['a', 'a=', '=b-1', 'a=b', 'a=B-1', 'a=b-1=c-1', 'a=b-1;c=d-1'])
    assert.throws(like(wrong), wrong);
});

test('names are derived as promised', () => {
  const names = Object.fromEntries(SETTINGS.map(one => [one.name, [one.flag, one.env]]));
  assert.deepEqual(names.portApi, ['--port-api', 'OPENSCF_PORT_API']);
  assert.deepEqual(names['quota.triggersPerType'], ['--quota-triggers-per-type', 'OPENSCF_QUOTA_TRIGGERS_PER_TYPE']);
  assert.deepEqual(names['records.bytesMB'], ['--records-bytes-mb', 'OPENSCF_RECORDS_BYTES_MB']);
  assert.deepEqual(names['compat.apigwHeaderCase'], ['--compat-apigw-header-case', 'OPENSCF_COMPAT_APIGW_HEADER_CASE']);
  assert.equal(new Set(SETTINGS.map(one => one.env)).size, SETTINGS.length);
  for (const one of SETTINGS) assert.ok(one.doc.zh && one.doc.en, one.name);
});

test('an unknown name is refused with the nearest one and its place', () => {
  const cases: [Partial<Sources>, string, string][] = [
    [{ flags: { portAPI: '1' } }, 'portApi', 'flags'],
    [{ env: { OPENSCF_PORTAPI: '1' } }, 'OPENSCF_PORT_API', 'environment'],
    [{ file: file('host: 127.0.0.1\nporttApi: 1') }, 'portApi', '/etc/openscf/openscf.yml:2'],
    [{ file: file('quota:\n  function: 1') }, 'quota.functions', '/etc/openscf/openscf.yml:2'],
  ];
  for (const [sources, near, place] of cases) {
    const { code, en, zh } = refusal(sources);
    assert.equal(code, 'Config.UnknownNear');
    assert.ok(en.includes(near) && en.includes(place), en);
    assert.ok(zh.includes(near) && zh.includes(place), zh);
  }
  assert.equal(refusal({ env: { OPENSCF_ZZZZZZZZZZZZZZ: '' } }).code, 'Config.Unknown');
});

test('names of the environment that are not ours are left alone', () => {
  assert.equal(
    at({ env: { PORT_API: '1', OPENSCF_ENDPOINT: 'http://x', OPENSCF_CONFIG: 'x.yml' } }).config.portApi,
    9700,
  );
});

test('a bad value is refused with name, place and what it should be', () => {
  const cases: [Partial<Sources>, string, RegExp][] = [
    [{ flags: { portApi: '70000' } }, 'Config.Number', /--port-api: portApi .* 0 to 65535, not 70000/],
    [{ flags: { portApi: '1.5' } }, 'Config.Number', /not 1\.5/],
    [{ flags: { portApi: '' } }, 'Config.Number', /portApi/],
    [{ env: { OPENSCF_DEV: 'perhaps' } }, 'Config.Switch', /OPENSCF_DEV: dev must be on or off, not perhaps/],
    [
      { file: file('sandbox: docker') },
      'Config.Choice',
      /openscf\.yml:1: sandbox .*auto \| process \| bwrap, not docker/,
    ],
    [{ file: file('region: Guangzhou') }, 'Config.Text', /ap-guangzhou/],
    [{ file: file('portApi:') }, 'Config.Number', /not null/],
  ];
  for (const [sources, code, message] of cases) {
    const refused = refusal(sources);
    assert.equal(refused.code, code);
    assert.match(refused.en, message);
  }
});

test('a bad secret is not repeated', () => {
  const { en } = refusal({ env: { OPENSCF_SECRET_ID: 'AKIDxxxxxxxx', OPENSCF_SECRET_KEY: 'hush' } });
  assert.ok(!en.includes('hush'), en);
});

test('half a key pair is refused', () => {
  assert.match(refusal({ flags: { secretId: 'AKIDxxxxxxxx' } }).en, /secretKey is not set/);
  const { config } = at({ flags: { secretId: 'AKIDxxxxxxxx', secretKey: 'kkkkkkkk' } });
  assert.deepEqual([config.secretId, config.secretKey], ['AKIDxxxxxxxx', 'kkkkkkkk']);
});

test('cloudNames is on unless it is switched off, in the words of a file too', () => {
  assert.equal(at().config.cloudNames, 'on');
  assert.equal(at({ flags: { cloudNames: 'off' } }).config.cloudNames, 'off');
  assert.equal(at({ file: file('cloudNames: off') }).config.cloudNames, 'off');
  assert.equal(at({ file: file('cloudNames: true') }).config.cloudNames, 'on');
  assert.equal(refusal({ flags: { cloudNames: 'some' } }).code, 'Config.Choice');
});

test('the data folder is found from the place that named it', () => {
  assert.equal(at({ flags: { data: 'd' }, file: file('data: f') }).config.data, '/home/ada/d');
  assert.equal(at({ file: file('data: f') }).config.data, '/etc/openscf/f');
  assert.equal(at({ env: { OPENSCF_DATA: '/abs' } }).config.data, '/abs');
});

test('the language comes from the locale, unless it is set', () => {
  assert.equal(at({ env: { LANG: 'zh_CN.UTF-8' } }).config.lang, 'zh');
  assert.equal(at({ env: { LANG: 'zh_CN.UTF-8', LC_ALL: 'C' } }).config.lang, 'en');
  assert.equal(at({ env: { LANG: 'zh_CN.UTF-8', OPENSCF_LANG: 'en' } }).config.lang, 'en');
});

test('half of the free memory, and never too little to run one function', () => {
  assert.equal(at({ freeMemoryMB: 4001 }).config.memory, 2000);
  assert.equal(at({ freeMemoryMB: 10 }).config.memory, 128);
});

test('a file that is no map of settings is refused', () => {
  for (const text of ['- a\n- b', 'a: [', 'just words'])
    assert.equal(refusal({ file: file(text) }).code, 'Config.File');
  assert.equal(at({ file: file('# nothing set\n') }).config.portApi, 9700);
});

test('what comes out cannot be changed', () => {
  const { config } = at();
  assert.throws(() => Object.assign(config.quota, { functions: 1 }), TypeError);
});

test('property: a whole number within bounds is taken, any other text is refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), value => {
      const inside = value >= 0 && value <= 65_535;
      const sources = { flags: { portHttp: String(value) } };
      if (inside) assert.equal(at(sources).config.portHttp, value);
      else assert.equal(refusal(sources).code, 'Config.Number');
    }),
  );
  fc.assert(
    fc.property(
      fc.string().filter(text => !/^\s*[+-]?\d+\s*$/.test(text)),
      text => {
        assert.equal(refusal({ flags: { portHttp: text } }).code, 'Config.Number');
      },
    ),
  );
});
