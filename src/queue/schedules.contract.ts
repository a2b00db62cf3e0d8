// Random schedules of every verb against a plain list. Part of the queue contract.

import { test } from 'node:test';
import fc from 'fast-check';
import type { EventStore } from '../core/ports.ts';
import { EventModel } from './model.contract.ts';
import { IDS, NAMES } from './samples.ts';

const nat = fc.nat({ max: 30 });
const which = fc.nat({ max: 99 });
const id = fc.constantFrom(...IDS);
const name = fc.constantFrom(...NAMES);
const bool = fc.boolean();

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      id,
      name,
      dueAt: nat,
      limit: fc.constantFrom(2, 4, 99),
      execution: bool,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      limit: fc.nat({ max: 5 }),
      ms: nat,
      skip: fc.subarray([...NAMES], { maxLength: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ack' as const), which, end: bool }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('later' as const), which, dueAt: nat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('dead' as const), which, letter: bool, end: bool }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), which, ms: nat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('keep' as const), id, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const), name: fc.option(name) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), ms: fc.nat({ max: 12 }) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

export function schedulesContract(driver: { open(): Promise<EventStore>; readonly schedules: number }): void {
  test('any schedule agrees with a plain list', async () => {
    // One for all: to open one may be slow, so what a schedule leaves is taken out after it.
    const events = await driver.open();
    let count = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const model = new EventModel(events, `s${count++}`);
      try {
        for (const one of steps) {
          await model.take(one);
          await model.compare();
        }
      } finally {
        await model.clear();
      }
    });
    try {
      await fc.assert(property, { numRuns: driver.schedules });
    } finally {
      await events.close();
    }
  });
}
