// What every driver does with executions. Part of the queue contract.

import assert from 'node:assert/strict';
import type { EventStore, Execution, ExecutionQuery, Lease } from '../core/ports.ts';
import type { EventsTest } from './queue.contract.ts';
import { ABORTED, FAILED, FINISHED, MANY, queued, target } from './samples.ts';

const ALL: ExecutionQuery = {
  target: target('f'),
  orderBy: 'startedAt',
  descending: false,
  offset: 0,
  limit: 100,
};

/** Of f: a to f, the last of them not traced; g and h belong to others. Started at 10, 20, … */
async function filled({ queue }: EventStore): Promise<void> {
  const all = [
    ['a', { version: '$LATEST', traced: true }, { source: 'timer' }],
    ['b', { version: '1', traced: true }, { source: 'invoke' }],
    ['c', { version: '1', traced: true }, { source: 'ckafka' }],
    ['d', { version: '2', traced: true }, { source: 'invoke' }],
    ['e', { version: '2', traced: true }, { source: 'invoke' }],
    ['f', { version: '1', traced: false }, { source: 'invoke' }],
    ['g', { version: '1', traced: true }, { name: 'g' }],
    ['h', { version: '1', traced: true }, { namespace: 'other' }],
  ] as const;
  const leases = new Map<string, Lease>();
  for (const [i, [id, execution, change]] of all.entries()) {
    await queue.push(queued(id, 1, { ...change, execution, acceptedAt: (i + 1) * 10 }), MANY);
    for (const lease of await queue.lease(1, 1, 1e6)) leases.set(id, lease);
  }
  const lease = (id: string) => {
    const one = leases.get(id);
    if (!one) throw new Error(`no lease of ${id}`);
    return one;
  };
  await queue.ack(lease('a'), { ...FINISHED, endedAt: 200 });
  await queue.dead(lease('b'), undefined, { ...FAILED, endedAt: 150 });
  await queue.ack(lease('c'), { ...FINISHED, endedAt: 170 });
  await queue.later(lease('d'), { dueAt: 9e9, retryNum: 1, runErrors: 1 });
  await queue.cancel('d', { ...ABORTED, endedAt: 180 });
}

const QUERIES: readonly (readonly [Partial<ExecutionQuery>, string])[] = [
  [{}, 'abcde'],
  [{ descending: true }, 'edcba'],
  [{ orderBy: 'endedAt' }, 'ebcda'],
  [{ orderBy: 'endedAt', descending: true }, 'adcbe'],
  [{ requestId: 'c' }, 'c'],
  [{ requestId: 'f' }, ''],
  [{ requestId: 'g' }, ''],
  [{ version: '1' }, 'bc'],
  [{ version: '9' }, ''],
  [{ sources: ['invoke'] }, 'bde'],
  [{ sources: ['timer', 'ckafka'] }, 'ac'],
  [{ sources: [] }, ''],
  [{ states: ['FINISHED'] }, 'ac'],
  [{ states: ['RUNNING'] }, 'e'],
  [{ states: ['FAILED', 'ABORTED'] }, 'bd'],
  [{ states: [] }, ''],
  [{ started: { from: 20, before: 40 } }, 'bc'],
  [{ started: { from: 21, before: 41 } }, 'cd'],
  [{ ended: { from: 150, before: 180 } }, 'bc'],
  [{ ended: { from: 0, before: 1 } }, 'e'],
  [{ target: target('g') }, 'g'],
  [{ target: target('f', 'other') }, 'h'],
  [{ target: target('nobody') }, ''],
  [{ version: '2', sources: ['invoke'], states: ['RUNNING'], started: { from: 0, before: 99 } }, 'e'],
];

const idsOf = (rows: readonly Execution[]) => rows.map(row => row.requestId).join('');

