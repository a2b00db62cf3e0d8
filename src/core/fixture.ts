// Small whole nouns and stand-ins for the ports, for tests alone.

import { memoryEvents } from '../queue/memory.ts';
import type { FunctionEvent } from './event.ts';
import {
  type Alias,
  type AsyncPolicy,
  type Concurrency,
  DEFAULT_ALIAS,
  DEFAULT_ASYNC_POLICY,
  type FunctionEntry,
  type FunctionKey,
  type FunctionVersion,
  keyText,
  LATEST,
  NO_CONCURRENCY,
} from './function.ts';
import { SeededIds } from './ids.ts';
import { type Outcome, refusal } from './invocation.ts';
import type { Log } from './log.ts';
import type { Catalog, EventStore, Queue } from './ports.ts';
import type { Account } from './trigger.ts';

export const ACCOUNT: Account = Object.freeze({ appId: '1250000000', uin: '100000000001' });

export const KEY: FunctionKey = Object.freeze({ region: 'ap-guangzhou', namespace: 'default', name: 'hello' });

export function aVersion(change: Partial<FunctionVersion> = {}): FunctionVersion {
  return {
    ...KEY,
    version: LATEST,
    id: 'lam-aaaaaaaa',
    type: 'Event',
    runtime: 'Nodejs20.19',
    handler: 'index.main_handler',
    description: '',
    memoryMB: 128,
    timeoutS: 3,
    initTimeoutS: 65,
    environment: {},
    code: { sha256: 'ab'.repeat(32), bytes: 10 },
    layers: [],
    asyncRun: false,
    traced: false,
    deadLetter: null,
    protocol: '',
    wsIdleTimeoutS: 0,
    role: '',
    status: 'Active',
    statusReasons: [],
    echoed: {},
    revision: 1,
    addTime: 0,
    modTime: 0,
    ...change,
  };
}

export function anAlias(change: Partial<Alias> = {}): Alias {
  return {
    ...KEY,
    alias: DEFAULT_ALIAS,
    version: LATEST,
    description: '',
    routing: { by: 'none' },
    addTime: 0,
    modTime: 0,
    ...change,
  };
}

export function anEntry(
  parts: {
    versions?: FunctionVersion[];
    aliases?: Alias[];
    async?: AsyncPolicy;
    concurrency?: Concurrency;
    key?: FunctionKey;
  } = {},
): FunctionEntry {
  const { versions = [aVersion()], aliases = [anAlias()], async = DEFAULT_ASYNC_POLICY, key = KEY } = parts;
  const { concurrency = NO_CONCURRENCY } = parts;
  return {
    key,
    versions: new Map(versions.map(version => [version.version, version])),
    aliases: new Map(aliases.map(alias => [alias.alias, alias])),
    async,
    concurrency,
  };
}

export function catalogOf(...entries: FunctionEntry[]): Catalog {
  const byKey = new Map(entries.map(entry => [keyText(entry.key), entry]));
  return { find: key => byKey.get(keyText(key)) };
}

export function anEvent(change: Partial<FunctionEvent> = {}): FunctionEvent {
  return {
    requestId: 'request-1',
    target: KEY,
    qualifier: DEFAULT_ALIAS,
    source: 'invoke',
    body: Buffer.from('{"key":"value"}'),
    ...change,
  };
}

export function anOutcome(status = 200, change: Partial<Outcome> = {}): Outcome {
  const body = status === 200 ? Buffer.from('"ok"') : Buffer.alloc(0);
  return { ...refusal(status, status === 200 ? '' : `status ${status}`), body, instance: 'i-1', ...change };
}

/** Keeps every line that was logged. */
export function keptLog(): Log & { readonly lines: { level: string; fields: object; text: string }[] } {
  const lines: { level: string; fields: object; text: string }[] = [];
  const level = (level: string) => (fields: object, text: string) => void lines.push({ level, fields, text });
  return { lines, debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

/** All of it in memory; the queue as plain verbs, so that a test can replace some of them. */
export function someEvents(): EventStore {
  const events = memoryEvents(new SeededIds());
  return { ...events, queue: plain(events.queue) };
}

export const aQueue = (): Queue => someEvents().queue;

function plain(own: Queue): Queue {
  return {
    push: (item, limit) => own.push(item, limit),
    lease: (limit, nowMs, untilMs, skip) => own.lease(limit, nowMs, untilMs, skip),
    renew: (lease, untilMs) => own.renew(lease, untilMs),
    later: (lease, change) => own.later(lease, change),
    ack: (lease, end) => own.ack(lease, end),
    dead: (lease, letter, end) => own.dead(lease, letter, end),
    cancel: (requestId, end) => own.cancel(requestId, end),
    nextDue: () => own.nextDue(),
    pending: target => own.pending(target),
    find: requestId => own.find(requestId),
  };
}

/** Processor time that this process spends on it, in ms: on a busy machine it takes longer, and costs the same. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
