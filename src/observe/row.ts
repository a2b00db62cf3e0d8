// From what happened to the row that is kept of it.

import type { FunctionEvent } from '../core/event.ts';
import type { Attempt } from '../core/invocation.ts';
import { RESPONSE_LINE_BYTES } from '../core/limits.ts';
import { errorJson } from '../core/reply.ts';
import type { InvocationRow } from '../core/rows.ts';
import { cutHead, headText } from './cut.ts';

/** An asynchronous event on its way into the queue. */
export interface Accepted {
  readonly event: FunctionEvent;
  readonly acceptedAt: number;
}

export type Entry = Attempt | Accepted;

export const isAttempt = (entry: Entry): entry is Attempt => 'outcome' in entry;

/** Documented: 202 stands for an invocation that is not over. */
export const RUNNING = 202;

export function rowOf(entry: Entry): InvocationRow {
  const { requestId, target, qualifier, source } = entry.event;
  const { region, namespace, name } = target;
  const acceptedAt = Math.round(entry.acceptedAt);
  const origin = { region, namespace, name, requestId, qualifier, source, acceptedAt };
  if (!isAttempt(entry)) return { ...origin, ...WAITING, startedAt: acceptedAt };
  const { outcome, version } = entry;
  const { status, durationMs, initMs, waitMs, log, instance } = outcome;
  const isSuccess = status === 200;
  return {
    ...origin,
    retryNum: entry.retryNum,
    version: version?.version ?? '',
    startedAt: Math.round(entry.startedAt),
    status,
    verdict: entry.verdict,
    durationMs,
    initMs,
    waitMs,
    memoryBytes: Math.round(outcome.memoryBytes),
    memoryMB: version?.memoryMB ?? 0,
    retMsg: isSuccess
      ? headText(outcome.body, RESPONSE_LINE_BYTES)
      : cutHead(errorJson(requestId, outcome), RESPONSE_LINE_BYTES),
    errMsg: isSuccess ? '' : cutHead(outcome.stackTrace || outcome.errorMessage, RESPONSE_LINE_BYTES),
    log,
    instance,
  };
}

const WAITING = {
  retryNum: 0,
  version: '',
  status: RUNNING,
  verdict: 'accepted',
  durationMs: 0,
  initMs: 0,
  waitMs: 0,
  memoryBytes: 0,
  memoryMB: 0,
  retMsg: '',
  errMsg: '',
  log: '',
  instance: '',
} as const;
