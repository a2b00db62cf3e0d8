// A whole control over a store in memory, with runtimes, a blob store and a trigger kind that do as a test says. For tests alone.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { memoryBus } from '../bus/memory.ts';
import { TurnableClock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import type { CodePackage, FunctionKey, FunctionVersion, StatusReason } from '../core/function.ts';
import { SeededIds } from '../core/ids.ts';
import { refusal } from '../core/invocation.ts';
import { NO_LOG } from '../core/log.ts';
import type { Blob, Bus, Store } from '../core/ports.ts';
import type { Trigger, TriggerHost } from '../core/trigger.ts';
import { memoryEvents } from '../queue/memory.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { parseCron } from '../triggers/timer/cron.ts';
import type { CreateFunction } from './control.ts';
import { type ControlDeps, createControl } from './create.ts';
import type { AnyTriggerKind } from './kinds.ts';
import type { History } from './needs.ts';
import { DOCUMENTED_QUOTAS } from './quotas.ts';

export const NOW = Date.UTC(2024, 3, 19, 8, 0, 0);
export const KEY: FunctionKey = Object.freeze({ region: 'ap-guangzhou', namespace: 'default', name: 'hello' });

/** A zip as far as control looks into it; other text, other package. */
export const zip = (text = 'code') => Buffer.from(`PK\x03\x04${text}`);

/** Rejects with this code; gives the error for a look at its sentences. */
export async function rejects(promise: Promise<unknown>, code: string): Promise<CloudError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof CloudError)) throw error ?? new Error(`nothing was refused, ${code} was expected`);
  assert.equal(error.code, code);
  return error;
}

export function throws(work: () => unknown, code: string): void {
  assert.throws(work, error => error instanceof CloudError && error.code === code);
}

export class MemoryBlob implements Blob {
  readonly kept = new Map<string, Buffer>();
  /** When set, the next write fails so. */
  full: Error | undefined;

  async put(content: Buffer | Readable) {
    if (this.full) throw this.full;
    const bytes = Buffer.isBuffer(content) ? content : Buffer.concat(await content.toArray());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.kept.set(sha256, bytes);
    return { bytes: bytes.length, sha256 };
  }

  async get(sha256: string) {
    const bytes = this.kept.get(sha256);
    return bytes && Readable.from([bytes]);
  }

  async delete(sha256: string) {
    this.kept.delete(sha256);
  }
}

/** The bus of one process, counting. */
export class SharedBus implements Bus {
  readonly #bus = memoryBus(NO_LOG);
  published = 0;

  publish(topic: string, text: string): void {
    this.published++;
    this.#bus.publish(topic, text);
  }

  subscribe(topic: string, heard: (text: string) => void): Disposable {
    return this.#bus.subscribe(topic, heard);
  }
}

/** Answers at once, or when told to. */
export class TestRuntimes {
  readonly defaultRuntime = 'Python2.7';
  readonly prepared: FunctionVersion[] = [];
  answer: (version: FunctionVersion) => Promise<StatusReason | undefined> = async () => undefined;
  answerLayer: (code: CodePackage) => Promise<StatusReason | undefined> = async () => undefined;

  supports(runtime: string) {
    if (/^(Python|Nodejs|Custom|Java|Go)/.test(runtime)) return 'yes' as const;
    return { refused: { zh: `运行环境 ${runtime} 不存在。`, en: `There is no runtime ${runtime}.` } };
  }

  prepare(version: FunctionVersion) {
    this.prepared.push(version);
    return this.answer(version);
  }

  prepareLayer(code: CodePackage) {
    return this.answerLayer(code);
  }

  entryFile(version: FunctionVersion) {
    return version.runtime.startsWith('Go') ? undefined : 'index.py';
  }
}

