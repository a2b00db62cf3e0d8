// What is kept of an event that was given up (the vendor's page "Dead letter queues").

import { type DeadLetterTarget, type FunctionEntry, LATEST } from './function.ts';
import type { GivenUp, Outcome } from './invocation.ts';
import type { DeadLetter, QueuedEvent } from './ports.ts';
import { goJson } from './reply.ts';
import type { Account } from './trigger.ts';

const CHINA_OFFSET_MS = 8 * 3600_000;

/** An alias has that of its main version, whichever version ran; what names no version has that of `$LATEST`. */
export function letterTarget(entry: FunctionEntry | undefined, qualifier: string): DeadLetterTarget | null {
  const name = entry?.aliases.get(qualifier)?.version ?? qualifier;
  const version = entry?.versions.get(name) ?? entry?.versions.get(LATEST);
  return version?.deadLetter ?? null;
}

interface Given {
  readonly item: QueuedEvent;
  readonly to: DeadLetterTarget;
  readonly why: GivenUp;
  readonly outcome: Pick<Outcome, 'status' | 'errorMessage' | 'stackTrace'>;
  /** ms since 1970: the beginning of the last attempt, and now. */
  readonly startedAt: number;
  readonly diedAt: number;
}

export function deadLetter(account: Account, given: Given): DeadLetter {
  const { item, to, why, outcome, diedAt } = given;
  const errorMessage = outcome.stackTrace || outcome.errorMessage;
  return {
    item,
    to: { type: to.type, name: to.name },
    why,
    status: outcome.status,
    errorMessage,
    diedAt,
    message: messageOf(account, item, errorMessage, given.startedAt),
  };
}

/** Members and their order as in the document's sample, whose InvocationType is that of a timer's event. */
function messageOf(account: Account, item: QueuedEvent, errorMessage: string, startedAt: number): Buffer {
  const { event, acceptedAt, retryNum } = item;
  const { requestId, target } = event;
  const message = {
    RequestId: requestId,
    ErrorCode: -1,
    ErrorMessage: errorMessage,
    Body: {
      AppId: Number(account.appId),
      Uin: account.uin,
      SubAccountUin: account.uin,
      RequestSource: `TRIGGER_${event.source.toUpperCase()}`,
      FunctionName: target.name,
      Namespace: target.namespace,
      Qualifier: event.qualifier,
      InvocationType: 'RequestResponse',
      ClientContext: event.body.toString(),
      LogType: '',
      TimeStampForInvoker: String(Math.round(startedAt)),
      RequestId: requestId,
      PushTime: goTime(acceptedAt),
      RetryNum: retryNum,
      Ttl: 0,
    },
  };
  return Buffer.from(goJson(message));
}

/** As Go prints a time in China: no more digits than it has. */
function goTime(ms: number): string {
  const [seconds = '', fraction = ''] = new Date(Math.round(ms) + CHINA_OFFSET_MS)
    .toISOString()
    .slice(0, -1)
    .split('.');
  const digits = fraction.replace(/0+$/, '');
  return `${seconds}${digits && `.${digits}`}+08:00`;
}
