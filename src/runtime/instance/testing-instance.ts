// For tests: one instance whose process does what the test says.

import assert from 'node:assert/strict';
import { TurnableClock } from '../../core/clock.ts';
import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Call } from '../../core/ports.ts';
import { VERSION } from '../testing.ts';
import { FakeLauncher, type FakeProcess } from '../testing-process.ts';
import type { Instance } from './instance.ts';

export function call(requestId = 'r1'): Call {
  const event = { requestId, target: VERSION, qualifier: '$LATEST', source: 'invoke', body: Buffer.from('{}') };
  return { event, retryNum: 0, waitMs: 1000 };
}

/** An instance in a process that is none, on a clock that is turned. */
export interface Started {
  readonly clock: TurnableClock;
  readonly process: FakeProcess;
  readonly instance: Instance;
  readonly heard: string[];
  readonly failures: Outcome[];
  /** Sends an event that has waited so long. */
  begin(call: Call, waitedMs?: number): Promise<Outcome>;
  /** Lets everything that is under way happen. */
  turn(ms?: number): Promise<void>;
}

export interface StartedOptions {
  readonly ready?: boolean;
  readonly concurrency?: number;
  readonly version?: Partial<FunctionVersion>;
  /** How long it takes events. */
  readonly lifeMs?: number;
}

export async function started(options: StartedOptions = {}): Promise<Started> {
  const { ready = true, concurrency = 1, version = {}, lifeMs = Number.POSITIVE_INFINITY } = options;
  const clock = new TurnableClock(1_000_000);
  const launcher = new FakeLauncher(clock);
  launcher.concurrency = concurrency;
  launcher.lifeMs = lifeMs;
  const heard: string[] = [];
  const failures: Outcome[] = [];
  const instance = await launcher.launch({ ...VERSION, ...version }, clock.now(), {
    ready: () => heard.push('ready'),
    unready: (_, outcome) => {
      heard.push('unready');
      failures.push(outcome);
    },
    ran: durationMs => heard.push(`ran ${durationMs}`),
    free: () => heard.push('free'),
    back: events => heard.push(`back ${events.map(one => one.call.event.requestId)}`),
    gone: () => heard.push('gone'),
  });
  const [process] = launcher.processes;
  assert.ok(process);
  const turn = async (ms = 0) => {
    await clock.advance(ms);
    instance.tick(clock.now());
    await clock.advance(0);
  };
  if (ready) {
    await clock.advance(40);
    process.ready();
    await turn();
  }
  const begin = (call: Call, waitedMs = 0) =>
    new Promise<Outcome>(settle => {
      instance.send({ call, since: clock.now() - waitedMs, until: Number.POSITIVE_INFINITY, settle });
    });
  return { begin, clock, process, instance, heard, failures, turn };
}
