import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { type ApigwDesc, formatApigw, parseApigw } from './desc.ts';

const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;
const parse = (value: unknown, previous?: ApigwDesc) =>
  parseApigw(JSON.stringify(value), { functionName: 'fn', ...(previous && { previous }) });

/** As the manual prints it. */
const MANUAL = `{"api":{"authRequired":"FALSE","requestConfig":{"method":"ANY"},"isIntegratedResponse":"FALSE",
  "IsBase64Encoded":"FALSE"},"service":{"serviceId":"service-abcdefgh"},"release":{"environmentName":"release"}}`;

const BOUND: ApigwDesc = {
  ...parse({ api: { isIntegratedResponse: 'TRUE', requestConfig: { path: '/a/{x}', method: 'GET' } } }),
  serviceId: 'service-abcdefgh',
  bound: { apiId: 'api-12345678', environment: 'release', madeService: true },
};

describe('reading', () => {
  it('takes the manual’s form', () => {
    assert.deepEqual(parseApigw(MANUAL, { functionName: 'fn' }), {
      apiName: 'fn',
      method: 'ANY',
      path: '/fn',
      integrated: false,
      base64: false,
      base64Key: 'IsBase64Encoded',
      cors: false,
      environment: 'release',
      serviceName: 'SCF_API_SERVICE',
      serviceId: 'service-abcdefgh',
    });
  });

  it('has a default for everything', () => {
    const desc = parse({});
    assert.deepEqual(parseApigw('', { functionName: 'fn' }), desc);
    assert.equal(desc.serviceId, undefined);
    assert.equal(desc.path, '/fn');
    assert.equal(desc.environment, 'release');
  });

  it('takes switches as text in any case and as booleans', () => {
    for (const on of ['TRUE', 'true', 'True', true]) {
      const desc = parse({ api: { isIntegratedResponse: on, isBase64Encoded: on, enableCORS: on } });
      assert.deepEqual([desc.integrated, desc.base64, desc.cors], [true, true, true]);
    }
    assert.equal(parse({ api: { IsBase64Encoded: 'TRUE' } }).base64, true);
  });

  const refused: [string, unknown][] = [
    ['no object', [1]],
    ['null', null],
    ['a method beyond the six', { api: { requestConfig: { method: 'PATCH' } } }],
    ['a path without a slash', { api: { requestConfig: { path: 'fn' } } }],
    ['a path that is no text', { api: { requestConfig: { path: 1 } } }],
    ['a switch that is none', { api: { isIntegratedResponse: 'YES' } }],
    ['an environment', { release: { environmentName: 'prod' } }],
    ['a service id', { service: { serviceId: 'service-1' } }],
    ['an api that is no object', { api: 'x' }],
  ];
  for (const [what, value] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parse(value), code('InvalidParameterValue.TriggerDesc'));
    });
  }

  it('refuses what is not JSON', () => {
    assert.throws(() => parseApigw('{', { functionName: 'fn' }), code('InvalidParameterValue.TriggerDesc'));
  });

  it('reads protection from either field, and never serves open what was asked for closed', () => {
    const of = (api: object, previous?: ApigwDesc) => parse({ api }, previous).authType ?? 'NONE';
    assert.equal(of({ authRequired: 'TRUE' }), 'SECRET');
    assert.equal(of({ authRequired: true }), 'SECRET');
    assert.equal(of({ authRequired: 'TRUE', authType: 'NONE' }), 'SECRET');
    assert.equal(of({ authRequired: 'FALSE', authType: 'SECRET' }), 'SECRET');
    assert.equal(of({ authType: 'APP' }), 'APP');
    assert.equal(of({ authRequired: 'FALSE', authType: 'NONE' }), 'NONE');
    assert.equal(of({}), 'NONE');
    const closed: ApigwDesc = { ...BOUND, authType: 'OAUTH' };
    assert.equal(of({}, closed), 'OAUTH');
    assert.equal(of({ authRequired: 'TRUE' }, closed), 'OAUTH');
    assert.equal(of({ authType: 'OAUTH' }, closed), 'OAUTH');
    assert.equal(of({ authRequired: 'FALSE' }, closed), 'NONE');
    assert.equal(of({ authType: 'NONE' }, closed), 'NONE');
    assert.throws(() => of({ authType: 'OAUTH' }), code('InvalidParameterValue.TriggerDesc'));
  });

  it('keeps the type of the function, and a method that only the gateway can give', () => {
    const web = parseApigw('', { functionName: 'fn', functionType: 'HTTP' });
    assert.equal(web.functionType, 'HTTP');
    assert.equal(parse({}, web).functionType, 'HTTP');
    assert.equal(parse({}).functionType, undefined);
    const socket: ApigwDesc = { ...web, protocol: 'WEBSOCKET' };
    assert.equal(parse({}, socket).protocol, 'WEBSOCKET');
    const patch: ApigwDesc = { ...BOUND, method: 'PATCH' };
    assert.equal(parse({ api: { requestConfig: { method: 'PATCH' } } }, patch).method, 'PATCH');
  });
});

describe('an update', () => {
  it('keeps what it does not name', () => {
    const changed = parse({ api: { requestConfig: { method: 'POST' } } }, BOUND);
    assert.deepEqual(changed, { ...BOUND, method: 'POST' });
    assert.deepEqual(parse({}, BOUND), BOUND);
  });

  it('cannot move the trigger to another service', () => {
    parse({ service: { serviceId: 'service-abcdefgh' } }, BOUND);
    assert.throws(
      () => parse({ service: { serviceId: 'service-00000000' } }, BOUND),
      code('InvalidParameterValue.TriggerDesc'),
    );
  });
});

describe('giving back', () => {
  it('is compact and has what clients read', () => {
    assert.equal(
      formatApigw(BOUND, 'http://127.0.0.1:9702/_apigw/service-abcdefgh/release/a/{x}'),
      '{"api":{"apiId":"api-12345678","apiName":"fn","apiDesc":"","apiType":"NORMAL","authType":"NONE",' +
        '"authRequired":"FALSE","enableCORS":"FALSE","isIntegratedResponse":"TRUE","isBase64Encoded":"FALSE",' +
        '"requestConfig":{"method":"GET","path":"/a/{x}"}},"service":{"serviceId":"service-abcdefgh",' +
        '"serviceName":"SCF_API_SERVICE","subDomain":"http://127.0.0.1:9702/_apigw/service-abcdefgh/release/a/{x}"},' +
        '"release":{"environmentName":"release"}}',
    );
  });

  it('spells the Base64 switch as it came', () => {
    for (const key of ['IsBase64Encoded', 'isBase64Encoded']) {
      const text = formatApigw(parse({ api: { [key]: 'TRUE' } }), undefined);
      assert.equal((JSON.parse(text) as { api: Record<string, unknown> }).api[key], 'TRUE');
    }
  });

  it('can be given in again', () => {
    const text = formatApigw(BOUND, 'http://x');
    assert.deepEqual(parseApigw(text, { functionName: 'fn', previous: BOUND }), BOUND);
    const { bound: _, ...fresh } = BOUND;
    assert.deepEqual(parseApigw(text, { functionName: 'fn' }), fresh);
  });
});
