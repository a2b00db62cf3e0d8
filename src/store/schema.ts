// The one place that knows the tables' keys and columns; tsc holds it against core/rows.ts.

import type { TableName, Tables } from '../core/rows.ts';

export type ColumnKind = 'text' | 'integer' | 'real' | 'boolean' | 'json' | 'blob';

type KindOf<V> = [V] extends [string]
  ? 'text'
  : [V] extends [boolean]
    ? 'boolean'
    : [V] extends [number]
      ? 'integer' | 'real'
      : [V] extends [Buffer]
        ? 'blob'
        : 'json';

type TableSchema<R> = {
  readonly key: readonly (keyof R & string)[];
  readonly columns: { readonly [C in keyof R]-?: KindOf<R[C]> };
};

const FUNCTION = { region: 'text', namespace: 'text', name: 'text' } as const;

export const SCHEMA = {
  namespaces: {
    key: ['region', 'namespace'],
    columns: { region: 'text', namespace: 'text', description: 'text', addTime: 'integer', modTime: 'integer' },
  },
  functions: {
    key: ['region', 'namespace', 'name'],
    columns: { ...FUNCTION, id: 'text', lastVersion: 'integer', async: 'json', addTime: 'integer' },
  },
  versions: {
    key: ['region', 'namespace', 'name', 'version'],
    columns: {
      ...FUNCTION,
      version: 'text',
      id: 'text',
      type: 'text',
      runtime: 'text',
      handler: 'text',
      description: 'text',
      memoryMB: 'integer',
      timeoutS: 'integer',
      initTimeoutS: 'integer',
      environment: 'json',
      code: 'json',
      status: 'text',
      statusReasons: 'json',
      echoed: 'json',
      revision: 'integer',
      addTime: 'integer',
      modTime: 'integer',
      layers: 'json',
      asyncRun: 'boolean',
      traced: 'boolean',
      deadLetter: 'json',
      protocol: 'text',
      wsIdleTimeoutS: 'integer',
      role: 'text',
    },
  },
  aliases: {
    key: ['region', 'namespace', 'name', 'alias'],
    columns: {
      ...FUNCTION,
      alias: 'text',
      version: 'text',
      description: 'text',
      routing: 'json',
      addTime: 'integer',
      modTime: 'integer',
    },
  },
  layers: {
    key: ['region', 'name'],
    columns: { region: 'text', name: 'text', lastVersion: 'integer' },
  },
  layerVersions: {
    key: ['region', 'name', 'version'],
    columns: {
      region: 'text',
      name: 'text',
      version: 'integer',
      description: 'text',
      runtimes: 'json',
      license: 'text',
      code: 'json',
      status: 'text',
      statusReasons: 'json',
      addTime: 'integer',
    },
  },
  reserved: {
    key: ['region', 'namespace', 'name'],
    columns: { ...FUNCTION, memoryMB: 'integer' },
  },
  provisioned: {
    key: ['region', 'namespace', 'name', 'version'],
    columns: {
      ...FUNCTION,
      version: 'text',
      wanted: 'integer',
      tracking: 'json',
      schedule: 'json',
      appliedTo: 'integer',
    },
  },
  concurrencyQuotas: {
    key: ['region'],
    columns: { region: 'text', memoryMB: 'integer' },
  },
  triggers: {
    key: ['id'],
    columns: {
      ...FUNCTION,
      id: 'text',
      type: 'text',
      triggerName: 'text',
      qualifier: 'text',
      enabled: 'boolean',
      desc: 'json',
      customArgument: 'text',
      description: 'text',
      resourceId: 'text',
      addTime: 'integer',
      modTime: 'integer',
    },
  },
  resources: {
    key: ['kind', 'region', 'id'],
    columns: { kind: 'text', region: 'text', id: 'text', parent: 'text', body: 'json' },
  },
  invocations: {
    key: ['requestId', 'retryNum'],
    columns: {
      ...FUNCTION,
      requestId: 'text',
      retryNum: 'integer',
      version: 'text',
      qualifier: 'text',
      source: 'text',
      acceptedAt: 'integer',
      startedAt: 'integer',
      status: 'integer',
      verdict: 'text',
      durationMs: 'real',
      initMs: 'real',
      waitMs: 'real',
      memoryBytes: 'integer',
      memoryMB: 'integer',
      retMsg: 'text',
      errMsg: 'text',
      log: 'text',
      instance: 'text',
      queuedMs: 'integer',
      nextAt: 'integer',
      why: 'text',
    },
  },
  payloads: {
    key: ['requestId', 'retryNum'],
    columns: {
      requestId: 'text',
      retryNum: 'integer',
      at: 'integer',
      bytes: 'integer',
      routingKey: 'text',
      event: 'blob',
      reply: 'blob',
    },
  },
  missed: {
    key: ['service', 'action'],
    columns: { service: 'text', action: 'text', calls: 'integer', lastAt: 'integer' },
  },
} as const satisfies { readonly [T in TableName]: TableSchema<Tables[T]> };

/** The schema as drivers walk it. */
export interface Table {
  readonly name: TableName;
  readonly key: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnKind>;
  /** The same in lists, which are walked faster. */
  readonly names: readonly string[];
  readonly kinds: readonly ColumnKind[];
}

export const TABLE_NAMES = Object.keys(SCHEMA) as TableName[];

const TABLES = new Map<TableName, Table>(
  TABLE_NAMES.map(name => {
    const { key, columns } = SCHEMA[name];
    const names = Object.keys(columns);
    const kinds = Object.values(columns);
    return [name, { name, key, columns: new Map<string, ColumnKind>(Object.entries(columns)), names, kinds }];
  }),
);

export function tableOf(name: TableName): Table {
  const table = TABLES.get(name);
  if (!table) throw new Error(`no such table: ${name}`);
  return table;
}

export function kindOf(table: Table, column: string): ColumnKind {
  const kind = table.columns.get(column);
  if (!kind) throw new Error(`table ${table.name} has no column ${column}`);
  return kind;
}
