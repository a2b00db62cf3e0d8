// From a version to a living instance. This file puts the parts together.

import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { FunctionEvent } from '../core/event.ts';
import {
  type BoundLayer,
  type CodePackage,
  type FunctionEntry,
  type FunctionKey,
  type FunctionVersion,
  keyText,
  NO_CONCURRENCY,
  type StatusReason,
} from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import { refusal } from '../core/invocation.ts';
import { regionQuotaMB } from '../core/limits.ts';
import type { Log } from '../core/log.ts';
import type { Blob, Runner } from '../core/ports.ts';
import type { Account } from '../core/trigger.ts';
import { CodeCache } from './code/code.ts';
import { LayerCache } from './code/layers.ts';
import { fail } from './errors.ts';
import type { Living } from './instance/life.ts';
import type { KeysOf } from './keys.ts';
import { type LanguageReport, type Languages, makeLanguages, reportLanguages } from './languages/index.ts';
import type { Sentence } from './languages/language.ts';
import { makeLauncher } from './machine/launcher.ts';
import { Lobby } from './machine/lobby.ts';
import { Machine } from './machine/machine.ts';
import { Pools, type Readiness } from './machine/pools.ts';
import type { Quotas } from './machine/quota.ts';
import { Slots } from './machine/slots.ts';
import { wantedKinds } from './machine/wanted.ts';
import type { Port } from './sandbox/bwrap/sandbox.ts';
import { type ChosenDriver, chooseDriver } from './sandbox/choose.ts';
import type { SandboxDriver } from './sandbox/driver.ts';
import { ToolFolders } from './web/tools.ts';

export interface RuntimeDeps {
  readonly blob: Blob;
  /** Unpacked code is kept in `<dataDir>/code`. */
  readonly dataDir: string;
  /** The user's clock: instants that are shown. */
  readonly clock: Clock;
  /** Real time, in which processes run however the user's clock is turned. */
  readonly processClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  /** Of functions with a role; no function has one when it is left out. */
  readonly keysOf?: KeysOf;
  /** For all instances together. */
  readonly memoryMB: number;
  readonly sandbox: 'auto' | 'process' | 'bwrap';
  /** Certificates of this server, shown in sandboxes. */
  readonly caFile?: string;
  /** What a function with a network of its own reaches of this server. */
  readonly ports?: () => readonly Port[];
  /** How long an instance without events is kept. */
  readonly idleMs?: number;
  /** What may run at once; the documented quotas of regions when left out. */
  readonly quotas?: Quotas;
  readonly languages?: Languages;
  /** For sandboxes that are prepared before a function needs them; none when left out. */
  readonly warmMB?: number;
  /** Versions that could be called: what is prepared is prepared for them. */
  readonly deployed?: () => Iterable<FunctionVersion>;
  /** What bootstraps are told of the cloud's names; they are left alone when left out. */
  readonly names?: () => unknown;
  /** An extension: event functions on Node.js may run several events in one instance. */
  readonly eventConcurrency?: boolean;
  /** An event that finds no idle instance always starts one. */
  readonly instancePerEvent?: boolean;
}

export interface InstanceView {
  readonly id: string;
  readonly function: string;
  readonly version: string;
  readonly state: Living['state'];
  /** ms since 1970, by the user's clock. */
  readonly startedAt: number;
  readonly runs: number;
  readonly memoryBytes: number;
}

export interface RuntimeStats {
  readonly memoryMB: number;
  readonly usedMB: number;
  /** Events that wait for an instance. */
  readonly waiting: number;
  readonly instances: readonly InstanceView[];
  /** Sandboxes that wait for a function. */
  readonly prepared: number;
}

