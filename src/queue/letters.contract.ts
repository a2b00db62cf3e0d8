// What every driver does with dead letters. Part of the queue contract.

import assert from 'node:assert/strict';
import type { DeadLetter, EventStore, LetterFilter } from '../core/ports.ts';
import type { EventsTest } from './queue.contract.ts';
import { FAILED, idsOf, letterOf, MANY, only, queued, target } from './samples.ts';

const TOPIC = { type: 'CMQ-TOPIC', name: 'graveyard' } as const;
const QUEUE = { type: 'CMQ-QUEUE', name: 'graveyard' } as const;
const OTHER = { type: 'CMQ-QUEUE', name: 'attic' } as const;

/** Six letters: of f and g, under three names, the first two in the same instant. */
async function filled({ letters }: EventStore): Promise<DeadLetter[]> {
  const all = [
    letterOf(queued('a', 1), 5, { to: QUEUE }),
    letterOf(queued('b', 1, { name: 'g' }), 5, { to: TOPIC }),
    letterOf(queued('c', 1), 7, { to: OTHER }),
    letterOf(queued('d', 1, { name: 'g' }), 8, { to: QUEUE }),
    letterOf(queued('e', 1, { namespace: 'other' }), 9, { to: QUEUE }),
    letterOf(queued('f', 1), 10, { to: QUEUE }),
  ];
  for (const letter of all) await letters.keep(letter);
  return all;
}

const FILTERS: readonly (readonly [LetterFilter, string])[] = [
  [{}, 'abcdef'],
  [{ to: QUEUE }, 'adef'],
  [{ to: TOPIC }, 'b'],
  [{ to: { type: 'CMQ-TOPIC', name: 'attic' } }, ''],
  [{ target: target('f') }, 'acf'],
  [{ target: target('f', 'other') }, 'e'],
  [{ target: target('nobody') }, ''],
  [{ requestId: 'd' }, 'd'],
  [{ requestId: 'z' }, ''],
  [{ to: QUEUE, target: target('f') }, 'af'],
  [{ to: OTHER, target: target('f'), requestId: 'c' }, 'c'],
  [{ to: OTHER, requestId: 'd' }, ''],
];

