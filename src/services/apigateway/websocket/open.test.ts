import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aReply, FakeTarget } from '../fixture.ts';
import { gatewayError } from '../serving/errorbody.ts';
import type { Registration } from './target.ts';
import { ACCEPTED, SocketStand, until } from './testing.ts';
import { frame, OP } from './testing-client.ts';

const NO_TEXT = { accepted: false, reply: gatewayError(403, 'no', 200) } as const;

describe('register', () => {
  it('is asked first, and nothing reaches the client before', async () => {
    await using open = await SocketStand.open();
    let accept: (said: Registration) => void = () => {};
    open.functions.register = () => new Promise(resolve => (accept = resolve));
    const client = open.ask();
    await until('the function is asked', () => open.functions.registered.length === 1);
    assert.equal(client.socket.bytesRead, 0);
    assert.equal(open.stand.gateway.connections(), 0);
    accept(ACCEPTED);
    const { status, headers } = await client.answer();
    assert.equal(status, 101);
    // RFC 6455 §1.3 has this pair.
    assert.equal(headers.get('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    assert.equal(headers.get('upgrade'), 'websocket');
    assert.equal(headers.has('sec-websocket-protocol'), false);
    assert.equal(headers.has('sec-websocket-extensions'), false);
    assert.equal(open.stand.gateway.connections(), 1);
  });

  it('knows the connection, the request and the service', async () => {
    await using open = await SocketStand.open();
    await open.connect({ path: `${open.base}/chat?room=7`, headers: { 'Sec-WebSocket-Protocol': 'a, b', 'X-A': '1' } });
    const [call] = open.functions.registered;
    assert.ok(call);
    assert.match(call.connectionId, /^[A-Za-z0-9+/]{22}==$/);
    assert.equal(Buffer.from(call.connectionId, 'base64').length, 16);
    assert.equal(call.serviceName, 'rooms');
    assert.equal(call.protocol, 'a, b');
    assert.equal(call.extensions, undefined);
    assert.equal(call.request.query, 'room=7');
    assert.equal(call.request.headers['x-a'], '1');
    assert.equal(call.request.sourceIp, '127.0.0.1');
  });

  it('refuses with its own answer', async () => {
    await using open = await SocketStand.open();
    open.functions.register = async () => NO_TEXT;
    const client = open.ask();
    const { status, headers, body } = await client.answer();
    assert.equal(status, 403);
    assert.equal(body, '{"message":"no"}');
    assert.equal(headers.get('x-api-id'), open.apiId);
    assert.equal(headers.get('connection'), 'close');
    await client.ended();
    assert.equal(open.stand.gateway.connections(), 0);
    assert.deepEqual(open.functions.gone, []);
  });

  it('that takes longer than the gateway waits is a refusal, and what it says later is taken back', async () => {
    await using open = await SocketStand.open({ api: { timeoutS: 3 } });
    let accept: (said: Registration) => void = () => {};
    open.functions.register = () => new Promise(resolve => (accept = resolve));
    const client = open.ask();
    await until('the function is asked', () => open.functions.registered.length === 1);
    await open.stand.clock.advance(3000);
    assert.equal((await client.answer()).status, 504);
    await client.ended();
    accept(ACCEPTED);
    await until('the function is told', () => open.functions.gone.length === 1);
    assert.equal(open.functions.gone[0]?.connectionId, open.functions.registered[0]?.connectionId);
    assert.equal(open.stand.gateway.connections(), 0);
  });

  it('of a client that has gone meanwhile is followed by cleanup', async () => {
    await using open = await SocketStand.open();
    let accept: (said: Registration) => void = () => {};
    open.functions.register = () => new Promise(resolve => (accept = resolve));
    const client = open.ask();
    await until('the function is asked', () => open.functions.registered.length === 1);
    client.socket.resetAndDestroy();
    await new Promise(resolve => client.socket.once('close', resolve));
    await new Promise(setImmediate);
    accept(ACCEPTED);
    await until('the function is told', () => open.functions.gone.length === 1);
    assert.equal(open.stand.gateway.connections(), 0);
  });

  it('may be missing: then everybody is welcome', async () => {
    await using open = await SocketStand.open({ parts: ['transport'] });
    const { client } = await open.connect();
    client.send(frame(OP.text, 'hi'));
    await until('a message', () => open.functions.messages.length === 1);
    assert.equal(open.functions.messages[0]?.data, 'hi');
  });

  it('may break without breaking the gateway', async () => {
    await using open = await SocketStand.open();
    open.functions.register = () => Promise.reject(new Error('a fault of ours'));
    assert.equal((await open.ask().answer()).status, 500);
    open.functions.register = async () => ACCEPTED;
    await open.connect();
  });
});

describe('what a client sends before it has its answer', () => {
  it('is delivered once it is accepted', async () => {
    await using open = await SocketStand.open();
    const { id } = await open.connect({ early: Buffer.concat([frame(OP.text, 'a'), frame(OP.text, 'b')]) });
    await until('both', () => open.functions.messages.length === 2);
    assert.deepEqual(
      open.functions.messages.map(({ connectionId, data }) => [connectionId, data]),
      [
        [id, 'a'],
        [id, 'b'],
      ],
    );
  });
});

describe('subprotocol', () => {
  const CASES: readonly (readonly [given: string, offered: string | undefined, chosen: string | undefined])[] = [
    ['chat', 'chat,binary', 'chat'],
    ['binary,chat', 'chat, binary', 'binary'],
    ['x, chat', 'chat', 'chat'],
    ['x', 'chat', undefined],
    ['', 'chat', undefined],
    ['chat', undefined, undefined],
    ['Chat', 'chat', undefined],
  ];
  for (const [protocol, offered, chosen] of CASES) {
    it(`of ${offered} with ${protocol || 'nothing'} is ${chosen}`, async () => {
      await using open = await SocketStand.open();
      open.functions.register = async () => ({ accepted: true, protocol, extensions: '' });
      const { status, headers } = await open.ask({ headers: { 'Sec-WebSocket-Protocol': offered } }).answer();
      assert.equal(status, 101);
      assert.equal(headers.get('sec-websocket-protocol'), chosen);
    });
  }
});

describe('extensions', () => {
  const CASES: readonly (readonly [given: string, offered: string | undefined, used: boolean])[] = [
    ['permessage-deflate', 'permessage-deflate; client_max_window_bits', true],
    ['permessage-deflate; client_max_window_bits', 'x, permessage-deflate', true],
    ['', 'permessage-deflate', false],
    ['permessage-deflate', undefined, false],
    ['x-webkit-deflate-frame', 'x-webkit-deflate-frame', false],
  ];
  for (const [extensions, offered, used] of CASES) {
    it(`${offered} with ${extensions || 'nothing'}: ${used}`, async () => {
      await using open = await SocketStand.open();
      open.functions.register = async () => ({ accepted: true, protocol: '', extensions });
      const { headers } = await open.ask({ headers: { 'Sec-WebSocket-Extensions': offered } }).answer();
      assert.equal(headers.get('sec-websocket-extensions')?.startsWith('permessage-deflate') ?? false, used);
    });
  }

  it('whose terms cannot be kept are declined, and the connection goes on without', async () => {
    await using open = await SocketStand.open();
    open.functions.register = async () => ({ accepted: true, protocol: '', extensions: 'permessage-deflate' });
    const offered = 'permessage-deflate; server_max_window_bits=8, permessage-deflate; x=1';
    const { client } = await open.connect({ headers: { 'Sec-WebSocket-Extensions': offered } });
    client.send(frame(OP.text, 'a'));
    await until('the message', () => open.functions.messages.length === 1);
  });
});

describe('a handshake that is none', () => {
  const CASES: readonly (readonly [Readonly<Record<string, string | undefined>>, number, string])[] = [
    [{ 'Sec-WebSocket-Key': undefined }, 403, 'need header Sec-WebSocket-Key'],
    [{ 'Sec-WebSocket-Version': undefined }, 403, 'need header Sec-WebSocket-Version'],
    [{ 'Sec-WebSocket-Version': '7' }, 426, 'Sec-WebSocket-Version 7 is not supported'],
    [{ Upgrade: 'h2c' }, 426, 'Upgrade Required'],
    [{ 'Sec-WebSocket-Key': 'short' }, 400, 'header Sec-WebSocket-Key is invalid'],
    [{ 'Sec-WebSocket-Protocol': 'a,,b' }, 400, 'header Sec-WebSocket-Protocol is invalid'],
    [{ 'Sec-WebSocket-Protocol': 'a, a' }, 400, 'header Sec-WebSocket-Protocol is invalid'],
    [{ 'Sec-WebSocket-Protocol': 'a b' }, 400, 'header Sec-WebSocket-Protocol is invalid'],
  ];
  for (const [headers, status, message] of CASES) {
    it(`${message}: ${JSON.stringify(headers)}`, async () => {
      await using open = await SocketStand.open();
      const answer = await open.ask({ headers }).answer();
      assert.equal(answer.status, status);
      assert.equal(answer.body, JSON.stringify({ message }));
      if ('Sec-WebSocket-Version' in headers && status === 426)
        assert.equal(answer.headers.get('sec-websocket-version'), '13');
      assert.deepEqual(open.functions.registered, []);
    });
  }

  it('is told where there is no API, no environment, no service', async () => {
    await using open = await SocketStand.open();
    const asked = async (path: string) => (await open.ask({ path }).answer()).body;
    assert.equal(await asked(`${open.base}/other`), `{"message":"There is no api match uri '\\/other'"}`);
    assert.match(await asked(`/_apigw/${open.serviceId}/beta/chat`), /default env_mapping '\\\/beta'/);
    assert.match(await asked('/_apigw/service-00000000/release/chat'), /api match host/);
  });

  it('by another method, or with a body, is none either', async () => {
    await using open = await SocketStand.open();
    assert.equal((await open.ask({ method: 'POST' }).answer()).status, 404);
    assert.equal(
      (await open.ask({ headers: { 'Content-Length': '3' }, early: Buffer.from('abc') }).answer()).status,
      400,
    );
  });

  it('a plain request to a WebSocket API is told what is missing', async () => {
    await using open = await SocketStand.open();
    const { status, body } = await open.stand.ask(`${open.base}/chat`);
    assert.equal(status, 403);
    assert.equal(body.toString(), '{"message":"need header Sec-WebSocket-Key"}');
    const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' };
    assert.equal((await open.stand.ask(`${open.base}/chat`, { headers })).status, 426);
  });

  it('is held to the API’s authentication and parameters like a plain request', async () => {
    await using open = await SocketStand.open({
      api: {
        auth: { type: 'SECRET' },
        parameters: [{ name: 'room', position: 'QUERY', required: true, defaultValue: '' }],
      },
    });
    const unsigned = await open.ask().answer();
    const plain = await open.stand.ask(`${open.base}/chat`);
    assert.ok(unsigned.status === 401 || unsigned.status === 403, String(unsigned.status));
    assert.deepEqual([unsigned.status, unsigned.body], [plain.status, plain.body.toString()]);
    await using free = await SocketStand.open({
      api: { parameters: [{ name: 'room', position: 'QUERY', required: true, defaultValue: '' }] },
    });
    assert.equal((await free.ask().answer()).body, '{"message":"querystring room is required"}');
    await free.connect({ path: `${free.base}/chat?room=1` });
  });

  it('without a transport function there is no API', async () => {
    await using open = await SocketStand.open({ parts: ['register', 'cleanup'] });
    assert.equal((await open.ask().answer()).status, 404);
  });
});

it('an API of HTTP answers a request to upgrade like any other', async () => {
  await using open = await SocketStand.open();
  const target = new FakeTarget();
  const { base } = await open.stand.serve(target, { path: '/plain' });
  const client = open.ask({ path: `${base}/plain` });
  const { status, body, headers } = await client.answer();
  assert.equal(status, 200);
  assert.equal(body, '"ok"');
  assert.equal(headers.get('connection'), 'close');
  assert.equal(target.seen.length, 1);
  await client.ended();
});

it('a long answer to a request to upgrade arrives whole, at the client’s pace', async () => {
  await using open = await SocketStand.open();
  const text = 'x'.repeat(5_000_000);
  const { base } = await open.stand.serve(new FakeTarget(async () => aReply({ body: text })), { path: '/long' });
  const client = open.ask({ path: `${base}/long` });
  client.socket.pause();
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  client.socket.resume();
  assert.equal((await client.answer()).body.length, text.length);
});
