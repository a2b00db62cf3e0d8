import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { firstWord, startThread, threadFile } from './thread.ts';

const folder = mkdtempSync(join(tmpdir(), 'thread-'));
after(() => rmSync(folder, { recursive: true }));

const base = pathToFileURL(join(folder, 'main.mjs')).href;
function program(name: string, text: string): URL {
  writeFileSync(join(folder, name), text);
  return new URL(name, base);
}

test('the file of a thread is the source where there is one, else what was made of it', () => {
  const source = program('there.ts', '');
  assert.equal(threadFile(base, './there.ts', './there-thread.js').href, source.href);
  assert.equal(threadFile(base, './gone.ts', './gone-thread.js').href, new URL('./gone-thread.js', base).href);
});

describe('the first word of a thread', () => {
  const say = "import { parentPort, workerData } from 'node:worker_threads';";

  test('is awaited, and nothing listens after it', async () => {
    const file = program(
      'says.mjs',
      `${say} parentPort.postMessage({ got: workerData }); parentPort.on('message', () => {});`,
    );
    const thread = startThread(file, 'says', { a: 1 });
    assert.deepEqual(await firstWord(thread, 'says'), { got: { a: 1 } });
    assert.deepEqual(
      ['message', 'error', 'exit'].map(name => thread.listenerCount(name)),
      [0, 0, 0],
    );
    assert.notEqual(await thread.terminate(), undefined);
  });

  test('may never come: then it is told how the thread ended', async () => {
    const ends = startThread(program('ends.mjs', 'process.exit(7)'), 'ends');
    await assert.rejects(firstWord(ends, 'ends'), /the thread ends ended with 7/);
    const throws = startThread(program('throws.mjs', 'throw new Error("no disk")'), 'throws');
    await assert.rejects(firstWord(throws, 'throws'), /no disk/);
    const missing = startThread(new URL('missing.mjs', base), 'missing');
    await assert.rejects(firstWord(missing, 'missing'), /missing.mjs/);
  });
});
