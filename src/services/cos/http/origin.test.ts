import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { ACCOUNT } from '../../../core/fixture.ts';
import {
  deadName,
  hostXml,
  openSource,
  originRule,
  originXml,
  type RuleDraft,
  type Source,
} from '../origin/testing.ts';
import { BUCKET, fails, MB, md5, REGION, ref, someBytes } from '../testing.ts';
import { type Given, HOST, openShop, type Shop, signed, textIn } from './testing.ts';

type Draft = Omit<RuleDraft, 'hosts'> & { readonly hosts?: string };

/** A shop whose bucket has one rule, with this source. */
async function openWith(source: Pick<Source, 'name'>, draft: Draft = {}): Promise<Shop> {
  const shop = await openShop();
  await put(shop, originXml(originRule({ hosts: hostXml(source.name), ...draft })));
  return shop;
}

async function put(shop: Shop, body: string): Promise<void> {
  const got = await shop.ask('PUT', '/?origin', { body });
  assert.equal(got.status, 200, got.text);
}

const PLAIN_HTTP = '<Protocol>HTTP</Protocol>';

async function refused(shop: Shop, target: string, status: number, code: string, given: Given = {}) {
  const got = await shop.ask('GET', target, given);
  assert.deepEqual([got.status, textIn(got.text, 'Code')], [status, code], got.text);
  return textIn(got.text, 'Message') ?? '';
}

/** A request whose answer is read by hand. */
async function begun(shop: Shop, target: string, headers: Record<string, string> = {}) {
  const Authorization = signed('GET', target, [['host', HOST]]);
  const options = { host: '127.0.0.1', port: shop.port, path: target, agent: false };
  const request: ClientRequest = get({ ...options, headers: { Host: HOST, Authorization, ...headers } });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { request, response };
}

const there = (shop: Shop, key: string) => shop.house.index.find(BUCKET, key) !== undefined;

