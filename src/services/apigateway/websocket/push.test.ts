import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCommand, pushedApi, pushUrl } from './push.ts';
import { SocketStand, type SocketStandOptions, until } from './testing.ts';
import { closeFrame, frame, OP } from './testing-client.ts';

async function stand(options: SocketStandOptions = {}) {
  const open = await SocketStand.open(options);
  const { client, id } = await open.connect();
  return { open, client, id };
}

const said = ({ status, body }: { readonly status: number; readonly body: Buffer }) => [status, body.toString()];
const OK = [200, '{"errNo":0,"errMsg":"ok"}'];
const NOT_FOUND = [404, '{"errNo":1001,"errMsg":"connection not found"}'];
const INVALID = [400, '{"errNo":1002,"errMsg":"invalid request"}'];

describe('the address', () => {
  it('is a path of the edge, or a host of the cloud', () => {
    assert.equal(
      pushUrl({ httpOrigin: 'http://127.0.0.1:9702' }, 'api-12345678'),
      'http://127.0.0.1:9702/_apigw-push/api-12345678',
    );
    assert.equal(pushedApi('127.0.0.1', '/_apigw-push/api-12345678'), 'api-12345678');
    for (const host of [
      'set-websocket.cb-common.apigateway.tencentyun.com',
      'set-a1b2c3d4.cb-ap-guangzhou.apigateway.tencentyun.com',
      'set-openscf.cb-ap-guangzhou.apigateway.localhost',
      'set-openscf.apigateway.localhost',
    ]) {
      assert.equal(pushedApi(host, '/api-12345678'), 'api-12345678', host);
    }
  });

  it('leaves everything else to others', () => {
    for (const [host, path] of [
      ['set-websocket.cb-common.tencentyun.com', '/api-12345678'],
      ['websocket.cb-common.apigateway.tencentyun.com', '/api-12345678'],
      ['127.0.0.1', '/api-12345678'],
      ['127.0.0.1', '/x/_apigw-push/api-12345678'],
      ['127.0.0.1', '/_apigw-push'],
    ] as const) {
      assert.equal(pushedApi(host, path), undefined, `${host}${path}`);
    }
  });

  it('by the host of the cloud works as well', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const host = 'set-websocket.cb-common.apigateway.tencentyun.com';
    const body = JSON.stringify({
      websocket: { action: 'data send', secConnectionID: id, dataType: 'text', data: 'a' },
    });
    assert.deepEqual(said(await open.stand.ask(`/${open.apiId}`, { method: 'POST', headers: { host }, body })), OK);
    assert.equal(await client.text(), 'a');
  });
});

describe('a push', () => {
  it('sends text, and bytes from Base64', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const send = (more: object) => open.push({ action: 'data send', secConnectionID: id, ...more });
    const answer = await send({ dataType: 'text', data: '你好' });
    assert.deepEqual(said(answer), OK);
    assert.equal(answer.headers['content-type'], 'application/json');
    const text = await client.frame();
    assert.deepEqual([text?.opcode, text?.fin, text?.data.toString()], [OP.text, true, '你好']);
    assert.deepEqual(said(await send({ dataType: 'binary', data: 'AP+A' })), OK);
    const bytes = await client.frame();
    assert.deepEqual([bytes?.opcode, [...(bytes?.data ?? [])]], [OP.binary, [0, 255, 128]]);
    assert.deepEqual(said(await send({ data: 'without a type it is text' })), OK);
    assert.equal((await client.frame())?.opcode, OP.text);
    assert.deepEqual(said(await send({ dataType: 'text', data: '' })), OK);
    assert.equal((await client.frame())?.data.length, 0);
    assert.deepEqual(open.functions.messages, []);
  });

  it('of several frames keeps their order', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const texts = Array.from({ length: 50 }, (_, i) => `${i}`);
    for (const data of texts) await open.push({ action: 'data send', secConnectionID: id, dataType: 'text', data });
    for (const data of texts) assert.equal(await client.text(), data);
  });

  it('may come from the function while it serves the connection', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    open.functions.transport = async ({ data }) => {
      await open.push({ action: 'data send', secConnectionID: id, dataType: 'text', data: `got ${data}` });
      return 'ok';
    };
    client.send(frame(OP.text, 'a'), frame(OP.text, 'b'));
    assert.equal(await client.text(), 'got a');
    assert.equal(await client.text(), 'got b');
  });

  it('whatever its content type and with members of no meaning', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const websocket = { action: 'data send', secConnectionID: id, dataType: 'text', data: 'a', more: 1 };
    const body = JSON.stringify({ websocket, other: [] });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.deepEqual(said(await open.stand.ask(`/_apigw-push/${open.apiId}`, { method: 'POST', headers, body })), OK);
    assert.equal(await client.text(), 'a');
  });
});

