// The object store without its HTTP side, over the ports.

import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { ObjectFiles, ObjectIndex, VersionRef } from '../../core/objects.ts';
import type { Store } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import { loadBuckets } from './buckets.ts';
import type { Cos } from './contract.ts';
import { createFinder } from './find.ts';
import { Gate } from './gate.ts';
import { HeldFiles } from './held.ts';
import { Intake } from './notices/intake.ts';
import { NoticeBoard } from './notices/notices.ts';
import { createObjects } from './objects.ts';
import { Puller } from './origin/puller.ts';
import { Replication } from './replication/replication.ts';
import { createRestores, type RestoreDelays } from './restore.ts';
import type { Scope } from './scope.ts';
import { Lifecycle } from './upkeep/lifecycle.ts';
import { createUploads } from './uploads.ts';
import { Writer } from './writer.ts';

export interface StoreDeps {
  /** Buckets are rows of its table `resources`. */
  readonly store: Store;
  readonly index: ObjectIndex;
  readonly files: ObjectFiles;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  /** A reader has met damage. */
  readonly damaged?: (version: VersionRef) => void;
  /** ms by tier; a few seconds when left out, where the cloud takes minutes to hours. */
  readonly restoreDelays?: RestoreDelays;
}

export type CosStore = Omit<Cos, 'site'>;

const RESTORE_DELAYS: RestoreDelays = Object.freeze({ Expedited: 1000, Standard: 3000, Bulk: 5000 });

/** Closing it closes neither of the ports. */
export async function createStore(deps: StoreDeps): Promise<CosStore> {
  const { index, files, clock, ids, log, restoreDelays = RESTORE_DELAYS } = deps;
  // Beside the first requests: the files spare what is written meanwhile.
  const sweeping = files
    .sweep(names => index.named(names))
    .then(
      swept => swept > 0 && log.info({ files: swept }, 'files of objects that were never finished are removed'),
      error =>
        log.error({ err: error }, 'files that nobody names could not be removed; the next try is at the next start'),
    );
  const gate = new Gate();
  const buckets = await loadBuckets({ ...deps, gate });
  const held = new HeldFiles(files, log);
  const board = new NoticeBoard({ index, clock, ids, log });
  const intake = new Intake({ index, clock, board });
  // What comes before would find no trigger to be told.
  const listening = Promise.withResolvers<void>();
  const writer = new Writer({
    ...{ index, clock, buckets, gate, held, board },
    follower: { follow: (...change) => replication.follow(...change), expect: own => replication.expect(own) },
  });
  const finder = createFinder(buckets, index);
  const scope: Scope = { index, files, held, clock, ids, log, buckets, finder, writer, uploadGate: new Gate() };
  const replication = new Replication(scope);
  const restores = createRestores(scope, restoreDelays);
  const uploads = createUploads(scope);
  const lifecycle = await Lifecycle.load({ scope, store: deps.store, uploads });
  const objects = createObjects(scope, restores.restore, deps.damaged);
  const sources = new Puller({ objects, clock, ids, log });
  return {
    buckets,
    objects,
    uploads,
    sources,
    notices: {
      listen: (rule, deliver) => board.listen(rule, deliver),
      accept: given => listening.promise.then(() => intake.accept(given)),
      allListen: async () => {
        await board.dropOthers();
        listening.resolve();
        restores.begin();
        replication.begin();
        lifecycle.begin();
      },
    },
    close: async () => {
      await sources.close();
      await lifecycle.close();
      await restores.close();
      await replication.close();
      await board.close();
      await held.idle();
      await sweeping;
    },
  };
}
