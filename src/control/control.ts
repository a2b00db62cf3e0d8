// What the console's words about functions mean here: the verbs on functions, versions, aliases, namespaces
// and triggers, as the API, the trigger sources and the command line use them. Times are ms since 1970.

import type { Readable } from 'node:stream';
import type { Alias, AsyncPolicy, CodePackage, FunctionKey, FunctionVersion, Routing } from '../core/function.ts';
import type { Holder } from '../core/policy.ts';
import type { Execution, Tag, Triggers } from '../core/ports.ts';
import type { FunctionRow, InvocationRow, LayerVersionRow, NamespaceRow, Row, ScheduledNumber } from '../core/rows.ts';
import type { Trigger } from '../core/trigger.ts';
import type { AsyncSettings } from './async.ts';
import type { LiveCatalog } from './catalog.ts';
import type { DomainVerbs } from './domains.ts';
import type { Filter, Listed, Paging } from './paging.ts';
import type { Roles } from './roles.ts';
import type { RunRoles } from './runroles.ts';
import type { HeldKey, Sessions } from './sessions.ts';
import type { TagTable } from './tags.ts';

export interface Control {
  readonly functions: Functions;
  readonly versions: Versions;
  readonly aliases: Aliases;
  readonly namespaces: Namespaces;
  readonly layers: Layers;
  readonly triggers: TriggerVerbs;
  readonly concurrency: ConcurrencyVerbs;
  readonly executions: ExecutionVerbs;
  readonly accounts: Accounts;
  readonly roles: Roles;
  readonly sessions: Sessions;
  readonly runRoles: RunRoles;
  readonly logs: Logs;
  readonly missed: Missed;
  readonly tags: TagTable;
  readonly domains: DomainVerbs;
  readonly catalog: Pick<LiveCatalog, 'find' | 'all'>;
  /** Starts delivering for every enabled trigger and takes up transitions that a former process left unfinished. */
  start(): Promise<void>;
  /** Resolves when every transition under way has settled; a frozen one is taken up at the next start. */
  settled(): Promise<void>;
  /** Stops every trigger at once and waits for what is under way. */
  close(): Promise<void>;
}

/** The API's request object as it came: unsupported settings are refused from it, settings to be echoed are taken from it. */
export type Wire = Readonly<Record<string, unknown>>;

// functions

export interface CreateFunction extends FunctionKey, AsyncSettings {
  /** The zip itself; undefined when the request names another source or none. */
  readonly zip?: Buffer | undefined;
  readonly handler?: string | undefined;
  readonly runtime?: string | undefined;
  readonly description?: string | undefined;
  readonly memoryMB?: number | undefined;
  readonly timeoutS?: number | undefined;
  readonly initTimeoutS?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly layers?: readonly LayerRef[] | undefined;
  /** Its name. */
  readonly role?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly wire: Wire;
}

export interface UpdateCode extends FunctionKey {
  readonly zip?: Buffer | undefined;
  readonly handler?: string | undefined;
  /** Publishes a version once the new code is active. */
  readonly publish?: boolean | undefined;
  readonly wire: Wire;
}

/** undefined keeps; `{}` clears the environment, `[]` unbinds all layers, `''` takes the role away. */
export interface UpdateConfiguration extends FunctionKey, AsyncSettings {
  readonly runtime?: string | undefined;
  readonly description?: string | undefined;
  readonly memoryMB?: number | undefined;
  readonly timeoutS?: number | undefined;
  readonly initTimeoutS?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly layers?: readonly LayerRef[] | undefined;
  readonly role?: string | undefined;
  readonly publish?: boolean | undefined;
  readonly wire: Wire;
}

export interface CopyFunction {
  readonly from: FunctionKey;
  readonly to: FunctionKey;
  readonly description?: string | undefined;
  /** Replaces an existing target; default false. */
  readonly override?: boolean | undefined;
  /** Settings too, not the code alone; default true. */
  readonly copyConfiguration?: boolean | undefined;
}

export interface ListFunctions extends Paging {
  readonly region: string;
  readonly namespace: string;
  /** Part of the name; part of the description. */
  readonly searchKey?: string | undefined;
  readonly description?: string | undefined;
  readonly filters?: readonly Filter[] | undefined;
}

