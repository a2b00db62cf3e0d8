import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { ACCOUNT } from '../../core/fixture.ts';
import { trustedProxies } from '../../http/client.ts';
import { aDomain, aUrlReply, EVENTS, refused, UrlStand, UUID, WEB } from './fixture.ts';
import { REQUEST_BYTES } from './model.ts';

describe('an event function behind its URL', () => {
  test('gets the request, and its reply goes back with the ids of the call', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    stand.target.reply = async () => aUrlReply({ status: 201, headers: ['X-A', 'a', 'X-A', 'b'], body: 'hello' });
    const answer = await stand.ask(`/_url/${id}/a%20b/?q=1&q=2`, {
      method: 'PUT',
      headers: { 'X-Mine': 'm' },
      body: 'sent',
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.text, 'hello');
    assert.equal(answer.headers['x-a'], 'a, b');
    assert.equal(answer.headers['x-scf-status'], '200');
    const [asked] = stand.target.asked;
    assert.equal(answer.headers['x-scf-request-id'], asked?.requestId);
    assert.match(asked?.requestId ?? '', UUID);
    const { requestId: _, rawHeaders, ...rest } = asked ?? assert.fail();
    assert.deepEqual(rest, {
      method: 'PUT',
      path: '/a%20b/',
      query: 'q=1&q=2',
      sourceIp: '127.0.0.1',
      body: Buffer.from('sent'),
    });
    assert.ok(rawHeaders.includes('X-Mine'));
  });

  test('has its page opened with a slash behind the path form, for the relative addresses in it', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    const browser = { headers: { Accept: 'text/html,*/*;q=0.8' } };
    const bare = await stand.ask(`/_url/${id}?q=1`, browser);
    assert.deepEqual([bare.status, bare.headers.location], [308, `/_url/${id}/?q=1`]);
    assert.equal((await stand.ask(`/_url/${id}/?q=1`, browser)).status, 200);
    assert.equal((await stand.ask(`/_url/${id}`)).status, 200, 'others are served at once');
    assert.equal((await stand.ask(`/_url/${id}`, { ...browser, method: 'POST', body: 'form' })).status, 200);
    assert.equal(
      (await stand.ask('/', { ...browser, host: `${ACCOUNT.appId}-${id}.ap-guangzhou.scf.localhost` })).status,
      200,
    );
    assert.equal(stand.target.asked.length, 4);
  });

  test('is reached by every one of its names', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    const app = `${ACCOUNT.appId}-${id}`;
    for (const host of [
      `${app}.ap-guangzhou.scf.localhost:${stand.port}`,
      `${app}.ap-guangzhou.tencentscf.com`,
      `${app}-ap-guangzhou.scf.tencentcs.com`,
      `${app.toUpperCase()}.AP-GUANGZHOU.TencentSCF.com`,
    ]) {
      assert.equal((await stand.ask('/p?q', { host })).status, 200, host);
      assert.equal(stand.target.asked.at(-1)?.path, '/p');
    }
    assert.equal((await stand.ask(`/_url/${id}`)).status, 200);
    assert.equal(stand.target.asked.at(-1)?.path, '/');
  });

  test('has no body where none was sent', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    await stand.ask(`/_url/${id}`);
    await stand.ask(`/_url/${id}`, { method: 'POST', body: '' });
    await stand.ask(`/_url/${id}`, { method: 'POST', body: Readable.from([]) });
    assert.deepEqual(
      stand.target.asked.map(one => one.body),
      [undefined, undefined, undefined],
    );
  });

  test('tells of a failure by the status', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    stand.target.reply = async () =>
      aUrlReply({ status: 433, functionStatus: 433, body: '{}', reason: 'status code 433' });
    const answer = await stand.ask(`/_url/${id}`);
    assert.deepEqual([answer.status, answer.reason, answer.headers['x-scf-status']], [433, 'status code 433', '433']);
  });

  test('is asked for nothing above 6 MB, told or not', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    const most = Buffer.alloc(REQUEST_BYTES, 'x');
    assert.equal((await stand.ask(`/_url/${id}`, { method: 'POST', body: most })).status, 200);
    const more = Buffer.alloc(REQUEST_BYTES + 1, 'x');
    for (const body of [more, Readable.from([most, Buffer.from('x')])]) {
      const answer = await stand.ask(`/_url/${id}`, { method: 'POST', body });
      assert.equal(answer.status, 413);
      assert.equal(refused(answer.text).statusCode, 413);
    }
    assert.equal(stand.target.asked.length, 1);
  });

  test('whose target breaks is told as our own failure, and logged', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    stand.target.reply = async () => {
      throw new Error('a defect');
    };
    const answer = await stand.ask(`/_url/${id}`);
    assert.equal(answer.status, 500);
    assert.ok(refused(answer.text).errorMessage.includes(String(answer.headers['x-scf-request-id'])));
    assert.equal(stand.log.lines.length, 1);
    stand.target.reply = async () => aUrlReply({ headers: ['Bad\nName', 'x'] });
    assert.equal((await stand.ask(`/_url/${id}`)).status, 500);
  });

  test('a client that goes before its body is whole is nobody’s business', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    const socket = connect(stand.port, '127.0.0.1');
    socket.write(`POST /_url/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf`);
    setImmediate(() => socket.destroy());
    await once(socket, 'close');
    assert.equal((await stand.ask(`/_url/${id}`)).status, 200);
    assert.equal(stand.target.asked.length, 1);
    assert.deepEqual(stand.log.lines, []);
  });

  test('knows its client behind trusted proxies', async () => {
    await using stand = await UrlStand.open({ proxies: trustedProxies('127.0.0.1') });
    const id = await stand.url();
    await stand.ask(`/_url/${id}`, { headers: { 'X-Forwarded-For': '6.6.6.6, 1.2.3.4' } });
    assert.equal(stand.target.asked[0]?.sourceIp, '1.2.3.4');
  });
});

