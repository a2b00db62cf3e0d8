// The one path every event takes: admit → route → run → settle.
// A synchronous call walks it at once; an asynchronous one is queued first and walks it when it is due.

import { admit, isAdmitted } from './admit.ts';
import type { Clock } from './clock.ts';
import { fail } from './errors.ts';
import type { FunctionEvent } from './event.ts';
import { DEFAULT_ASYNC_POLICY, type FunctionVersion } from './function.ts';
import type { Ids } from './ids.ts';
import { type Attempt, type Outcome, refusal } from './invocation.ts';
import { ASYNC_EVENT_BYTES, PENDING_EVENTS } from './limits.ts';
import type { Log } from './log.ts';
import type { Catalog, Lease, Queue, Runner, Timeline } from './ports.ts';
import { expired, next, type Verdict } from './retry.ts';
import type { Submit } from './trigger.ts';
import { createWorker } from './worker.ts';

export interface InvokerDeps {
  readonly catalog: Catalog;
  readonly runner: Runner;
  readonly queue: Queue;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Events that may wait per function; the documented number when left out. */
  readonly pendingEvents?: number;
}

export interface Invoker extends Submit {
  /** Begins to work off the queue. */
  start(): void;
  /** Takes no further event from the queue and waits for the running ones, at most `graceMs` of the given clock. */
  close(processClock: Clock, graceMs: number): Promise<void>;
}

export function createInvoker(deps: InvokerDeps): Invoker {
  const { catalog, runner, queue, timeline, clock, log } = deps;
  const pendingEvents = deps.pendingEvents ?? PENDING_EVENTS;
  const draw = () => deps.ids.fraction();
  const worker = createWorker({ queue, clock, log, work });

  /** Few promises: this is the way of every request that somebody waits for. */
  function sync(event: FunctionEvent): Promise<Outcome> {
    const hold = clock.hold();
    const acceptedAt = clock.now();
    const admitted = admit(catalog, event, 'sync', draw);
    const version = isAdmitted(admitted) ? admitted.version : undefined;
    const record = (outcome: Outcome) => {
      timeline.settled({
        event,
        mode: 'sync',
        version,
        retryNum: 0,
        acceptedAt,
        dueAt: acceptedAt,
        startedAt: acceptedAt,
        outcome,
        verdict: 'answered',
      });
      hold[Symbol.dispose]();
    };
    const settled = (outcome: Outcome) => {
      // A callback handler's caller has its answer while the run goes on; the record is of the whole run.
      if (outcome.ended) void outcome.ended.catch(broken(event)).then(record);
      else record(outcome);
      return outcome;
    };
    if (!isAdmitted(admitted)) return Promise.resolve(settled(admitted));
    return attempt(admitted.version, event, 0).then(settled);
  }

  async function async(event: FunctionEvent): Promise<void> {
    using _ = clock.hold();
    if (event.body.length > ASYNC_EVENT_BYTES) {
      fail('InvalidParameterValue', {
        name: 'Event',
        reason: `${event.body.length} > ${ASYNC_EVENT_BYTES} bytes (128 KB)`,
      });
    }
    const now = clock.now();
    if ((await queue.pending(event.target)) >= pendingEvents) {
      // Documented: the caller's answer is the same, the event goes to the dead letters or is dropped.
      const outcome = refusal(449, `the queue of ${event.target.name} is full (${pendingEvents} events)`);
      giveUp(
        { event, version: undefined, retryNum: 0, acceptedAt: now, dueAt: now, startedAt: now, outcome },
        'queue full',
      );
      return;
    }
    await queue.push({ event, acceptedAt: now, dueAt: now, retryNum: 0, runErrors: 0 }, pendingEvents);
    timeline.accepted(event, now);
    worker.wake();
  }

  /** One attempt at one leased event. */
  async function work(lease: Lease): Promise<void> {
    const { event, acceptedAt, retryNum } = lease.item;
    const startedAt = clock.now();
    const policy = catalog.find(event.target)?.async ?? DEFAULT_ASYNC_POLICY;
    const tooOld = expired(acceptedAt, policy, startedAt);
    const admitted = tooOld
      ? refusal(449, `the event waited longer than MsgTTL (${policy.msgTtlS} s)`)
      : admit(catalog, event, 'async', draw);
    const version = isAdmitted(admitted) ? admitted.version : undefined;
    let outcome = isAdmitted(admitted) ? await attempt(admitted.version, event, retryNum) : admitted;
    // Nobody waits for an early answer here: what counts is how the run ended.
    if (outcome.ended) outcome = await outcome.ended.catch(broken(event));
    const tried = { event, version, retryNum, acceptedAt, dueAt: lease.item.dueAt, startedAt, outcome };
    const verdict: Verdict = tooOld
      ? { act: 'dead', why: 'too old' }
      : next(lease.item, outcome.status, policy, clock.now());
    if (verdict.act === 'later') {
      timeline.settled({ ...tried, mode: 'async', verdict: 'retried' });
      await queue.later(lease, { dueAt: verdict.dueAt, retryNum: retryNum + 1, runErrors: verdict.runErrors });
    } else {
      if (verdict.act === 'ack') timeline.settled({ ...tried, mode: 'async', verdict: 'acked' });
      else giveUp(tried, verdict.why);
      await queue.ack(lease);
    }
  }

  /** A runner never rejects; one that does all the same is the platform's failure, and an outcome like any other. */
  function attempt(version: FunctionVersion, event: FunctionEvent, retryNum: number): Promise<Outcome> {
    try {
      const run = runner.run(version, { event, retryNum, waitMs: version.timeoutS * 1000 });
      return run.catch(broken(event));
    } catch (error) {
      return Promise.resolve(broken(event)(error));
    }
  }

  function broken(event: FunctionEvent): (error: unknown) => Outcome {
    return error => {
      log.error({ error, requestId: event.requestId }, 'the runner failed');
      return refusal(500, 'InternalError');
    };
  }

  function giveUp(tried: Omit<Attempt, 'mode' | 'verdict'>, why: string): void {
    timeline.settled({ ...tried, mode: 'async', verdict: 'dead' });
    const { event, outcome } = tried;
    log.warn(
      { requestId: event.requestId, function: event.target, source: event.source, status: outcome.status, why },
      'event dropped',
    );
  }

  return { sync, async, start: worker.start, close: worker.close };
}
