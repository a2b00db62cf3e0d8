import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Ask, anApi, assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';
import type { OauthConfig } from '../model.ts';

const server = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (pair: Pick<typeof server, 'publicKey'>) => JSON.stringify(pair.publicKey.export({ format: 'jwk' }));
const NOW_S = Date.UTC(2024, 3, 19, 8, 0) / 1000;

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object = {}, { alg = 'RS256', key = server.privateKey } = {}): string {
  const text = `${part({ alg, typ: 'JWT' })}.${part({ sub: 'someone', ...claims })}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

/** An API of business behind one that stands for the authorisation server. */
async function stand(config: Partial<OauthConfig> = {}, released = true) {
  const open = await GatewayStand.open();
  const target = new FakeTarget();
  const oauth = { publicKey: jwk(server), tokenLocation: 'header', loginRedirectUrl: '', ...config };
  const { service } = await open.gateway.services.ensure(REGION, { name: 's' });
  const issuer = await open.gateway.apis.create(
    REGION,
    service.id,
    anApi({
      path: '/login',
      auth: { type: 'OAUTH', business: 'OAUTH', oauth },
      backend: { type: 'MOCK', message: 'who are you?' },
    }),
  );
  const business = await open.gateway.apis.create(
    REGION,
    service.id,
    anApi({ auth: { type: 'OAUTH', business: 'NORMAL', issuerApiId: issuer.id } }),
  );
  const apiIds = released ? [issuer.id, business.id] : [business.id];
  const ref = { region: REGION, serviceId: service.id };
  await open.gateway.releases.make({ ...ref, apiIds, environment: 'release', description: '' });
  open.gateway.attach(business.id, target);
  const base = `/_apigw/${service.id}/release`;
  return { open, target, base, visit: (headers: Ask['headers'] = {}) => open.ask(`${base}/fn`, { headers }) };
}

const bearer = (text: string) => ({ Authorization: `Bearer id_token="${text}"` });

describe('a token', () => {
  it('in the header lets in', async () => {
    const { open, target, visit } = await stand();
    await using _open = open;
    const claims = { exp: NOW_S + 1, nbf: NOW_S };
    assert.equal((await visit(bearer(token(claims)))).status, 200);
    assert.equal((await visit(bearer(token()))).status, 200);
    await open.clock.advance(1000);
    assertSaid(await visit(bearer(token(claims))), 401, 'Oauth id_token verify error');
    assert.equal(target.seen.length, 2);
  });

  it('in a cookie lets in, where the API says so', async () => {
    const { open, visit } = await stand({ tokenLocation: 'cookie' });
    await using _open = open;
    assert.equal((await visit({ Cookie: `a=b; id_token=${token()}; c=d` })).status, 200);
    assertSaid(await visit(bearer(token())), 401, 'Oauth found no id_token');
    assertSaid(await visit({ Cookie: 'a=b' }), 401, 'Oauth found no id_token');
    assertSaid(await visit({ Cookie: 'id_token=' }), 401, 'Oauth miss Oauth id_token');
  });

  it('is asked for by the business API alone', async () => {
    const { open, base } = await stand();
    await using _open = open;
    assert.equal((await open.ask(`${base}/login`)).body.toString(), 'who are you?');
  });
});

describe('what is told to one without a good token', () => {
  const UNREADABLE = 'Oauth signature cannot be verified, a validate authorization header is required';
  const unsigned = `${part({ alg: 'none' })}.${part({})}.`;
  const cases: readonly (readonly [what: string, message: string, headers: Ask['headers']])[] = [
    ['nothing', 'Oauth found no authorization header', {}],
    ['another scheme', 'Oauth authorization header format error', { Authorization: 'Basic YTpi' }],
    ['a scheme alone', 'Oauth authorization header format error', { Authorization: 'Bearer' }],
    ['no quotes', 'Oauth authorization header format error', { Authorization: `Bearer id_token=${token()}` }],
    ['a bare token', 'Oauth miss Oauth id_token', { Authorization: `Bearer ${token()}` }],
    ['an empty token', 'Oauth miss Oauth id_token', bearer('')],
    ['no token at all', UNREADABLE, bearer('abc')],
    ['a token of two parts', UNREADABLE, bearer('YQ.YQ')],
    ['no signature', UNREADABLE, bearer(unsigned)],
    ['an algorithm of its own', 'Oauth id_token verify error', bearer(token({}, { alg: 'none' }))],
    ['the signature of another', 'Oauth id_token verify error', bearer(token({}, { key: stranger.privateKey }))],
    ['one that is over', 'Oauth id_token verify error', bearer(token({ exp: NOW_S }))],
    ['one that is not yet', 'Oauth id_token verify error', bearer(token({ nbf: NOW_S + 1 }))],
    ['a time that is none', 'Oauth id_token verify error', bearer(token({ exp: 'tomorrow' }))],
  ];
  for (const [what, message, headers] of cases) {
    it(`${what}: ${message}`, async () => {
      const { open, target, visit } = await stand();
      await using _open = open;
      assertSaid(await visit(headers), 401, message);
      assert.equal(target.seen.length, 0);
    });
  }

  it('where to log in, if the API says so', async () => {
    const { open, visit } = await stand({ loginRedirectUrl: 'https://login.example.com/?back=1' });
    await using _open = open;
    const { status, headers } = await visit();
    assert.deepEqual([status, headers.location], [302, 'https://login.example.com/?back=1']);
    assert.equal((await visit(bearer(token()))).status, 200);
  });
});

describe('an authorisation API that cannot be used', () => {
  const cases: readonly (readonly [what: string, status: number, message: string, config: Partial<OauthConfig>])[] = [
    ['without a key', 481, 'Oauth found no public key', { publicKey: ' ' }],
    ['with a key that is none', 481, 'Oauth public key error', { publicKey: '{"kty":"RSA"}' }],
    ['with a key of another kind', 481, 'Oauth public key error', { publicKey: jwk(elliptic) }],
    ['with a place that is none', 481, 'Oauth id_token location forbidden', { tokenLocation: 'query' }],
  ];
  for (const [what, status, message, config] of cases) {
    it(`${what}: ${message}`, async () => {
      const { open, target, visit } = await stand(config);
      await using _open = open;
      assertSaid(await visit(bearer(token())), status, message);
      assert.equal(target.seen.length, 0);
    });
  }

  it('because it has not been released', async () => {
    const { open, visit } = await stand({}, false);
    await using _open = open;
    assertSaid(await visit(bearer(token())), 401, 'Oauth found no related Oauth api');
  });
});
