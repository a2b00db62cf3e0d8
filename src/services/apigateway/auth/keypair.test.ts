import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Ask, assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';

const KEY = { region: REGION, name: 'k', type: 'manual', id: 'AKIDpartner', secret: 'partnersecret' } as const;
const CANNOT = 'HMAC signature cannot be verified';
const SOURCE = 'AndriodApp';

/** An API that wants signatures; its plan has the key. */
async function stand() {
  const open = await GatewayStand.open();
  const target = new FakeTarget();
  const { ref, base, serviceId } = await open.serve(target, { auth: { type: 'SECRET' } });
  const { keys, plans } = open.gateway;
  const key = await keys.create(KEY);
  const plan = await plans.create({ region: REGION, name: 'p' });
  await plans.bindKeys(REGION, plan.id, [key.id]);
  const scope = { region: REGION, serviceId, environment: 'release', apiIds: [ref.apiId] };
  const binding = { ...scope, planIds: [plan.id], bindType: 'API' };
  await plans.bind(binding);
  const visit = (headers: Ask['headers'] = {}) => open.ask(`${base}/fn`, { headers });
  return { open, target, ref, visit, key, plan, binding, now: new Date(open.clock.now()) };
}

interface Signing {
  readonly id?: string;
  readonly secret?: string;
  readonly algorithm?: string;
  readonly hash?: string;
}

/** As the vendor's samples do it; the names as they are written. */
function sign(sent: Readonly<Record<string, string>>, names: string, signing: Signing = {}): string {
  const { id = KEY.id, secret = KEY.secret, hash = 'sha1', algorithm = `hmac-${hash}` } = signing;
  const values = new Map(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
  const text = names
    .split(' ')
    .map(name => `${name.toLowerCase()}: ${values.get(name.toLowerCase())}`)
    .join('\n');
  const signature = createHmac(hash, secret).update(text).digest('base64');
  return `hmac id="${id}", algorithm="${algorithm}", headers="${names}", signature="${signature}"`;
}

describe('a request signed with a key pair', () => {
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512']) {
    it(`by hmac-${hash} comes through, and the function knows whose it is`, async () => {
      const { open, target, visit, now, plan } = await stand();
      await using _open = open;
      const sent = { Source: SOURCE, 'X-Date': now.toUTCString() };
      const { status, headers } = await visit({ ...sent, Authorization: sign(sent, 'x-date source', { hash }) });
      assert.equal(status, 200);
      assert.deepEqual(target.seen[0]?.identity, { secretId: KEY.id });
      assert.equal(headers['x-secret-id'], KEY.id);
      assert.equal(headers['x-usageplan-id'], plan.id);
    });
  }

  it('may write names in capitals, in any order, and any others as well', async () => {
    const { open, visit, now } = await stand();
    await using _open = open;
    const sent = { Source: SOURCE, 'X-Date': now.toUTCString(), 'X-Shop': 'München' };
    const asLatin1 = { ...sent, 'X-Shop': Buffer.from(sent['X-Shop']).toString('latin1') };
    const authorization = sign(sent, 'Source X-Shop X-Date');
    assert.equal((await visit({ ...asLatin1, Authorization: authorization })).status, 200);
    const tight = authorization.replaceAll('", ', '",').replace('hmac id', 'HMAC ID');
    assert.equal((await visit({ ...asLatin1, Authorization: tight })).status, 200);
  });

  it('has 900 seconds by X-Date, either way, and no end by Date', async () => {
    const { open, visit, now } = await stand();
    await using _open = open;
    for (const [skewS, status] of [
      [-900, 200],
      [900, 200],
      [-901, 401],
      [901, 401],
    ] as const) {
      const sent = { 'X-Date': new Date(now.getTime() + skewS * 1000).toUTCString() };
      assert.equal((await visit({ ...sent, Authorization: sign(sent, 'x-date') })).status, status, `${skewS} s`);
    }
    const old = { Date: 'Mon, 19 Mar 2018 12:08:40 GMT' };
    assert.equal((await visit({ ...old, Authorization: sign(old, 'date') })).status, 200);
  });
});

