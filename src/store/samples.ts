// Rows for the store's tests: two of each table, with the values that are easily lost.

import { CloudError } from '../core/errors.ts';
import type { InvocationRow, Tables } from '../core/rows.ts';
import type { Trigger } from '../core/trigger.ts';

const KEY = { region: 'ap-guangzhou', namespace: 'default', name: 'f' };
const NOW = 1_700_000_000_000;
const TRICKY = 'tab\t newline\n quote\' " \\ 中文 😀';

export function trigger(change: Partial<Trigger> = {}): Trigger {
  return {
    ...KEY,
    id: 'trigger-1',
    type: 'timer',
    triggerName: 'tick',
    qualifier: '$DEFAULT',
    enabled: true,
    desc: { cron: '0 */5 * * * * *', deep: [{ a: null, b: [1.5, false] }] },
    customArgument: TRICKY,
    description: '',
    resourceId: '',
    addTime: NOW,
    modTime: NOW + 1,
    ...change,
  };
}

export function invocation(change: Partial<InvocationRow> = {}): InvocationRow {
  return {
    ...KEY,
    requestId: '0a7c5d90-0000-4000-8000-000000000001',
    retryNum: 0,
    version: '$LATEST',
    qualifier: '$DEFAULT',
    source: 'invoke',
    acceptedAt: NOW,
    startedAt: NOW + 3,
    status: 200,
    verdict: 'answered',
    durationMs: 1.25,
    initMs: 0,
    waitMs: 0.001,
    memoryBytes: 2 ** 40,
    memoryMB: 128,
    retMsg: '"hi"',
    errMsg: '',
    log: TRICKY,
    instance: 'i-1',
    queuedMs: 0,
    nextAt: 0,
    why: '',
    ...change,
  };
}

type Samples = { readonly [T in keyof Tables]: readonly [Tables[T], Tables[T]] };

