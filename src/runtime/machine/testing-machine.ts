// For tests: the machine around processes that are none.

import assert from 'node:assert/strict';
import { type Clock, TurnableClock } from '../../core/clock.ts';
import { type FunctionVersion, NO_CONCURRENCY } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import { VERSION } from '../testing.ts';
import { FakeLauncher, type FakeProcess } from '../testing-process.ts';
import { Machine } from './machine.ts';
import { Pool } from './pool.ts';
import type { Quotas } from './quota.ts';

/** A machine whose processes do what the test says. */
export interface Rig {
  readonly clock: TurnableClock;
  readonly machine: Machine;
  readonly launcher: FakeLauncher;
  pool(change?: Partial<FunctionVersion>, manner?: { concurrency?: number; instancePerEvent?: boolean }): Pool;
  /** Outcomes in the order in which they came, as "name status". */
  readonly done: string[];
  submit(pool: Pool, waitMs?: number): Promise<Outcome>;
  ready(): Promise<void>;
  process(index: number): FakeProcess;
}

export interface RigOptions extends Partial<Quotas> {
  readonly memoryMB?: number;
  readonly idleMs?: number;
  /** In place of the one that is turned. */
  readonly clock?: Clock;
}

export function rig({ memoryMB = 1024, idleMs = 600_000, clock: own, ...given }: RigOptions = {}): Rig {
  const quotas = { quotaMB: () => 64_000, reservedMB: () => 0, of: () => NO_CONCURRENCY, burst: 0, ...given };
  const clock = new TurnableClock(1_000_000);
  const launcher = new FakeLauncher(own ?? clock);
  const machine = new Machine({ memoryMB, idleMs, quotas, clock: own ?? clock, launcher });
  const done: string[] = [];
  const greeted = new Set<FakeProcess>();
  let requests = 0;
  return {
    clock,
    machine,
    launcher,
    done,
    pool(change = {}, manner = {}) {
      const version = { ...VERSION, ...change };
      return new Pool(version.name, version, manner);
    },
    async submit(pool, waitMs = 10_000) {
      const event = {
        requestId: `r${++requests}`,
        target: VERSION,
        qualifier: '',
        source: 'invoke',
        body: Buffer.from('{}'),
      };
      const outcome = await machine.run(pool, { event, retryNum: 0, waitMs });
      done.push(`${event.requestId} ${outcome.status}`);
      return outcome;
    },
    async ready() {
      await clock.advance(10);
      for (const process of launcher.processes) {
        if (greeted.has(process) || process.killed) continue;
        greeted.add(process);
        process.ready();
      }
      await clock.advance(0);
    },
    process(index) {
      const process = launcher.processes[index];
      assert.ok(process, `process ${index} was started`);
      return process;
    },
  };
}
