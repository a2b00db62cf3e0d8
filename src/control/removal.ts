// Deleting a function, a version or an alias together with what hangs on it.

import { type FunctionKey, type FunctionStatus, keyText, LATEST } from '../core/function.ts';
import { versionsOf } from '../core/route.ts';
import type { Trigger } from '../core/trigger.ts';
import { fail } from './errors.ts';
import { PENDING } from './pending.ts';
import type { Room } from './room.ts';
import { functionResource } from './tagged.ts';
import { checkFunctionName, checkNamespace, isPublished, keyOf } from './validate.ts';

/** What removing needs of the triggers: stop them at once, and later drop their source objects. */
export interface Dropping {
  /** Brings what listens in line with the function's rows. */
  sync(key: FunctionKey): Promise<void>;
  /** Drops the source objects of triggers whose rows are gone; what fails is logged. */
  forget(triggers: readonly Trigger[]): Promise<void>;
}

export interface Removal {
  deleteFunction(
    key: FunctionKey,
    whenBusy: 'FailedOperation.DeleteFunction' | 'FailedOperation.FunctionStatusError',
  ): Promise<void>;
  deleteVersion(key: FunctionKey, version: string): Promise<void>;
  deleteAlias(key: FunctionKey, alias: string): Promise<void>;
}

/** States in which something is under way that has to end first. */
const BUSY: ReadonlySet<FunctionStatus> = new Set(['Creating', 'Updating', 'Publishing']);

export function removalIn(room: Room, triggers: Dropping): Removal {
  const { store, catalog, turns, packages, tags } = room;

  return {
    async deleteFunction(key, whenBusy) {
      checkNamespace(key.namespace);
      checkFunctionName(key);
      const where = keyOf(key);
      await turns.take(keyText(key), async () => {
        const gone = await store.transaction(async rows => {
          const row = (await rows.get('functions', where)) ?? fail('ResourceNotFound.Function', { ...where });
          const versions = await rows.list('versions', where);
          const busy = versions.find(version => BUSY.has(version.status));
          if (busy) fail(whenBusy, { name: key.name, status: busy.status });
          const dropped = await rows.list('triggers', where);
          for (const table of ['triggers', 'aliases', 'versions', 'functions', 'reserved', 'provisioned'] as const)
            await rows.remove(table, where);
          await rows.remove('resources', { kind: PENDING, region: row.region, id: row.id });
          const resource = functionResource(row);
          await tags.write(rows, resource, []);
          return { versions, dropped, resource };
        });
        await catalog.changed(where);
        await tags.refresh(gone.resource);
        await triggers.sync(where);
        await triggers.forget(gone.dropped);
        await packages.release(gone.versions.map(version => version.code));
      });
    },

    async deleteVersion(key, version) {
      const where = keyOf(key);
      await turns.take(keyText(key), async () => {
        const held = catalog.held(where);
        if (version === LATEST || held.entry.aliases.has(version))
          fail('InvalidParameterValue.Qualifier', { qualifier: version });
        const gone = await store.transaction(async rows => {
          const row = isPublished(version) ? await rows.get('versions', { ...where, version }) : undefined;
          if (!row) return fail('ResourceNotFound.Version', { name: key.name, version });
          if (BUSY.has(row.status))
            fail('FailedOperation.FunctionVersionStatusNotActive', { name: key.name, version, status: row.status });
          const user = (await rows.list('aliases', where)).find(alias => versionsOf(alias).includes(version));
          if (user) fail('UnsupportedOperation.AliasBind', { version, alias: user.alias });
          const dropped = await rows.list('triggers', { ...where, qualifier: version });
          await rows.remove('triggers', { ...where, qualifier: version });
          await rows.remove('versions', { ...where, version });
          await rows.remove('provisioned', { ...where, version });
          return { row, dropped };
        });
        await catalog.changed(where);
        await triggers.sync(where);
        await triggers.forget(gone.dropped);
        await packages.release([gone.row.code]);
      });
    },

    async deleteAlias(key, alias) {
      const where = keyOf(key);
      await turns.take(keyText(key), async () => {
        catalog.held(where);
        const dropped = await store.transaction(async rows => {
          const row = await rows.get('aliases', { ...where, alias });
          if (!row) fail('ResourceNotFound.Alias', { name: key.name, alias });
          const bound = await rows.list('triggers', { ...where, qualifier: alias });
          await rows.remove('triggers', { ...where, qualifier: alias });
          await rows.remove('aliases', { ...where, alias });
          return bound;
        });
        await catalog.changed(where);
        await triggers.sync(where);
        await triggers.forget(dropped);
      });
    },
  };
}