describe('closing', () => {
  it('closes with 1000; the function that asked for it is not told', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    assert.deepEqual(said(await open.push({ action: 'closing', secConnectionID: id })), OK);
    assert.equal(await client.closeCode(), 1000);
    assert.deepEqual(said(await open.push({ action: 'data send', secConnectionID: id, data: 'late' })), NOT_FOUND);
    client.send(closeFrame(1000));
    await client.ended();
    assert.deepEqual(said(await open.push({ action: 'closing', secConnectionID: id })), NOT_FOUND);
    assert.deepEqual(open.functions.gone, []);
  });

  it('tells the function where that is set', async () => {
    const { open, client, id } = await stand({ settings: { cleanupOnServerClose: true } });
    await using _ = open;
    await open.push({ action: 'closing', secConnectionID: id, dataType: 'text', data: '' });
    assert.equal(await client.closeCode(), 1000);
    client.send(closeFrame(1000));
    await until('cleanup', () => open.functions.gone.length === 1);
  });

  it('from within the function drops what the client has sent behind', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    open.functions.transport = async () => {
      await open.push({ action: 'closing', secConnectionID: id });
      return 'ok';
    };
    client.send(frame(OP.text, 'quit'), frame(OP.text, 'more'));
    assert.equal(await client.closeCode(), 1000);
    client.send(frame(OP.text, 'even more'), closeFrame(1000));
    await client.ended();
    assert.deepEqual(
      open.functions.messages.map(({ data }) => data),
      ['quit'],
    );
    assert.deepEqual(open.functions.gone, []);
  });

  it('does not hang on a client that never answers', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    await open.push({ action: 'closing', secConnectionID: id });
    assert.equal(await client.closeCode(), 1000);
    await client.ended();
  });
});

describe('a push is refused', () => {
  it('for a connection that is not there', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const send = (secConnectionID: string) => open.push({ action: 'data send', secConnectionID, data: 'a' });
    assert.deepEqual(said(await send('AAAAAAAAAAAAAAAAAAAAAA==')), NOT_FOUND);
    client.send(closeFrame(1000));
    await client.ended();
    await until('it is gone', () => open.stand.gateway.connections() === 0);
    assert.deepEqual(said(await send(id)), NOT_FOUND);
  });

  it('for a connection of another API', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const other = await SocketStand.api(open.stand, open.serviceId, { path: '/other' });
    const refused = await open.push({ action: 'closing', secConnectionID: id }, other);
    assert.deepEqual(said(refused), [403, '{"errNo":1003,"errMsg":"connection belongs to another api"}']);
    assert.deepEqual(said(await open.push({ action: 'closing', secConnectionID: id }, 'nonsense')), NOT_FOUND);
    client.send(frame(OP.ping, ''));
    assert.equal((await client.frame())?.opcode, OP.pong);
  });

  it('when it is not of the documented form', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const good = { action: 'data send', secConnectionID: id, dataType: 'text', data: 'a' };
    const bodies = [
      '',
      'no json',
      'null',
      '[]',
      '"text"',
      JSON.stringify(good),
      JSON.stringify({ websocket: null }),
      JSON.stringify({ websocket: [good] }),
      ...[
        { ...good, action: 'connecting' },
        { ...good, action: undefined },
        { ...good, secConnectionID: undefined },
        { ...good, secConnectionID: '' },
        { ...good, secConnectionID: 7 },
        { ...good, data: undefined },
        { ...good, data: { a: 1 } },
        { ...good, dataType: 'json' },
        { ...good, dataType: 'binary', data: 'not base64!' },
        { ...good, dataType: 'binary', data: 'AAAAA' },
      ].map(websocket => JSON.stringify({ websocket })),
    ];
    for (const body of bodies) assert.deepEqual(said(await open.post(body)), INVALID, body);
    const { status } = await open.stand.ask(`/_apigw-push/${open.apiId}`);
    assert.equal(status, 405);
    await open.push(good);
    assert.equal(await client.text(), 'a');
  });

  it('when it is too large, before it is decoded or after', async () => {
    const { open, client, id } = await stand({ settings: { messageBytes: 1024 } });
    await using _ = open;
    const send = (data: string, dataType = 'text') =>
      open.push({ action: 'data send', secConnectionID: id, dataType, data });
    const TOO_LARGE = [413, '{"errNo":1005,"errMsg":"message too large"}'];
    assert.deepEqual(said(await send('x'.repeat(1025))), TOO_LARGE);
    assert.deepEqual(said(await send('x'.repeat(20_000))), TOO_LARGE);
    assert.deepEqual(said(await send(Buffer.alloc(1025).toString('base64'), 'binary')), TOO_LARGE);
    // As JSON each of these is six bytes.
    assert.deepEqual(said(await send('\u0001'.repeat(1024))), OK);
    assert.deepEqual(said(await send(Buffer.alloc(1024).toString('base64'), 'binary')), OK);
    assert.equal((await client.frame())?.data.length, 1024);
    assert.equal((await client.frame())?.data.length, 1024);
  });
});

