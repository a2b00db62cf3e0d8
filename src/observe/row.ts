// From what happened to the row that is kept of it.

import type { FunctionEvent } from '../core/event.ts';
import type { Attempt } from '../core/invocation.ts';
import { RESPONSE_LINE_BYTES } from '../core/limits.ts';
import { retMsg } from '../core/reply.ts';
import type { InvocationRow } from '../core/rows.ts';
import { head } from './text.ts';

/** Waiting or running, in the logs' words. */
const RUNNING = 202;

export function attemptRow({
  event,
  version,
  retryNum,
  acceptedAt,
  startedAt,
  outcome,
  verdict,
}: Attempt): InvocationRow {
  return {
    ...identity(event),
    retryNum,
    version: version?.version ?? '',
    acceptedAt,
    startedAt,
    status: outcome.status,
    verdict,
    durationMs: outcome.durationMs,
    initMs: outcome.initMs,
    waitMs: outcome.waitMs,
    memoryBytes: outcome.memoryBytes,
    memoryMB: version?.memoryMB ?? 0,
    retMsg: head(retMsg(event.requestId, outcome), RESPONSE_LINE_BYTES),
    errMsg: outcome.errorMessage,
    log: outcome.log,
    instance: outcome.instance,
  };
}

/** Stands until the first attempt replaces it: both have retryNum 0. */
export function acceptedRow(event: FunctionEvent, acceptedAt: number): InvocationRow {
  return {
    ...identity(event),
    retryNum: 0,
    version: '',
    acceptedAt,
    startedAt: acceptedAt,
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
  };
}

function identity({ target, requestId, qualifier, source }: FunctionEvent) {
  const { region, namespace, name } = target;
  return { region, namespace, name, requestId, qualifier, source };
}
