// Invoke and InvokeFunction: one event from the caller, run now or queued.

import { z } from 'zod';
import { fail as failFunction } from '../../control/errors.ts';
import { SERVING } from '../../core/admit.ts';
import { awake } from '../../core/awake.ts';
import { fail as failPlatform } from '../../core/errors.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { DEFAULT_ALIAS, type FunctionEntry, type FunctionVersion, LATEST } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import { API_WAIT_MS, ASYNC_EVENT_BYTES, ROUTING_KEY_BYTES, SYNC_EVENT_BYTES } from '../../core/limits.ts';
import { retMsg } from '../../core/reply.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { fail } from './errors.ts';
import { FUNCTION, keyOf, text } from './types.ts';

const COMMON = {
  ...FUNCTION,
  Qualifier: text.optional(),
  LogType: text.optional(),
  RoutingKey: text.optional(),
};

const Invoke = action({
  request: z.object({ ...COMMON, InvocationType: text.optional(), ClientContext: text.optional() }),
  async handle(request, context: ScfContext) {
    const type = request.InvocationType || 'RequestResponse';
    if (type !== 'RequestResponse' && type !== 'Event') fail('InvalidParameterValue.InvokeType', { value: type });
    const limit = type === 'Event' ? ASYNC_EVENT_BYTES : SYNC_EVENT_BYTES;
    const event: FunctionEvent = {
      requestId: context.ids.risingUuid(),
      target: keyOf(request, context.region),
      qualifier: request.Qualifier || LATEST,
      source: 'invoke',
      body: bodyOf('ClientContext', request.ClientContext, limit),
      ...routing(request.RoutingKey),
    };
    const isTail = wantsTail(request.LogType);
    await checkTarget('ClientContext', event, context);
    if (type === 'RequestResponse') return { Result: await run(event, isTail, context) };
    await context.submit.async(event);
    return { Result: { ...NOTHING_RUN, FunctionRequestId: event.requestId } };
  },
});

const InvokeFunction = action({
  request: z.object({ ...COMMON, Event: text.optional() }),
  async handle(request, context: ScfContext) {
    const event: FunctionEvent = {
      requestId: context.requestId,
      target: keyOf(request, context.region),
      qualifier: request.Qualifier || DEFAULT_ALIAS,
      source: 'invoke',
      body: bodyOf('Event', request.Event, SYNC_EVENT_BYTES),
      ...routing(request.RoutingKey),
    };
    const isTail = wantsTail(request.LogType);
    await checkTarget('Event', event, context);
    return { Result: await run(event, isTail, context) };
  },
});

/** Result of a call whose run is not known here. */
const NOTHING_RUN = { Log: '', RetMsg: '', ErrMsg: '', MemUsage: 0, Duration: 0, BillDuration: 0, InvokeResult: 0 };

/** The event's bytes, as the caller wrote them; no text stands for no event. */
function bodyOf(name: string, event: string | undefined, limit: number): Buffer {
  const body = Buffer.from(event || '{}');
  checkSize(name, body, limit);
  if (event) parse(name, event);
  return body;
}

function checkSize(name: string, { length: bytes }: Buffer, limit: number): void {
  if (bytes > limit) fail('InvalidParameterValue.LimitExceeded', { name, bytes, limit });
}

function parse(name: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    return fail('InvalidParameterValue.Param', { name, zh: ' JSON 文本', en: 'JSON text' }, error);
  }
}

function routing(routingKey: string | undefined): Pick<FunctionEvent, 'routingKey'> {
  if (!routingKey) return {};
  const name = 'RoutingKey';
  const bytes = Buffer.byteLength(routingKey);
  if (bytes > ROUTING_KEY_BYTES) fail('InvalidParameterValue.LimitExceeded', { name, bytes, limit: ROUTING_KEY_BYTES });
  const value = parse(name, routingKey);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  // One of the documents' examples has a number.
  if (!isObject || !Object.values(value).every(one => typeof one === 'string' || typeof one === 'number')) {
    fail('InvalidParameterValue.Param', {
      name,
      zh: '值均为字符串的 JSON 对象',
      en: 'a JSON object whose values are strings',
    });
  }
  return { routingKey };
}

function wantsTail(logType: string | undefined): boolean {
  if (logType === undefined || logType === '' || logType === 'None') return false;
  if (logType === 'Tail') return true;
  return failPlatform('InvalidParameterValue', { name: 'LogType', reason: `"${logType}" (None | Tail)` });
}

/** Refuses a call before it becomes an invocation; from memory unless something is wrong. `name`: the event's field. */
async function checkTarget(name: string, event: FunctionEvent, { control }: ScfContext): Promise<void> {
  const { target: key, qualifier, body } = event;
  const entry = control.catalog.find(key);
  // Control knows which of namespace, function and qualifier is missing.
  const version = (entry && mainVersion(entry, qualifier)) ?? (await control.functions.get(key, qualifier)).version;
  if (!SERVING.has(version.status)) {
    failFunction('FailedOperation.FunctionStatusError', { name: key.name, status: version.status });
  }
  if (version.type === 'HTTP') {
    failFunction('UnsupportedOperation', {
      zh: `函数 ${key.name} 是 Web 函数，请通过函数 URL 或 API 网关访问。`,
      en: `${key.name} is a web function; call it by its function URL or through API Gateway.`,
    });
  }
  // Its calls are queued however they were made.
  if (version.asyncRun) checkSize(name, body, ASYNC_EVENT_BYTES);
}

function mainVersion(entry: FunctionEntry, qualifier: string): FunctionVersion | undefined {
  return entry.versions.get(entry.aliases.get(qualifier)?.version ?? qualifier);
}

async function run(event: FunctionEvent, isTail: boolean, context: ScfContext): Promise<object> {
  const outcome = await inTime(context.submit.sync(event), event.requestId, context);
  if (outcome.accepted) return { ...NOTHING_RUN, FunctionRequestId: event.requestId };
  const ok = outcome.status === 200;
  const result = {
    ...NOTHING_RUN,
    RetMsg: retMsg(event.requestId, outcome),
    ErrMsg: ok ? '' : outcome.stackTrace || outcome.errorMessage,
    InvokeResult: ok ? 0 : 1,
    FunctionRequestId: event.requestId,
  };
  // An early answer is given while the run goes on: nothing is known of it yet.
  if (outcome.ended) return result;
  return {
    ...result,
    MemUsage: outcome.memoryBytes,
    Duration: outcome.durationMs,
    BillDuration: Math.ceil(outcome.durationMs),
    Log: isTail ? await tailOf(event, context) : '',
  };
}

/** The record of the run says which version ran with how much memory: the log's last line shows it. */
async function tailOf({ target, requestId }: FunctionEvent, { control, tail }: ScfContext): Promise<string> {
  const { rows } = await control.logs.requestStatus({ ...target, requestId });
  const row = rows.at(-1);
  return row ? tail(row) : '';
}

/** Documented: a call waits 300 s. The run goes on to its own time limit. */
async function inTime(running: Promise<Outcome>, requestId: string, { clock }: ScfContext): Promise<Outcome> {
  const { promise, reject } = Promise.withResolvers<Outcome>();
  const seconds = API_WAIT_MS / 1000;
  const patience = awake(clock);
  using _ = patience.at(patience.now() + API_WAIT_MS, () => {
    try {
      fail('FailedOperation.InvokeFunction', { seconds, requestId });
    } catch (error) {
      reject(error);
    }
  });
  return await Promise.race([running, promise]);
}

export const INVOKE_ACTIONS = { Invoke, InvokeFunction };