export interface FunctionView {
  readonly row: FunctionRow;
  /** The version that the qualifier resolves to (an alias: its main version). */
  readonly version: FunctionVersion;
  /** As asked for. */
  readonly qualifier: string;
  readonly tags: readonly Tag[];
  /** Of its region's concurrency for itself, if anything; and what its ready instances take, in MB. */
  readonly reservedMB: number | undefined;
  readonly provisionedMB: number;
}

export interface Functions {
  create(input: CreateFunction): Promise<void>;
  /** Qualifier default `$LATEST`. */
  get(key: FunctionKey, qualifier?: string): Promise<FunctionView>;
  list(query: ListFunctions): Promise<Listed<FunctionView>>;
  updateCode(input: UpdateCode): Promise<void>;
  updateConfiguration(input: UpdateConfiguration): Promise<void>;
  copy(input: CopyFunction): Promise<void>;
  /** The whole function, or one version of it. */
  delete(key: FunctionKey, qualifier?: string): Promise<void>;
  /** The stored package, for a download. */
  code(key: FunctionKey, qualifier?: string): Promise<{ readonly code: CodePackage; readonly stream: Readable }>;
  /** Text of the entry file when it is at most 1 MB, else ''. */
  entryText(key: FunctionKey, qualifier?: string): Promise<string>;
  asyncPolicy(key: FunctionKey, qualifier?: string): Promise<AsyncPolicy>;
  setAsyncPolicy(key: FunctionKey, policy: AsyncPolicy): Promise<void>;
}

// versions

export interface Versions {
  publish(key: FunctionKey, input: { readonly description?: string | undefined }): Promise<FunctionVersion>;
  /** `$LATEST` and the published ones. */
  list(key: FunctionKey, paging: Paging): Promise<Listed<FunctionVersion>>;
  delete(key: FunctionKey, version: string, wire: Wire): Promise<void>;
}

// aliases

/** RoutingConfig, both halves as they came; they exclude each other. */
export interface RoutingInput {
  readonly weights?: readonly { readonly version: string; readonly weight: number }[] | undefined;
  readonly matches?:
    | readonly {
        readonly version: string;
        readonly key: string;
        readonly method: string;
        readonly expression: string;
      }[]
    | undefined;
}

export interface AliasInput {
  readonly alias: string;
  readonly version: string;
  readonly description?: string | undefined;
  /** undefined: all traffic to the main version. */
  readonly routing?: RoutingInput | undefined;
}

export interface Aliases {
  create(key: FunctionKey, input: AliasInput): Promise<Alias>;
  update(key: FunctionKey, input: AliasInput): Promise<Alias>;
  get(key: FunctionKey, alias: string): Promise<Alias>;
  /** `version`: only aliases that use it. */
  list(key: FunctionKey, query: Paging & { readonly version?: string | undefined }): Promise<Listed<Alias>>;
  delete(key: FunctionKey, alias: string): Promise<void>;
}

export type { Routing };

// namespaces

export interface Namespaces {
  create(
    region: string,
    namespace: string,
    input: { readonly description?: string | undefined; readonly wire: Wire },
  ): Promise<void>;
  update(region: string, namespace: string, input: { readonly description: string }): Promise<void>;
  list(
    region: string,
    query: Paging & { readonly search?: readonly { readonly key: string; readonly value: string }[] | undefined },
  ): Promise<Listed<NamespaceRow>>;
  delete(region: string, namespace: string): Promise<void>;
}

// layers

/** One version of a layer of a region. */
export interface LayerRef {
  readonly name: string;
  readonly version: number;
}

export interface PublishLayer {
  readonly region: string;
  readonly name: string;
  readonly zip?: Buffer | undefined;
  readonly runtimes: readonly string[];
  readonly description?: string | undefined;
  readonly license?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly wire: Wire;
}

export interface ListLayers extends Paging {
  /** Part of the name. */
  readonly search?: string | undefined;
  /** Only layers that suit it. */
  readonly runtime?: string | undefined;
}

/** One version of a layer with the tags of the layer. */
export interface LayerVersionView extends LayerVersionRow {
  readonly tags: readonly Tag[];
}

