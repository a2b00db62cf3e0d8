// The one path every event takes: admit → route → run → settle.
// A synchronous call walks it at once; an asynchronous one is queued first and walks it when it is due (settle.ts).

import { admit, isAdmitted } from './admit.ts';
import type { Clock } from './clock.ts';
import { CloudError, fail } from './errors.ts';
import type { FunctionEvent } from './event.ts';
import type { FunctionKey, FunctionVersion } from './function.ts';
import type { Ids } from './ids.ts';
import { type Outcome, refusal } from './invocation.ts';
import { ASYNC_EVENT_BYTES, PENDING_EVENTS } from './limits.ts';
import type { Log } from './log.ts';
import type { Catalog, EventStore, QueuedEvent, Runner, Step, Timeline } from './ports.ts';
import { createSettler, guarded, type Terminated } from './settle.ts';
import type { Account, Submit } from './trigger.ts';
import { createWorker } from './worker.ts';

export interface InvokerDeps {
  readonly catalog: Catalog;
  readonly runner: Runner;
  readonly events: EventStore;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  /** Events that may wait per function; the documented number when left out. */
  readonly pendingEvents?: number;
  readonly step?: Step;
}

export interface Invoker extends Submit {
  /** Begins to work off the queue. */
  start(): void;
  /** Something in the queue may be due that did not come by this path. */
  wake(): void;
  /** Breaks off an asynchronous event that waits or runs. */
  terminate(requestId: string, graceful: boolean): Promise<Terminated>;
  /** Takes no further event from the queue and waits for the running ones, at most `graceMs` of the given clock. */
  close(processClock: Clock, graceMs: number): Promise<void>;
}

export function createInvoker(deps: InvokerDeps): Invoker {
  const { catalog, runner, events, timeline, clock, log, step = () => {} } = deps;
  const { queue } = events;
  const pendingEvents = deps.pendingEvents ?? PENDING_EVENTS;
  const draw = () => deps.ids.fraction();
  const run = guarded(runner, log);
  const settler = createSettler({ ...deps, step, draw });
  const worker = createWorker({ queue, clock, log, work: settler.work });

  /** Few promises: this is the way of every request that somebody waits for. */
  function sync(event: FunctionEvent): Promise<Outcome> {
    const acceptedAt = clock.now();
    const admitted = admit(catalog, event, 'sync', draw);
    const version = isAdmitted(admitted) ? admitted.version : undefined;
    if (version?.asyncRun) return queued(event);
    const hold = clock.hold();
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
      if (outcome.ended) void outcome.ended.then(record);
      else record(outcome);
      return outcome;
    };
    if (!isAdmitted(admitted)) return Promise.resolve(settled(admitted));
    const { timeoutS } = admitted.version;
    return run(admitted.version, { event, retryNum: 0, waitMs: timeoutS * 1000 }).then(settled);
  }

  /** Documented: every call of an asynchronous-execution function returns at once with the request id alone. */
  async function queued(event: FunctionEvent): Promise<Outcome> {
    try {
      await async(event);
      return { ...refusal(200, ''), accepted: true, body: Buffer.from(JSON.stringify({ RequestId: event.requestId })) };
    } catch (error) {
      if (!(error instanceof CloudError)) log.error({ err: error, requestId: event.requestId }, 'not accepted');
      const [status, text] = error instanceof CloudError ? [statusOf(error), error.text('en')] : [500, 'InternalError'];
      return refusal(status, text);
    }
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
    const execution = executionOf(event);
    const item: QueuedEvent = {
      event,
      acceptedAt: now,
      dueAt: now,
      retryNum: 0,
      runErrors: 0,
      ...(execution && { execution }),
    };
    step('push');
    const answer = await queue.push(item, pendingEvents);
    step('pushed');
    // Documented: the caller's answer is the same, the event goes to the dead letters or is dropped.
    if (answer === 'full') return settler.refuse(item, pendingEvents);
    if (answer === 'added') timeline.accepted(event, now);
    wakeAfterAnswer(event.target);
  }

  /** Whoever waits to hear that the event is accepted hears it before its run takes the thread. */
  function wakeAfterAnswer(target: FunctionKey): void {
    const hold = clock.hold();
    setImmediate(() => {
      worker.wake(target);
      hold[Symbol.dispose]();
    });
  }

  /** What is kept of the call of an asynchronous-execution function; whether it can run is seen when it does. */
  function executionOf(event: FunctionEvent): QueuedEvent['execution'] {
    const admitted = admit(catalog, event, 'async', draw);
    const version: FunctionVersion | undefined = isAdmitted(admitted) ? admitted.version : undefined;
    return version?.asyncRun ? { version: version.version, traced: version.traced } : undefined;
  }

  return {
    sync,
    async,
    start: worker.start,
    wake: () => worker.wake(),
    terminate: settler.terminate,
    async close(processClock, graceMs) {
      await worker.close(processClock, graceMs);
      settler.closing();
    },
  };
}

const statusOf = (error: CloudError): number => (error.row.fault === 'caller' ? 406 : 500);
