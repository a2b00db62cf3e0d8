// The chat example as its README says, with two clients of its WebSocket API.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { type Chat, startChat } from './chat.ts';
import { until } from './fixture.ts';

let chat: Chat;
before(async () => {
  chat = await startChat();
});
after(() => chat[Symbol.asyncDispose]());

async function client() {
  const socket = new WebSocket(chat.socket);
  // From the first on: it may come with the answer to the handshake.
  const heard: unknown[] = [];
  let wake = () => {};
  socket.on('message', data => {
    heard.push(JSON.parse(String(data)));
    wake();
  });
  await once(socket, 'open');
  return {
    socket,
    say: (message: object) => socket.send(JSON.stringify(message)),
    async hears() {
      while (heard.length === 0) await new Promise<void>(resolve => (wake = resolve));
      return heard.shift();
    },
  };
}

test('deployment prints the address of the page, and the list where clients connect and functions push', async () => {
  assert.ok(chat.deployed.includes(`${chat.page}\n`) && chat.deployed.includes(`${chat.socket}\n`), chat.deployed);
  const list = await chat.cli('ls');
  assert.ok(list.includes(chat.page) && list.includes(chat.socket), list);
  const push = /push to +(http:\S+)/.exec(list)?.[1];
  assert.ok(push, list);
  const websocket = { action: 'data send', secConnectionID: 'nobody', dataType: 'text', data: 'x' };
  const answer = await fetch(push, { method: 'POST', body: JSON.stringify({ websocket }) });
  assert.equal(answer.status, 404);
});

test('the page is served, and connects beside itself', async () => {
  const answer = await fetch(chat.page);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
  assert.match(await answer.text(), /new WebSocket\(url\)/);
  assert.equal(chat.socket, chat.page.replace('http:', 'ws:').replace(/\/chat$/, '/ws'));
});

test('what one client says all hear, and that one has left', async () => {
  const [ada, grace] = [await client(), await client()];
  ada.say({ name: 'Ada', text: 'hello' });
  for (const one of [ada, grace]) assert.deepEqual(await one.hears(), { name: 'Ada', text: 'hello' });
  ada.socket.close();
  assert.deepEqual(await grace.hears(), { left: 'Ada' });
  grace.say({ name: 'Grace' });
  grace.say({ name: 'Grace', text: '你好' });
  assert.deepEqual(await grace.hears(), { name: 'Grace', text: '你好' });
  grace.socket.close();
  await once(grace.socket, 'close');
  // What is heard comes before its run has ended.
  await until('told to Grace alone', async () =>
    /sent to 1 of 1/.test(await chat.cli('logs', 'chat-python-transport')),
  );
});

test('who is connected is not told to strangers', async () => {
  const answer = await fetch(`${chat.page}/members`, { method: 'POST', body: '{}' });
  assert.equal(answer.status, 403);
});
