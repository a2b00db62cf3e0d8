import assert from 'node:assert/strict';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { idsOf, MANY, queued } from '../samples.ts';
import { MIGRATIONS } from './schema.ts';
import { place } from './testing-events.ts';

const refused = (code: string, file: string) => (error: unknown) => {
  assert.ok(error instanceof CloudError, String(error));
  assert.equal(error.code, code);
  for (const language of ['zh', 'en'] as const) {
    assert.ok(error.text(language).includes(file), 'names the file');
    assert.ok(!/[\n{]/.test(error.text(language)), 'one line, every parameter filled in');
  }
  return true;
};

describe('opening', () => {
  test('two servers on one file: the second is refused at once, and may have it afterwards', async t => {
    const { open, file } = place(t);
    const events = await open();
    await assert.rejects(open(), refused('InternalError.StoreLocked', file));
    await events.queue.push(queued('a', 1), MANY);
    await events.close();
    assert.equal(await (await open()).queue.pending(), 1);
  });

  test('a refused start leaves the lock free', async t => {
    const { open, file } = place(t);
    mkdirSync(dirname(file));
    writeFileSync(file, 'no database');
    await assert.rejects(open(), refused('InternalError.StoreForeign', file));
    rmSync(file);
    await open();
  });

  test('a file that is no database, and a database of something else, which is left as it was', async t => {
    const { open, file } = place(t);
    mkdirSync(dirname(file));
    writeFileSync(file, 'this is not a database at all\n'.repeat(100));
    await assert.rejects(open(), refused('InternalError.StoreForeign', file));
    rmSync(file);
    const theirs = new DatabaseSync(file);
    theirs.exec('CREATE TABLE theirs (a); PRAGMA user_version = 1');
    await assert.rejects(open(), refused('InternalError.StoreForeign', file));
    assert.equal(theirs.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n, 1);
    theirs.close();
  });

  test('a folder that cannot be made, and one in the place of the file', async t => {
    const { open, dir, file } = place(t);
    writeFileSync(join(dir, 'data'), 'a file where the folder should be');
    await assert.rejects(open(), refused('InternalError.StoreUnwritable', file));
    mkdirSync(join(dir, 'folder', 'events.db'), { recursive: true });
    const other = join(dir, 'folder', 'events.db');
    await assert.rejects(open({}, other), refused('InternalError.StoreUnwritable', other));
  });

  test('a damaged file is told from a full disk', async t => {
    const { open, file } = place(t);
    const events = await open();
    for (let i = 0; i < 100; i++) await events.queue.push(queued(`r${i}`, i, { body: 'x'.repeat(1000) }), MANY);
    await events.close();
    truncateSync(file, 8192);
    await assert.rejects(
      async () => (await open()).queue.lease(MANY, 1e6, 2e6),
      error => error instanceof CloudError && /^InternalError\.Store(Damaged|Foreign)$/.test(error.code),
    );
  });
});

describe('tables of another version', () => {
  const NEWER = [...MIGRATIONS, "ALTER TABLE events ADD COLUMN more TEXT NOT NULL DEFAULT 'x'"];

  test('older ones are brought up to date and keep what they have', async t => {
    const { open, file } = place(t);
    const old = await open();
    await old.queue.push(queued('a', 1), MANY);
    await old.close();
    const migrated = await open({ migrations: NEWER });
    await migrated.queue.push(queued('b', 2), MANY);
    assert.deepEqual(idsOf(await migrated.queue.lease(9, 5, 9)), ['a', 'b']);
    await migrated.close();
    const db = new DatabaseSync(file);
    assert.equal(db.prepare('PRAGMA user_version').get()?.user_version, 2);
    assert.equal(db.prepare("SELECT count(*) AS n FROM events WHERE more = 'x'").get()?.n, 2);
    db.close();
    await (await open({ migrations: NEWER })).close();
  });

  test('newer ones are refused and not touched', async t => {
    const { open, file } = place(t);
    const newer = await open({ migrations: NEWER });
    await newer.queue.push(queued('a', 1), MANY);
    await newer.close();
    await assert.rejects(open(), error => {
      assert.match(String(error), /version 2\).*upgrade OpenSCF/);
      return refused('InternalError.StoreNewer', file)(error);
    });
    assert.equal(await (await open({ migrations: NEWER })).queue.pending(), 1);
  });

  test('a change that fails leaves the tables as they were', async t => {
    const { open } = place(t);
    const old = await open();
    await old.queue.push(queued('a', 1), MANY);
    await old.close();
    await assert.rejects(open({ migrations: [...MIGRATIONS, 'DROP TABLE letters; DROP TABLE nothing'] }), /nothing/);
    const again = await open();
    assert.equal(await again.queue.pending(), 1);
    assert.equal((await again.letters.list({}, {})).total, 0);
  });
});
