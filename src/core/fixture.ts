// Small whole nouns and stand-ins for the ports, for tests alone.

import type { FunctionEvent } from './event.ts';
import {
  type Alias,
  type AsyncPolicy,
  DEFAULT_ALIAS,
  DEFAULT_ASYNC_POLICY,
  type FunctionEntry,
  type FunctionKey,
  type FunctionVersion,
  keyText,
  LATEST,
} from './function.ts';
import { type Outcome, refusal } from './invocation.ts';
import type { Log } from './log.ts';
import type { Catalog, Lease, Queue, QueuedEvent } from './ports.ts';

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
  parts: { versions?: FunctionVersion[]; aliases?: Alias[]; async?: AsyncPolicy; key?: FunctionKey } = {},
): FunctionEntry {
  const { versions = [aVersion()], aliases = [anAlias()], async = DEFAULT_ASYNC_POLICY, key = KEY } = parts;
  return {
    key,
    versions: new Map(versions.map(version => [version.version, version])),
    aliases: new Map(aliases.map(alias => [alias.alias, alias])),
    async,
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

interface Waiting {
  item: QueuedEvent;
  leasedUntil: number | undefined;
  token: string;
}

/** The port by its words, in an array. */
export function arrayQueue(): Queue & { readonly waiting: readonly Waiting[] } {
  const waiting: Waiting[] = [];
  let tokens = 0;
  const instant = (it: Waiting) => it.leasedUntil ?? it.item.dueAt;
  const held = ({ token }: Lease) => waiting.findIndex(it => it.leasedUntil !== undefined && it.token === token);
  return {
    waiting,
    async push(item) {
      if (!waiting.some(it => it.item.event.requestId === item.event.requestId))
        waiting.push({ item, leasedUntil: undefined, token: '' });
    },
    async lease(limit, nowMs, untilMs, skip = new Set()) {
      const due = waiting
        .filter(it => instant(it) <= nowMs && !skip.has(keyText(it.item.event.target)))
        .sort((a, b) => a.item.dueAt - b.item.dueAt)
        .slice(0, limit);
      for (const it of due) {
        it.leasedUntil = untilMs;
        it.token = `lease-${++tokens}`;
      }
      return due.map(({ item, token }) => ({ item, token }));
    },
    async ack(lease) {
      const index = held(lease);
      if (index >= 0) waiting.splice(index, 1);
      return index >= 0;
    },
    async later(lease, change) {
      const it = waiting[held(lease)];
      if (!it) return false;
      it.item = { ...it.item, ...change };
      it.leasedUntil = undefined;
      return true;
    },
    async nextDue() {
      return waiting.length === 0 ? undefined : Math.min(...waiting.map(instant));
    },
    async pending(target) {
      return waiting.filter(it => keyText(it.item.event.target) === keyText(target)).length;
    },
  };
}
