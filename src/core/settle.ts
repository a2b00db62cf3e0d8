// The second half of an asynchronous event's path: an attempt at a leased event, and what becomes of it.

import { admit, isAdmitted } from './admit.ts';
import type { Clock } from './clock.ts';
import { deadLetter, letterTarget } from './deadletter.ts';
import { type AsyncPolicy, DEFAULT_ASYNC_POLICY, type FunctionVersion } from './function.ts';
import { type Attempt, type Begun, type GivenUp, type Outcome, refusal } from './invocation.ts';
import type { Log } from './log.ts';
import type { Call, Catalog, EventStore, ExecutionEnd, Lease, QueuedEvent, Runner, Step, Timeline } from './ports.ts';
import { expired, next } from './retry.ts';
import type { Account } from './trigger.ts';

export interface SettlerDeps {
  readonly catalog: Catalog;
  readonly runner: Runner;
  readonly events: EventStore;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly log: Log;
  readonly account: Account;
  readonly step: Step;
  readonly draw: () => number;
}

/** What became of the wish to break off: done; told, and it may go on for a while; nothing of the kind is here. */
export type Terminated = 'aborted' | 'signalled' | 'absent';

export interface Settler {
  /** One attempt at one leased event. */
  work(lease: Lease): Promise<void>;
  /** An event that found the queue full: a dead letter or nothing. */
  refuse(item: QueuedEvent, limit: number): Promise<void>;
  terminate(requestId: string, graceful: boolean): Promise<Terminated>;
  /** From now on a run that the end of the server breaks off counts as not made. */
  closing(): void;
}

interface Running {
  readonly over: Promise<void>;
  /** Somebody wants it broken off; whether it was is another matter, it may end by itself first. */
  isUnwanted: boolean;
  isAborted: boolean;
}

/** Nobody waits for an asynchronous event: it may wait for an instance as long as for its next attempt. */
const INSTANCE_WAIT_MS = 60_000;
const CANCELED = 499;

/** A runner never rejects; one that does all the same is the platform's failure, and an outcome like any other. */
export function guarded(runner: Runner, log: Log): (version: FunctionVersion, call: Call) => Promise<Outcome> {
  const broken = (requestId: string) => (error: unknown) => {
    log.error({ error, requestId }, 'the runner failed');
    return refusal(500, 'InternalError');
  };
  const ending = (outcome: Outcome, requestId: string): Outcome =>
    outcome.ended ? { ...outcome, ended: outcome.ended.catch(broken(requestId)) } : outcome;
  return (version, call) => {
    const { requestId } = call.event;
    try {
      return runner.run(version, call).then(outcome => ending(outcome, requestId), broken(requestId));
    } catch (error) {
      return Promise.resolve(broken(requestId)(error));
    }
  };
}