export interface Runtime extends Runner {
  supports(runtime: string): 'yes' | { readonly refused: Sentence };
  /** Brings the code of a version here; the reason if it could never run. */
  prepare(version: FunctionVersion): Promise<StatusReason | undefined>;
  /** The same for the package of a layer. */
  prepareLayer(code: CodePackage): Promise<StatusReason | undefined>;
  /** Path of the entry file in the package; undefined when the runtime is not served. */
  entryFile(version: FunctionVersion): string | undefined;
  /** A function is as `entry` says now; instances of versions that are gone end as soon as they are idle. */
  changed(key: FunctionKey, entry: FunctionEntry | undefined): void;
  /** A revision is over: its instances end as soon as they are idle. */
  forget(version: FunctionVersion): void;
  /** Instances of a version are replaced as soon as they are idle. */
  renew(version: FunctionVersion): void;
  /** Begins to prepare sandboxes for what is deployed. */
  warm(): void;
  /** How far the instances of a version are. */
  readiness(key: FunctionKey, version: string): Readiness;
  languages(): Promise<readonly LanguageReport[]>;
  /** Drops unpacked code that is none of these packages (SHA-256, hex). For the start. */
  sweepCode(inUse: ReadonlySet<string>): Promise<void>;
  /** Drops what was laid together from layers for none of these versions. For the start. */
  sweepLayers(inUse: Iterable<readonly BoundLayer[]>): Promise<void>;
  stats(): RuntimeStats;
  readonly driver: Pick<SandboxDriver, 'name' | 'protects' | 'weaker'> & Pick<ChosenDriver, 'instead'>;
  /** Settings of functions that not every machine can do and this one can. */
  readonly offers: ReadonlySet<string>;
  /** Ends all instances; runs under way end with status 500. */
  close(): Promise<void>;
}

const IDLE_MS = 10 * 60_000;

const NO_KEYS: Sentence = { zh: '本服务器没有角色。', en: 'this server has no roles.' };

const DOCUMENTED: Quotas = {
  quotaMB: regionQuotaMB,
  reservedMB: () => 0,
  of: () => NO_CONCURRENCY,
  burst: 0,
};

/** Requests that a web function takes at once; an extension gives the setting to event functions as well. */
function concurrencyIn({ type, protocol, runtime, echoed }: FunctionVersion, ofEvents: boolean): number {
  // Documented: a connection has its instance to itself.
  if (protocol === 'WS') return 1;
  if (type === 'Event' && !(ofEvents && runtime.startsWith('Nodejs'))) return 1;
  const { InstanceConcurrencyConfig: config } = echoed as {
    readonly InstanceConcurrencyConfig?: { readonly MaxConcurrency?: number };
  };
  return config?.MaxConcurrency ?? 1;
}

/** Why a call is none for this kind of function. */
function mismatch({ type, protocol, name }: FunctionVersion, { exchange }: FunctionEvent): string | undefined {
  if (type === 'HTTP' && !exchange) return `${name} is a web function: call it by its URL or through API Gateway`;
  if (type === 'Event' && exchange) return `${name} is an event function: it takes events, and no requests`;
  if (exchange?.upgrade && protocol !== 'WS')
    return `${name} takes no WebSocket connections: make it with ProtocolType WS`;
  return undefined;
}

