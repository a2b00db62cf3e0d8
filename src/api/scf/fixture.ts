// A control that notes what it is asked and answers what a test gives it. For tests alone.

import { Readable } from 'node:stream';
import type { Control } from '../../control/control.ts';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { ACCOUNT, anEntry, catalogOf, KEY } from '../../core/fixture.ts';
import type { FunctionEntry } from '../../core/function.ts';
import { SeededIds } from '../../core/ids.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { InvocationRow } from '../../core/rows.ts';
import { SleptClock } from '../../core/testing-clock.ts';
import type { ScfDeps } from './deps.ts';
import { SCF_ACTIONS } from './index.ts';
import type { CodeStore } from './objects.ts';

export interface Asked {
  readonly verb: string;
  readonly args: readonly unknown[];
}

/** `functions.get` → what it answers; an Error is thrown. Verbs without an answer give undefined. */
export type Answers = Readonly<Record<string, unknown>>;

export function fakeControl(answers: Answers, entries: readonly FunctionEntry[]) {
  const asked: Asked[] = [];
  const room = (name: string) =>
    new Proxy(
      {},
      {
        get: (_, verb) => {
          if (typeof verb !== 'string') return undefined;
          if (name === 'accounts' && verb === 'appId') return ACCOUNT.appId;
          return async (...args: unknown[]) => {
            const path = `${name}.${verb}`;
            asked.push({ verb: path, args });
            const answer = answers[path];
            if (answer instanceof Error) throw answer;
            return answer;
          };
        },
      },
    );
  const rooms = [
    'functions',
    'versions',
    'aliases',
    'namespaces',
    'layers',
    'triggers',
    'concurrency',
    'executions',
    'accounts',
    'logs',
  ];
  const control = {
    ...Object.fromEntries(rooms.map(name => [name, room(name)])),
    catalog: catalogOf(...entries),
  } as unknown as Control;
  return { control, asked };
}

export interface Scene {
  readonly answers?: Answers;
  readonly entries?: readonly FunctionEntry[];
  readonly outcome?: Outcome | Promise<Outcome>;
  /** Also where a real control takes the place of the noting one. */
  readonly deps?: Partial<ScfDeps>;
}

/** A server of one call: `call('GetFunction', {...})` as the envelope hands it to the action. */
export function scene({ answers = {}, entries = [anEntry()], outcome, deps = {} }: Scene = {}) {
  const { control, asked } = fakeControl(answers, entries);
  const submitted: { readonly mode: 'sync' | 'async'; readonly event: FunctionEvent }[] = [];
  const clock = new TurnableClock(Date.UTC(2024, 3, 19, 8, 0, 0));
  const slept = new SleptClock(clock);
  const context = {
    requestId: 'api-request',
    region: KEY.region,
    language: 'en' as const,
    secretId: 'AKID',
    signal: new AbortController().signal,
    control,
    clock: slept,
    ids: new SeededIds(),
    submit: {
      async sync(event: FunctionEvent) {
        submitted.push({ mode: 'sync', event });
        if (!outcome) throw new Error('this scene has no outcome');
        return outcome;
      },
      async async(event: FunctionEvent) {
        submitted.push({ mode: 'async', event });
      },
    },
    templates: async () => undefined,
    objects: storeOf('objects', Buffer.from('no zip')),
    entryFile: () => 'index.js',
    renderLog: (row: InvocationRow) => `<${row.log}>`,
    tail: (row: InvocationRow) => `tail of ${row.requestId}`,
    ...deps,
  };
  const call = async (name: string, request: object): Promise<Record<string, unknown>> => {
    const row = SCF_ACTIONS.actions[name];
    if (!row) throw new Error(`no action ${name}`);
    return { ...(await row.handle(row.request.parse(request), context)) };
  };
  return { call, asked, submitted, clock, slept };
}

/** An object store with one bucket, in which all objects are the same. */
export function storeOf(name: string, content: Buffer): CodeStore {
  const opened = { object: { bytes: content.length }, read: () => Readable.from([content]) };
  return {
    buckets: { find: id => (id === `${name}-${ACCOUNT.appId}` ? { id, region: KEY.region } : undefined) },
    objects: { open: () => opened },
  };
}

/** For assert.rejects: an error of the cloud with this code. */
export function refused(expected: string): (error: unknown) => boolean {
  return error => {
    if (!(error instanceof CloudError)) throw error;
    if (error.code !== expected) throw new Error(`${error.code}, not ${expected}: ${error.message}`);
    const unfilled = /\{\w+\}/;
    if (unfilled.test(error.text('zh')) || unfilled.test(error.text('en')))
      throw new Error(`unfilled: ${error.message}`);
    return true;
  };
}

/** A kept attempt that went well. */
export function anAttempt(change: Partial<InvocationRow> = {}): InvocationRow {
  return {
    ...KEY,
    requestId: 'run-1',
    retryNum: 0,
    version: '$LATEST',
    qualifier: '$DEFAULT',
    source: 'invoke',
    acceptedAt: Date.UTC(2024, 3, 19, 8, 0, 0),
    startedAt: Date.UTC(2024, 3, 19, 8, 0, 1),
    status: 200,
    verdict: 'answered',
    durationMs: 12.25,
    initMs: 0,
    waitMs: 0,
    memoryBytes: 3 * 1024 * 1024,
    memoryMB: 128,
    retMsg: '"hi"',
    errMsg: '',
    log: 'hello',
    instance: 'i-1',
    queuedMs: 0,
    nextAt: 0,
    why: '',
    ...change,
  };
}
