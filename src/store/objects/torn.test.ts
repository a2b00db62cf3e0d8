// Copies of the files while they are written, whole and cut: what a power cut could leave.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ObjectIndex } from '../../core/objects.ts';
import { BUCKET, list, ref, row } from './samples.ts';
import { type Place, place } from './testing-place.ts';

/** Fewer pages than bring a checkpoint, so that the log alone holds all and the database file stands still. */
const COUNT = 300;
const content = (i: number) => Buffer.from(`${i}:${'x'.repeat((i * 37) % 3000)}`);
const name = (i: number) => `k${String(i).padStart(4, '0')}`;

interface Copy {
  readonly dir: string;
  /** Committed before the first byte was copied. */
  readonly promised: number;
}

/** One after the other: every change is a commit. Each says in the row `last` which one it is. */
async function copies(t: TestContext): Promise<{ at: Place; folders: Copy[] }> {
  const at = place(t);
  const index = await at.open();
  const folders: Copy[] = [];
  for (let i = 0; i < COUNT; i++) {
    // Copied while the last change of the round is under way.
    const committing = index.commit({
      put: [row(name(i), i, { inline: content(i), files: [`f${i}`] }), row('last', i, { files: ['f-last', `f${i}`] })],
    });
    if (i % 30 === 29) folders.push(copied(at, folders.length, i));
    await committing;
  }
  folders.push(copied(at, folders.length, COUNT));
  return { at, folders };
}

function copied(at: Place, number: number, promised: number): Copy {
  const dir = join(at.dir, `copy${number}`);
  mkdirSync(dir);
  for (const file of ['objects.db', 'objects.db-wal']) {
    copyFileSync(at.file.replace('objects.db', file), join(dir, file));
  }
  return { dir, promised };
}

function integrity(dir: string): unknown {
  const db = new DatabaseSync(join(dir, 'objects.db'));
  try {
    return db.prepare('PRAGMA integrity_check').get()?.integrity_check;
  } finally {
    db.close();
  }
}

/** The changes that are there are the first ones, each whole; says how many. */
function whole(index: ObjectIndex): number {
  const rows = index.list(list({ prefix: 'k' })).entries.flatMap(entry => ('row' in entry ? [entry.row] : []));
  for (const [i, one] of rows.entries()) {
    assert.equal(one.key, name(i), 'a prefix of the changes');
    assert.deepEqual(index.find(BUCKET, one.key)?.inline, content(i), 'no byte is another');
  }
  const count = rows.length;
  assert.equal(index.find(BUCKET, 'last')?.order, count === 0 ? undefined : count - 1);
  const files = Array.from({ length: COUNT }, (_, i) => `f${i}`);
  assert.deepEqual(index.named(files), new Set(files.slice(0, count)));
  return count;
}

test('copied in the middle of writes, it opens and has all that was promised', async t => {
  const { at, folders } = await copies(t);
  for (const { dir, promised } of folders) {
    const index = await at.open({}, join(dir, 'objects.db'));
    assert.ok(whole(index) >= promised);
    assert.deepEqual(await index.commit({ remove: [ref(name(0))] }), { freed: promised === 0 ? [] : ['f0'] });
    await index.close();
    assert.equal(integrity(dir), 'ok');
  }
});

test('with the log cut anywhere or its end turned over, what is there are the first changes, whole', async t => {
  const { at, folders } = await copies(t);
  const last = folders.at(-1)?.dir ?? '';
  const wal = readFileSync(join(last, 'objects.db-wal'));
  const seen = new Set<number>();
  let count = 0;
  const damage = fc.record({
    length: fc.integer({ min: 0, max: wal.length }),
    flips: fc.array(fc.nat({ max: 9_000 }), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ length, flips }) => {
      const dir = join(at.dir, `damaged${count++}`);
      mkdirSync(dir);
      const cut = Buffer.from(wal.subarray(0, length));
      for (const back of flips) {
        const place = cut.length - 1 - back;
        if (place >= 0) cut.writeUInt8(~cut.readUInt8(place) & 255, place);
      }
      copyFileSync(join(last, 'objects.db'), join(dir, 'objects.db'));
      writeFileSync(join(dir, 'objects.db-wal'), cut);
      const index = await at.open({}, join(dir, 'objects.db'));
      seen.add(whole(index));
      await index.close();
      assert.equal(integrity(dir), 'ok');
    }),
    {
      numRuns: 20,
      examples: [[{ length: wal.length, flips: [] }], [{ length: 0, flips: [] }], [{ length: 16, flips: [] }]],
    },
  );
  assert.ok(seen.has(COUNT) && seen.size > 5, 'cut in the middle of it');
});
