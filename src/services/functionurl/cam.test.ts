import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPolicy } from '../../core/policy-text.ts';
import { canonicalText, payloadHash, signingKey, tc3Date, tc3Signature } from '../../http/tc3.ts';
import { CamVerifier, type Key, type SignedCall } from './cam.ts';

const NOW_S = 1_700_000_000;
const UIN = '100000000001';
const PAIR = { secretId: 'AKIDtest', secretKey: 'topsecret' };
const KEYS = new Map<string, { secretKey: string; token?: string }>([
  [PAIR.secretId, { secretKey: PAIR.secretKey }],
  ['AKIDtemp', { secretKey: 'temporary', token: 'tok' }],
]);
const verifier = new CamVerifier({ secretOf: id => KEYS.get(id) }, UIN);

interface Signing {
  method?: string;
  path?: string;
  query?: string;
  body?: string;
  secretId?: string;
  secretKey?: string;
  timestampS?: number;
  date?: string;
  service?: string;
  names?: string[];
  host?: string;
  extra?: Record<string, string>;
}

/** A call as a client signs it. */
function signed(how: Signing = {}): SignedCall {
  const { method = 'POST', path = '/a', query = 'b=c', body = '{}', timestampS = NOW_S, host = 'h:9702' } = how;
  const { secretId = PAIR.secretId, secretKey = PAIR.secretKey, service = 'scf' } = how;
  const date = how.date ?? tc3Date(timestampS);
  const names = how.names ?? ['content-type', 'host', 'x-scf-cam-timestamp', 'x-scf-cam-uin'];
  const values: Record<string, string> = {
    'content-type': 'application/json',
    host,
    'x-scf-cam-timestamp': String(timestampS),
    'x-scf-cam-uin': UIN,
  };
  const payload = payloadHash(body);
  const headers = names.map(name => [name, values[name] ?? ''] as const);
  const canonical = canonicalText({ method, path, query, headers, payload });
  const key = signingKey(secretKey, date, service);
  const signature = tc3Signature(key, timestampS, date, service, canonical).toString('hex');
  const scope = `${secretId}/${date}/${service}/tc3_request`;
  const authorization = `TC3-HMAC-SHA256 Credential=${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return {
    method,
    paths: [path],
    query,
    headers: { ...values, host: 'h:9702', authorization, ...how.extra },
    body: Buffer.from(body),
    place: { region: 'ap-guangzhou', namespace: 'default', name: 'hello' },
    client: '10.1.2.3',
  };
}

const refusal = (call: SignedCall, nowMs = NOW_S * 1000) => verifier.refusalOf(call, nowMs);
const code = (call: SignedCall, nowMs?: number) => refusal(call, nowMs)?.code;

describe('a call that is signed with a key of the account', () => {
  test('passes, whatever it carries', () => {
    assert.equal(refusal(signed()), undefined);
    assert.equal(refusal(signed({ method: 'GET', body: '', query: '', names: ['host'] })), undefined);
    assert.equal(refusal(signed({ path: '/%E4%B8%AD/', query: 'q=%20&q' })), undefined);
  });

  test('may have been signed without the port', () => {
    assert.equal(refusal(signed({ host: 'h' })), undefined);
    assert.equal(code(signed({ host: 'other' })), 'WrongSignature');
  });

  test('may have been signed over either path that leads to the function', () => {
    const call = signed({ path: '/_url/abc/a' });
    assert.equal(refusal({ ...call, paths: ['/_url/abc/a', '/a'] }), undefined);
    assert.equal(refusal({ ...signed({ path: '/a' }), paths: ['/_url/abc/a', '/a'] }), undefined);
  });

  test('is taken for five minutes, before and after', () => {
    for (const seconds of [-300, 0, 300]) assert.equal(code(signed(), (NOW_S + seconds) * 1000), undefined);
    for (const seconds of [-301, 301]) {
      const refused = refusal(signed(), (NOW_S + seconds) * 1000);
      assert.deepEqual(refused, { code: 'Expired', params: { seconds: 301 } });
    }
  });

  test('with temporary keys brings their token', () => {
    const temporary = { secretId: 'AKIDtemp', secretKey: 'temporary' };
    assert.equal(code(signed(temporary)), 'WrongKey');
    assert.equal(code(signed({ ...temporary, extra: { 'x-tc-token': 'other' } })), 'WrongKey');
    assert.equal(code(signed({ ...temporary, extra: { 'x-tc-token': 'tok' } })), undefined);
    assert.equal(code(signed({ ...temporary, extra: { 'x-scf-cam-token': 'tok' } })), undefined);
  });
});

describe('any other call is refused', () => {
  test('when a header is missing, which is named', () => {
    for (const name of ['authorization', 'x-scf-cam-timestamp', 'x-scf-cam-uin']) {
      const call = signed();
      const refused = refusal({ ...call, headers: { ...call.headers, [name]: undefined } });
      assert.equal(refused?.code, 'Unsigned');
      assert.equal(String(refused?.params?.name).toLowerCase(), name);
    }
  });

  test('when it is not well formed', () => {
    const call = signed();
    for (const authorization of [
      '',
      'Basic abc',
      'TC3-HMAC-SHA256',
      call.headers.authorization?.replace('SignedHeaders', 'Signed') ?? '',
      call.headers.authorization?.replace(/Signature=../, 'Signature=') ?? '',
      call.headers.authorization?.replace('tc3_request', 'tc4_request') ?? '',
    ])
      assert.equal(code({ ...call, headers: { ...call.headers, authorization } }), 'Malformed', authorization);
    assert.equal(code(signed({ service: 'cls' })), 'Malformed');
    assert.equal(code(signed({ names: ['content-type'] })), 'Malformed');
    assert.equal(code(signed({ date: '2001-01-01' })), 'Malformed');
    assert.equal(code(signed({ extra: { 'x-scf-cam-timestamp': 'now' } })), 'Malformed');
  });

  test('when anything was changed on the way', () => {
    const call = signed();
    for (const change of [
      { method: 'PUT' },
      { paths: ['/b'] },
      { query: 'b=d' },
      { body: Buffer.from('{} ') },
      { headers: { ...call.headers, 'content-type': 'text/plain' } },
      { headers: { ...call.headers, 'x-scf-cam-timestamp': String(NOW_S + 1) } },
      { headers: { ...call.headers, host: 'elsewhere' } },
    ])
      assert.equal(code({ ...call, ...change }), 'WrongSignature', Object.keys(change)[0]);
  });

  test('when its key or account is another', () => {
    assert.equal(code(signed({ secretKey: 'guess' })), 'WrongSignature');
    assert.deepEqual(refusal(signed({ secretId: 'AKIDnone' })), {
      code: 'WrongKey',
      params: { secretId: 'AKIDnone', uin: UIN },
    });
    const call = signed({ names: ['host'] });
    assert.equal(code({ ...call, headers: { ...call.headers, 'x-scf-cam-uin': '1' } }), 'WrongKey');
  });
});

test('a temporary key has its end, and does what its policy allows', () => {
  const keyOf = (change: object = {}) => {
    const statement = { effect: 'allow', action: 'name/scf:InvokeFunctionUrl', resource: '*', ...change };
    const holder = { names: [], limits: [readPolicy(JSON.stringify({ statement }))] };
    return { secretKey: 'temporary', token: 'tok', expiresAt: (NOW_S + 60) * 1000, holder };
  };
  const told = (key: Key, nowS = NOW_S, token = 'tok') => {
    const own = new CamVerifier(
      { secretOf: (id, given) => (id === 'AKIDtemp' && given === token ? key : undefined) },
      UIN,
    );
    const extra = { 'x-tc-token': 'tok' };
    return own.refusalOf(signed({ secretId: 'AKIDtemp', secretKey: 'temporary', extra }), nowS * 1000)?.code;
  };
  assert.equal(told(keyOf()), undefined);
  assert.equal(told(keyOf(), NOW_S + 59), undefined);
  assert.equal(told(keyOf(), NOW_S + 60), 'WrongKey');
  assert.equal(told(keyOf(), NOW_S, 'other'), 'WrongKey');
  const resource = 'qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/';
  assert.equal(told(keyOf({ resource: `${resource}hello` })), undefined);
  assert.equal(told(keyOf({ resource: `${resource}other` })), 'NotAllowed');
  assert.equal(told(keyOf({ action: 'scf:Invoke' })), 'NotAllowed');
  assert.equal(told(keyOf({ condition: { ip_equal: { 'qcs:ip': '10.0.0.0/8' } } })), undefined);
  assert.equal(told(keyOf({ condition: { ip_equal: { 'qcs:ip': '11.0.0.0/8' } } })), 'NotAllowed');
});

test('a key that got a new secret is known by it', () => {
  const keys = new Map([['AKID', { secretKey: 'old' }]]);
  const own = new CamVerifier({ secretOf: id => keys.get(id) }, UIN);
  const with_ = (secretKey: string) => own.refusalOf(signed({ secretId: 'AKID', secretKey }), NOW_S * 1000)?.code;
  assert.equal(with_('old'), undefined);
  keys.set('AKID', { secretKey: 'new' });
  assert.equal(with_('old'), 'WrongSignature');
  assert.equal(with_('new'), undefined);
});
