// How the tables came to be, step by step. A released step is never changed: a new one is added.
// Types are those that SQLite and PostgreSQL both understand; texts compare by bytes on both.

import { type CreateTableBuilder, type Kysely, type Migration, sql } from 'kysely';

type Type = 'text' | 'bigint' | 'double precision' | 'smallint' | 'blob';

async function table(
  db: Kysely<unknown>,
  name: string,
  key: readonly string[],
  columns: Readonly<Record<string, Type>>,
): Promise<void> {
  let build: CreateTableBuilder<string, string> = db.schema.createTable(name);
  for (const [column, type] of Object.entries(columns)) {
    build = build.addColumn(column, sql.raw(type), made => made.notNull());
  }
  await build.addPrimaryKeyConstraint(`${name}_key`, [...key] as never).execute();
}

const FUNCTION = { region: 'text', namespace: 'text', name: 'text' } as const;
const TIMES = { addTime: 'bigint', modTime: 'bigint' } as const;

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await table(db, 'namespaces', ['region', 'namespace'], {
      region: 'text',
      namespace: 'text',
      description: 'text',
      ...TIMES,
    });
    await table(db, 'functions', ['region', 'namespace', 'name'], {
      ...FUNCTION,
      id: 'text',
      lastVersion: 'bigint',
      async: 'text',
      tags: 'text',
      addTime: 'bigint',
    });
    await table(db, 'versions', ['region', 'namespace', 'name', 'version'], {
      ...FUNCTION,
      version: 'text',
      id: 'text',
      type: 'text',
      runtime: 'text',
      handler: 'text',
      description: 'text',
      memoryMB: 'bigint',
      timeoutS: 'bigint',
      initTimeoutS: 'bigint',
      environment: 'text',
      code: 'text',
      status: 'text',
      statusReasons: 'text',
      echoed: 'text',
      revision: 'bigint',
      ...TIMES,
    });
    await table(db, 'aliases', ['region', 'namespace', 'name', 'alias'], {
      ...FUNCTION,
      alias: 'text',
      version: 'text',
      description: 'text',
      routing: 'text',
      ...TIMES,
    });
    await table(db, 'triggers', ['id'], {
      ...FUNCTION,
      id: 'text',
      type: 'text',
      triggerName: 'text',
      qualifier: 'text',
      enabled: 'smallint',
      desc: 'text',
      customArgument: 'text',
      description: 'text',
      resourceId: 'text',
      ...TIMES,
    });
    await table(db, 'resources', ['kind', 'region', 'id'], {
      kind: 'text',
      region: 'text',
      id: 'text',
      parent: 'text',
      body: 'text',
    });
    await table(db, 'invocations', ['requestId', 'retryNum'], {
      ...FUNCTION,
      requestId: 'text',
      retryNum: 'bigint',
      version: 'text',
      qualifier: 'text',
      source: 'text',
      acceptedAt: 'bigint',
      startedAt: 'bigint',
      status: 'bigint',
      verdict: 'text',
      durationMs: 'double precision',
      initMs: 'double precision',
      waitMs: 'double precision',
      memoryBytes: 'bigint',
      memoryMB: 'bigint',
      retMsg: 'text',
      errMsg: 'text',
      log: 'text',
      instance: 'text',
    });
    await table(db, 'missed', ['service', 'action'], {
      service: 'text',
      action: 'text',
      calls: 'bigint',
      lastAt: 'bigint',
    });

    const triggerName = ['region', 'namespace', 'name', 'type', 'triggerName', 'qualifier'];
    await db.schema.createIndex('triggers_name').on('triggers').columns(triggerName).execute();
    await db.schema.createIndex('triggers_type').on('triggers').column('type').execute();
    await db.schema.createIndex('resources_parent').on('resources').column('parent').execute();
    const perFunction = ['region', 'namespace', 'name', 'startedAt'];
    await db.schema.createIndex('invocations_function').on('invocations').columns(perFunction).execute();
    await db.schema.createIndex('invocations_started').on('invocations').column('startedAt').execute();
  },
};