describe('no URL', () => {
  test('is an answer of its own, with the id of the request', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    for (const ask of [
      { path: '/_url/aaaaaaaaaa' },
      { path: '/_url/' },
      { path: '/_url', host: 'x.tencentscf.com' },
      { path: '/', host: `1-${id}.ap-guangzhou.tencentscf.com` },
    ]) {
      const answer = await stand.ask(ask.path, ask.host ? { host: ask.host } : {});
      assert.equal(answer.status, 404, ask.path);
      assert.equal(refused(answer.text).statusCode, 404);
      assert.match(String(answer.headers['x-scf-request-id']), UUID);
      assert.equal(answer.headers['content-type'], 'application/json');
    }
  });

  test('is there while its trigger is off, and it comes back', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.urls.idOf(EVENTS);
    const live = {
      place: EVENTS,
      target: stand.target,
      settings: { auth: 'NONE', intranet: false, extranet: true, cors: undefined },
    } as const;
    const first = stand.urls.attach(id, live);
    const second = stand.urls.attach(id, { ...live });
    first[Symbol.dispose]();
    assert.equal((await stand.ask(`/_url/${id}`)).status, 200, 'the newer one stays');
    second[Symbol.dispose]();
    assert.equal((await stand.ask(`/_url/${id}`)).status, 404);
    stand.urls.attach(id, live);
    assert.equal((await stand.ask(`/_url/${id}`)).status, 200);
  });
});

test('the site claims its names, paths and bound hosts, and nothing else', async () => {
  await using stand = await UrlStand.open();
  stand.domains.set('www.example.com', aDomain());
  const claims = (host: string, path = '/') => stand.urls.site.claims(host, path, {});
  assert.ok(claims('127.0.0.1', '/_url/x') && claims('127.0.0.1', '/_web/a/b'));
  assert.ok(claims('x.tencentscf.com') && claims('a.gz.scf.localhost') && claims('www.example.com'));
  for (const host of [
    'example.com',
    '127.0.0.1',
    'scf.tencentcloudapi.com',
    'service-aaaaaaaa.gz.apigateway.localhost',
  ])
    assert.ok(!claims(host), host);
});

