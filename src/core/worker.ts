// Works off the queue: takes what is due, as much at once as may run, and sleeps until the next due instant.

import type { Clock } from './clock.ts';
import { type FunctionKey, keyText } from './function.ts';
import type { Log } from './log.ts';
import type { Lease, Queue } from './ports.ts';

/** As long as a node that died keeps its events from the others; renewed while their attempts last. */
const LEASE_MS = 60_000;
const RENEW_MS = 20_000;
/** Beyond this, only a function of which nothing runs gets its turn: whatever the others do, its first event waits for nobody. */
const RUNNING = 256;
/** One function's backlog leaves room for the others. */
const RUNNING_PER_FUNCTION = 64;
/** Few, since a block that is taken may be of one function alone. */
const LEASES_AT_ONCE = 8;

export interface Worker {
  start(): void;
  /** Something may be due, of that function if it is known. */
  wake(target?: FunctionKey): void;
  close(processClock: Clock, graceMs: number): Promise<void>;
}

export function createWorker(deps: {
  queue: Queue;
  clock: Clock;
  log: Log;
  work: (lease: Lease) => Promise<void>;
}): Worker {
  const { queue, clock, log, work } = deps;
  /** By function. */
  const running = new Map<string, number>();
  const held = new Set<Lease>();
  let total = 0;
  let started = false;
  let pumping = false;
  let again = false;
  let alarm: Disposable | undefined;
  let alarmAt = 0;
  let renewal: Disposable | undefined;
  let renewAt = 0;
  let drained: (() => void) | undefined;

  /** As many of one function may run now. */
  const most = () => (total < RUNNING ? RUNNING_PER_FUNCTION : 1);

  function wake(target?: FunctionKey): void {
    if (!started) return;
    // The end of one of its runs wakes this loop.
    if (target && (running.get(keyText(target)) ?? 0) >= most()) return;
    if (pumping) again = true;
    else void pump();
  }

  async function pump(): Promise<void> {
    pumping = true;
    using _ = clock.hold();
    try {
      do {
        again = false;
        await takeDue();
        await sleepUntilDue();
        // Woken while the queue was asked: what came then may be missing in both answers.
      } while (again && started);
    } catch (error) {
      // The queue itself failed: look again in a while rather than never.
      log.error({ err: error }, 'the event queue cannot be read');
      setAlarm(clock.now() + 1000);
    } finally {
      pumping = false;
      if (idle()) drained?.();
    }
  }

  function idle(): boolean {
    return total === 0 && !pumping;
  }

  async function takeDue(): Promise<void> {
    while (started) {
      const full = new Set<string>();
      for (const [key, count] of running) if (count >= most()) full.add(key);
      const now = clock.now();
      // Late, as after a standstill of this process: what runs must not be had by anybody else for that.
      if (renewal && now > renewAt) renew();
      const room = total < RUNNING ? Math.min(RUNNING - total, LEASES_AT_ONCE) : 1;
      const leases = await queue.lease(room, now, now + LEASE_MS, full);
      if (leases.length === 0) return;
      for (const lease of leases) void run(lease);
    }
  }

  async function run(lease: Lease): Promise<void> {
    const key = keyText(lease.item.event.target);
    const hold = clock.hold();
    total++;
    held.add(lease);
    if (!renewal) renewLater();
    running.set(key, (running.get(key) ?? 0) + 1);
    try {
      await work(lease);
    } catch (error) {
      // The lease runs out by itself, and the event is tried again: nothing is lost.
      log.error({ err: error, requestId: lease.item.event.requestId }, 'an attempt could not be settled');
    } finally {
      total--;
      held.delete(lease);
      const left = (running.get(key) ?? 1) - 1;
      if (left > 0) running.set(key, left);
      else running.delete(key);
      wake();
      if (idle()) drained?.();
      hold[Symbol.dispose]();
    }
  }

  /** Also while the worker closes: what still runs is not to be begun elsewhere. */
  function renew(): void {
    renewal?.[Symbol.dispose]();
    renewal = undefined;
    if (held.size > 0) renewLater();
    for (const lease of held) {
      const { requestId } = lease.item.event;
      queue.renew(lease, clock.now() + LEASE_MS).then(
        isHeld => {
          if (!isHeld && held.has(lease)) log.warn({ requestId }, 'a lease ran out while its event was at work');
        },
        error => log.error({ err: error, requestId }, 'a lease could not be renewed'),
      );
    }
  }

  function renewLater(): void {
    renewAt = clock.now() + RENEW_MS;
    renewal = clock.at(renewAt, renew);
  }

  async function sleepUntilDue(): Promise<void> {
    const due = await queue.nextDue();
    // What is due and cannot be taken waits for the end of a run, which wakes this loop.
    if (due !== undefined) setAlarm(Math.max(due, clock.now() + (due <= clock.now() ? 1000 : 0)));
  }

  function setAlarm(instant: number): void {
    // One that rings sooner rings often enough.
    if (alarm && alarmAt <= instant && started) return;
    alarm?.[Symbol.dispose]();
    alarmAt = instant;
    alarm = started ? clock.at(instant, ring) : undefined;
  }

  function ring(): void {
    alarm = undefined;
    wake();
  }

  return {
    start() {
      started = true;
      wake();
    },
    wake,
    async close(processClock, graceMs) {
      started = false;
      alarm?.[Symbol.dispose]();
      if (idle()) {
        renewal?.[Symbol.dispose]();
        return;
      }
      const late = new AbortController();
      await Promise.race([
        new Promise<void>(resolve => {
          drained = resolve;
        }),
        processClock.sleep(graceMs, late.signal).catch(() => undefined),
      ]);
      late.abort();
      renewal?.[Symbol.dispose]();
    },
  };
}