export function executionsContract(eventsTest: EventsTest): void {
  eventsTest('an execution is there from the push on and ends with its event', async ({ queue, executions }) => {
    const execution = { version: '$LATEST', traced: true };
    const item = queued('a', 1, { execution, acceptedAt: 7, source: 'invoke' });
    const row = { requestId: 'a', target: target('f'), source: 'invoke', ...execution, startedAt: 7 };
    assert.equal(await executions.get('a'), undefined);
    await queue.push(item, MANY);
    assert.deepEqual(await executions.get('a'), { ...row, state: 'RUNNING', status: 0, endedAt: 0 });
    const [lease] = await queue.lease(1, 5, 100);
    assert.ok(lease);
    assert.deepEqual(lease.item, item);
    await queue.later(lease, { dueAt: 6, retryNum: 1, runErrors: 1 });
    assert.equal((await executions.get('a'))?.state, 'RUNNING');
    const [next] = await queue.lease(1, 6, 100);
    assert.ok(next);
    await queue.ack(next, FINISHED);
    assert.deepEqual(await executions.get('a'), { ...row, ...FINISHED });
    assert.equal(await queue.push(item, MANY), 'there', 'its execution is known');
    assert.equal(await queue.push(queued('a', 1), 0), 'there', 'whatever is pushed under its id');
  });

  eventsTest('an event without an execution has none, however it ends', async ({ queue, executions }) => {
    await queue.push(queued('a', 1), MANY);
    await queue.push(queued('b', 1), MANY);
    const [lease] = await queue.lease(1, 5, 100);
    assert.ok(lease && (await queue.ack(lease, FINISHED)));
    await queue.cancel('b', ABORTED);
    assert.equal(await executions.get('a'), undefined);
    assert.equal(await executions.get('b'), undefined);
    assert.equal(await queue.push(queued('a', 1), MANY), 'added');
  });

  eventsTest('executions are found by each filter and in each order', async events => {
    await filled(events);
    for (const [query, ids] of QUERIES) {
      const { total, rows } = await events.executions.list({ ...ALL, ...query });
      assert.equal(idsOf(rows), ids, JSON.stringify(query));
      assert.equal(total, ids.length);
      for (const row of rows) assert.deepEqual(row, await events.executions.get(row.requestId));
    }
  });

  eventsTest('executions are listed in pages, those of one instant by id', async ({ queue, executions }) => {
    const execution = { version: '1', traced: true };
    for (const id of ['c', 'a', 'd', 'b', 'e'])
      await queue.push(queued(id, 1, { execution, acceptedAt: id === 'e' ? 1 : 5 }), MANY);
    const page = async (offset: number, limit: number, descending = false) => {
      const { total, rows } = await executions.list({ ...ALL, offset, limit, descending });
      return `${idsOf(rows)} of ${total}`;
    };
    assert.equal(await page(0, 2), 'ea of 5');
    assert.equal(await page(2, 2), 'bc of 5');
    assert.equal(await page(4, 2), 'd of 5');
    assert.equal(await page(5, 2), ' of 5');
    assert.equal(await page(0, 0), ' of 5');
    assert.equal(await page(0, 3, true), 'dcb of 5');
  });

  eventsTest('prune forgets those that ended before, and no others', async events => {
    await filled(events);
    const { executions, queue } = events;
    await executions.prune(170);
    assert.equal(idsOf((await executions.list(ALL)).rows), 'acde');
    assert.equal(await queue.push(queued('b', 1), MANY), 'added', 'a forgotten id may come again');
    await executions.prune(1e9);
    assert.equal(idsOf((await executions.list(ALL)).rows), 'e', 'what runs stays');
    assert.equal((await executions.get('f'))?.state, 'RUNNING');
  });

  eventsTest('prune forgets many', async ({ queue, executions }) => {
    const execution = { version: '1', traced: true };
    const ids = Array.from({ length: 2500 }, (_, i) => `r${i}`);
    await Promise.all(ids.map(id => queue.push(queued(id, 1, { execution }), MANY)));
    const leases = await queue.lease(2499, 1, 2);
    await Promise.all(leases.map(lease => queue.ack(lease, FINISHED)));
    await executions.prune(FINISHED.endedAt + 1);
    assert.equal((await executions.list({ ...ALL, limit: 1 })).total, 1);
  });
}