/** Until something behind the back of clients has happened. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    assert.ok(turn < 20_000, 'it does not happen');
    await new Promise(setImmediate);
  }
}

describe('Mirror', () => {
  test('what is not here is fetched, given and kept, and its triggers are told', async () => {
    await using source = await openSource((_request, response) => {
      response.writeHead(200, {
        ...{
          'Content-Type': 'image/png',
          'Cache-Control': 'no-cache',
          'x-cos-meta-a': 'b',
          'X-Other': 'c',
          ETag: '"e"',
        },
        ...{ 'Content-Length': 5 },
      });
      response.end('hello');
    });
    await using shop = await openWith(source);
    using triggers = shop.house.listen();
    const first = await shop.ask('GET', '/a/b%20c.png?x=1');
    assert.deepEqual([first.status, first.text], [200, 'hello']);
    assert.deepEqual(source.targets, ['GET /a/b%20c.png?x=1']);
    const { headers } = first;
    assert.deepEqual(
      [headers['content-type'], headers['cache-control'], headers['x-cos-meta-a'], headers['content-length']],
      ['image/png', 'no-cache', 'b', '5'],
    );
    assert.equal(headers['x-other'], undefined);
    assert.ok(headers['x-cos-request-id']);
    // Whoever has all of it finds it here.
    const object = shop.house.cos.objects.head(ref('a/b c.png'));
    assert.deepEqual([object.etag, object.bytes, object.acl.canned], [md5('hello'), 5, 'default']);
    assert.deepEqual(
      triggers.told.map(({ name, key, bytes, cause }) => [name, key, bytes, cause.requestId !== '']),
      [['ObjectCreated:Origin', 'a/b c.png', 5, true]],
    );
    const second = await shop.ask('GET', '/a/b%20c.png');
    assert.deepEqual(
      [second.text, second.headers['x-cos-meta-a'], second.headers.etag],
      ['hello', 'b', `"${md5('hello')}"`],
    );
    assert.equal(source.asked.length, 1);
    assert.equal(triggers.told.length, 1);
  });

  test('in chunks, without a type, large', async () => {
    const body = someBytes(3 * MB);
    await using source = await openSource((_request, response) => {
      response.write(body.subarray(0, MB));
      response.end(body.subarray(MB));
    });
    await using shop = await openWith(source);
    const got = await shop.ask('GET', '/a.css');
    assert.deepEqual(got.body, body);
    assert.deepEqual([got.headers['content-length'], got.headers['content-type']], [undefined, 'text/css']);
    assert.deepEqual((await shop.ask('GET', '/a.css')).body, body);
    assert.equal(source.asked.length, 1);
    await shop.house.checkFiles();
  });

  test('nothing is an object, too', async () => {
    await using source = await openSource('');
    await using shop = await openWith(source);
    assert.deepEqual([(await shop.ask('GET', '/a')).status, there(shop, 'a')], [200, true]);
  });

  test('what is here is not asked for, nor what no rule means', async () => {
    await using source = await openSource('new');
    await using shop = await openWith(source, { condition: '<Prefix>p/</Prefix><Suffix>.x</Suffix>' });
    await shop.house.put('p/a.x', 'old');
    assert.equal((await shop.ask('GET', '/p/a.x')).text, 'old');
    await refused(shop, '/p/b', 404, 'NoSuchKey');
    await refused(shop, '/b.x', 404, 'NoSuchKey');
    assert.equal((await shop.ask('HEAD', '/p/b.x')).status, 404);
    await refused(shop, '/p/b.x?versionId=v', 404, 'NoSuchVersion');
    assert.deepEqual(source.targets, []);
    assert.equal((await shop.ask('GET', '/p/b.x')).text, 'new');
  });

  test('hosts that are spared', async () => {
    await using source = await openSource('new');
    const condition = `<FilterHost><ForbidHost><DomainList><Domain>${HOST}</Domain></DomainList></ForbidHost></FilterHost>`;
    await using shop = await openWith(source, { condition });
    await refused(shop, '/a', 404, 'NoSuchKey');
    const host = `${BUCKET}.cos-internal.${REGION}.tencentcos.cn`;
    assert.equal((await shop.ask('GET', '/a', { host })).text, 'new');
  });

  test('only for those who may read the key', async () => {
    await using source = await openSource('new');
    await using shop = await openWith(source);
    await refused(shop, '/a', 403, 'AccessDenied', { unsigned: true });
    assert.deepEqual(source.targets, []);
    await shop.house.cos.buckets.change(BUCKET, { acl: { canned: 'public-read', grants: [] } });
    assert.equal((await shop.ask('GET', '/a', { unsigned: true })).text, 'new');
  });

  test('headers, the query and the name of the file go out as the rule says', async () => {
    await using source = await openSource('x');
    const parameter = `<FollowQueryString>false</FollowQueryString><HttpHeader><FollowAllHeaders>true</FollowAllHeaders><NewHttpHeaders><Header><Key>x-new</Key><Value>1</Value></Header></NewHttpHeaders><ForbidFollowHeaders><Header><Key>x-secret</Key></Header></ForbidFollowHeaders></HttpHeader>`;
    const file =
      '<PrefixConfiguration><Prefix>test</Prefix></PrefixConfiguration><SuffixConfiguration><Suffix>.jpg</Suffix></SuffixConfiguration>';
    await using shop = await openWith(source, { parameter, file });
    await shop.ask('GET', '/a?b=c', { headers: { 'X-Mine': '2', 'X-Secret': '3' } });
    assert.deepEqual(source.targets, ['GET /test/a.jpg']);
    const { headers } = source.asked[0] ?? assert.fail();
    assert.deepEqual(
      [headers['x-new'], headers['x-mine'], headers['x-secret'], headers.authorization, headers['accept-encoding']],
      ['1', '2', undefined, undefined, 'identity'],
    );
    assert.equal(headers.host, source.name);
    assert.ok(there(shop, 'a'), 'under the name that the client asked for');
  });

  test('nothing that would lead out of where the rule looks', async () => {
    await using source = await openSource('private');
    const file = '<PrefixConfiguration><Prefix>public</Prefix></PrefixConfiguration>';
    await using shop = await openWith(source, { file });
    for (const key of ['../private', 'a/../../private', 'a/%2e%2e/%2E./private', '..', './a', 'a/.', '..%5Cprivate'])
      await refused(shop, `/${key}`, 404, 'NoSuchKey');
    await put(shop, originXml(originRule({ type: 'Proxy', hosts: hostXml(source.name), file })));
    await refused(shop, '/a/../../private', 404, 'NoSuchKey');
    await shop.house.clock.advance(0);
    assert.deepEqual(source.targets, []);
    await put(shop, originXml(originRule({ hosts: hostXml(source.name), file })));
    assert.equal((await shop.ask('GET', '/..a/b..c/...')).text, 'private');
    assert.deepEqual(source.targets, ['GET /public/..a/b..c/...']);
    const fixed = '<FixedFileConfiguration><FixedFilePath>one</FixedFilePath></FixedFileConfiguration>';
    await put(shop, originXml(originRule({ hosts: hostXml(source.name), file: fixed })));
    assert.equal((await shop.ask('GET', '/a/../b')).status, 200);
  });

  test('without a copy, where the rule says so', async () => {
    await using source = await openSource('x');
    await using shop = await openWith(source, { parameter: '<CopyOriginData>false</CopyOriginData>' });
    for (let i = 0; i < 2; i++) assert.equal((await shop.ask('GET', '/a')).text, 'x');
    assert.deepEqual([source.asked.length, there(shop, 'a')], [2, false]);
  });

  test('a part: the client has it at once, the whole is fetched behind that', async () => {
    const body = someBytes(100_000);
    await using source = await openSource((request, response) => {
      const { range } = request.headers;
      if (range === undefined) return void response.end(body);
      response.writeHead(206, { 'Content-Range': 'bytes 10-19/100000', 'Content-Length': 10 });
      response.end(body.subarray(10, 20));
    });
    await using shop = await openWith(source);
    using triggers = shop.house.listen();
    const got = await shop.ask('GET', '/a', { headers: { Range: 'bytes=10-19' } });
    assert.deepEqual(
      [got.status, got.headers['content-range'], got.body],
      [206, 'bytes 10-19/100000', body.subarray(10, 20)],
    );
    await until(() => triggers.told.length === 1);
    assert.deepEqual(await shop.house.read('a'), body);
    assert.deepEqual(source.asked.map(({ headers }) => headers.range).sort(), ['bytes=10-19', undefined]);
  });

  test('no part of what cannot be told to be the same, and none that is none', async () => {
    await using source = await openSource('hello');
    await using shop = await openWith(source);
    const first = await shop.ask('GET', '/a', { headers: { Range: 'bytes=1-2', 'If-Range': '"e"' } });
    assert.deepEqual([first.status, first.text], [200, 'hello']);
    const second = await shop.ask('GET', '/b', { headers: { Range: 'bytes=-' } });
    assert.deepEqual([second.status, second.text], [200, 'hello']);
    assert.deepEqual(
      source.asked.map(({ headers }) => headers.range),
      [undefined, undefined],
    );
  });

  test('a part that there is not', async () => {
    await using source = await openSource((_request, response) => void response.writeHead(416).end());
    await using shop = await openWith(source);
    await refused(shop, '/a', 416, 'InvalidRange', { headers: { Range: 'bytes=10-19' } });
  });

  test('response-* and the limit of the speed count here as well', async () => {
    await using source = await openSource('x');
    await using shop = await openWith(source);
    const got = await shop.ask('GET', '/a?response-content-type=text%2Fcsv');
    assert.equal(got.headers['content-type'], 'text/csv');
    await refused(shop, '/b', 400, 'InvalidArgument', { headers: { 'x-cos-traffic-limit': '1' } });
    assert.equal(there(shop, 'b'), false);
  });

  test('a delete marker hides nothing that a source has', async () => {
    await using source = await openSource('again');
    await using shop = await openWith(source);
    await shop.house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    await shop.house.put('a', 'old');
    await shop.house.remove('a');
    assert.equal((await shop.ask('GET', '/a')).text, 'again');
    assert.equal(await shop.house.text('a'), 'again');
  });

  test('of several sources each has its share, and those that stand by are asked when it fails', async () => {
    const failing = (status: number) => openSource((_request, response) => void response.writeHead(status).end());
    await using down = await failing(503);
    await using hidden = await failing(403);
    await using last = await openSource('x');
    const standby = (names: readonly string[]) =>
      names.map((name, i) => `<StandbyHostName_${i + 1}>${name}</StandbyHostName_${i + 1}>`).join('');
    const hosts = hostXml(await deadName(), standby([down.name, hidden.name, last.name]));
    await using shop = await openWith(last, {
      hosts,
      more: '<HTTPStandbyCode><StatusCode>403</StatusCode></HTTPStandbyCode>',
    });
    assert.equal((await shop.ask('GET', '/a')).text, 'x');
    assert.deepEqual([down.asked.length, hidden.asked.length, last.asked.length], [1, 1, 1]);
    // Without the code what it says counts.
    await put(shop, originXml(originRule({ hosts })));
    assert.match(await refused(shop, '/b', 424, 'FailedDependency'), /403/);
    await put(shop, originXml(originRule({ hosts: hostXml(hidden.name, '<Weight>0</Weight>') + hostXml(last.name) })));
    for (let i = 0; i < 5; i++) assert.equal((await shop.ask('GET', `/c${i}`)).text, 'x');
  });

  test('the first rule by priority', async () => {
    await using one = await openSource('one');
    await using two = await openSource('two');
    await using shop = await openShop();
    const rule = (source: Source, priority: number, prefix: string) =>
      originRule({ hosts: hostXml(source.name), priority, condition: `<Prefix>${prefix}</Prefix>` });
    await put(shop, originXml(rule(one, 2, ''), rule(two, 1, 'p')));
    assert.deepEqual([(await shop.ask('GET', '/p')).text, (await shop.ask('GET', '/q')).text], ['two', 'one']);
  });
});

describe('what sources say', () => {
  const saying = (status: number, headers: Record<string, string> = {}) =>
    openSource((_request, response) => void response.writeHead(status, headers).end('source says'));

  test('404 is 404 here, and not the page of the source', async () => {
    await using source = await saying(404);
    await using shop = await openWith(source);
    await refused(shop, '/a', 404, 'NoSuchKey');
    await refused(shop, '/a', 404, 'NoSuchKey');
    assert.equal(source.asked.length, 2);
  });

  for (const status of [204, 304, 401, 500])
    test(`${status} is 424 here, and nothing is kept`, async () => {
      await using source = await saying(status);
      await using shop = await openWith(source);
      assert.match(await refused(shop, '/a', 424, 'FailedDependency'), new RegExp(String(status)));
      assert.equal(there(shop, 'a'), false);
    });

  test('as it is, where the rule says so', async () => {
    await using source = await saying(403, { 'Content-Type': 'text/x-own' });
    await using shop = await openWith(source, { parameter: '<TransparentErrorCode>true</TransparentErrorCode>' });
    const got = await shop.ask('GET', '/a');
    assert.deepEqual([got.status, got.text, got.headers['content-type']], [403, 'source says', 'text/x-own']);
    assert.equal(there(shop, 'a'), false);
  });

  test('a redirect is followed, and to another host without what is meant for one alone', async () => {
    await using end = await openSource('end');
    await using source = await openSource((request, response) => {
      const location = request.url === '/a' ? '/b?c' : `http://${end.name}/d%20e`;
      response.writeHead(302, { Location: location }).end('elsewhere');
    });
    const parameter =
      '<HttpHeader><FollowHttpHeaders><Header><Key>Cookie</Key></Header><Header><Key>X-A</Key></Header></FollowHttpHeaders></HttpHeader>';
    await using shop = await openWith(source, { parameter });
    const got = await shop.ask('GET', '/a', { headers: { Cookie: 'c', 'X-A': '1' } });
    assert.equal(got.text, 'end');
    assert.deepEqual([source.targets, end.targets], [['GET /a', 'GET /b?c'], ['GET /d%20e']]);
    assert.equal(source.asked[1]?.headers.cookie, 'c');
    const { headers } = end.asked[0] ?? assert.fail();
    assert.deepEqual([headers.cookie, headers['x-a'], headers.host], [undefined, '1', end.name]);
    assert.equal(await shop.house.text('a'), 'end');
  });

  test('a redirect is given on where the rule says so', async () => {
    await using source = await saying(301, { Location: 'http://192.0.2.9/x' });
    await using shop = await openWith(source, { parameter: '<FollowRedirection>false</FollowRedirection>' });
    const got = await shop.ask('GET', '/a');
    assert.deepEqual([got.status, got.headers.location, got.text], [301, 'http://192.0.2.9/x', '']);
  });

  test('redirects without end, and to what is no address of HTTP', async () => {
    await using round = await openSource(
      (_request, response) => void response.writeHead(302, { Location: '/a' }).end(),
    );
    await using shop = await openWith(round);
    assert.match(await refused(shop, '/a', 424, 'FailedDependency'), /without end/);
    assert.equal(round.asked.length, 11);
    await using file = await saying(302, { Location: 'file:///etc/passwd' });
    await put(shop, originXml(originRule({ hosts: hostXml(file.name) })));
    await refused(shop, '/a', 424, 'FailedDependency');
  });

  test('nobody there', async () => {
    await using shop = await openWith({ name: await deadName() });
    const message = await refused(shop, '/a', 424, 'FailedDependency');
    assert.match(message, /refused/);
    assert.doesNotMatch(message, /127\.0\.0\.1/, 'where the source is is nobody’s business');
    assert.ok(shop.log.lines.some(({ text }) => text === 'a source gives no answer'));
  });

  test('by TLS it has to show a certificate that is trusted', async () => {
    await using source = await openSource('x');
    await using shop = await openWith(source, { parameter: '<Protocol>HTTPS</Protocol>' });
    await refused(shop, '/a', 424, 'FailedDependency');
    assert.deepEqual(source.targets, []);
  });
});

describe('when something breaks off', () => {
  const half = (length: number | undefined) => (_request: IncomingMessage, response: ServerResponse) => {
    if (length !== undefined) response.setHeader('Content-Length', length);
    response.write(someBytes(2 * MB), () => response.destroy());
  };

  for (const [what, length] of [
    ['in the middle of its length', 4 * MB],
    ['in the middle of its chunks', undefined],
  ] as const)
    test(`the source, ${what}: the client can tell, and nothing is kept`, async () => {
      await using source = await openSource(half(length));
      await using shop = await openWith(source);
      using triggers = shop.house.listen();
      const { response } = await begun(shop, '/a');
      await assert.rejects(buffer(response));
      await until(() => shop.log.lines.some(({ text }) => text.includes('is not kept')));
      assert.deepEqual([there(shop, 'a'), triggers.told, shop.house.files.kept.size], [false, [], 0]);
    });

  for (const [how, length] of [
    ['of a length', 100],
    ['in chunks', undefined],
  ] as const)
    test(`the source, before anything is sent on, ${how}: 424, as of any other failure of it`, async () => {
      await using source = await openSource((_request, response) => {
        if (length !== undefined) response.setHeader('Content-Length', length);
        response.write('half', () => response.destroy());
      });
      await using shop = await openWith(source);
      await refused(shop, '/a', 424, 'FailedDependency');
      await until(() => shop.log.lines.some(line => line.text.includes('is not kept')));
      assert.equal(there(shop, 'a'), false);
      assert.deepEqual(
        shop.log.lines.filter(({ level }) => level === 'error'),
        [],
      );
    });

  test('the client: the object is kept all the same', async () => {
    const body = someBytes(2 * MB);
    const rest = Promise.withResolvers<void>();
    await using source = await openSource((_request, response) => {
      response.write(body.subarray(0, MB));
      rest.promise.then(() => response.end(body.subarray(MB)));
    });
    await using shop = await openWith(source);
    const { request, response } = await begun(shop, '/a');
    await once(response, 'data');
    request.destroy();
    rest.resolve();
    await until(() => there(shop, 'a'));
    assert.deepEqual(await shop.house.read('a'), body);
  });

  test('a full disk: the client has it whole, and nothing is kept', async () => {
    const body = someBytes(2 * MB);
    await using source = await openSource(body);
    await using shop = await openWith(source);
    shop.house.files.before = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    assert.deepEqual((await shop.ask('GET', '/a')).body, body);
    assert.equal(there(shop, 'a'), false);
    shop.house.files.before = () => undefined;
    assert.deepEqual((await shop.ask('GET', '/a')).body, body);
    assert.ok(there(shop, 'a'));
  });

  test('what a client writes meanwhile is newer, and stays', async () => {
    const rest = Promise.withResolvers<void>();
    await using source = await openSource((_request, response) => {
      response.write('from the ');
      rest.promise.then(() => response.end('source'));
    });
    await using shop = await openWith(source);
    const getting = begun(shop, '/a').then(({ response }) => buffer(response));
    await until(() => source.asked.length === 1);
    await shop.house.put('a', 'written');
    rest.resolve();
    assert.equal(String(await getting), 'from the source');
    assert.equal(await shop.house.text('a'), 'written');
    assert.deepEqual(
      shop.log.lines.filter(({ level }) => level !== 'info'),
      [],
    );
  });

  test('the server closes: what is under way is given up', async () => {
    await using source = await openSource(half(4 * MB));
    await using silent = await openSource(() => undefined);
    await using shop = await openWith(silent);
    const asking = shop.ask('GET', '/a');
    await until(() => silent.asked.length === 1);
    await put(shop, originXml(originRule({ hosts: hostXml(source.name), type: 'Proxy' })));
    await shop.house.cos.close();
    assert.equal((await asking).status, 424);
    assert.equal(there(shop, 'a'), false);
  });
});

describe('many clients for one key', () => {
  test('one fetch of what is not too long', async () => {
    const body = someBytes(MB);
    const rest = Promise.withResolvers<void>();
    await using source = await openSource((_request, response) => {
      response.setHeader('Content-Length', MB);
      response.write(body.subarray(0, 1000));
      rest.promise.then(() => response.end(body.subarray(1000)));
    });
    await using shop = await openWith(source);
    using triggers = shop.house.listen();
    const first = begun(shop, '/a').then(({ response }) => buffer(response));
    await until(() => source.asked.length === 1);
    const others = Array.from({ length: 20 }, () => shop.ask('GET', '/a'));
    const part = shop.ask('GET', '/a', { headers: { Range: 'bytes=5-9' } });
    rest.resolve();
    assert.deepEqual(await first, body);
    for (const got of await Promise.all(others)) assert.deepEqual(got.body, body);
    assert.deepEqual((await part).body, body.subarray(5, 10));
    assert.deepEqual([source.asked.length, triggers.told.length], [1, 1]);
  });

  test('nobody waits for a long one: it is fetched beside it, and kept once', async () => {
    const rest = Promise.withResolvers<void>();
    const body = someBytes(5 * MB);
    await using source = await openSource(async (_request, response) => {
      response.setHeader('Content-Length', body.length);
      if (source.asked.length === 1) await rest.promise;
      response.end(body);
    });
    await using shop = await openWith(source);
    using triggers = shop.house.listen();
    const first = begun(shop, '/a').then(({ response }) => buffer(response));
    await until(() => source.asked.length === 1);
    rest.resolve();
    const [one, two] = await Promise.all([first, shop.ask('GET', '/a')]);
    assert.ok(one.equals(body) && two.body.equals(body));
    assert.equal(triggers.told.length, 1);
  });

  test('one that takes nothing keeps nobody waiting', async () => {
    const body = someBytes(3 * MB);
    await using source = await openSource((_request, response) => {
      response.setHeader('Content-Length', body.length);
      response.end(body);
    });
    await using shop = await openWith(source);
    const { request, response } = await begun(shop, '/a');
    const got = await Promise.all(Array.from({ length: 3 }, () => shop.ask('GET', '/a')));
    for (const other of got) assert.ok(other.body.equals(body));
    assert.equal(response.readableEnded, false);
    assert.equal(source.asked.length, 1);
    request.destroy();
  });

  test('when the fetch fails, each asks for itself', async () => {
    const rest = Promise.withResolvers<void>();
    await using source = await openSource((_request, response) => {
      if (source.asked.length > 1) return void response.end('fine');
      rest.promise.then(() => response.destroy());
    });
    await using shop = await openWith(source);
    const first = shop.ask('GET', '/a');
    await until(() => source.asked.length === 1);
    const others = Array.from({ length: 3 }, () => shop.ask('GET', '/a'));
    rest.resolve();
    const got = await Promise.all(others);
    assert.deepEqual(
      got.map(({ text }) => text),
      ['fine', 'fine', 'fine'],
    );
    assert.ok([200, 424].includes((await first).status));
    assert.ok(there(shop, 'a'));
  });
});

describe('Proxy', () => {
  test('the client is sent to the source, and the object is fetched behind that', async () => {
    await using source = await openSource('hello');
    await using shop = await openWith(source, { type: 'Proxy', parameter: PLAIN_HTTP });
    using triggers = shop.house.listen();
    const first = await shop.ask('GET', '/a%20b?c=d');
    assert.deepEqual([first.status, first.headers.location, first.text], [302, `http://${source.name}/a%20b?c=d`, '']);
    await until(() => triggers.told.length === 1);
    assert.deepEqual(
      triggers.told.map(({ name, key }) => [name, key]),
      [['ObjectCreated:Origin', 'a b']],
    );
    assert.equal((await shop.ask('GET', '/a%20b')).text, 'hello');
    assert.equal(source.asked.length, 1);
  });

  test('once, however many ask, and by the code of the rule', async () => {
    const rest = Promise.withResolvers<void>();
    await using source = await openSource((_request, response) => void rest.promise.then(() => response.end('x')));
    await using shop = await openWith(source, { type: 'Proxy', parameter: '<HttpRedirectCode>307</HttpRedirectCode>' });
    const got = await Promise.all(Array.from({ length: 10 }, () => shop.ask('GET', '/a')));
    assert.deepEqual(new Set(got.map(({ status }) => status)), new Set([307]));
    rest.resolve();
    await until(() => there(shop, 'a'));
    assert.equal(source.asked.length, 1);
  });

  test('what a client writes meanwhile stays, and the source is let go', async () => {
    const written = Promise.withResolvers<void>();
    let isLetGo = false;
    await using source = await openSource((_request, response) => {
      response.on('close', () => {
        isLetGo = true;
      });
      // More than lies in between.
      written.promise.then(() => response.end(Buffer.alloc(32 * MB)));
    });
    await using shop = await openWith(source, { type: 'Proxy' });
    await shop.ask('GET', '/a');
    await until(() => source.asked.length === 1);
    await shop.house.put('a', 'written');
    written.resolve();
    await until(() => isLetGo);
    assert.equal(await shop.house.text('a'), 'written');
  });

  test('a source that fails is asked again, one that has nothing is not', async () => {
    let status = 503;
    const times: number[] = [];
    await using source = await openSource((_request, response) => {
      times.push(shop.house.clock.now());
      response.writeHead(status).end('x');
    });
    await using shop = await openWith(source, { type: 'Proxy' });
    const pass = async (condition: () => boolean, stepMs: number, steps = 600) => {
      for (let step = 0; step < steps && !condition(); step++) await shop.house.clock.advance(stepMs);
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    };
    await shop.ask('GET', '/a');
    await pass(() => times.length === 2, 100);
    status = 200;
    await pass(() => there(shop, 'a'), 100);
    assert.ok(there(shop, 'a'));
    const [one = 0, two = 0, three = 0] = times;
    assert.ok(two - one >= 5000 && three - two >= 30_000, String(times));
    status = 404;
    await shop.ask('GET', '/b');
    await pass(() => times.length === 5, 1000);
    assert.equal(times.length, 4);
  });
});

describe('Redirect', () => {
  test('reads that are refused by its code are sent to the source; nothing is kept', async () => {
    await using source = await openSource('x');
    const hosts = hostXml(source.name);
    const denied = '<HTTPStatusCode>403</HTTPStatusCode>';
    await using shop = await openShop();
    await put(
      shop,
      originXml(
        originRule({
          type: 'Redirect',
          hosts,
          priority: 1,
          condition: denied,
          parameter: '<HttpRedirectCode>301</HttpRedirectCode>',
        }),
        originRule({ type: 'Redirect', hosts, priority: 2, parameter: '<Protocol>HTTPS</Protocol>' }),
      ),
    );
    await shop.house.put('private', 'x');
    const other = await shop.ask('GET', '/private', { unsigned: true });
    assert.deepEqual([other.status, other.headers.location], [301, `http://${source.name}/private`]);
    assert.equal((await shop.ask('GET', '/private')).text, 'x');
    const missing = await shop.ask('HEAD', '/missing');
    assert.deepEqual([missing.status, missing.headers.location], [302, `https://${source.name}/missing`]);
    const version = await shop.ask('GET', '/private?versionId=v');
    assert.equal(version.status, 302);
    assert.equal((await shop.ask('DELETE', '/private', { unsigned: true })).status, 403);
    assert.equal((await shop.ask('GET', '/', { unsigned: true })).status, 403);
    assert.equal((await shop.ask('GET', '/missing?acl')).status, 404);
    assert.deepEqual(source.targets, []);
  });
});

describe('sources that are this server', () => {
  const other = `other-${ACCOUNT.appId}`;

  /** Its own port is the source of each bucket, in path style: to itself, or to the other one. */
  async function openRound(): Promise<Shop> {
    const shop = await openShop();
    await shop.house.cos.buckets.create({ id: other, region: REGION });
    for (const id of [BUCKET, other]) {
      await shop.house.cos.buckets.change(id, { acl: { canned: 'public-read', grants: [] } });
    }
    return shop;
  }
  const rule = (shop: Shop, to: string, key?: string) => {
    const file = `<PrefixConfiguration><Prefix>${to}</Prefix></PrefixConfiguration>`;
    const fixed = `<FixedFileConfiguration><FixedFilePath>${to}/${key}</FixedFilePath></FixedFileConfiguration>`;
    return originXml(originRule({ hosts: hostXml(`127.0.0.1:${shop.port}`), file: key === undefined ? file : fixed }));
  };

  test('the same bucket: an end, and an error', async () => {
    await using shop = await openRound();
    await put(shop, rule(shop, BUCKET));
    await refused(shop, '/a', 424, 'FailedDependency');
    assert.equal(there(shop, 'a'), false);
  });

  test('two buckets, each the source of the other', async () => {
    await using shop = await openRound();
    await put(shop, rule(shop, other));
    await shop.house.cos.buckets.change(other, { plain: { origin: rule(shop, BUCKET) } });
    await refused(shop, '/a', 424, 'FailedDependency');
  });

  test('another bucket, and a file of the bucket itself', async () => {
    await using shop = await openRound();
    const { objects } = shop.house.cos;
    await put(shop, rule(shop, other));
    await shop.ask('PUT', '/a', { host: HOST.replace(BUCKET, other), body: 'there', headers: { 'x-cos-meta-a': 'b' } });
    const got = await shop.ask('GET', '/a');
    assert.deepEqual([got.text, got.headers['x-cos-meta-a']], ['there', 'b']);
    assert.equal(objects.head(ref('a')).headers['x-cos-meta-a'], 'b');
    await put(shop, rule(shop, BUCKET, 'default.png'));
    await refused(shop, '/missing', 424, 'FailedDependency');
    await shop.house.put('default.png', 'default');
    assert.equal((await shop.ask('GET', '/missing')).text, 'default');
  });
});

describe('?origin', () => {
  test('is given back as it came; taken away, nothing is fetched any more', async () => {
    await using source = await openSource('x');
    await using shop = await openShop();
    const body = `<?xml version="1.0"?>\n${originXml(originRule({ hosts: hostXml(source.name) }))}`;
    await put(shop, body);
    assert.equal((await shop.ask('GET', '/?origin')).text, body);
    assert.equal((await shop.ask('GET', '/a')).text, 'x');
    assert.equal((await shop.ask('DELETE', '/?origin')).status, 204);
    await refused(shop, '/b', 404, 'NoSuchKey');
    await fails('NoSuchKey', () => shop.house.cos.objects.head(ref('b')));
  });

  test('what cannot be done is refused, and what there was stays', async () => {
    await using shop = await openWith({ name: 'a.com' });
    const before = (await shop.ask('GET', '/?origin')).text;
    const asked = await shop.ask('PUT', '/?origin', {
      body: originXml(originRule({ hosts: hostXml('b.com', '<PrivateHost/>') })),
    });
    assert.deepEqual([asked.status, textIn(asked.text, 'Code')], [501, 'NotImplemented']);
    assert.equal((await shop.ask('GET', '/?origin')).text, before);
  });
});
