import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { TurnableClock } from '../core/clock.ts';
import { anEvent, KEY } from '../core/fixture.ts';
import { NO_LOG } from '../core/log.ts';
import type { Page, Store } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { aBegun, anAccepted, aRow, START } from './fixture.ts';
import { type RecentQuery, type RequestState, recentIn, stateOf } from './recent.ts';
import { rowOf } from './row.ts';

const clock = new TurnableClock(START);
const open = () => openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
let store: Store;
beforeEach(async () => {
  store = await open();
});
afterEach(() => store.close());

const found = async (query: Partial<RecentQuery> = {}, of: Pick<Store, 'list'> = store) =>
  (await recentIn(of)({ limit: 100, ...query })).map(row => `${row.requestId}${row.retryNum}`);
const async = (verdict: 'acked' | 'retried' | 'dead' | 'dropped' | 'aborted', retryNum = 0) =>
  ({ mode: 'async', verdict, retryNum }) as const;
const failure = { outcome: { status: 430 } };

/** One after another, each in a ms of its own. */
const put = (...rows: InvocationRow[]) =>
  store.putAll(
    'invocations',
    rows.map((row, i) => ({ ...row, startedAt: START + i })),
  );

test('every state is found by its name, and by none other', async () => {
  const rows: Record<RequestState, InvocationRow[]> = {
    waiting: [rowOf(anAccepted('a')), aRow('b', { ...async('retried'), ...failure })],
    running: [rowOf(aBegun('c'))],
    ok: [aRow('d'), aRow('e', async('acked'))],
    failed: [aRow('f', failure)],
    dead: [aRow('g', { ...async('dead'), ...failure })],
    dropped: [aRow('h', { ...async('dropped'), ...failure })],
    aborted: [aRow('i', { ...async('aborted'), outcome: { status: 499 } })],
  };
  await put(...Object.values(rows).flat());
  for (const [state, expected] of Object.entries(rows)) {
    const ids = expected.map(row => `${row.requestId}0`).toReversed();
    for (const target of [undefined, KEY])
      assert.deepEqual(await found({ state: state as RequestState, ...(target && { target }) }), ids, state);
    for (const row of expected) assert.equal(stateOf(row), state);
  }
  assert.equal((await found()).join(''), 'i0h0g0f0e0d0c0b0a0');
});

test('of a request the last attempt alone', async () => {
  await put(
    aRow('a', { ...async('retried'), ...failure }),
    aRow('b', { ...async('dead'), ...failure }),
    aRow('a', { ...async('retried', 1), ...failure }),
    aRow('a', async('acked', 2)),
    aRow('b', async('acked', 1)),
  );
  assert.deepEqual(await found(), ['b1', 'a2']);
  assert.deepEqual(await found({ before: START + 4 }), ['a2'], 'a dead event that was sent again is no longer dead');
  assert.deepEqual(await found({ state: 'waiting' }), []);
  assert.deepEqual(await found({ state: 'dead' }), []);
  assert.deepEqual(await found({ state: 'ok' }), ['b1', 'a2']);
});

test('of attempts in one ms the last one', async () => {
  await store.put('invocations', aRow('a', { ...async('retried'), ...failure }));
  await store.put('invocations', rowOf(aBegun('a', { retryNum: 1 })));
  assert.deepEqual(await found(), ['a1']);
});

test('by function, source and time', async () => {
  const other = { ...KEY, name: 'other' };
  await put(
    aRow('a'),
    aRow('b', { event: anEvent({ requestId: 'b', source: 'timer' }) }),
    aRow('c', { event: anEvent({ requestId: 'c', target: other }) }),
    aRow('d', { event: anEvent({ requestId: 'd', target: other, source: 'timer' }) }),
  );
  assert.deepEqual(await found({ target: other }), ['d0', 'c0']);
  assert.deepEqual(await found({ source: 'timer' }), ['d0', 'b0']);
  assert.deepEqual(await found({ target: KEY, source: 'timer', state: 'ok' }), ['b0']);
  assert.deepEqual(await found({ target: { ...KEY, region: 'ap-shanghai' } }), []);
  assert.deepEqual(await found({ from: START + 1, before: START + 3 }), ['c0', 'b0']);
});

test('a page ends with a ms, so that the next one misses nothing', async () => {
  const rows = Array.from({ length: 300 }, (_, i) =>
    aRow(`r${String(i).padStart(3, '0')}-`, { startedAt: START + Math.floor(i / 100) }),
  );
  await store.putAll('invocations', rows);
  const first = await found({ limit: 10 });
  assert.equal(first.length, 100);
  const second = await found({ limit: 150, before: START + 2 });
  assert.equal(second.length, 200);
  assert.deepEqual([...first, ...second], rows.map(row => `${row.requestId}0`).toReversed());
  assert.deepEqual(await found({ limit: 0 }), []);
});

/** The store, and how many rows were read from it. */
function counting() {
  const read = { rows: 0, largest: 0 };
  const list: Store['list'] = async (table, where, page) => {
    const rows = await store.list(table, where, page);
    read.rows += rows.length;
    read.largest = Math.max(read.largest, rows.length);
    return rows;
  };
  return { read, list };
}

