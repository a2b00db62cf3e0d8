// Builds the room.

import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Blob, Bus, Executions, Store } from '../core/ports.ts';
import type { Account } from '../core/trigger.ts';
import { type AccountKey, accountsIn } from './accounts.ts';
import { aliasesIn } from './aliases.ts';
import { Background } from './background.ts';
import { LiveCatalog } from './catalog.ts';
import { Provisioning } from './concurrency/provisioning.ts';
import { RegionQuotas } from './concurrency/quota.ts';
import type { ReadCron } from './concurrency/schedule.ts';
import { NONE_READY } from './concurrency/status.ts';
import { concurrencyIn } from './concurrency/verbs.ts';
import type { Control } from './control.ts';
import { type DomainCertificates, domainsIn } from './domains.ts';
import { executionsIn, NO_EXECUTIONS, type Terminate } from './executions.ts';
import { Forgetting } from './forgetting.ts';
import { functionsIn } from './functions.ts';
import type { HostOf, TriggerKinds } from './kinds.ts';
import { layersIn } from './layers.ts';
import { logsIn } from './logs.ts';
import { missedIn } from './missed.ts';
import { firstStart, namespacesIn } from './namespaces.ts';
import type { History, Instances, RuntimeCatalog } from './needs.ts';
import { Packages } from './packages.ts';
import type { Quotas } from './quotas.ts';
import { removalIn } from './removal.ts';
import { openRoles } from './roles.ts';
import type { Room } from './room.ts';
import { runRolesIn } from './runroles.ts';
import { sessionsIn } from './sessions.ts';
import { TagTable } from './tags.ts';
import { temporaryKeys } from './temporary.ts';
import { Transitions } from './transitions.ts';
import { triggersIn } from './triggers.ts';
import { Turns } from './turns.ts';
import { versionsIn } from './versions.ts';

export interface ControlDeps {
  readonly store: Store;
  readonly blob: Blob;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  /** Key pairs that may sign calls. */
  readonly keys: readonly AccountKey[];
  readonly quotas: Quotas;
  readonly runtimes: RuntimeCatalog;
  readonly kinds: TriggerKinds;
  /** Asked for when a kind binds or listens, not before: what it needs may be built later than this room. */
  readonly host: HostOf;
  readonly history: History;
  /** The grammar of schedules. */
  readonly cron: ReadCron;
  /** The machine that keeps instances ready; left out where none does. */
  readonly instances?: Instances | undefined;
  /** What the queue keeps of asynchronous executions, and the way to break one off; left out where no queue does. */
  readonly executions?: Executions | undefined;
  readonly terminate?: Terminate | undefined;
  /** Left out where nobody else keeps tags: then a table of this room's own. */
  readonly tags?: TagTable | undefined;
  /** Of custom domains; none is there when it is left out. */
  readonly certificates?: DomainCertificates | undefined;
  /** What a run that goes on has printed so far; undefined when it does not run here. */
  readonly printed?: ((requestId: string) => string | undefined) | undefined;
}

export async function createControl(deps: ControlDeps): Promise<Control> {
  const { store, clock, ids, log, quotas, runtimes } = deps;
  const turns = new Turns();
  const since = await firstStart(store, clock);
  const regions = await RegionQuotas.load({ ...deps, limitMB: quotas.concurrencyMB });
  const catalog = await LiveCatalog.load({ ...deps, turns });
  const packages = new Packages({ ...deps, turns });
  const background = new Background(deps);
  const tags = deps.tags ?? (await TagTable.open(store));
  const transitions = new Transitions({ ...deps, catalog, packages, turns, background });
  const room: Room = {
    store,
    clock,
    ids,
    log,
    quotas,
    runtimes,
    catalog,
    turns,
    packages,
    transitions,
    background,
    tags,
  };
  const { resume: resumeLayers, ...layers } = layersIn(room);
  const triggers = triggersIn(room, deps.kinds, deps.host);
  const removal = removalIn(room, triggers.dropping);
  const { cron } = deps;
  const instances: Instances = deps.instances ?? { provisionedOf: () => NONE_READY };
  const domains = await domainsIn(room, deps.certificates);
  const provisioning = new Provisioning({ ...room, cron, instances });
  /** Keys of a role that is gone are good for nothing, and a role of that name may be there again. */
  function renewWith(role: string): void {
    for (const { entry } of catalog.all())
      for (const version of entry.versions.values()) if (version.role === role) instances.renew?.(version);
  }
  const roles = await openRoles({ ...room, changed: renewWith });
  const temporary = temporaryKeys({ ids, accountSecret: deps.keys[0]?.secretKey ?? '' });
  const sessions = sessionsIn({ account: deps.account, roles, temporary });
  const runRoles = runRolesIn({ roles, sessions, turns });
  const { executions = NO_EXECUTIONS, terminate = async () => 'absent' } = deps;
  const forgetting = new Forgetting({ executions, clock, log });
  catalog.follow(key => triggers.listeners.sync(key));

  return Object.freeze<Control>({
    functions: functionsIn(room, removal, runRoles),
    versions: versionsIn(room, removal),
    aliases: aliasesIn(room, removal),
    namespaces: namespacesIn(room, since),
    layers,
    triggers: triggers.verbs,
    concurrency: concurrencyIn(room, { regions, instances, cron }),
    accounts: accountsIn(room, regions, { ...deps, sessions }),
    roles,
    sessions,
    runRoles,
    executions: executionsIn({ executions, terminate, catalog }),
    logs: logsIn({ history: deps.history, catalog, clock, printed: deps.printed }),
    missed: missedIn(deps),
    tags,
    domains,
    catalog,
    async start() {
      transitions.resume();
      await resumeLayers();
      provisioning.start();
      forgetting.start();
      await triggers.listeners.start();
    },
    settled: () => background.settled(),
    async close() {
      triggers.listeners.close();
      await provisioning.close();
      await background.close();
      await catalog.close();
      await forgetting.close();
      regions.close();
    },
  });
}