export function lettersContract(eventsTest: EventsTest): void {
  eventsTest('a letter comes out as it went in', async ({ letters }) => {
    const item = queued('a', 3, { body: '{"x":"中文"}', acceptedAt: 1, retryNum: 2, runErrors: 1, source: 'ckafka' });
    const whole = letterOf(
      {
        ...item,
        event: { ...item.event, routingKey: '{"User":"1"}' },
        execution: { version: '7', traced: true },
      },
      5,
      {
        to: TOPIC,
        why: 'too old',
        status: 432,
        errorMessage: '并发超限\n"quoted"',
        message: Buffer.from([0, 255, 10]),
      },
    );
    await letters.keep(whole);
    assert.deepEqual(await letters.list({}, {}), { total: 1, rows: [whole] });
  });

  eventsTest('a letter of no bytes', async ({ letters, queue }) => {
    const empty = letterOf(queued('a', 1, { body: '' }), 5, { message: Buffer.alloc(0), errorMessage: '' });
    await letters.keep(empty);
    assert.deepEqual((await letters.list({}, {})).rows, [empty]);
    await letters.redrive({}, 9);
    assert.equal(only(await queue.lease(1, 9, 10)).item.event.body.length, 0);
  });

  eventsTest('letters are listed by name, function and id, oldest first', async events => {
    const all = await filled(events);
    for (const [filter, ids] of FILTERS) {
      const { total, rows } = await events.letters.list(filter, {});
      assert.equal(idsOf(rows).join(''), ids, JSON.stringify(filter));
      assert.equal(total, ids.length);
      assert.deepEqual(
        rows,
        all.filter(letter => ids.includes(letter.item.event.requestId)),
      );
    }
  });

  eventsTest('letters are listed in pages', async events => {
    await filled(events);
    const page = async (filter: LetterFilter, offset?: number, limit?: number) => {
      const { total, rows } = await events.letters.list(filter, {
        ...(offset !== undefined && { offset }),
        ...(limit !== undefined && { limit }),
      });
      return `${idsOf(rows).join('')} of ${total}`;
    };
    assert.equal(await page({}, 0, 2), 'ab of 6');
    assert.equal(await page({}, 1, 3), 'bcd of 6');
    assert.equal(await page({}, 5, 3), 'f of 6');
    assert.equal(await page({}, 6, 3), ' of 6');
    assert.equal(await page({}, 4), 'ef of 6');
    assert.equal(await page({}, undefined, 1), 'a of 6');
    assert.equal(await page({}, 0, 0), ' of 6');
    assert.equal(await page({ to: QUEUE }, 1, 2), 'de of 4');
  });

  eventsTest('of one id there is the last letter alone, where it now belongs', async ({ letters }) => {
    await letters.keep(letterOf(queued('a', 1), 5, { to: QUEUE }));
    await letters.keep(letterOf(queued('b', 1), 5));
    await letters.keep(letterOf(queued('a', 2), 5, { to: OTHER, errorMessage: 'again' }));
    const { total, rows } = await letters.list({}, {});
    assert.equal(total, 2);
    assert.deepEqual(idsOf(rows), ['b', 'a'], 'among letters of one instant it is the last');
    assert.equal(rows[1]?.errorMessage, 'again');
    assert.deepEqual(idsOf((await letters.list({ to: OTHER }, {})).rows), ['a']);
    assert.equal((await letters.list({ to: QUEUE, requestId: 'a' }, {})).total, 0);
  });

  eventsTest('purge removes those that match, and says how many', async events => {
    const { letters, queue } = events;
    for (const [filter, ids] of FILTERS) {
      await letters.purge({});
      await filled(events);
      assert.equal(await letters.purge(filter), ids.length, JSON.stringify(filter));
      const left = [...'abcdef'].filter(id => !ids.includes(id)).join('');
      assert.equal(idsOf((await letters.list({}, {})).rows).join(''), left);
    }
    assert.equal(await queue.pending(), 0);
  });

  eventsTest('redrive sends those that match again, as events of now', async events => {
    const { letters, queue } = events;
    for (const [filter, ids] of FILTERS) {
      await filled(events);
      assert.equal(await letters.redrive(filter, 1000), ids.length, JSON.stringify(filter));
      assert.equal((await letters.list({}, {})).total, 6 - ids.length);
      assert.equal(await queue.pending(), ids.length);
      assert.equal(await queue.nextDue(), ids.length > 0 ? 1000 : undefined);
      const leases = await queue.lease(9, 1000, 2000);
      assert.equal(idsOf(leases).join(''), ids);
      for (const lease of leases) await queue.ack(lease);
      await letters.purge({});
    }
  });

  eventsTest('what is sent again counts its attempts on, and its errors anew', async ({ letters, queue }) => {
    const item = queued('a', 3, { acceptedAt: 1, retryNum: 2, runErrors: 3, body: '{"n":1}' });
    await letters.keep(letterOf(item, 5));
    await letters.redrive({}, 77);
    const lease = only(await queue.lease(1, 77, 100));
    assert.deepEqual(lease.item, { ...item, acceptedAt: 77, dueAt: 77, retryNum: 3, runErrors: 0 });
    await queue.dead(lease, letterOf(lease.item, 80));
    assert.equal(only((await letters.list({}, {})).rows).item.retryNum, 3);
  });

  eventsTest('what is sent again comes behind what waits for the same instant', async ({ letters, queue }) => {
    await queue.push(queued('first', 77), MANY);
    for (const [i, id] of ['a', 'b', 'c'].entries()) await letters.keep(letterOf(queued(id, 1), i));
    await letters.redrive({}, 77);
    await queue.push(queued('last', 77), MANY);
    await queue.push(queued('early', 76), MANY);
    assert.deepEqual(idsOf(await queue.lease(9, 99, 100)), ['early', 'first', 'a', 'b', 'c', 'last']);
  });

  eventsTest('a letter stays one while its id waits again', async ({ letters, queue }) => {
    await letters.keep(letterOf(queued('a', 1, { body: 'old' }), 5));
    await letters.keep(letterOf(queued('b', 1), 6));
    await queue.push(queued('a', 1, { body: 'new' }), MANY);
    assert.equal(await letters.redrive({}, 10), 1);
    assert.deepEqual(idsOf((await letters.list({}, {})).rows), ['a']);
    assert.equal(await queue.pending(), 2);
    const leases = await queue.lease(9, 10, 20);
    assert.deepEqual(
      leases.map(lease => lease.item.event.body.toString()),
      ['new', '{}'],
    );
    for (const lease of leases) await queue.ack(lease);
    assert.equal(await letters.redrive({}, 11), 1);
  });

  eventsTest('an execution that is sent again runs again', async ({ letters, queue, executions }) => {
    const execution = { version: '2', traced: true };
    await queue.push(queued('a', 1, { execution, acceptedAt: 1 }), MANY);
    const lease = only(await queue.lease(1, 5, 9));
    await queue.dead(lease, letterOf(lease.item, 6), FAILED);
    assert.equal((await executions.get('a'))?.state, 'FAILED');
    await letters.redrive({ requestId: 'a' }, 80);
    const again = { requestId: 'a', target: target('f'), source: 'timer', ...execution };
    assert.deepEqual(await executions.get('a'), { ...again, state: 'RUNNING', status: 0, startedAt: 80, endedAt: 0 });
    assert.deepEqual(only(await queue.lease(1, 80, 90)).item.execution, execution);
  });

  eventsTest('many letters are sent again, each once, in order', async ({ letters, queue }) => {
    const ids = Array.from({ length: 1003 }, (_, i) => `r${i}`);
    await Promise.all(ids.map((id, i) => letters.keep(letterOf(queued(id, 1, { name: `f${i % 3}` }), i % 7))));
    assert.equal((await letters.list({}, { limit: 1 })).total, 1003);
    assert.equal(await letters.redrive({}, 50), 1003);
    assert.equal(await queue.pending(), 1003);
    assert.equal(await queue.pending(target('f1')), 334);
    const order = ids.toSorted((a, b) => (Number(a.slice(1)) % 7) - (Number(b.slice(1)) % 7));
    const leases = await queue.lease(MANY, 50, 60);
    assert.deepEqual(idsOf(leases), order);
    await Promise.all(leases.map(lease => queue.dead(lease, letterOf(lease.item, 70))));
    assert.equal(await letters.purge({}), 1003);
  });
}
