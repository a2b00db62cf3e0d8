import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Ask, assertSaid, FakeTarget, GatewayStand, REGION } from '../fixture.ts';

const CANNOT = 'HMAC signature cannot be verified';
const FORM = 'application/x-www-form-urlencoded';

interface Sent {
  readonly method?: string;
  /** Without the environment. */
  readonly path?: string;
  readonly body?: string;
  readonly accept?: string;
  readonly type?: string;
  readonly md5?: string;
  /** Path and parameters as they are signed: sorted, decoded. */
  readonly signs?: string;
  readonly hash?: string;
  readonly change?: (authorization: string) => string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function stand() {
  const open = await GatewayStand.open();
  const target = new FakeTarget();
  const { ref, base } = await open.serve(target, { auth: { type: 'APP' } });
  const app = await open.gateway.apps.create({ region: REGION, name: 'a' });
  await open.gateway.apps.bind(app.id, ref, 'release');
  const xDate = new Date(open.clock.now()).toUTCString();

  /** As the vendor's pages say it. */
  function signed(sent: Sent): Ask {
    const { method = 'GET', path = '/fn', body, accept = 'application/json', type = '', md5 = '' } = sent;
    const { signs = path, hash = 'sha1', change = (text: string) => text, headers = {} } = sent;
    const lines = ['x-date: ', xDate, '\n', method, '\n', accept, '\n', type, '\n', md5, '\n', signs];
    const signature = createHmac(hash, app.secret).update(lines.join('')).digest('base64');
    const authorization = `hmac id="${app.key}", algorithm="hmac-${hash}", headers="x-date", signature="${signature}"`;
    return {
      method,
      headers: {
        'x-date': xDate,
        Accept: accept,
        ...(type && { 'Content-Type': type }),
        ...(md5 && { 'Content-MD5': md5 }),
        Authorization: change(authorization),
        ...headers,
      },
      ...(body !== undefined && { body }),
    };
  }
  const visit = (sent: Sent) => open.ask(`${base}${sent.path ?? '/fn'}`, signed(sent));
  return { open, target, ref, base, app, visit, xDate };
}

describe('a request signed by an application', () => {
  const md5 = (body: string, encoding: 'base64' | 'hex') => createHash('md5').update(body).digest(encoding);
  const cases: readonly (readonly [what: string, sent: Sent])[] = [
    ['with sha1', {}],
    ['with sha256', { hash: 'sha256' }],
    [
      'with parameters, sorted, the values of one name as well',
      { path: '/fn?b=2&a=1&b=1&c=', signs: '/fn?a=1&b=1&b=2&c' },
    ],
    ['with a name alone', { path: '/fn?flag', signs: '/fn?flag' }],
    ['with a path behind the API’s', { path: '/fn/x/y' }],
    ['with escaped parameters, signed as they are meant', { path: '/fn?q=%E4%B8%AD%20a', signs: '/fn?q=中 a' }],
    ['with escaped parameters, signed as they are sent', { path: '/fn?q=%E4%B8%AD', signs: '/fn?q=%E4%B8%AD' }],
    [
      'with the fields of a form',
      { method: 'POST', type: FORM, path: '/fn?z=1', body: 'b=2&a=1', signs: '/fn?a=1&b=2&z=1' },
    ],
    ['with a body and its digest', { method: 'POST', type: 'text/plain', body: 'x', md5: md5('x', 'base64') }],
    [
      'with the digest of the vendor’s samples',
      { method: 'POST', type: 'text/plain', body: 'x', md5: Buffer.from(md5('x', 'hex')).toString('base64') },
    ],
    ['with a body that nobody signs', { method: 'POST', type: 'text/plain', body: 'x' }],
    ['without what it accepts', { accept: '' }],
  ];
  for (const [what, sent] of cases) {
    it(what, async () => {
      const { open, target, app, visit } = await stand();
      await using _open = open;
      const { status, body } = await visit(sent);
      assert.equal(status, 200, body.toString());
      assert.deepEqual(target.seen[0]?.identity, { apiAppKey: app.key });
      assert.equal(target.seen[0]?.body?.toString(), sent.body);
    });
  }
});

describe('what is told to one that is not signed well', () => {
  const cases: readonly (readonly [what: string, message: string, sent: Sent])[] = [
    ['another scheme', 'HMAC authorization format error', { change: () => 'Bearer x' }],
    ['no signature', 'HMAC id or signature missing', { change: text => text.replace(/, signature=.*/, '') }],
    ['no id', 'HMAC id or signature missing', { change: text => text.replace(/id="[^"]*"/, 'id=""') }],
    ['no headers', 'HMAC authorization headers is invalidate', { change: text => text.replace('"x-date"', '""') }],
    [
      'a date that is not signed',
      'HMAC authorization headers is invalidate',
      { change: text => text.replace('"x-date"', '"accept"') },
    ],
    [
      'a date in another form',
      `${CANNOT}, a valid x-date header is required for HMAC Authentication`,
      { headers: { 'x-date': 'now' } },
    ],
    [
      'an old date',
      `${CANNOT}, the x-date header is out of date for HMAC Authentication`,
      { headers: { 'x-date': 'Mon, 19 Mar 2018 12:08:40 GMT' } },
    ],
    [
      'a header that is not there',
      `${CANNOT}, a valid source header is required`,
      { change: text => text.replace('"x-date"', '"x-date source"') },
    ],
    ['another algorithm', 'HMAC algorithm hmac-sha512 not supported', { hash: 'sha512' }],
    ['an unknown key', CANNOT, { change: text => text.replace(/id="[^"]*"/, 'id="APIDnobody"') }],
  ];
  for (const [what, message, sent] of cases) {
    it(`${what}: ${message}`, async () => {
      const { open, target, visit } = await stand();
      await using _open = open;
      assertSaid(await visit(sent), 401, message);
      assert.equal(target.seen.length, 0);
    });
  }

  it('nothing, and no date', async () => {
    const { open, base, xDate } = await stand();
    await using _open = open;
    const nothing = await open.ask(`${base}/fn`);
    assertSaid(nothing, 401, `${CANNOT}, a validate authorization header is required`);
    const Authorization = 'hmac id="a", algorithm="hmac-sha1", headers="date", signature="b"';
    const dated = await open.ask(`${base}/fn`, { headers: { Date: xDate, Authorization } });
    assertSaid(dated, 401, `${CANNOT}, a valid x-date header is required for HMAC Authentication`);
  });

  it('a signature of something else: what should have been signed, on one line', async () => {
    const { open, target, visit, xDate } = await stand();
    await using _open = open;
    const mismatch = 'HMAC signature does not match, Server StringToSign:';
    const date = `x-date: ${xDate}#`;
    assertSaid(await visit({ signs: '/other' }), 401, `${mismatch}${date}GET#application/json###/fn`);
    const post: Sent = {
      method: 'POST',
      type: FORM,
      path: '/fn?q=中'.replace('中', '%E4%B8%AD'),
      body: 'b=2&a=1',
      signs: '/',
    };
    assertSaid(await visit(post), 401, `${mismatch}${date}POST#application/json#${FORM}##/fn?a=1&b=2&q=中`);
    const body = 'changed on the way';
    const signedOther = { method: 'POST', type: 'text/plain', body, md5: 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const ofBody = Buffer.from(createHash('md5').update(body).digest('hex')).toString('base64');
    assertSaid(await visit(signedOther), 401, `${mismatch}${date}POST#application/json#text/plain#${ofBody}#/fn`);
    assert.equal(target.seen.length, 0);
  });
});

it('an application counts for the APIs that it is bound to', async () => {
  const { open, visit, app, ref } = await stand();
  await using _open = open;
  await open.gateway.apps.unbind(app.id, ref, 'release');
  assertSaid(await visit({}), 403, 'Found no validate apiapp');
  const other = await open.gateway.apps.create({ region: REGION, name: 'other' });
  await open.gateway.apps.bind(other.id, ref, 'release');
  assertSaid(await visit({}), 403, 'Found no validate apiapp');
  await open.gateway.apps.bind(app.id, ref, 'release');
  assert.equal((await visit({})).status, 200);
});
