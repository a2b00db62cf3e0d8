// Sends an event again, under a new request id: its exact bytes or others, to its function or another one.

import { isUtf8 } from 'node:buffer';
import { SERVING } from '../core/admit.ts';
import type { FunctionEvent } from '../core/event.ts';
import { type FunctionKey, LATEST } from '../core/function.ts';
import { fail as failFunction } from './errors.ts';
import { fail } from './event-errors.ts';
import type { EventDeps, EventVerbs } from './event-verbs.ts';
import type { Known } from './lives.ts';

type Deps = Pick<EventDeps, 'records' | 'submit' | 'control' | 'ids'>;

export function replayIn(deps: Deps, find: (requestId: string) => Promise<Known>): EventVerbs['replay'] {
  const { records, submit, control, ids } = deps;

  /** As the API refuses a call: an event for nobody would only die. */
  async function check(target: FunctionKey, qualifier: string): Promise<void> {
    const { version } = await control.functions.get(target, qualifier);
    if (!SERVING.has(version.status))
      failFunction('FailedOperation.FunctionStatusError', { name: target.name, status: version.status });
  }

  return async (requestId, { body: edited, to, qualifier }) => {
    if (edited) checkJson(edited);
    const known = await find(requestId);
    const came = originOf(known);
    const kept = await records.payload(requestId);
    const body = edited ?? kept?.event ?? came.body ?? fail('ResourceNotFound.EventBytes', { requestId });
    const { region, namespace, name } = { ...came.target, ...to };
    const routingKey = kept?.routingKey || came.routingKey;
    const event: FunctionEvent = {
      requestId: ids.risingUuid(),
      target: { region, namespace, name },
      qualifier: qualifier ?? (to ? LATEST : came.qualifier),
      source: came.source,
      body,
      ...(routingKey && { routingKey }),
    };
    await check(event.target, event.qualifier);
    const sent = { requestId: event.requestId, target: event.target, qualifier: event.qualifier };
    if (!came.isSync) {
      await submit.async(event);
      return sent;
    }
    const outcome = await submit.sync(event);
    return outcome.accepted ? sent : { ...sent, outcome };
  };
}

interface Origin {
  readonly target: FunctionKey;
  readonly qualifier: string;
  readonly source: string;
  readonly isSync: boolean;
  readonly body?: Buffer;
  readonly routingKey?: string | undefined;
}

function originOf({ requestId, rows, waits, letter }: Known): Origin {
  const row = rows.at(-1);
  const event = waits?.item.event ?? letter?.item.event;
  // Whoever waited for the answer is answered; all other ways go through the queue.
  const isSync = row?.verdict === 'answered';
  if (event) return { ...event, isSync };
  if (!row) return fail('ResourceNotFound.Event', { requestId });
  const { region, namespace, name, qualifier, source } = row;
  return { target: { region, namespace, name }, qualifier, source, isSync };
}

function checkJson(body: Buffer): void {
  try {
    if (!isUtf8(body)) throw new SyntaxError('not UTF-8');
    JSON.parse(body.toString());
  } catch (error) {
    fail('InvalidParameterValue.Event', { reason: (error as Error).message }, error);
  }
}
