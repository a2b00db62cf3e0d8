import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { headerValue, withoutHeaders, writeWhole } from './reply.ts';

/** What a client gets of one answer. */
async function got(write: (response: ServerResponse) => void, method = 'GET') {
  const server = createServer((_, response) => write(response));
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', method, agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await answer.toArray());
  await new Promise(closed => server.close(closed));
  return { answer, body };
}

test('the length is told, of text, of bytes, and of many of them', async () => {
  for (const body of ['', 'text', Buffer.from([0, 255, 10]), Buffer.alloc(100_000, 200)]) {
    const wrote = await got(response => writeWhole(response, { status: 201 }, ['X-A', '1', 'X-A', '2'], body));
    assert.equal(wrote.answer.statusCode, 201);
    assert.equal(wrote.answer.headers['content-length'], String(body.length));
    assert.equal(wrote.answer.headers['x-a'], '1, 2');
    assert.deepEqual(wrote.body, Buffer.from(body));
  }
});

test('a string is one byte per character', async () => {
  const { body } = await got(response => writeWhole(response, { status: 200 }, [], 'é'));
  assert.deepEqual(body, Buffer.from([0xe9]));
});

test('answers without content have no length either, and HEAD has it alone', async () => {
  for (const status of [204, 304]) {
    const { answer, body } = await got(response => writeWhole(response, { status }, [], 'left out'));
    assert.equal(answer.headers['content-length'], undefined);
    assert.equal(body.length, 0);
  }
  const head = await got(response => writeWhole(response, { status: 200 }, [], 'four'), 'HEAD');
  assert.deepEqual([head.answer.headers['content-length'], head.body.length], ['4', 0]);
});

test('a reason of its own is kept', async () => {
  const { answer } = await got(response => writeWhole(response, { status: 435, reason: 'status code 435' }, [], ''));
  assert.equal(answer.statusMessage, 'status code 435');
});

test('headers are found and dropped whatever their letters', () => {
  const headers = ['Content-Type', 'a', 'X-B', 'b', 'content-type', 'c'];
  assert.equal(headerValue(headers, 'content-type'), 'a');
  assert.equal(headerValue(headers, 'a'), undefined);
  assert.deepEqual(
    withoutHeaders(headers, name => name === 'content-type'),
    ['X-B', 'b'],
  );
});
