// What is left when the file is closed and opened again, how it is opened, and by which indexes it is read.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { QUERIES } from './reader.ts';
import { BUCKET, list, notice, part, row, upload, version, words } from './samples.ts';
import { MIGRATIONS } from './schema.ts';
import { place } from './testing-place.ts';

describe('opened again', () => {
  test('everything is there', async t => {
    const { open } = place(t);
    const first = await open();
    const full = version('a', 7, { inline: Buffer.from('content'), files: ['f1'] });
    await first.commit({ put: [version('a', 3), full], putUpload: upload('b', 'u1'), notices: [notice('n1')] });
    await first.commit({ putPart: part('u1', 2, 'p2') });
    await first.close();
    const again = await open();
    assert.deepEqual(again.find(BUCKET, 'a'), full);
    assert.equal(again.find(BUCKET, 'a', 'v3')?.order, 3);
    assert.deepEqual(words(again.list(list())), ['a@v7']);
    assert.deepEqual(again.upload('u1'), upload('b', 'u1'));
    assert.deepEqual(again.parts('u1', 0, 9), [part('u1', 2, 'p2')]);
    assert.deepEqual(again.notices(9), [notice('n1')]);
    assert.deepEqual(again.named(['f1', 'p2', 'f2']), new Set(['f1', 'p2']));
    assert.equal(await again.commit({ put: [row('a', 8)] }, { bucket: BUCKET, key: 'a', newest: 3 }), undefined);
  });

  test('what was asked for before it was closed is done, and one file is left but for its lock and its reserve', async t => {
    const { open, file } = place(t);
    const index = await open();
    const inline = Buffer.alloc(5_000, 'x');
    // More than one batch holds, by number and by bytes.
    const all = Array.from({ length: 1500 }, (_, i) => index.commit({ put: [row(`k${i}`, i, { inline })] }));
    await index.close();
    assert.equal((await Promise.all(all)).filter(Boolean).length, 1500);
    assert.deepEqual(readdirSync(dirname(file)).sort(), ['objects.db', 'objects.db.lock', 'objects.db.reserve']);
    assert.equal((await open()).list(list({ limit: 2000 })).entries.length, 1500);
  });

  test('a clock that is turned waits for what is under way', async t => {
    const { open, clock } = place(t);
    const index = await open();
    let committed = false;
    void index.commit({ put: [row('a', 1)] }).then(() => {
      committed = true;
    });
    await clock.advance(1000);
    assert.equal(committed, true);
  });
});

describe('it opens', () => {
  const codeIs = (code: string, word: string) => (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    for (const language of ['zh', 'en'] as const) assert.ok(error.text(language).includes(word), error.text(language));
    return true;
  };

  test('once at a time', async t => {
    const { open, file } = place(t);
    const index = await open();
    await assert.rejects(open(), codeIs('InternalError.StoreLocked', file));
    assert.ok(await index.commit({ put: [row('a', 1)] }), 'the first one is not disturbed');
    await index.close();
    await open();
  });

  test('no file of a newer version, of another program, or of another kind, and leaves them as they are', async t => {
    const { open, dir } = place(t);
    await (await open({ migrations: [...MIGRATIONS, 'CREATE TABLE later (a)'] })).close();
    await assert.rejects(open(), codeIs('InternalError.StoreNewer', String(MIGRATIONS.length + 1)));
    const other = new DatabaseSync(`${dir}/other.db`);
    other.exec('CREATE TABLE t (a)');
    await assert.rejects(open({}, `${dir}/other.db`), codeIs('InternalError.StoreForeign', 'other.db'));
    assert.equal(other.prepare('PRAGMA journal_mode').get()?.journal_mode, 'delete');
    other.close();
    writeFileSync(`${dir}/text`, 'no database at all, but a text that is long enough to be read as one'.repeat(20));
    await assert.rejects(open({}, `${dir}/text`), codeIs('InternalError.StoreForeign', 'text'));
    mkdirSync(`${dir}/folder`);
    await assert.rejects(open({}, `${dir}/folder`), codeIs('InternalError.StoreUnwritable', 'folder'));
    await assert.rejects(open({}, `${dir}/text/objects.db`), codeIs('InternalError.StoreUnwritable', 'text'));
  });

  test('an older file, which gets the tables that it lacks', async t => {
    const { open, file } = place(t);
    const first = await open();
    await first.commit({ put: [row('a', 1)] });
    await first.close();
    const index = await open({ migrations: [...MIGRATIONS, 'CREATE TABLE later (a)'] });
    assert.equal(index.find(BUCKET, 'a')?.order, 1);
    const db = new DatabaseSync(file, { readOnly: true });
    t.after(() => db.close());
    assert.equal(db.prepare('PRAGMA user_version').get()?.user_version, MIGRATIONS.length + 1);
    assert.equal(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'later'").get()?.n, 1);
  });

  test('not with tables that cannot be made, and the file stays free', async t => {
    const { open } = place(t);
    await assert.rejects(open({ migrations: [...MIGRATIONS, 'CREATE TABLE objects (a)'] }), /already exists/);
    await open();
  });
});

describe('on disk', () => {
  test('a commit is in the write-ahead log before it is answered', async t => {
    const { open, file } = place(t);
    const index = await open();
    await index.commit({ put: [row('a', 1)] });
    const db = new DatabaseSync(file, { readOnly: true });
    t.after(() => db.close());
    assert.equal(db.prepare('SELECT count(*) AS n FROM objects').get()?.n, 1);
    assert.equal(db.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
  });

  test('whatever is asked is found by an index, in order', async t => {
    const { open, file } = place(t);
    await (await open()).close();
    const db = new DatabaseSync(file, { readOnly: true });
    t.after(() => db.close());
    const INDEXES = {
      newest: 'objects_order (bucket=? AND key=?)',
      version: 'objects_version (bucket=? AND key=? AND versionId=?)',
      backOf: 'objects_version (bucket=? AND key=? AND versionId=?)',
      list: 'objects_listed (bucket=? AND key>?)',
      versions: 'objects_order (bucket=? AND (key,back)>(?,?))',
      scan: 'objects_content (bucket=? AND (key,back)>(?,?))',
      upload: 'PRIMARY KEY (uploadId=?)',
      uploads: 'uploads_order (bucket=? AND (key,uploadId)>(?,?))',
      parts: 'PRIMARY KEY (uploadId=? AND number>?)',
      anyObject: '(bucket=?)',
      anyUpload: 'uploads_order (bucket=?)',
      notices: 'SCAN notices',
      file: 'PRIMARY KEY (file=?)',
    } as const satisfies Readonly<Record<keyof typeof QUERIES, string>>;
    for (const [name, sql] of Object.entries(QUERIES)) {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
      const plan = steps.map(step => String(step.detail)).join('; ');
      assert.ok(plan.includes(INDEXES[name as keyof typeof QUERIES]), `${name}: ${plan}`);
      assert.doesNotMatch(plan, /B-TREE/, `${name} sorts nothing`);
    }
  });
});