export interface Layers {
  /** Makes the layer, or its next version. */
  publish(input: PublishLayer): Promise<LayerVersionView>;
  get(region: string, ref: LayerRef): Promise<LayerVersionView>;
  /** The newest version of each layer. */
  list(region: string, query: ListLayers): Promise<Listed<LayerVersionView>>;
  /** All versions, the newest first; `suits`: only those for one of these runtimes. */
  versions(region: string, name: string, suits?: readonly string[]): Promise<readonly LayerVersionView[]>;
  /** The layers of a function version, in their order. */
  bound(version: FunctionVersion): Promise<readonly LayerVersionView[]>;
  delete(region: string, ref: LayerRef): Promise<void>;
  /** The stored package, for a download. */
  code(region: string, ref: LayerRef): Promise<{ readonly code: CodePackage; readonly stream: Readable }>;
}

// triggers

export interface CreateTrigger extends FunctionKey {
  readonly type: string;
  readonly triggerName: string;
  /** TriggerDesc as text; '' when left out. */
  readonly desc: string;
  /** Default `$LATEST`. */
  readonly qualifier?: string | undefined;
  /** Default true. */
  readonly enabled?: boolean | undefined;
  readonly customArgument?: string | undefined;
  readonly description?: string | undefined;
}

/** Names one trigger; `desc` tells triggers of one name apart where a kind has such. */
export interface TriggerRef extends FunctionKey {
  readonly type: string;
  readonly triggerName: string;
  readonly qualifier?: string | undefined;
  readonly desc?: string | undefined;
}

/** undefined keeps; '' clears description and customArgument. `desc` is the new TriggerDesc. */
export interface UpdateTrigger extends TriggerRef {
  readonly enabled?: boolean | undefined;
  readonly description?: string | undefined;
  readonly customArgument?: string | undefined;
}

export interface ListTriggers extends FunctionKey, Paging {
  readonly filters?: readonly Filter[] | undefined;
}

export interface TriggerView {
  readonly trigger: Trigger;
  /** TriggerDesc as text. */
  readonly desc: string;
  /** The same in a few words. */
  readonly summary: string;
  readonly attribute: 'single' | 'double';
  /** Where a person can call it, if anywhere. */
  readonly urls: readonly string[];
}

/** The verbs of the API, and the port by which a source's own API attaches and detaches. */
export interface TriggerVerbs extends Triggers {
  create(input: CreateTrigger): Promise<TriggerView>;
  update(input: UpdateTrigger): Promise<void>;
  setEnabled(ref: TriggerRef, enabled: boolean): Promise<void>;
  remove(ref: TriggerRef): Promise<void>;
  /** Triggers of one function, filtered and paged. */
  query(query: ListTriggers): Promise<Listed<TriggerView>>;
}

// concurrency

/** One change of the number of instances, at each tick of a cron expression with seven fields. */
export interface ScheduledInput extends ScheduledNumber {
  readonly type?: string | undefined;
}

/** What is left out is nothing: the former configuration of the version is over. */
export interface Provision extends FunctionKey {
  /** A published version. */
  readonly version: string;
  /** 0 with tracking. */
  readonly instances: number;
  /** `Default` or `ConcurrencyUtilizationTracking`. */
  readonly type?: string | undefined;
  /** For tracking: the share of busy instances, and the least and the most of them. */
  readonly target?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly schedule?: readonly ScheduledInput[] | undefined;
}

export interface ProvisionedVersion {
  readonly version: string;
  readonly wanted: number;
  readonly available: number;
  readonly status: 'InProgress' | 'Done' | 'Failed';
  /** In both languages; '' when it is done. */
  readonly reason: string;
  readonly schedule: readonly ScheduledNumber[];
}

export interface ProvisionedView {
  /** Instances that may still be configured. */
  readonly unallocated: number;
  readonly versions: readonly ProvisionedVersion[];
}

