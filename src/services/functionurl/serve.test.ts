import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { ACCOUNT, anOutcome } from '../../core/fixture.ts';
import { trustedProxies } from '../../http/client.ts';
import { signTc3 } from '../../http/tc3.ts';
import { aDomain, aUrlReply, EVENTS, KEYS, NOW, SOCKET, UrlStand, WEB } from './fixture.ts';
import { REQUEST_BYTES } from './model.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The refusal in its own form. */
function refused(text: string): { readonly errorMessage: string; readonly statusCode: number } {
  const { errorCode, errorMessage, requestId, statusCode } = JSON.parse(text) as Record<string, never>;
  assert.equal(errorCode, -1);
  assert.match(requestId ?? '', UUID);
  assert.match(errorMessage ?? '', /[\u4e00-\u9fff].*[a-z]{3}/s, 'both languages');
  return { errorMessage: String(errorMessage), statusCode: Number(statusCode) };
}

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

describe('a web function behind its URL', () => {
  test('gets the request as it came, and its answer goes back as it was made', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    const answer = await stand.ask(`/_url/${id}/p/?q=1`, { method: 'POST', body: Readable.from(['a', 'b']) });
    assert.deepEqual([answer.status, answer.text, answer.headers['x-web']], [200, 'ab', '1']);
    assert.match(String(answer.headers['x-scf-request-id']), UUID);
    const [passed] = stand.target.passed;
    assert.equal(passed?.target, '/p/?q=1');
    assert.equal(passed?.remoteAddress, '127.0.0.1');
    assert.equal(stand.target.asked.length, 0);
    await stand.ask(`/_url/${id}/p?`);
    assert.equal(stand.target.passed[1]?.target, '/p?', 'a query of nothing is one');
    assert.equal(stand.target.passed[1]?.body, undefined);
  });

  test('cannot say the request id itself', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    stand.target.play = async exchange => {
      exchange.respond({ status: 200, reason: '', rawHeaders: ['x-scf-request-id', 'mine'] }).stream.end();
      return anOutcome(200);
    };
    assert.match(String((await stand.ask(`/_url/${id}`)).headers['x-scf-request-id']), UUID);
  });

  test('that gives no answer is told by its outcome', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    for (const [status, told] of [
      [446, 446],
      [433, 433],
      [200, 500],
    ] as const) {
      stand.target.play = async () => anOutcome(status);
      const answer = await stand.ask(`/_url/${id}`);
      assert.deepEqual([answer.status, answer.headers['x-scf-status']], [told, String(told)]);
      assert.equal((JSON.parse(answer.text) as { statusCode: number }).statusCode, told);
    }
    stand.target.play = async () => {
      throw new Error('a defect');
    };
    assert.equal((await stand.ask(`/_url/${id}`)).status, 500);
  });

  test('is told when its client goes', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const socket = connect(stand.port, '127.0.0.1');
    stand.target.play = exchange =>
      new Promise(end => {
        exchange.signal.addEventListener('abort', () => {
          end(anOutcome(499));
          resolve();
        });
        socket.destroy();
      });
    socket.write(`GET /_url/${id} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await gone;
    assert.equal((await stand.ask('/_url/none')).status, 404, 'nothing else is hurt');
  });

  test('is not bothered with a body that is too large', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB);
    const body = Buffer.alloc(REQUEST_BYTES + 1);
    assert.equal((await stand.ask(`/_url/${id}`, { method: 'POST', body })).status, 413);
    assert.equal(stand.target.passed.length, 0);
  });
});

describe('other origins', () => {
  const cors = {
    origins: ['https://a.example'],
    headers: ['x-a'],
    methods: ['PUT'],
    exposed: ['x-b'],
    maxAgeS: 5,
    credentials: true,
  };
  const origin = 'https://a.example';

  test('are answered by the URL; what the function says of them is dropped', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(EVENTS, { cors });
    stand.target.reply = async () =>
      aUrlReply({ headers: ['Access-Control-Allow-Origin', '*', 'access-control-max-age', '9', 'X-B', '1'] });
    const answer = await stand.ask(`/_url/${id}`, { headers: { origin } });
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.equal(answer.headers['access-control-expose-headers'], 'x-b');
    assert.equal(answer.headers['access-control-max-age'], undefined);
    assert.equal(answer.headers['x-b'], '1');

    const web = await stand.url(WEB, { cors });
    stand.target.play = async exchange => {
      const rawHeaders = ['Access-Control-Allow-Origin', '*', 'X-B', '2'];
      exchange.respond({ status: 200, reason: '', rawHeaders }).stream.end();
      return anOutcome(200);
    };
    const passed = await stand.ask(`/_url/${web}`, { headers: { origin } });
    assert.equal(passed.headers['access-control-allow-origin'], origin);
    assert.equal(passed.headers['x-b'], '2');
  });

  test('read refusals too', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(EVENTS, { cors, auth: 'CAM' });
    const answer = await stand.ask(`/_url/${id}`, { headers: { origin } });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [401, origin]);
  });

  test('ask before they call, without a signature and without a run', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB, { cors, auth: 'CAM' });
    const headers = { origin, 'access-control-request-method': 'PUT' };
    const answer = await stand.ask(`/_url/${id}`, { method: 'OPTIONS', headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-methods'], 'PUT');
    assert.equal(answer.headers['access-control-allow-headers'], 'x-a');
    assert.equal(answer.headers['access-control-max-age'], '5');
    assert.equal(stand.target.passed.length, 0);
  });

  test('are the function’s business where CORS is off', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url();
    stand.target.reply = async () => aUrlReply({ headers: ['Access-Control-Allow-Origin', 'theirs'] });
    const headers = { origin, 'access-control-request-method': 'PUT' };
    const answer = await stand.ask(`/_url/${id}`, { method: 'OPTIONS', headers });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [200, 'theirs']);
    assert.equal(stand.target.asked.length, 1);
  });
});

describe('a URL with CAM', () => {
  const TIMESTAMP = Math.floor(NOW / 1000);
  const signing = (path: string, body: string) => ({
    'Content-Type': 'application/json',
    'X-Scf-Cam-Timestamp': String(TIMESTAMP),
    'X-Scf-Cam-Uin': ACCOUNT.uin,
    Authorization: signTc3({
      method: 'POST',
      path,
      host: 'h.example',
      body,
      timestampS: TIMESTAMP,
      service: 'scf',
      ...KEYS,
    }),
  });

  test('serves requests that are signed, with their bodies', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(EVENTS, { auth: 'CAM' });
    const web = await stand.url(WEB, { auth: 'CAM' });
    for (const path of [`/_url/${id}/a`, '/a']) {
      const headers = signing(path, '{"a":1}');
      const answer = await stand.ask(`/_url/${id}/a`, { method: 'POST', host: 'h.example', headers, body: '{"a":1}' });
      assert.equal(answer.status, 200, path);
      assert.equal(String(stand.target.asked.at(-1)?.body), '{"a":1}');
    }
    const passed = await stand.ask(`/_url/${web}/a`, {
      method: 'POST',
      host: 'h.example',
      headers: signing('/a', 'web'),
      body: 'web',
    });
    assert.deepEqual([passed.status, passed.text], [200, 'web']);
  });

  test('refuses the others before anything runs', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(WEB, { auth: 'CAM' });
    const headers = signing('/a', 'signed');
    const ask = (change: object, body = 'signed') =>
      stand.ask(`/_url/${id}/a`, { method: 'POST', host: 'h.example', headers: { ...headers, ...change }, body });
    for (const answer of [
      await stand.ask(`/_url/${id}/a`),
      await ask({ Authorization: 'Bearer x' }),
      await ask({}, 'another'),
      await ask({ 'X-Scf-Cam-Uin': '1' }),
    ]) {
      assert.equal(answer.status, 401);
      assert.equal(refused(answer.text).statusCode, 401);
    }
    await stand.clock.advance(301_000);
    assert.match(refused((await ask({})).text).errorMessage, /expired/);
    const large = await ask({}, 'x'.repeat(REQUEST_BYTES + 1));
    assert.equal(large.status, 413, 'no more is read to be hashed');
    assert.equal(stand.target.passed.length, 0);
  });
});

describe('WebSocket', () => {
  const handshake = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n`;

  /** All that comes back. */
  async function raw(stand: UrlStand, text: string): Promise<string> {
    const socket = connect(stand.port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setEncoding('utf8').on('data', chunk => {
      got += chunk;
    });
    await once(socket, 'close');
    return got;
  }

  test('is spoken by functions that were made for it', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(SOCKET);
    stand.target.play = async exchange => {
      exchange.respond({ status: 101, reason: 'Switching Protocols', rawHeaders: [] }).stream.end('frames');
      return anOutcome(200);
    };
    const got = await raw(stand, handshake(`/_url/${id}/chat?a`));
    assert.match(got, /^HTTP\/1\.1 101 [\s\S]*X-Scf-Request-Id: [\s\S]*\r\n\r\nframes$/);
    assert.equal(stand.target.passed[0]?.target, '/chat?a');
  });

  test('is refused by all others, by no URL, and without a signature', async () => {
    await using stand = await UrlStand.open();
    const signed = await stand.url({ ...SOCKET, qualifier: '1' }, { auth: 'CAM' });
    for (const [id, status] of [
      [await stand.url(), 426],
      [await stand.url(WEB), 426],
      ['aaaaaaaaaa', 404],
      [signed, 401],
    ] as const) {
      const got = await raw(stand, handshake(`/_url/${id}`));
      assert.match(got, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(refused(got.slice(got.indexOf('\r\n\r\n') + 4)).statusCode, status);
    }
    assert.equal(stand.target.passed.length, 0);
  });

  test('that the function cannot take is told by its outcome', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(SOCKET);
    stand.target.play = async () => anOutcome(446);
    assert.match(await raw(stand, handshake(`/_url/${id}`)), /^HTTP\/1\.1 446 [\s\S]*"statusCode":446/);
    stand.target.play = async () => {
      throw new Error('a defect');
    };
    assert.match(await raw(stand, handshake(`/_url/${id}`)), /^HTTP\/1\.1 500 /);
  });

  test('that breaks after it was agreed to breaks its connection alone', async () => {
    await using stand = await UrlStand.open();
    const id = await stand.url(SOCKET);
    stand.target.play = async exchange => {
      exchange.respond({ status: 101, reason: '', rawHeaders: [] }).stream.write('x');
      throw new Error('a defect');
    };
    assert.match(await raw(stand, handshake(`/_url/${id}`)), /^HTTP\/1\.1 101 /);
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

describe('the direct path to a web function', () => {
  test('is for callers on this machine, by a name of this machine', async () => {
    await using stand = await UrlStand.open({ proxies: trustedProxies('127.0.0.1') });
    assert.equal((await stand.ask('/_web/default/web/$LATEST/p?q', { method: 'POST', body: 'b' })).text, 'b');
    assert.equal(stand.target.passed[0]?.target, '/p?q');
    assert.deepEqual(stand.dialled, [{ ...WEB, qualifier: '$LATEST' }]);
    for (const ask of [{ host: 'rebound.example' }, { headers: { 'X-Forwarded-For': '1.2.3.4' } }]) {
      const answer = await stand.ask('/_web/default/web/$LATEST', ask);
      assert.equal(answer.status, 403);
      refused(answer.text);
    }
    assert.equal(stand.target.passed.length, 1);
  });

  test('leads to no other function', async () => {
    await using stand = await UrlStand.open();
    for (const path of ['/_web/default/fn/$LATEST', '/_web/default/none/1/x', '/_web/', '/_web/default']) {
      const answer = await stand.ask(path);
      assert.equal(answer.status, 404, path);
      refused(answer.text);
    }
  });
});
