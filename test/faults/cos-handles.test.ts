// A server that runs out of file handles under uploads: some are refused, none is kept by halves, and it goes on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf } from '../cos.ts';
import { bytesOf } from './cos-book.ts';
import { PLAIN } from './cos-load.ts';
import { clientOf, leftIn } from './cos-site.ts';
import { openSite } from './site.ts';

/** Some more than it has when nobody asks for anything. */
const HANDLES = 130;
const CLIENTS = 120;

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
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => put(`crowd-${i}`)));
  assert.ok(refused.length > 0, 'there were too many');
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