export function createSettler(deps: SettlerDeps): Settler {
  const { catalog, runner, events, timeline, clock, log, account, step, draw } = deps;
  const { queue } = events;
  const run = guarded(runner, log);
  const running = new Map<string, Running>();
  /** Asked for between their lease and their attempt. */
  const toAbort = new Set<string>();
  let isClosing = false;

  async function work(lease: Lease): Promise<void> {
    const { requestId } = lease.item.event;
    const { promise, resolve } = Promise.withResolvers<void>();
    const mine = { over: promise, isUnwanted: toAbort.delete(requestId), isAborted: false };
    running.set(requestId, mine);
    try {
      await attempt(lease, mine);
    } finally {
      // A lease that ran out may have come back as another one.
      if (running.get(requestId) === mine) running.delete(requestId);
      resolve();
    }
  }

  async function attempt(lease: Lease, mine: Running): Promise<void> {
    const { item } = lease;
    const { event, acceptedAt, dueAt, retryNum } = item;
    const startedAt = clock.now();
    const entry = catalog.find(event.target);
    const policy = entry?.async ?? DEFAULT_ASYNC_POLICY;
    const tooOld = expired(acceptedAt, policy, startedAt);
    const admitted = admit(catalog, event, 'async', draw);
    const version = isAdmitted(admitted) ? admitted.version : undefined;
    const begun: Begun = { event, version, retryNum, acceptedAt, dueAt, startedAt };
    if (mine.isUnwanted) return abort(mine, lease, begun, refusal(CANCELED, 'RequestCanceled'));
    if (tooOld)
      return giveUp(lease, begun, refusal(449, `the event waited longer than MsgTTL (${policy.msgTtlS} s)`), 'too old');
    step('leased');
    const outcome = isAdmitted(admitted) ? await whole(begun, admitted.version) : admitted;
    step('ran');
    if (isClosing && outcome.status === 500) {
      await queue.later(lease, { dueAt, retryNum, runErrors: item.runErrors });
      return;
    }
    const verdict = next(item, outcome.status, policyOf(policy, version), clock.now());
    // What failed while it was being broken off is not tried again.
    if (outcome.status === CANCELED || (mine.isUnwanted && verdict.act === 'later'))
      return abort(mine, lease, begun, outcome);
    if (verdict.act === 'dead') return giveUp(lease, begun, outcome, verdict.why);
    if (verdict.act === 'later') {
      const { dueAt: nextAt, runErrors } = verdict;
      timeline.settled({ ...begun, mode: 'async', outcome, verdict: 'retried', nextAt });
      await queue.later(lease, { dueAt: nextAt, retryNum: retryNum + 1, runErrors });
    } else {
      timeline.settled({ ...begun, mode: 'async', outcome, verdict: 'acked' });
      await queue.ack(lease, endOf(item, 'FINISHED', outcome));
    }
    step('settled');
  }

  /** Nobody waits for an early answer here: what counts is how the run ended. */
  async function whole(begun: Begun, version: FunctionVersion): Promise<Outcome> {
    timeline.began(begun);
    const { event, retryNum } = begun;
    const outcome = await run(version, { event, retryNum, waitMs: INSTANCE_WAIT_MS });
    return outcome.ended ?? outcome;
  }

  function endOf(item: QueuedEvent, state: ExecutionEnd['state'], { status }: Pick<Outcome, 'status'>) {
    return item.execution && { state, status, endedAt: clock.now() };
  }

  async function giveUp(lease: Lease, begun: Begun, outcome: Outcome, why: GivenUp): Promise<void> {
    const { item } = lease;
    const letter = letterOf(item, begun, outcome, why);
    record({ ...begun, mode: 'async', outcome, verdict: letter ? 'dead' : 'dropped', why });
    await queue.dead(lease, letter, endOf(item, 'FAILED', outcome));
    step('settled');
  }

  async function abort(mine: Running, lease: Lease, begun: Begun, outcome: Outcome): Promise<void> {
    mine.isAborted = true;
    timeline.settled({ ...begun, mode: 'async', outcome, verdict: 'aborted' });
    // Documented: an execution that was broken off has 499, however its process went.
    await queue.ack(lease, endOf(lease.item, 'ABORTED', { status: CANCELED }));
  }

  function letterOf(item: QueuedEvent, { startedAt }: Begun, outcome: Outcome, why: GivenUp) {
    const { target, qualifier } = item.event;
    const to = letterTarget(catalog.find(target), qualifier);
    return to ? deadLetter(account, { item, to, why, outcome, startedAt, diedAt: clock.now() }) : undefined;
  }

  function record(attempt: Attempt): void {
    timeline.settled(attempt);
    const { event, outcome, verdict, why } = attempt;
    const { requestId, target, source } = event;
    log.warn({ requestId, function: target, source, status: outcome.status, why }, `event ${GIVEN_UP[verdict] ?? ''}`);
  }

  return {
    work,

    async refuse(item, limit) {
      const { event, acceptedAt, dueAt, retryNum } = item;
      const outcome = refusal(449, `the queue of ${event.target.name} is full (${limit} events)`);
      const begun = { event, version: undefined, retryNum, acceptedAt, dueAt, startedAt: acceptedAt };
      const letter = letterOf(item, begun, outcome, 'queue full');
      // The caller's answer stands for it: before that it is kept, if anywhere.
      if (letter) await events.letters.keep(letter);
      record({ ...begun, mode: 'async', outcome, verdict: letter ? 'dead' : 'dropped', why: 'queue full' });
    },

    async terminate(requestId, graceful) {
      const mine = running.get(requestId);
      if (mine) {
        if (runner.terminate(requestId, graceful) && graceful) return 'signalled';
        // Not in an instance yet, or no more.
        mine.isUnwanted = true;
        await mine.over;
        return mine.isAborted ? 'aborted' : 'absent';
      }
      const found = await queue.find(requestId);
      const end = { state: 'ABORTED', status: CANCELED, endedAt: clock.now() } as const;
      const answer = await queue.cancel(requestId, end);
      if (answer === 'leased') toAbort.add(requestId);
      if (answer === 'absent' || !found) return 'absent';
      if (answer === 'cancelled') {
        const { event, acceptedAt, dueAt, retryNum } = found.item;
        const begun = { event, version: undefined, retryNum, acceptedAt, dueAt, startedAt: clock.now() };
        const outcome = refusal(CANCELED, 'RequestCanceled');
        timeline.settled({ ...begun, mode: 'async', outcome, verdict: 'aborted' });
      }
      return 'aborted';
    },

    closing() {
      isClosing = true;
    },
  };
}

const GIVEN_UP: { readonly [V in Attempt['verdict']]?: string } = { dead: 'kept as a dead letter', dropped: 'dropped' };

/** Documented: a run of asynchronous execution that fails through the function is not retried. */
function policyOf(policy: AsyncPolicy, version: FunctionVersion | undefined): AsyncPolicy {
  return version?.asyncRun ? { ...policy, retryNum: 0 } : policy;
}