export const SAMPLES: Samples = {
  namespaces: [
    { region: 'ap-guangzhou', namespace: 'default', description: '', addTime: NOW, modTime: NOW },
    { region: 'ap-shanghai', namespace: 'default', description: TRICKY, addTime: 0, modTime: 2 ** 53 - 1 },
  ],
  functions: [
    { ...KEY, id: 'lam-abc', lastVersion: 3, async: { retryNum: 0, msgTtlS: 60 }, addTime: NOW },
    {
      ...KEY,
      name: 'g',
      id: 'lam-def',
      lastVersion: 0,
      async: { retryNum: 2, msgTtlS: 21600 },
      addTime: NOW,
    },
  ],
  versions: [
    {
      ...KEY,
      version: '$LATEST',
      id: 'lam-abc',
      type: 'Event',
      runtime: 'Nodejs18.15',
      handler: 'index.main_handler',
      description: TRICKY,
      memoryMB: 128,
      timeoutS: 3,
      initTimeoutS: 65,
      environment: { B: '2', A: TRICKY, '': '' },
      code: { sha256: 'ab'.repeat(32), bytes: 1234 },
      status: 'Active',
      statusReasons: [{ ErrorCode: 'X', ErrorMessage: TRICKY }],
      echoed: { VpcConfig: { VpcId: '', SubnetId: null }, Layers: [], L5Enable: 'FALSE' },
      revision: 7,
      addTime: NOW,
      modTime: NOW,
      layers: [{ name: 'deps', version: 2, code: { sha256: 'cd'.repeat(32), bytes: 5 } }],
      asyncRun: true,
      traced: false,
      protocol: '',
      wsIdleTimeoutS: 0,
      role: '',
      deadLetter: { type: 'CMQ-QUEUE', name: TRICKY, filterType: '' },
    },
    {
      ...KEY,
      version: '1',
      id: 'lam-abc',
      type: 'HTTP',
      runtime: 'Python3.9',
      handler: '',
      description: '',
      memoryMB: 64,
      timeoutS: 900,
      initTimeoutS: 3,
      environment: {},
      code: { sha256: '', bytes: 0 },
      status: 'PublishFailed',
      statusReasons: [],
      echoed: {},
      revision: 0,
      addTime: NOW,
      modTime: NOW + 5,
      layers: [],
      asyncRun: false,
      traced: true,
      deadLetter: null,
      protocol: 'WS',
      wsIdleTimeoutS: 7200,
      role: 'SCF_ExecuteRole',
    },
  ],
  aliases: [
    {
      ...KEY,
      alias: '$DEFAULT',
      version: '$LATEST',
      description: '',
      routing: { by: 'none' },
      addTime: NOW,
      modTime: NOW,
    },
    {
      ...KEY,
      alias: 'prod',
      version: '1',
      description: TRICKY,
      routing: { by: 'match', rules: [{ version: '2', key: 'User', method: 'range', expression: '(1,5]' }] },
      addTime: NOW,
      modTime: NOW,
    },
  ],
  layers: [
    { region: 'ap-guangzhou', name: 'deps', lastVersion: 3 },
    { region: 'ap-shanghai', name: 'deps', lastVersion: 1 },
  ],
  layerVersions: [
    {
      region: 'ap-guangzhou',
      name: 'deps',
      version: 2,
      description: TRICKY,
      runtimes: ['Nodejs18.15', 'Python3.10'],
      license: TRICKY,
      code: { sha256: 'cd'.repeat(32), bytes: 5 },
      status: 'Active',
      statusReasons: [],
      addTime: NOW,
    },
    {
      region: 'ap-guangzhou',
      name: 'deps',
      version: 10,
      description: '',
      runtimes: [],
      license: '',
      code: { sha256: 'ef'.repeat(32), bytes: 6 },
      status: 'PublishFailed',
      statusReasons: [{ ErrorCode: 'X', ErrorMessage: TRICKY }],
      addTime: NOW,
    },
  ],
  reserved: [
    { ...KEY, memoryMB: 0 },
    { ...KEY, name: 'g', memoryMB: 115_200 },
  ],
  provisioned: [
    {
      ...KEY,
      version: '1',
      wanted: 3,
      tracking: null,
      schedule: [{ name: 'noon', instances: 0, cron: '0 0 12 * * * *' }],
      appliedTo: NOW,
    },
    { ...KEY, version: '2', wanted: 0, tracking: { target: 0.7, min: 1, max: 20 }, schedule: [], appliedTo: 0 },
  ],
  concurrencyQuotas: [
    { region: 'ap-guangzhou', memoryMB: 64_000 },
    { region: 'ap-shanghai', memoryMB: 12_800 },
  ],
  triggers: [
    trigger(),
    trigger({ id: 'trigger-2', triggerName: 'tock', enabled: false, desc: null, resourceId: 'service-1' }),
  ],
  resources: [
    {
      kind: 'apigateway/service',
      region: 'ap-guangzhou',
      id: 'service-1',
      parent: '',
      body: { a: [1, { b: TRICKY }] },
    },
    { kind: 'apigateway/api', region: 'ap-guangzhou', id: 'api-1', parent: 'service-1', body: 'a text' },
  ],
  invocations: [
    invocation(),
    invocation({ retryNum: 1, status: 430, verdict: 'retried', durationMs: 900_000, errMsg: TRICKY }),
  ],
  payloads: [
    {
      requestId: 'r',
      retryNum: 0,
      at: NOW,
      bytes: 5,
      routingKey: TRICKY,
      event: Buffer.from([0, 255, 10]),
      reply: Buffer.from('{}'),
    },
    { requestId: 'r', retryNum: 1, at: 0, bytes: 0, routingKey: '', event: Buffer.alloc(0), reply: Buffer.alloc(0) },
  ],
  missed: [
    { service: 'scf', action: 'PublishLayerVersion', calls: 1, lastAt: NOW },
    { service: 'scf', action: 'TerminateAsyncEvent', calls: 12, lastAt: NOW + 1 },
  ],
};

export function codeOf(error: unknown): string | undefined {
  return error instanceof CloudError ? error.code : undefined;
}
