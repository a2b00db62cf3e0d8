// Published versions.

import { type FunctionVersion, keyText } from '../core/function.ts';
import type { Versions } from './control.ts';
import { fail } from './errors.ts';
import { type Orders, pageOf } from './paging.ts';
import { addVersion, checkVersionQuota } from './publish.ts';
import type { Removal } from './removal.ts';
import type { Room } from './room.ts';
import { latestRow } from './rows.ts';
import { refuseUnsupported } from './unsupported.ts';
import { checkDescription, isPublished } from './validate.ts';

const ORDERS: Orders<FunctionVersion> = {
  by: { AddTime: version => version.addTime, ModTime: version => version.modTime },
  usual: 'AddTime',
  descending: true,
  code: 'InvalidParameterValue.OrderBy',
  // Versions of one instant in the order of their numbers, `$LATEST` first.
  tie: version => (isPublished(version.version) ? version.version.padStart(12, '0') : ''),
};

export function versionsIn(room: Room, removal: Removal): Versions {
  const { store, clock, quotas, catalog, turns, transitions } = room;

  return {
    async publish(key, { description = '' }) {
      checkDescription(description);
      const version = await turns.take(keyText(key), async () => {
        const made = await store.transaction(async rows => {
          const latest = await latestRow(rows, key);
          if (latest.status !== 'Active')
            fail('FailedOperation.PublishVersion', { name: key.name, status: latest.status });
          await checkVersionQuota(rows, latest, quotas.versionsPerFunction);
          return addVersion(rows, latest, description, clock.now());
        });
        await catalog.changed(key);
        return made;
      });
      transitions.begin(key, version.version);
      return version;
    },

    async list(key, paging) {
      return pageOf([...catalog.held(key).entry.versions.values()], paging, ORDERS);
    },

    async delete(key, version, wire) {
      refuseUnsupported(wire);
      await removal.deleteVersion(key, version);
    },
  };
}
