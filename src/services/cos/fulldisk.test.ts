// The store on a disk that is really full: what was there stays, and what is removed makes room again. The disk is a small one
// in memory that a process of its own sees.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCOUNT } from '../../core/fixture.ts';
import { BUCKET, CAUSE, HEAD, REGION } from './testing.ts';

const DISK_MB = 16;

/** Becomes the program that follows, which sees a small empty disk at `dir`. */
function onSmallDisk(dir: string, ...program: readonly string[]) {
  const mount = `mount -t tmpfs -o size=${DISK_MB}m,mode=700 tmpfs "$0" && exec "$@"`;
  return spawnSync('unshare', ['--mount', 'sh', '-c', mount, dir, ...program], { encoding: 'utf8', timeout: 300_000 });
}

function withDisk<R>(use: (dir: string) => R): R {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-full-'));
  try {
    return use(dir);
  } finally {
    rmdirSync(dir);
  }
}

function missing(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, for a disk of its own';
  const { status, stderr } = withDisk(dir => onSmallDisk(dir, 'true'));
  return status === 0 ? false : `no disk of its own can be mounted: ${stderr}`;
}

interface Told {
  readonly fitted: number;
  readonly refusal: string;
  /** Those that were there when it was full and are read as they were written. */
  readonly whole: number;
  readonly removed: number;
  readonly failures: readonly string[];
  readonly again: number;
}

/** Fills the disk with objects of this size, removes them all, one after another, and fills it again. */
function filled(bytes: number): Told {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = (dir: string) => `
    import { closeSync, openSync, writeSync } from 'node:fs';
    import { buffer } from 'node:stream/consumers';
    import { openObjectFiles } from ${url('../../blob/files.ts')};
    import { SystemClock } from ${url('../../core/clock.ts')};
    import { SystemIds } from ${url('../../core/ids.ts')};
    import { NO_LOG as log } from ${url('../../core/log.ts')};
    import { openObjectIndex } from ${url('../../store/objects/sqlite.ts')};
    import { openSqliteStore } from ${url('../../store/sqlite.ts')};
    import { createStore } from ${url('./store.ts')};
    const [dir, bucket, region, account, head, cause] = ${JSON.stringify([dir, BUCKET, REGION, ACCOUNT, HEAD, CAUSE])};
    const [clock, ids] = [new SystemClock(), new SystemIds()];
    const store = await openSqliteStore({ file: dir + '/rows.db', clock, log });
    const index = await openObjectIndex({ file: dir + '/objects.db', log });
    const files = await openObjectFiles(dir + '/objects', { ids });
    const cos = await createStore({ store, index, files, clock, ids, log, account });
    await cos.buckets.create({ id: bucket, region });
    await cos.notices.allListen();
    const body = Buffer.alloc(${bytes}, 'x');
    async function fill() {
      for (let count = 0; ; count++) {
        const content = { body, bytes: body.length };
        try {
          await cos.objects.put({ bucket, key: 'k' + count }, head, content, { event: 'ObjectCreated:Put' }, cause);
        } catch (error) {
          return { count, refusal: error.code };
        }
      }
    }
    const { count: fitted, refusal } = await fill();
    // What is left goes to somebody else.
    const other = openSync(dir + '/other', 'w');
    try {
      for (;;) writeSync(other, Buffer.alloc(1000));
    } catch {
      closeSync(other);
    }
    let [whole, removed] = [0, 0];
    const failures = [];
    for (let i = 0; i < fitted; i++) {
      const opened = cos.objects.open({ bucket, key: 'k' + i });
      if ((await buffer(opened.read(0, body.length))).equals(body)) whole++;
    }
    for (let i = 0; i < fitted; i++) {
      await cos.objects.remove({ bucket, key: 'k' + i }, cause).then(() => removed++, error => failures.push(error.code));
    }
    const { count: again } = await fill();
    await cos.close();
    await index.close();
    await store.close();
    console.log(JSON.stringify({ fitted, refusal, whole, removed, failures: [...new Set(failures)], again }));
  `;
  return withDisk(dir => {
    const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program(dir)];
    const { status, stdout, stderr } = onSmallDisk(dir, process.execPath, ...args);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Told;
  });
}

for (const [what, bytes] of [
  ['files', 300_000],
  ['rows', 10_000],
] as const) {
  test(`a full disk: objects in ${what} are all there, can be removed, and make room again`, {
    skip: missing(),
  }, () => {
    const { fitted, refusal, whole, removed, failures, again } = filled(bytes);
    assert.equal(refusal, 'StorageFull');
    assert.ok(fitted > 10, `${fitted} fitted`);
    assert.equal(whole, fitted);
    assert.deepEqual([removed, failures], [fitted, []]);
    assert.ok(again > fitted / 2, `${again} of ${fitted} fitted again`);
  });
}
