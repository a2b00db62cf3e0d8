// From what happened to the row that is kept of it.

import type { FunctionEvent } from '../core/event.ts';
import type { Attempt, Begun } from '../core/invocation.ts';
import { RESPONSE_LINE_BYTES } from '../core/limits.ts';
import { errorJson } from '../core/reply.ts';
import type { InvocationRow } from '../core/rows.ts';
import { cutHead, headText } from './cut.ts';

/** An asynchronous event on its way into the queue. */
export interface Accepted {
  readonly event: FunctionEvent;
  readonly acceptedAt: number;
}

export type Entry = Attempt | Begun | Accepted;

export const isAttempt = (entry: Entry): entry is Attempt => 'outcome' in entry;

export const isBegun = (entry: Entry): entry is Begun => 'startedAt' in entry;

/** How far on an attempt is. */
export function stageOf(entry: Entry): number {
  if (isAttempt(entry)) return 2;
  return isBegun(entry) ? 1 : 0;
}

export const retryNumOf = (entry: Entry): number => (isBegun(entry) ? entry.retryNum : 0);

/** Documented: 202 stands for an invocation that is not over. */
export const RUNNING = 202;

/** Written out in one piece: it runs once per call. */
export function rowOf(entry: Entry): InvocationRow {
  if (!isAttempt(entry)) return isBegun(entry) ? runningRow(entry) : waitingRow(entry);
  const { event, outcome, version } = entry;
  const { requestId, target } = event;
  const isSuccess = outcome.status === 200;
  return {
    region: target.region,
    namespace: target.namespace,
    name: target.name,
    requestId,
    retryNum: entry.retryNum,
    version: version?.version ?? '',
    qualifier: event.qualifier,
    source: event.source,
    acceptedAt: Math.round(entry.acceptedAt),
    startedAt: Math.round(entry.startedAt),
    status: outcome.status,
    verdict: entry.verdict,
    durationMs: outcome.durationMs,
    initMs: outcome.initMs,
    waitMs: outcome.waitMs,
    memoryBytes: Math.round(outcome.memoryBytes),
    memoryMB: version?.memoryMB ?? 0,
    retMsg: isSuccess
      ? headText(outcome.body, RESPONSE_LINE_BYTES)
      : cutHead(errorJson(requestId, outcome), RESPONSE_LINE_BYTES),
    errMsg: isSuccess ? '' : cutHead(outcome.stackTrace || outcome.errorMessage, RESPONSE_LINE_BYTES),
    log: outcome.log,
    instance: outcome.instance,
    queuedMs: Math.max(0, Math.round(entry.startedAt - entry.dueAt)),
    nextAt: Math.round(entry.nextAt ?? 0),
    why: entry.why ?? '',
  };
}

function runningRow({ event, acceptedAt, dueAt, startedAt, retryNum, version }: Begun): InvocationRow {
  return {
    ...waitingRow({ event, acceptedAt }),
    verdict: 'running',
    retryNum,
    version: version?.version ?? '',
    memoryMB: version?.memoryMB ?? 0,
    startedAt: Math.round(startedAt),
    queuedMs: Math.max(0, Math.round(startedAt - dueAt)),
  };
}

function waitingRow({ event, acceptedAt }: Accepted): InvocationRow {
  const { requestId, target, qualifier, source } = event;
  const { region, namespace, name } = target;
  const instant = Math.round(acceptedAt);
  return { region, namespace, name, requestId, qualifier, source, acceptedAt: instant, startedAt: instant, ...WAITING };
}

/** What an attempt that nothing ran in has to tell. */
export const NOT_RUN = {
  version: '',
  durationMs: 0,
  initMs: 0,
  waitMs: 0,
  memoryBytes: 0,
  memoryMB: 0,
  retMsg: '',
  errMsg: '',
  log: '',
  instance: '',
  queuedMs: 0,
  nextAt: 0,
  why: '',
} as const;

const WAITING = { ...NOT_RUN, retryNum: 0, status: RUNNING, verdict: 'accepted' } as const;