describe('a client that does not read', () => {
  it('makes its pushes wait, then fail; nobody else waits for it', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    const other = await open.connect();
    client.socket.pause();
    const data = 'x'.repeat(512 * 1024);
    const push = () => open.push({ action: 'data send', secConnectionID: id, data });
    let answered = 0;
    const slow: Promise<unknown[]>[] = [];
    for (let i = 0; i < 40; i++) {
      const one = push().then(said);
      void one.then(() => answered++);
      slow.push(one);
      await new Promise(setImmediate);
    }
    const results = Promise.all(slow);
    // One goes at once while others stand in line.
    assert.deepEqual(said(await open.push({ action: 'data send', secConnectionID: other.id, data: 'quick' })), OK);
    assert.equal(await other.client.text(), 'quick');
    await until('those that find no place in line are refused', () => answered >= 37);
    await open.stand.clock.advance(5000);
    const counts = Map.groupBy(await results, ([status]) => status);
    assert.ok((counts.get(200)?.length ?? 0) >= 2);
    assert.ok((counts.get(503)?.length ?? 0) >= 20);
    assert.deepEqual(counts.get(503)?.[0], [503, '{"errNo":1004,"errMsg":"client reads too slowly"}']);
    await until('the function is told', () => open.functions.gone.length === 1);
    assert.equal(open.functions.gone[0]?.connectionId, id);
    assert.deepEqual(said(await push()), NOT_FOUND);
    assert.equal(open.stand.gateway.connections(), 1);
  });

  it('and reads on in time loses nothing', async () => {
    const { open, client, id } = await stand();
    await using _ = open;
    client.socket.pause();
    const data = 'x'.repeat(900 * 1024);
    const sent: Promise<unknown[]>[] = [];
    for (let i = 0; i < 12; i++) {
      sent.push(open.push({ action: 'data send', secConnectionID: id, data }).then(said));
      await new Promise(setImmediate);
    }
    await open.stand.clock.advance(4000);
    client.socket.resume();
    const oks = (await Promise.all(sent)).filter(([status]) => status === 200).length;
    for (let i = 0; i < oks; i++) assert.equal((await client.frame())?.data.length, data.length);
    assert.ok(oks >= 2);
    assert.equal(open.stand.gateway.connections(), 1);
  });
});

it('any text is a command or none, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), text => {
      parseCommand(Buffer.from(text));
    }),
  );
  const texts = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(texts, fc.uint8Array(), (text, bytes) => {
      const of = (websocket: object) => parseCommand(Buffer.from(JSON.stringify({ websocket })));
      const named = { action: 'data send', secConnectionID: 'c' };
      assert.equal(
        of({ ...named, dataType: 'text', data: text })?.frame?.data.toString(),
        Buffer.from(text).toString(),
      );
      const data = Buffer.from(bytes).toString('base64');
      for (const form of [data, data.replace(/=+$/, '')]) {
        assert.deepEqual(of({ ...named, dataType: 'binary', data: form })?.frame?.data, Buffer.from(bytes));
      }
    }),
  );
});
