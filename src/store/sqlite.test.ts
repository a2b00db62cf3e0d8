import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import { TurnableClock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import { MIGRATIONS, type Migrations } from './migrations.ts';
import { codeOf, invocation, SAMPLES } from './samples.ts';
import { TABLE_NAMES, tableOf } from './schema.ts';
import { openSqliteStore, type SqliteLimits } from './sqlite.ts';
import { storeContract } from './store.contract.ts';

const clock = new TurnableClock(0);
const openAt = (file: string, limits?: SqliteLimits) => openSqliteStore({ file, clock, log: NO_LOG }, limits);

storeContract('SQLite file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-store-'));
  const file = join(dir, 'openscf.db');
  const store = await openAt(file);
  const reopen = async () => {
    await store.close();
    return openAt(file);
  };
  return { store, reopen, drop: async () => rmSync(dir, { recursive: true }) };
});

storeContract('SQLite memory', async () => ({ store: await openAt(':memory:'), drop: async () => {} }));

describe('SQLite store', () => {
  let dir: string;
  let file: string;
  const open: Store[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'openscf-store-'));
    file = join(dir, 'data', 'openscf.db');
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    rmSync(dir, { recursive: true });
  });
  const start = async (limits?: SqliteLimits) => {
    const store = await openAt(file, limits);
    open.push(store);
    return store;
  };
  const refused = (code: string) => (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    for (const language of ['zh', 'en'] as const) {
      assert.ok(error.text(language).includes(file), 'names the file');
      assert.ok(!/[\n{]/.test(error.text(language)), 'one line, every parameter filled in');
    }
    return true;
  };

  test('the tables have the columns of the schema, in this order', async () => {
    await (await start()).close();
    const db = new DatabaseSync(file, { readOnly: true });
    for (const name of TABLE_NAMES) {
      const columns = db.prepare(`SELECT name, pk, "notnull" AS required FROM pragma_table_info('${name}')`).all();
      assert.deepEqual(
        columns.map(column => column.name),
        [...tableOf(name).columns.keys()],
        name,
      );
      assert.ok(columns.every(column => column.required === 1));
      const key = columns.filter(column => column.pk !== 0).sort((a, b) => Number(a.pk) - Number(b.pk));
      assert.deepEqual(
        key.map(column => column.name),
        tableOf(name).key,
      );
    }
    db.close();
  });

  test('a commit is on disk: write-ahead log, full synchronisation', async () => {
    const store = await start();
    await store.put('missed', SAMPLES.missed[0]);
    // Read past the connection, before it is closed.
    const other = new DatabaseSync(file, { readOnly: true });
    assert.equal(other.prepare('SELECT count(*) AS n FROM missed').get()?.n, 1);
    assert.equal(other.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
    other.close();
  });

  test('a text with a zero byte comes back whole', async () => {
    const store = await start();
    await store.put('invocations', invocation({ log: 'a\u0000b' }));
    assert.equal((await store.list('invocations'))[0]?.log, 'a\u0000b');
  });

  test('queries of the log use an index', async () => {
    await (await start()).close();
    const db = new DatabaseSync(file, { readOnly: true });
    const plan = (query: string) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all()
        .map(step => step.detail)
        .join('; ');
    const where = "region = 'r' AND namespace = 'n' AND name = 'f' AND startedAt >= 1 AND startedAt < 2";
    assert.match(plan(`SELECT * FROM invocations WHERE ${where}`), /invocations_function/);
    assert.match(plan('DELETE FROM invocations WHERE startedAt < 5'), /invocations_started/);
    assert.match(plan("SELECT * FROM triggers WHERE region='r' AND namespace='n' AND name='f'"), /triggers_name/);
    db.close();
  });

  test('two servers on one data folder: the second is refused at once', async () => {
    const store = await start();
    await assert.rejects(start(), refused('InternalError.StoreLocked'));
    await store.close();
    await start();
  });

  test('another process holds the lock; killed, it leaves nothing behind', async () => {
    const child = await holder(file);
    await assert.rejects(start(), refused('InternalError.StoreLocked'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await start();
    assert.equal(await store.count('missed'), 1, 'what the killed process had committed');
  });

  test('a file that is no database, and a database of something else', async () => {
    await (await start()).close();
    rmSync(file);
    writeFileSync(file, 'this is not a database at all\n'.repeat(100));
    await assert.rejects(start(), refused('InternalError.StoreForeign'));
    rmSync(file);
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    await assert.rejects(start(), refused('InternalError.StoreForeign'));
  });

  test('a folder that cannot be made or opened', async () => {
    writeFileSync(join(dir, 'data'), 'a file where the folder should be');
    await assert.rejects(start(), refused('InternalError.StoreUnwritable'));
    file = join(dir, 'folder', 'openscf.db');
    await (await start()).close();
    rmSync(file);
    file = join(dir, 'folder');
    await assert.rejects(start(), refused('InternalError.StoreUnwritable'));
  });

  test('a damaged file is told from a full disk', async () => {
    const store = await start();
    for (let i = 0; i < 200; i++) await store.put('invocations', invocation({ retryNum: i, log: 'x'.repeat(1000) }));
    await store.close();
    truncateSync(file, 8192);
    const code = /^InternalError\.Store(Damaged|Foreign|Unwritable)$/;
    await assert.rejects(
      async () => (await start()).list('invocations'),
      error => code.test(codeOf(error) ?? ''),
    );
  });

  test('a full disk: a clear error, nothing half written, and the store goes on', async () => {
    const store = await start({ maxPages: 60 });
    await store.put('missed', SAMPLES.missed[0]);
    const fill = store.transaction(async rows => {
      await rows.remove('missed', {});
      for (let i = 0; i < 1000; i++) await rows.put('invocations', invocation({ retryNum: i, log: 'x'.repeat(4000) }));
    });
    await assert.rejects(fill, refused('InternalError.System'));
    assert.equal(await store.count('invocations'), 0);
    assert.equal(await store.count('missed'), 1);
    await assert.rejects(
      store.put('invocations', invocation({ log: 'x'.repeat(500_000) })),
      refused('InternalError.System'),
    );
    await store.put('missed', SAMPLES.missed[1]);
    assert.equal(await store.count('missed'), 2);
  });

  describe('migrations', () => {
    const newer: Migrations = {
      ...MIGRATIONS,
      '9999_more': {
        async up(db) {
          await db.schema.createTable('more').addColumn('a', 'text').execute();
          await sql`UPDATE missed SET calls = calls + 100`.execute(db);
        },
      },
    };
    /** As a server had them that knew this step and none after it. */
    const upTo = (last: string): Migrations =>
      Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name <= last));
    const insert = (table: string, cells: Record<string, SQLInputValue>) => {
      const db = new DatabaseSync(file);
      const names = Object.keys(cells);
      const places = names.map(name => `:${name}`);
      db.prepare(`INSERT INTO ${table} (${names.map(name => `"${name}"`)}) VALUES (${places})`).run(cells);
      db.close();
    };
    const backups = () => readdirSync(join(dir, 'data')).filter(name => name.includes('backup'));

    test('an older database is copied beside itself and then migrated', async () => {
      const old = await start();
      await old.put('missed', SAMPLES.missed[0]);
      assert.deepEqual(backups(), [], 'a new database needs no copy');
      await old.close();
      writeFileSync(`${file}.backup-1`, 'an earlier one');
      const migrated = await start({ migrations: newer });
      assert.equal((await migrated.list('missed'))[0]?.calls, 101);
      await migrated.close();
      assert.deepEqual(backups(), ['openscf.db.backup-1', 'openscf.db.backup-2']);

      await (await start({ migrations: newer })).close();
      assert.equal(backups().length, 2, 'nothing to migrate, no copy');
      file = `${file}.backup-2`;
      assert.deepEqual((await (await start()).list('missed'))[0], SAMPLES.missed[0], 'the copy is the old database');
    });

    test('functions from before there were layers have none', async () => {
      const [before] = SAMPLES.versions;
      await (await start({ migrations: upTo('0001_tables') })).close();
      const { layers: _, asyncRun: _run, traced: _traced, deadLetter: _letter, ...rest } = cellsOf(before);
      const { protocol: _protocol, wsIdleTimeoutS: _idle, role: _role, ...cells } = rest;
      insert('versions', cells);
      const migrated = await start();
      const since = { layers: [], asyncRun: false, traced: false, deadLetter: null, protocol: '', wsIdleTimeoutS: 0 };
      assert.deepEqual(await migrated.list('versions'), [{ ...before, ...since }]);
      assert.equal(await migrated.count('layerVersions'), 0);
    });

    test('functions from before there were web functions speak no WebSocket', async () => {
      await (await start({ migrations: upTo('0004_asynchronous') })).close();
      const [, web] = SAMPLES.versions;
      const { protocol: _protocol, wsIdleTimeoutS: _idle, role: _role, ...cells } = cellsOf(web);
      insert('versions', cells);
      const migrated = await start();
      assert.deepEqual(await migrated.list('versions'), [{ ...web, protocol: '', wsIdleTimeoutS: 0, role: '' }]);
      await migrated.put('versions', web);
      assert.deepEqual(await migrated.list('versions'), [web]);
    });

    test('functions and records from before there was asynchronous execution have none of it', async () => {
      await (await start({ migrations: upTo('0003_concurrency') })).close();
      const [version] = SAMPLES.versions;
      const { asyncRun: _run, traced: _traced, deadLetter: _letter, ...rest } = cellsOf(version);
      const { protocol: _protocol, wsIdleTimeoutS: _idle, role: _role, ...cells } = rest;
      insert('versions', cells);
      const { queuedMs: _queued, nextAt: _next, why: _why, ...record } = cellsOf(invocation());
      insert('invocations', record);
      const migrated = await start();
      assert.deepEqual(await migrated.list('versions'), [
        { ...version, asyncRun: false, traced: false, deadLetter: null },
      ]);
      assert.deepEqual(await migrated.list('invocations'), [{ ...invocation(), queuedMs: 0, nextAt: 0, why: '' }]);
      assert.equal(await migrated.count('payloads'), 0);
      const [changed] = await migrated.list('versions');
      await migrated.put('versions', { ...version, ...changed, asyncRun: true });
      await migrated.put('payloads', SAMPLES.payloads[0]);
      assert.equal((await migrated.list('versions'))[0]?.asyncRun, true);
      assert.deepEqual(await migrated.list('payloads'), [SAMPLES.payloads[0]]);
      assert.deepEqual(backups(), ['openscf.db.backup-1']);
    });

    test('functions from before they could have roles have none', async () => {
      await (await start({ migrations: upTo('0006_tags') })).close();
      const [, web] = SAMPLES.versions;
      const { role: _role, ...cells } = cellsOf(web);
      insert('versions', cells);
      const migrated = await start();
      assert.deepEqual(await migrated.list('versions'), [{ ...web, role: '' }]);
      await migrated.put('versions', web);
      assert.deepEqual(await migrated.list('versions'), [web]);
    });

    test('tags from before they had a table of their own come into it', async () => {
      await (await start({ migrations: upTo('0005_web') })).close();
      const [tagged, plain] = SAMPLES.functions;
      const [team, other] = [[{ Key: 'team', Value: 'a "b"' }], [{ Key: 'other', Value: 'c' }]];
      insert('functions', { ...cellsOf(tagged), tags: JSON.stringify(team) });
      insert('functions', { ...cellsOf(plain), tags: '[]' });
      const [layer] = SAMPLES.layerVersions;
      for (const [version, tags] of [
        [1, team],
        [2, other],
        [3, []],
      ] as const)
        insert('layerVersions', { ...cellsOf({ ...layer, version }), tags: JSON.stringify(tags) });
      insert('layerVersions', { ...cellsOf({ ...layer, name: 'more' }), tags: JSON.stringify(team) });
      insert('layerVersions', { ...cellsOf({ ...layer, region: 'ap-beijing' }), tags: '[]' });
      const migrated = await start();
      const row = (id: string, body: object) => ({
        kind: 'tag/resource',
        region: 'ap-guangzhou',
        id,
        parent: '',
        body,
      });
      assert.deepEqual(await migrated.list('resources', { kind: 'tag/resource' }), [
        row(`scf:lam/${tagged.id}`, team),
        row('scf:layer/deps', other),
        row('scf:layer/more', team),
      ]);
      assert.deepEqual(await migrated.list('functions'), [tagged, plain]);
      assert.deepEqual(
        (await migrated.list('layerVersions', { region: 'ap-guangzhou', name: 'deps', version: 1 })).length,
        1,
      );
    });

    test('the copy holds what is in the write-ahead log alone', async () => {
      const child = await holder(file);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await (await start({ migrations: newer })).close();
      file = `${file}.backup-1`;
      assert.equal(await (await start()).count('missed'), 1);
    });

    test('a database of a newer version is refused and not touched', async () => {
      await (await start({ migrations: newer })).close();
      await assert.rejects(start(), error => {
        assert.match(String(error), /9999_more.*upgrade OpenSCF/);
        return refused('InternalError.StoreNewer')(error);
      });
      assert.deepEqual(backups(), []);
    });

    test('a migration that fails leaves the tables as they were', async () => {
      await (await start()).close();
      const failing: Migrations = {
        ...MIGRATIONS,
        '9999_more': {
          async up(db) {
            await sql`DROP TABLE missed`.execute(db);
            throw new Error('half way');
          },
        },
      };
      await assert.rejects(start({ migrations: failing }), /half way/);
      const store = await start();
      assert.equal(await store.count('missed'), 0);
    });
  });

  test('a transaction that keeps the others waiting is named in the log', async () => {
    const said: string[] = [];
    const store = await openSqliteStore({ file, clock, log: { ...NO_LOG, warn: (_, text) => said.push(text) } });
    open.push(store);
    await store.transaction(async () => undefined);
    assert.deepEqual(said, []);
    await store.transaction(() => clock.advance(1001));
    assert.deepEqual(said, ['a transaction kept the store busy']);
  });
});

/** A row as the database holds it, by column. */
function cellsOf(row: object): Record<string, SQLInputValue> {
  const cell = (value: unknown): SQLInputValue => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    return (typeof value === 'object' ? JSON.stringify(value) : value) as SQLInputValue;
  };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value)]));
}

/** A process that has the store open, with one committed row. */
async function holder(file: string): Promise<ChildProcess> {
  const code = `
    import { openSqliteStore } from ${JSON.stringify(import.meta.resolve('./sqlite.ts'))};
    import { SystemClock } from ${JSON.stringify(import.meta.resolve('../core/clock.ts'))};
    import { NO_LOG } from ${JSON.stringify(import.meta.resolve('../core/log.ts'))};
    const store = await openSqliteStore({ file: ${JSON.stringify(file)}, clock: new SystemClock(), log: NO_LOG });
    await store.put('missed', { service: 's', action: 'a', calls: 1, lastAt: 1 });
    console.log('open');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
