// A server that runs out of file handles under uploads: some are refused, none is kept by halves, and it goes on.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { hostOf } from '../cos.ts';
import { bytesOf } from './cos-book.ts';
import { PLAIN } from './cos-load.ts';
import { clientOf, leftIn } from './cos-site.ts';
import { openSite } from './site.ts';

/** Some more than it has when nobody asks for anything. */
const HANDLES = 130;
const CLIENTS = 120;

/** Connections that ask for nothing, as many as the server can have: it has cut one that was too many. */
async function allOf(port: number): Promise<Socket[]> {
  const { promise: cut, resolve } = Promise.withResolvers<void>();
  const sockets = Array.from({ length: HANDLES }, () => {
    const socket = connect(port, '127.0.0.1');
    return socket.on('error', () => socket.destroy()).on('close', () => resolve());
  });
  await cut;
  return sockets;
}

test('without file handles writes are refused, and nothing else happens', {
  skip: process.platform !== 'linux',
}, async t => {
  const site = await openSite(() => 0);
  t.after(async () => assert.deepEqual(await site.close(), []));
  const life = site.start({ prefix: ['sh', '-c', `ulimit -n ${HANDLES}; exec "$0" "$@"`] });
  const cos = await clientOf(await life.ready);
  const host = hostOf(PLAIN);
  await cos.done('/', { method: 'PUT' }, host);
  const kept = new Map<string, Buffer>();
  const refused: string[] = [];
  const put = async (key: string) => {
    const body = bytesOf({ id: key, bytes: 500_000 });
    // Connections that cannot be taken are cut.
    const answer = await cos.ask(`/${key}`, { method: 'PUT', body }, host).catch(() => undefined);
    if (answer?.status === 200) kept.set(key, body);
    else refused.push(answer?.text ?? '');
    return answer?.status;
  };
  const idle = await allOf(cos.port);
  // One handle more each time: whatever an upload needs next is what is wanting.
  for (let i = 0; (await put(`freed-${i}`)) !== 200; i++) {
    while (idle.at(-1)?.destroyed) idle.pop();
    const freed = idle.pop() ?? assert.fail('nothing was taken though all handles were free');
    freed.destroy();
    await once(freed, 'close');
  }
  t.diagnostic(`taken after ${refused.length} were refused`);
  assert.ok(refused.length > 0, 'the first was taken without a handle');
  for (const socket of idle) socket.destroy();
  // Until it has seen that they are gone.
  while ((await put('before')) !== 200);
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => put(`crowd-${i}`)));
  while ((await put('after')) !== 200);
  for (const text of refused) if (text !== '') assert.match(text, /<Code>InternalError<\/Code>/);
  for (let i = 0; i < 5; i++) assert.equal(await put(`alone-${i}`), 200);
  for (const [key, body] of kept) assert.ok((await cos.done(`/${key}`, {}, host)).body.equals(body), key);
  const { text } = await cos.done('/?max-keys=1000', {}, host);
  const there = new Set([...text.matchAll(/<Key>([^<]*)</g)].map(([, key]) => key));
  for (const key of kept.keys()) assert.ok(there.has(key), key);
  assert.equal(await life.stop(), '0', life.complaints());
  assert.deepEqual(await leftIn(site.dataDir), []);
  t.diagnostic(`${kept.size} kept, ${refused.length} refused`);
});