export interface ConcurrencyVerbs {
  /** MB; undefined: the function lives from the common share. */
  reserved(key: FunctionKey): Promise<number | undefined>;
  /** 0 MB: it never runs. */
  reserve(key: FunctionKey, memoryMB: number): Promise<void>;
  unreserve(key: FunctionKey): Promise<void>;
  provisioned(key: FunctionKey, version?: string): Promise<ProvisionedView>;
  provision(input: Provision): Promise<void>;
  unprovision(key: FunctionKey, version: string): Promise<void>;
  /** The whole region's quota in MB. */
  setQuota(region: string, namespace: string, memoryMB: number): Promise<void>;
  /** From memory: the region's quota, and how much of it functions have for themselves. */
  quotaMB(region: string): number;
  reservedMB(region: string): number;
}

// asynchronous executions

/** ms since 1970: from ≤ x < before. */
export interface Interval {
  readonly from: number;
  readonly before: number;
}

export interface ListExecutions extends FunctionKey, Paging {
  /** A version, or an alias for its main version. */
  readonly qualifier?: string | undefined;
  readonly requestId?: string | undefined;
  /** Names of sources in any case; none: all. */
  readonly sources?: readonly string[] | undefined;
  readonly states?: readonly string[] | undefined;
  readonly started?: Interval | undefined;
  readonly ended?: Interval | undefined;
}

export interface ExecutionVerbs {
  /** Traced ones of a function with asynchronous execution; of another function there are none. */
  list(query: ListExecutions): Promise<Listed<Execution>>;
  /** `region`: only if it is there. */
  get(requestId: string, region?: string): Promise<Execution>;
  /** Takes it from the queue, or ends its instance; `graceful`: its process is told by SIGTERM instead. */
  terminate(key: FunctionKey, requestId: string, graceful: boolean): Promise<void>;
}

// account

export interface KeyPair {
  readonly secretKey: string;
  /** Only temporary keys have one. */
  readonly token?: string;
  /** ms since 1970; of temporary keys. */
  readonly expiresAt?: number;
  /** Who has a temporary key; the account itself has the others. */
  readonly holder?: Holder;
}

export interface NamespaceUsage {
  readonly namespace: string;
  readonly functions: readonly string[];
  readonly reservedMB: number;
  readonly provisionedMB: number;
}

export interface AccountUsage {
  readonly namespaces: readonly NamespaceUsage[];
  readonly totalConcurrencyMB: number;
  readonly allocatedConcurrencyMB: number;
  readonly userConcurrencyLimitMB: number;
}

export interface AccountLimits {
  readonly namespaces: number;
  /** Names of the namespaces there are; the same limits hold in each. */
  readonly names: readonly string[];
  readonly functionsPerNamespace: number;
  readonly triggersPerType: number;
  readonly triggersPerFunction: number;
  readonly timeoutS: number;
  readonly initTimeoutS: number;
  readonly retryNum: number;
  readonly minMsgTtlS: number;
  readonly maxMsgTtlS: number;
}

export interface Accounts {
  readonly appId: string;
  readonly uin: string;
  /** Of the settings, or temporary. `token`: as it came, '' for none; a temporary key is found without, but good for nothing. */
  secretOf(secretId: string, token?: string): KeyPair | undefined;
  /** The same with who has it. */
  heldKey(secretId: string, token: string): HeldKey | undefined;
  usage(region: string): Promise<AccountUsage>;
  limits(region: string): Promise<AccountLimits>;
}

// logs

export interface LogQuery extends Paging {
  readonly region: string;
  readonly namespace: string;
  readonly functionName?: string | undefined;
  readonly qualifier?: string | undefined;
  readonly requestId?: string | undefined;
  /** `is0`, `not0`, `TimeLimitExceeded`, `ResourceLimitExceeded`, `UserCodeException`; '' or undefined: all. */
  readonly retCode?: string | undefined;
  readonly startTime?: number | undefined;
  readonly endTime?: number | undefined;
}

export interface StatusQuery extends FunctionKey {
  readonly requestId: string;
  readonly startTime?: number | undefined;
  readonly endTime?: number | undefined;
}

export interface Logs {
  functionLogs(query: LogQuery): Promise<Listed<InvocationRow>>;
  /** One row per attempt, in order. */
  requestStatus(query: StatusQuery): Promise<Listed<InvocationRow>>;
}

/** Calls of actions that are not built, counted for `doctor`. */
export interface Missed {
  record(service: string, action: string): Promise<void>;
  list(): Promise<Row<'missed'>[]>;
}