describe('what is told to one that is not signed well', () => {
  const date = (now: Date) => ({ 'X-Date': now.toUTCString() });
  type Make = (now: Date) => Record<string, string | string[]>;
  const signed = (names: string, sent: Record<string, string>, signing?: Signing, change = (text: string) => text) => ({
    ...sent,
    Authorization: change(sign(sent, names, signing)),
  });
  const cases: readonly (readonly [what: string, message: string, make: Make])[] = [
    ['nothing', `${CANNOT}, a validate authorization header is required`, () => ({})],
    ['nothing but a date', `${CANNOT}, a validate authorization header is required`, date],
    ['another scheme', 'HMAC authorization format error', now => ({ ...date(now), Authorization: 'Basic YTpi' })],
    [
      'a member without quotes',
      'HMAC authorization format error',
      now => signed('x-date', date(now), {}, text => text.replace('"AKIDpartner"', 'AKIDpartner')),
    ],
    [
      'a member that comes twice',
      'HMAC authorization format error',
      now => signed('x-date', date(now), {}, text => `${text}, id="AKIDpartner"`),
    ],
    [
      'no id',
      'HMAC id or signature missing',
      now => signed('x-date', date(now), {}, text => text.replace('id="AKIDpartner", ', '')),
    ],
    [
      'an empty signature',
      'HMAC id or signature missing',
      now => signed('x-date', date(now), {}, text => text.replace(/signature="[^"]*"/, 'signature=""')),
    ],
    [
      'no list of headers',
      'HMAC authorization headers is invalidate',
      now => signed('x-date', date(now), {}, text => text.replace('headers="x-date", ', '')),
    ],
    [
      'a list with commas',
      'HMAC authorization headers is invalidate',
      now => signed('x-date', date(now), {}, text => text.replace('x-date', 'x-date,source')),
    ],
    [
      'a date that is not signed',
      'HMAC authorization headers is invalidate',
      now => signed('source', { ...date(now), Source: SOURCE }),
    ],
    ['no date', `${CANNOT}, a valid date or x-date header is required`, () => signed('source', { Source: SOURCE })],
    [
      'a Date that is none',
      `${CANNOT}, a valid date or x-date header is required`,
      () => signed('date', { Date: 'yesterday' }),
    ],
    [
      'an X-Date in another form',
      `${CANNOT}, a valid x-date header is required for HMAC Authentication`,
      now => signed('x-date', { 'X-Date': now.toISOString() }),
    ],
    [
      'an X-Date of another zone',
      `${CANNOT}, a valid x-date header is required for HMAC Authentication`,
      now => signed('x-date', { 'X-Date': now.toUTCString().replace('GMT', '+0800') }),
    ],
    [
      'an old X-Date',
      `${CANNOT}, the x-date header is out of date for HMAC Authentication`,
      now => signed('x-date', date(new Date(now.getTime() - 901_000))),
    ],
    [
      'a signed header that is not there',
      `${CANNOT}, a valid source header is required`,
      now => signed('x-date source', date(now)),
    ],
    [
      'a signed header that comes twice',
      'HMAC do not support multiple HTTP header',
      now => ({ ...signed('x-date source', { ...date(now), Source: SOURCE }), Source: [SOURCE, SOURCE] }),
    ],
    [
      'another algorithm',
      'HMAC algorithm hmac-md5 not supported',
      now => signed('x-date', date(now), { algorithm: 'hmac-md5' }),
    ],
    ['a key that is not there', CANNOT, now => signed('x-date', date(now), { id: 'AKIDnobody' })],
    [
      'the secret of another',
      'HMAC signature does not match',
      now => signed('x-date', date(now), { secret: 'anothersecret' }),
    ],
    [
      'a header changed on the way',
      'HMAC signature does not match',
      now => ({ ...signed('x-date source', { ...date(now), Source: SOURCE }), Source: 'other' }),
    ],
    [
      'an algorithm changed on the way',
      'HMAC signature does not match',
      now => signed('x-date', date(now), { hash: 'sha1', algorithm: 'hmac-sha256' }),
    ],
  ];
  for (const [what, message, make] of cases) {
    it(`${what}: ${message}`, async () => {
      const { open, visit, target, now } = await stand();
      await using _open = open;
      assertSaid(await visit(make(now)), 401, message);
      assert.equal(target.seen.length, 0);
    });
  }
});

describe('a key pair', () => {
  it('that is switched off is as if it were not there', async () => {
    const { open, visit, key, now } = await stand();
    await using _open = open;
    const sent = { 'X-Date': now.toUTCString() };
    const headers = { ...sent, Authorization: sign(sent, 'x-date') };
    await open.gateway.keys.setEnabled(REGION, key.id, false);
    assertSaid(await visit(headers), 401, CANNOT);
    await open.gateway.keys.setEnabled(REGION, key.id, true);
    assert.equal((await visit(headers)).status, 200);
    await open.gateway.keys.renew(REGION, key.id, 'anothersecret');
    assertSaid(await visit(headers), 401, 'HMAC signature does not match');
  });

  it('needs a usage plan that holds for the API', async () => {
    const { open, visit, key, plan, binding, now } = await stand();
    await using _open = open;
    const { plans } = open.gateway;
    const sent = { 'X-Date': now.toUTCString() };
    const headers = { ...sent, Authorization: sign(sent, 'x-date') };
    await plans.unbindKeys(REGION, plan.id, [key.id]);
    assertSaid(await visit(headers), 403, 'Found no validate usage plan');
    const other = await plans.create({ region: REGION, name: 'of another API' });
    await plans.bindKeys(REGION, other.id, [key.id]);
    assertSaid(await visit(headers), 401, 'HMAC apikey is invalid for API');
    await plans.unbind(binding);
    assertSaid(await visit(headers), 403, 'Found no validate usage plan');
    await plans.bind({ ...binding, planIds: [other.id], bindType: 'SERVICE', apiIds: [] });
    assert.equal((await visit(headers)).status, 200);
  });

  it('is told what its plan has, in both forms', async () => {
    const { open, visit, plan, now } = await stand();
    await using _open = open;
    await open.gateway.plans.modify(REGION, plan.id, { qps: 500, quota: 2 });
    const sent = { 'X-Date': now.toUTCString() };
    const signed = { ...sent, Authorization: sign(sent, 'x-date') };
    const told = ['x-ratelimit-limit', 'x-ratelimit-used', 'x-usageplan-ratelimit', 'x-usageplan-quota'];
    const { headers } = await visit(signed);
    assert.deepEqual(
      told.map(name => headers[name]),
      ['500', '1/2', '1/500', '1/2'],
    );
    await visit(signed);
    const refused = await visit(signed);
    assertSaid(refused, 429, 'API quota exceeded');
    assert.equal(refused.headers['x-ratelimit-used'], '2/2');
  });
});