const layers: Migration = {
  async up(db: Kysely<unknown>) {
    await table(db, 'layers', ['region', 'name'], { region: 'text', name: 'text', lastVersion: 'bigint' });
    await table(db, 'layerVersions', ['region', 'name', 'version'], {
      region: 'text',
      name: 'text',
      version: 'bigint',
      description: 'text',
      runtimes: 'text',
      license: 'text',
      tags: 'text',
      code: 'text',
      status: 'text',
      statusReasons: 'text',
      addTime: 'bigint',
    });
    await db.schema
      .alterTable('versions')
      .addColumn('layers', 'text', made => made.notNull().defaultTo('[]'))
      .execute();
  },
};

const concurrency: Migration = {
  async up(db: Kysely<unknown>) {
    await table(db, 'reserved', ['region', 'namespace', 'name'], { ...FUNCTION, memoryMB: 'bigint' });
    await table(db, 'provisioned', ['region', 'namespace', 'name', 'version'], {
      ...FUNCTION,
      version: 'text',
      wanted: 'bigint',
      tracking: 'text',
      schedule: 'text',
      appliedTo: 'bigint',
    });
    await table(db, 'concurrencyQuotas', ['region'], { region: 'text', memoryMB: 'bigint' });
  },
};

const asynchronous: Migration = {
  async up(db: Kysely<unknown>) {
    const number = (name: string) => ['bigint', name, 0] as const;
    for (const [type, name, usual] of [
      ['smallint', 'asyncRun', 0],
      ['smallint', 'traced', 0],
      ['text', 'deadLetter', 'null'],
    ] as const) {
      await db.schema
        .alterTable('versions')
        .addColumn(name, type, made => made.notNull().defaultTo(usual))
        .execute();
    }
    for (const [type, name, usual] of [number('queuedMs'), number('nextAt'), ['text', 'why', ''] as const]) {
      await db.schema
        .alterTable('invocations')
        .addColumn(name, type, made => made.notNull().defaultTo(usual))
        .execute();
    }
    await table(db, 'payloads', ['requestId', 'retryNum'], {
      requestId: 'text',
      retryNum: 'bigint',
      at: 'bigint',
      bytes: 'bigint',
      routingKey: 'text',
      event: 'blob',
      reply: 'blob',
    });
    // With the bytes, so that they are added up without a look at a single payload.
    await db.schema.createIndex('payloads_at').on('payloads').columns(['at', 'bytes']).execute();
    const perVerdict = ['verdict', 'startedAt'];
    await db.schema.createIndex('invocations_verdict').on('invocations').columns(perVerdict).execute();
  },
};

const web: Migration = {
  async up(db: Kysely<unknown>) {
    for (const [type, name, usual] of [
      ['text', 'protocol', ''],
      ['bigint', 'wsIdleTimeoutS', 0],
    ] as const) {
      await db.schema
        .alterTable('versions')
        .addColumn(name, type, made => made.notNull().defaultTo(usual))
        .execute();
    }
  },
};

/** Tags become rows of the one table of tags; a layer has those that a version of it was last published with. */
const tags: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`INSERT INTO resources ("kind", "region", "id", "parent", "body")
      SELECT 'tag/resource', "region", 'scf:lam/' || "id", '', "tags" FROM functions WHERE "tags" <> '[]'`.execute(db);
    await sql`INSERT INTO resources ("kind", "region", "id", "parent", "body")
      SELECT 'tag/resource', "region", 'scf:layer/' || "name", '', "tags" FROM "layerVersions" AS here
      WHERE "tags" <> '[]' AND "version" = (
        SELECT MAX("version") FROM "layerVersions" AS other
        WHERE other."region" = here."region" AND other."name" = here."name" AND other."tags" <> '[]'
      )`.execute(db);
    for (const name of ['functions', 'layerVersions']) await db.schema.alterTable(name).dropColumn('tags').execute();
  },
};

const roles: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('versions')
      .addColumn('role', 'text', made => made.notNull().defaultTo(''))
      .execute();
  },
};

export type Migrations = Readonly<Record<string, Migration>>;

/** Applied in order of their names. */
export const MIGRATIONS: Migrations = {
  '0001_tables': first,
  '0002_layers': layers,
  '0003_concurrency': concurrency,
  '0004_asynchronous': asynchronous,
  '0005_web': web,
  '0006_tags': tags,
  '0007_roles': roles,
};