test('ids are given once, and to one place alone', async () => {
  await using stand = await UrlStand.open();
  const places = [EVENTS, WEB, { ...EVENTS, qualifier: '1' }, { ...EVENTS, region: 'ap-shanghai' }];
  const ids = await Promise.all(places.map(place => stand.urls.idOf(place)));
  assert.equal(new Set(ids).size, places.length);
  for (const id of ids) assert.match(id, /^[a-z0-9]{10}$/);
  assert.deepEqual(await Promise.all(places.map(place => stand.urls.idOf({ ...place }))), ids);
});

describe('public and private names', () => {
  const names = (id: string) => ({
    outside: `${ACCOUNT.appId}-${id}.ap-guangzhou.tencentscf.com`,
    inside: `${ACCOUNT.appId}-${id}.in.ap-guangzhou.tencentscf.com`,
    path: undefined,
  });
  /** The statuses, for a client on this machine and for one elsewhere. */
  async function statuses(settings: { intranet: boolean; extranet: boolean }) {
    await using stand = await UrlStand.open({ proxies: trustedProxies('127.0.0.1') });
    const id = await stand.url(EVENTS, settings);
    const all: Record<string, string> = {};
    for (const [name, host] of Object.entries(names(id))) {
      const path = host === undefined ? `/_url/${id}` : '/';
      const ask = host === undefined ? {} : { host };
      const here = await stand.ask(path, ask);
      const there = await stand.ask(path, { ...ask, headers: { 'X-Forwarded-For': '1.2.3.4' } });
      for (const { status, text } of [here, there]) if (status !== 200) refused(text);
      all[name] = `${here.status} ${there.status}`;
    }
    return all;
  }

  test('serve whom they are for', async () => {
    assert.deepEqual(await statuses({ intranet: false, extranet: true }), {
      outside: '200 200',
      inside: '403 403',
      path: '200 200',
    });
    assert.deepEqual(await statuses({ intranet: true, extranet: false }), {
      outside: '403 403',
      inside: '200 403',
      path: '200 403',
    });
    assert.deepEqual(await statuses({ intranet: true, extranet: true }), {
      outside: '200 200',
      inside: '200 403',
      path: '200 200',
    });
  });
});

describe('a domain of one’s own', () => {
  const { namespace, name, qualifier } = EVENTS;
  const to = (pathMatch: string, change: object = {}) => ({
    pathMatch,
    namespace,
    name,
    qualifier,
    rewrites: [],
    ...change,
  });

  test('leads to the function that has the path', async () => {
    await using stand = await UrlStand.open();
    stand.domains.set(
      'www.example.com',
      aDomain({
        endpoints: [
          to('/api/*', { rewrites: [{ path: '/api/*', type: 'WildcardRules', rewrite: '/$1' }] }),
          to('/web', { name: 'web', qualifier: '2' }),
        ],
      }),
    );
    const ask = (path: string) => stand.ask(path, { host: 'WWW.example.com:8080' });
    assert.equal((await ask('/api/x?q')).status, 200);
    assert.deepEqual([stand.target.asked[0]?.path, stand.target.asked[0]?.query], ['/x', 'q']);
    assert.equal((await ask('/web')).status, 200);
    assert.equal(stand.target.passed.length, 1);
    assert.deepEqual(stand.dialled, [EVENTS, { ...WEB, qualifier: '2' }]);
    const none = await ask('/other');
    assert.equal(none.status, 404);
    assert.match(refused(none.text).errorMessage, /\/other/);
    assert.equal((await ask('/_url/aaaaaaaaaa')).status, 404, 'all paths of the host are its own');
  });

  test('is served by the protocols that it names', async () => {
    await using stand = await UrlStand.open();
    stand.domains.set('www.example.com', aDomain({ protocol: 'HTTPS' }));
    const answer = await stand.ask('/', { host: 'www.example.com' });
    assert.equal(answer.status, 426);
    assert.match(refused(answer.text).errorMessage, /not served by HTTP; use HTTPS/);
  });
});
