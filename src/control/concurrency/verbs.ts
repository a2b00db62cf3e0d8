// The verbs on concurrency: a function's own share, instances that are kept ready, a region's quota.

import {
  DEFAULT_NAMESPACE,
  type FunctionEntry,
  type FunctionKey,
  type FunctionVersion,
  keyText,
  LATEST,
} from '../../core/function.ts';
import type { Rows } from '../../core/ports.ts';
import type { ProvisionedRow } from '../../core/rows.ts';
import type { Held } from '../catalog.ts';
import type { ConcurrencyVerbs, ProvisionedVersion } from '../control.ts';
import { fail } from '../errors.ts';
import { namespaceOf } from '../namespaces.ts';
import type { Instances } from '../needs.ts';
import { mustBeMade, type Room } from '../room.ts';
import { checkFunctionName, checkNamespace, isPublished, keyOf } from '../validate.ts';
import type { RegionQuotas } from './quota.ts';
import {
  checkMB,
  checkReady,
  checkReserved,
  checkTotal,
  configured,
  peakOf,
  type Ready,
  readyLimitMB,
  readyMB,
} from './rules.ts';
import type { ReadCron } from './schedule.ts';
import { taskOf } from './status.ts';

interface Deps {
  readonly regions: RegionQuotas;
  readonly instances: Instances;
  readonly cron: ReadCron;
}

export function concurrencyIn(room: Room, { regions, instances, cron }: Deps): ConcurrencyVerbs {
  const { store, clock, catalog, turns } = room;

  function found(key: FunctionKey): Held {
    checkNamespace(key.namespace);
    checkFunctionName(key);
    return catalog.held(key);
  }

  function made(key: FunctionKey): Held {
    const held = found(key);
    mustBeMade(held);
    return held;
  }

  // Inside a transaction everything is read as it is kept: another node may have changed it.

  async function reservedMB(rows: Rows, region: string, except?: FunctionKey): Promise<number> {
    const others = (await rows.list('reserved', { region })).filter(row => !except || keyText(row) !== keyText(except));
    return others.reduce((sum, row) => sum + row.memoryMB, 0);
  }

  function infoOf(row: ProvisionedRow): ProvisionedVersion {
    const readiness = instances.provisionedOf(keyOf(row), row.version);
    return {
      version: row.version,
      wanted: row.wanted,
      // Clients wait for the two numbers to be equal; instances on their way out are nobody's business.
      available: Math.min(row.wanted, readiness.available),
      ...taskOf(row.wanted, readiness),
      schedule: row.schedule,
    };
  }

  return {
    quotaMB: region => regions.quotaMB(region),
    reservedMB: region => catalog.reservedMB(region),

    async reserved(key) {
      return found(key).entry.concurrency.reservedMB;
    },

    async reserve(key, memoryMB) {
      made(key);
      checkMB('ReservedConcurrencyMem', memoryMB);
      const where = keyOf(key);
      await turns.take(keyText(key), async () => {
        made(key);
        await store.transaction(async rows => {
          if (!(await rows.get('functions', where))) fail('ResourceNotFound.Function', { ...where });
          const othersMB = await reservedMB(rows, key.region, key);
          checkReserved(key.name, memoryMB, othersMB, await regions.keptMB(rows, key.region));
          await rows.put('reserved', { ...where, memoryMB });
        });
        await catalog.changed(where);
      });
    },

    async unreserve(key) {
      found(key);
      const where = keyOf(key);
      await turns.take(keyText(key), async () => {
        if ((await store.remove('reserved', where)) > 0) await catalog.changed(where);
      });
    },

    async provisioned(key, version) {
      const held = found(key);
      if (version !== undefined) published(held, version);
      const { memoryMB } = versionOf(held, version ?? LATEST);
      const leftMB = readyLimitMB(regions.quotaMB(key.region)) - readyMB(peaksOf(held.entry, held.provisioned));
      const rows = held.provisioned.filter(row => version === undefined || row.version === version);
      return {
        unallocated: Math.max(0, Math.floor(leftMB / memoryMB)),
        versions: rows.toSorted((a, b) => Number(a.version) - Number(b.version)).map(infoOf),
      };
    },

    async provision(input) {
      const where = keyOf(input);
      const { version } = input;
      published(made(input), version);
      const config = configured(input, cron);
      await turns.take(keyText(where), async () => {
        const held = made(input);
        const { name } = input;
        const { status, memoryMB } = published(held, version);
        if (status !== 'Active') fail('FailedOperation.FunctionVersionStatusNotActive', { name, version, status });
        const former = held.provisioned.find(row => row.version === version);
        if (former) mustBeOver(infoOf(former), name);
        await store.transaction(async rows => {
          if (!(await rows.get('versions', { ...where, version })))
            fail('ResourceNotFound.Qualifier', { name, qualifier: version });
          const others = peaksOf(held.entry, await rows.list('provisioned', where), version);
          const wanted = { instances: peakOf(config), memoryMB };
          checkReady(name, version, wanted, others, await regions.keptMB(rows, input.region));
          await rows.put('provisioned', { ...where, version, ...config, appliedTo: clock.now() });
        });
        await catalog.changed(where);
      });
    },

    async unprovision(key, version) {
      published(found(key), version);
      const where = keyOf(key);
      await turns.take(keyText(key), async () => {
        if ((await store.remove('provisioned', { ...where, version })) > 0) await catalog.changed(where);
      });
    },

    async setQuota(region, namespace, memoryMB) {
      checkNamespace(namespace);
      await namespaceOf(store, region, namespace);
      if (namespace !== DEFAULT_NAMESPACE) fail('UnsupportedOperation', WHOLE_REGION);
      checkMB('TotalConcurrencyMem', memoryMB);
      await regions.set(region, memoryMB, async rows =>
        checkTotal(region, memoryMB, await reservedMB(rows, region), regions.limitMB(region)),
      );
    },
  };
}

const WHOLE_REGION = {
  zh: '并发配额属于整个地域，不能按命名空间设置，请去掉 Namespace。',
  en: 'the concurrency quota is the whole region’s and not set by namespace; leave out Namespace.',
};

/** Documented: neither `$LATEST` nor an alias keeps instances ready. */
function published(held: Held, version: string): FunctionVersion {
  if (!isPublished(version)) fail('InvalidParameterValue.Qualifier', { qualifier: version });
  return versionOf(held, version);
}

function versionOf({ row, entry }: Held, version: string): FunctionVersion {
  return entry.versions.get(version) ?? fail('ResourceNotFound.Qualifier', { name: row.name, qualifier: version });
}

function mustBeOver({ status, version, available, wanted }: ProvisionedVersion, name: string): void {
  if (status === 'InProgress') fail('FailedOperation.ProvisionedInProgress', { name, version, available, wanted });
}

function peaksOf(entry: FunctionEntry, rows: readonly ProvisionedRow[], except?: string): readonly Ready[] {
  return rows
    .filter(row => row.version !== except)
    .map(row => ({ instances: peakOf(row), memoryMB: entry.versions.get(row.version)?.memoryMB ?? 0 }));
}