test('it looks back so far and no further, a few rows at a time', async () => {
  const ok = (i: number) => aRow(`r${i}-`, { startedAt: START + i });
  await store.put('invocations', aRow('far', { ...failure, startedAt: START }));
  await store.putAll(
    'invocations',
    Array.from({ length: 6000 }, (_, i) => ok(i + 1)),
  );
  const { read, list } = counting();
  assert.deepEqual(await found({ state: 'failed' }, { list }), []);
  assert.ok(read.rows >= 5000 && read.rows < 5300, String(read.rows));
  assert.equal(read.largest, 64);
  assert.deepEqual(await found({ state: 'failed', before: START + 3000 }), ['far0'], 'from further back it is seen');
});

test('what is rare is found at once however long ago it was', async () => {
  await store.put('invocations', aRow('a', { ...async('dead'), ...failure }));
  await store.putAll(
    'invocations',
    Array.from({ length: 6000 }, (_, i) => aRow(`r${i}-`, { startedAt: START + i + 1 })),
  );
  const { read, list } = counting();
  assert.deepEqual(await found({ state: 'dead', limit: 1 }, { list }), ['a0']);
  assert.ok(read.rows <= 2, String(read.rows));
});

test('whatever is asked, it is what a look at all rows gives', async () => {
  const verdicts = ['acked', 'retried', 'dead', 'dropped', 'aborted'] as const;
  const anyRow = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    at: fc.nat(6),
    kind: fc.constantFrom('answered', 'failed', ...verdicts),
    source: fc.constantFrom('timer', 'invoke'),
  });
  const anyQuery = fc.record(
    {
      state: fc.constantFrom<RequestState>('waiting', 'ok', 'failed', 'dead', 'dropped', 'aborted'),
      source: fc.constantFrom('timer', 'invoke'),
      target: fc.constant(KEY),
      from: fc.nat(6).map(ms => START + ms),
      before: fc.nat(8).map(ms => START + ms),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow), anyQuery, fc.integer({ min: 1, max: 6 }), async (given, query, limit) => {
      const own = await open();
      const tries = new Map<string, number>();
      const sources = new Map<string, string>();
      // Attempts of a request come one after another.
      const rows = given
        .toSorted((a, b) => a.at - b.at)
        .map(({ id, at, kind, source }) => {
          const retryNum = tries.get(id) ?? 0;
          tries.set(id, retryNum + 1);
          if (!sources.has(id)) sources.set(id, source);
          const event = anEvent({ requestId: id, source: sources.get(id) ?? '' });
          const status = kind === 'answered' || kind === 'acked' ? 200 : 430;
          const isCall = kind === 'answered' || kind === 'failed';
          return aRow(id, {
            event,
            retryNum,
            startedAt: START + at,
            mode: isCall ? 'sync' : 'async',
            verdict: isCall ? 'answered' : kind,
            outcome: { status },
          });
        });
      // Only these are followed by another attempt.
      const kept = rows.map(row =>
        row.retryNum + 1 < (tries.get(row.requestId) ?? 0) && row.verdict !== 'dead'
          ? { ...row, verdict: 'retried' as const, status: 430 }
          : row,
      );
      await own.putAll('invocations', kept);
      const matching = kept
        .filter(
          row =>
            row.retryNum + 1 === tries.get(row.requestId) &&
            row.startedAt >= (query.from ?? 0) &&
            row.startedAt < (query.before ?? Number.POSITIVE_INFINITY) &&
            (query.state === undefined || stateOf(row) === query.state) &&
            (query.source === undefined || row.source === query.source),
        )
        .sort((a, b) => b.startedAt - a.startedAt);
      const last = matching[limit - 1]?.startedAt ?? 0;
      const expected = matching.filter(row => row.startedAt >= last).map(row => row.requestId);
      const answer = await recentIn(own)({ ...query, limit });
      assert.deepEqual(answer.map(row => row.requestId).sort(), expected.sort());
      assert.deepEqual(
        answer.map(row => row.startedAt),
        answer.map(row => row.startedAt).sort((a, b) => b - a),
      );
      await own.close();
    }),
    { numRuns: 150 },
  );
});

test('every query is answered by an index in the order that is asked for', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'recent-'));
  t.after(() => rm(dir, { recursive: true }));
  const file = join(dir, 'plan.db');
  const own = await openSqliteStore({ file, clock, log: NO_LOG });
  const asked: [Record<string, unknown>, Page][] = [];
  const list: Store['list'] = (table, where = {}, page = {}) => {
    asked.push([where, page]);
    return own.list(table, where, page);
  };
  await own.put('invocations', aRow('a', { ...async('dead'), ...failure }));
  const recent = recentIn({ list });
  await recent({ limit: 1 });
  await recent({ limit: 1, state: 'dead', source: 'timer' });
  await recent({ limit: 1, state: 'waiting' });
  await recent({ limit: 1, target: KEY, state: 'ok', before: START });
  await own.close();
  const db = new DatabaseSync(file, { readOnly: true });
  for (const [where, { orderBy, range }] of asked) {
    const conditions = [...Object.keys(where), ...(range ? [range.column] : [])].map((name, i) =>
      i < Object.keys(where).length ? `${name} = ?` : `${name} >= ? AND ${name} < ?`,
    );
    const query = `SELECT * FROM invocations WHERE ${conditions.join(' AND ')} ORDER BY ${orderBy} DESC LIMIT 64`;
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all();
    assert.equal(plan.length, 1, query);
    assert.match(String(plan[0]?.detail), /^SEARCH invocations USING INDEX/, query);
  }
  assert.ok(asked.length >= 6);
  db.close();
});