/** A kind of trigger that notes what is done with it. Its TriggerDesc is any JSON object. */
export class TestKind implements AnyTriggerKind {
  readonly mode = 'async';
  readonly attribute = 'single';
  readonly title = { zh: '测试', en: 'test' };
  readonly serves = ['Event'] as const;
  readonly type: string;
  readonly did: string[] = [];
  readonly on = new Set<string>();
  /** `bind`, `unbind` or `listen`: fails when asked. */
  failing: string | undefined;
  readonly same?: (desc: unknown, text: string) => boolean;

  constructor(type: string, sharesNames = false) {
    this.type = type;
    if (sharesNames) this.same = (desc, text) => JSON.stringify(desc) === JSON.stringify(JSON.parse(text));
  }

  checkName(name: string): void {
    if (name.includes(' ')) throw new Error('a bad name');
  }

  parse(text: string, { previous }: { readonly previous?: unknown }): unknown {
    return { ...Object(previous), ...JSON.parse(text || '{}') };
  }

  format(desc: unknown): string {
    return JSON.stringify(desc);
  }

  summary(desc: unknown): string {
    return JSON.stringify(desc);
  }

  conflict(draft: { readonly desc: unknown }, others: readonly Trigger[]): void {
    const taken = others.some(other => JSON.stringify(other.desc) === JSON.stringify(draft.desc));
    if (taken && Object(draft.desc).only) throw new Error('taken');
  }

  async bind(trigger: Trigger, _host: TriggerHost<unknown>) {
    this.#do('bind', trigger);
    return { desc: trigger.desc, resourceId: `source/${trigger.triggerName}` };
  }

  async unbind(trigger: Trigger): Promise<void> {
    this.#do('unbind', trigger);
  }

  listen(trigger: Trigger): Disposable {
    this.#do('listen', trigger);
    this.on.add(trigger.triggerName);
    return {
      [Symbol.dispose]: () => {
        this.did.push(`stop ${trigger.triggerName}`);
        this.on.delete(trigger.triggerName);
      },
    };
  }

  urls(trigger: Trigger): readonly string[] {
    return [`http://test/${trigger.triggerName}`];
  }

  sample(): unknown {
    return {};
  }

  #do(what: string, trigger: Trigger): void {
    this.did.push(`${what} ${trigger.triggerName}`);
    if (this.failing === what) throw new Error(`${what} fails`);
  }
}

/** Reads the store itself: nothing is written behind in these tests. */
export function historyOf(store: Store): History {
  return {
    list: (where, page) => store.list('invocations', where, page),
    count: (where, range) => store.count('invocations', where, range),
  };
}

export async function scene(given: Partial<ControlDeps> & { readonly blob?: MemoryBlob } = {}) {
  const clock = new TurnableClock(NOW);
  const store = given.store ?? (await openSqliteStore({ file: ':memory:', clock, log: NO_LOG }));
  const blob = given.blob ?? new MemoryBlob();
  const runtimes = new TestRuntimes();
  const timer = new TestKind('timer');
  const cos = new TestKind('cos', true);
  const events = memoryEvents(new SeededIds());
  const deps: ControlDeps = {
    store,
    blob,
    clock,
    bus: new SharedBus(),
    ids: new SeededIds(),
    log: NO_LOG,
    account: { appId: '1250000000', uin: '100000000001' },
    keys: [{ secretId: 'AKIDtest', secretKey: 'secret' }],
    quotas: DOCUMENTED_QUOTAS,
    runtimes,
    kinds: { timer, cos },
    host: () => ({
      clock,
      ids: deps.ids,
      account: deps.account,
      source: undefined,
      submit: { sync: async () => refusal(500, ''), async: async () => {} },
    }),
    history: historyOf(store),
    cron: parseCron,
    executions: events.executions,
    ...given,
  };
  const control = await createControl(deps);

  async function made(change: Partial<CreateFunction> = {}): Promise<void> {
    await control.functions.create(creation(change));
    await control.settled();
  }

  return { control, made, clock, store, blob, runtimes, timer, cos, events, deps };
}

export function creation(change: Partial<CreateFunction> = {}): CreateFunction {
  return { ...KEY, zip: zip(), runtime: 'Nodejs20.19', wire: {}, ...change };
}
