// A full disk, a thread that dies, a process that is killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { CloudError } from '../../core/errors.ts';
import type { ObjectIndex } from '../../core/objects.ts';
import { BUCKET, list, notice, part, ref, row, upload, version, versions, words } from './samples.ts';
import { place } from './testing-place.ts';

const MAX_PAGES = 64;
const SMALL = { maxPages: MAX_PAGES };
const inline = Buffer.alloc(8_000, 'x');
const TOO_LARGE = Buffer.alloc(4096 * MAX_PAGES);

/** Puts until one is refused. */
async function fill(index: ObjectIndex): Promise<{ count: number; error: unknown }> {
  for (let count = 0; ; count++) {
    try {
      await index.commit({ put: [row(`fill${count}`, count, { inline, files: [`f${count}`] })] });
    } catch (error) {
      return { count, error };
    }
  }
}

describe('a full disk', () => {
  test('refuses with a sentence, keeps what is there, and goes on when there is room', async t => {
    const { open, file } = place(t);
    const index = await open(SMALL);
    const { count, error } = await fill(index);
    assert.ok(count > 10);
    assert.ok(error instanceof CloudError);
    assert.equal(error.code, 'InternalError.System');
    for (const language of ['zh', 'en'] as const) assert.ok(error.text(language).includes(file));
    assert.equal(index.list(list()).entries.length, count);
    assert.equal(index.find(BUCKET, `fill${count}`), undefined);
    assert.deepEqual(index.named([`f${count}`, 'f0']), new Set(['f0']));
    assert.deepEqual(await index.commit({ remove: [ref('fill0')] }), { freed: ['f0'] });
    assert.deepEqual(await index.commit({ put: [row('again', 1, { inline })] }), { freed: [] });
    assert.deepEqual(index.find(BUCKET, 'again')?.inline, inline);
  });

  test('nothing of a change is done by halves', async t => {
    const { open } = place(t);
    const index = await open(SMALL);
    await index.commit({ put: [version('old', 1, { files: ['f1'] })], putUpload: upload('up', 'u1') });
    await index.commit({ putPart: part('u1', 1, 'p1') });
    const change = {
      remove: [ref('old', 'v1')],
      removeUploads: ['u1'],
      put: [version('old', 2, { files: ['p1'] }), row('new', 3, { inline: TOO_LARGE })],
      notices: [notice('n1')],
    };
    await assert.rejects(index.commit(change), { code: 'InternalError.System' });
    assert.deepEqual(words(index.versions(versions())), ['old@v1']);
    assert.equal(index.find(BUCKET, 'old')?.order, 1);
    assert.deepEqual(index.upload('u1'), upload('up', 'u1'));
    assert.deepEqual(index.parts('u1', 0, 9), [part('u1', 1, 'p1')]);
    assert.deepEqual(index.named(['f1', 'p1']), new Set(['f1', 'p1']));
    assert.deepEqual(index.notices(9), []);
    const fits = { ...change, put: [version('old', 2, { files: ['p1'] })] };
    assert.deepEqual(await index.commit(fits), { freed: ['f1'] });
  });

  test('a change that does not fit fails alone among those of its batch', async t => {
    const { open } = place(t);
    const index = await open(SMALL);
    const results = await Promise.allSettled([
      index.commit({ put: [row('a', 1, { bucket: 'first-1' })] }),
      index.commit({ put: [row('b', 2, { bucket: 'new-1', inline: TOO_LARGE })] }),
      index.commit({ put: [row('c', 3)] }, { bucket: BUCKET, key: 'c', newest: undefined }),
      index.commit({ put: [row('c', 4)] }, { bucket: BUCKET, key: 'c', newest: undefined }),
      index.commit({ put: [row('d', 5, { bucket: 'new-1' })] }),
    ]);
    assert.deepEqual(
      results.map(one => (one.status === 'fulfilled' ? one.value : 'failed')),
      [{ freed: [] }, 'failed', { freed: [] }, undefined, { freed: [] }],
    );
    assert.equal(index.find(BUCKET, 'c')?.order, 3);
    assert.deepEqual(words(index.list(list({ bucket: 'new-1' }))), ['d']);
    assert.deepEqual(words(index.list(list({ bucket: 'first-1' }))), ['a']);
  });
});

describe('the thread dies', () => {
  test('all who wait are told, and all who come later; reads go on', async t => {
    const { open, said, file } = place(t);
    let thread: Worker | undefined;
    process.once('worker', worker => {
      thread = worker;
    });
    const index = await open();
    await index.commit({ put: [row('a', 1)] });
    const gone = (error: unknown) => {
      assert.ok(error instanceof CloudError && error.code === 'InternalError.ObjectIndexGone', String(error));
      assert.ok(error.text('zh').includes(file) && error.text('en').includes(file));
      return true;
    };
    const waiting = [1, 2].map(order => assert.rejects(index.commit({ put: [row('b', order)] }), gone));
    await thread?.terminate();
    await Promise.all(waiting);
    await assert.rejects(index.commit({ put: [row('c', 1)] }), gone);
    assert.deepEqual(said, ['error: the thread of the object index has ended']);
    assert.equal(index.find(BUCKET, 'a')?.order, 1);
    await index.close();
    const again = await open();
    assert.ok(await again.commit({ put: [row('c', 1)] }), 'the file is free and whole');
    assert.equal(again.find(BUCKET, 'a')?.order, 1);
  });
});

/** Its last words: what was committed before it was killed. */
async function killedAt(file: string, at: string, after: number): Promise<string[]> {
  const code = `
    import { openObjectIndex } from ${JSON.stringify(import.meta.resolve('./sqlite.ts'))};
    import { row, version } from ${JSON.stringify(import.meta.resolve('./samples.ts'))};
    import { NO_LOG } from ${JSON.stringify(import.meta.resolve('../../core/log.ts'))};
    import { writeSync } from 'node:fs';
    const options = { file: ${JSON.stringify(file)}, log: NO_LOG };
    const index = await openObjectIndex(options, { kill: { at: ${JSON.stringify(at)}, after: ${after} } });
    for (let i = 0; ; i++) {
      const files = ['f' + i];
      await index.commit({ put: [row('same', i, { files }), row('k' + i, i, { files })] });
      writeSync(1, 'k' + i + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', text => {
    said += text;
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL');
  return said.split('\n').slice(0, -1);
}

describe('killed', () => {
  // How many changes are there after the seventh batch has come so far.
  const POINTS = { begin: 6, written: 6, committed: 7, answered: 7 };
  for (const [at, there] of Object.entries(POINTS)) {
    test(`at ${at}: each change is there whole or not at all`, async t => {
      const { file, open } = place(t);
      const told = await killedAt(file, at, 7);
      const index = await open();
      const keys = words(index.list(list({ prefix: 'k' })));
      assert.deepEqual(
        keys,
        Array.from({ length: there }, (_, i) => `k${i}`),
      );
      // Nothing that was promised is missing; what was not may be there.
      assert.deepEqual(told, keys.slice(0, told.length));
      assert.ok(told.length >= 6);
      assert.equal(index.find(BUCKET, 'same')?.order, there - 1);
      assert.equal(index.named(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7']).size, there);
      assert.deepEqual(await index.commit({ remove: [ref('k0')] }), { freed: ['f0'] });
    });
  }
});