export async function createRuntime(deps: RuntimeDeps): Promise<Runtime> {
  const { driver, instead } = await openDriver(deps);
  const languages = deps.languages ?? makeLanguages();
  const code = await CodeCache.open(deps.blob, join(deps.dataDir, 'code'), deps.ids);
  const layers = await LayerCache.open(code, join(deps.dataDir, 'layers'), deps.ids);
  const { account, processClock, ids, log, memoryMB, idleMs = IDLE_MS, quotas = DOCUMENTED, names } = deps;
  const concurrencyOf = (version: FunctionVersion) => concurrencyIn(version, deps.eventConcurrency === true);
  const slots = new Slots({
    driver,
    clock: processClock,
    memoryMB: deps.warmMB ?? 0,
    busy: () => machine.busy,
  });
  const launcher = makeLauncher({
    code,
    layers,
    languages,
    driver,
    slots,
    tools: new ToolFolders(join(deps.dataDir, 'lang'), ids),
    account,
    keysOf: deps.keysOf ?? (() => NO_KEYS),
    processClock,
    ids,
    log,
    names: names ?? (() => undefined),
    concurrencyOf,
  });
  const machine = new Machine({ memoryMB, idleMs, quotas, clock: processClock, launcher });
  const lobby = new Lobby(processClock);
  const pools = new Pools(machine, version => ({
    concurrency: concurrencyOf(version),
    // An asynchronous execution may take a day, a connection hours: nobody waits behind one.
    instancePerEvent: deps.instancePerEvent === true || version.asyncRun || version.protocol === 'WS',
  }));
  const warm = wantedKinds({ deployed: deps.deployed ?? (() => []), generic: launcher.generic, slots, log });

  return {
    driver: { name: driver.name, protects: driver.protects, weaker: driver.weaker, ...(instead && { instead }) },
    offers: offersOf(driver.name, deps.eventConcurrency === true),
    run(version, call) {
      const wrong = mismatch(version, call.event);
      if (wrong !== undefined) return Promise.resolve(refusal(436, `InvalidParameterValue: ${wrong}`));
      // Outside of the machine: who waits for a download takes no room and keeps nobody from starting.
      const waiting = languages.ready(version.runtime);
      if (waiting) return lobby.run(call, waiting, () => machine.run(pools.of(version), call));
      return machine.run(pools.of(version), call);
    },
    terminate: (requestId, graceful) => lobby.withdraw(requestId) || machine.terminate(requestId, graceful),
    printed: requestId => machine.printed(requestId),
    supports(runtime) {
      const found = languages.of(runtime);
      return 'refused' in found ? { refused: found.refused } : 'yes';
    },
    prepare: version => launcher.check(version),
    async prepareLayer(layer) {
      await code.folder(layer);
      return undefined;
    },
    entryFile({ runtime, handler }) {
      const found = languages.of(runtime);
      if ('refused' in found) return undefined;
      const dot = handler.lastIndexOf('.');
      return (dot < 0 ? handler : handler.slice(0, dot)) + found.entryEnding;
    },
    changed(key, entry) {
      pools.changed(key, entry);
      warm();
    },
    warm,
    readiness: (key, version) => pools.readiness(key, version),
    forget: version => pools.forget(version),
    renew: version => pools.renew(version),
    sweepCode: inUse => code.sweep(inUse),
    sweepLayers: inUse => layers.sweep(inUse),
    languages: () => reportLanguages(languages),
    stats() {
      // Real time is when it was; the difference says when that was by the user's clock.
      const offset = deps.clock.now() - processClock.now();
      const instances = [...machine.instances()].map(instance => viewOf(instance, offset));
      return { memoryMB, usedMB: machine.usedMB, waiting: machine.waiting, instances, prepared: slots.count };
    },
    async close() {
      await Promise.all([machine.close(), slots.close()]);
      await driver.close();
    },
  };
}

async function openDriver(deps: RuntimeDeps): Promise<ChosenDriver> {
  const { sandbox, dataDir, processClock, ids, log, caFile, ports = () => [] } = deps;
  const mark = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12);
  const chosen = await chooseDriver(sandbox, {
    dataDir,
    mark,
    clock: processClock,
    ids,
    log,
    hosts: [],
    caFile,
    ports,
  });
  if ('missing' in chosen) return fail('SandboxMissing', { zh: chosen.missing.zh, en: chosen.missing.en });
  return chosen;
}

function offersOf(driver: string, eventConcurrency: boolean): ReadonlySet<string> {
  const offers = new Set<string>();
  if (driver === 'bwrap') offers.add('PublicNetConfig.PublicNetStatus');
  if (eventConcurrency) offers.add('InstanceConcurrencyConfig');
  return offers;
}

function viewOf(instance: Living, offset: number): InstanceView {
  const { id, version, startedAt } = instance.spec;
  const { state, runs, memoryBytes } = instance;
  const name = keyText(version);
  return { id, function: name, version: version.version, state, startedAt: startedAt + offset, runs, memoryBytes };
}
