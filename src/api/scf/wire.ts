// From control's nouns to the API's objects. What is unset goes out as an empty text, list or null, never left out.

import type { FunctionView, LayerVersionView, TriggerView } from '../../control/control.ts';
import type { Alias, FunctionVersion, Routing } from '../../core/function.ts';
import type { LayerVersionRow, NamespaceRow } from '../../core/rows.ts';
import { wireTime } from '../times.ts';

/** Settings without a counterpart here, as a fresh function has them. */
const UNSET = {
  VpcConfig: { VpcId: '', SubnetId: '' },
  UseGpu: 'FALSE',
  InstallDependency: 'FALSE',
  ClsLogsetId: '',
  ClsTopicId: '',
  EipConfig: { EipFixed: 'FALSE', Eips: [] },
  AccessInfo: { Host: '', Vip: '' },
  L5Enable: 'FALSE',
  PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 'DISABLE', EipAddress: [] } },
  OnsEnable: 'FALSE',
  CfsConfig: { CfsInsList: [] },
  ImageConfig: null,
  InstanceConcurrencyConfig: null,
  DnsCache: 'FALSE',
  IntranetConfig: { IpFixed: 'DISABLE', IpAddress: [] },
} as const;

type Echoed = keyof typeof UNSET;

/** A set block keeps the members of the unset one that it does not name: clients read EipConfig.EipAddress unasked. */
function echoed(version: FunctionVersion, name: Echoed): unknown {
  const unset: unknown = UNSET[name];
  const set = version.echoed[name] ?? unset;
  return isBlock(unset) && isBlock(set) ? overlay(unset, set) : set;
}

function overlay(below: object, above: object): object {
  const lower: Readonly<Record<string, unknown>> = { ...below };
  const merged: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = lower[name];
    merged[name] = isBlock(under) && isBlock(value) ? overlay(under, value) : value;
  }
  return merged;
}

function isBlock(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isFailed = (version: FunctionVersion): boolean => version.status.endsWith('Failed');

/** What GetFunction shows beside the version itself. */
export interface Shown {
  readonly triggers: readonly TriggerView[];
  readonly layers: readonly LayerVersionView[];
  readonly codeText: string;
  /** What is to be known of a version that works. */
  readonly note?: string;
}

/** The whole answer of GetFunction. */
export function wireFunction({ tags, version, qualifier }: FunctionView, shown: Shown): object {
  const { triggers, layers, codeText, note = '' } = shown;
  const rest = Object.fromEntries(Object.keys(UNSET).map(name => [name, echoed(version, name as Echoed)]));
  const reasons = version.statusReasons.map(reason => reason.ErrorMessage).join('\n');
  return {
    ...rest,
    FunctionName: version.name,
    FunctionId: version.id,
    Namespace: version.namespace,
    FunctionVersion: version.version,
    Qualifier: qualifier,
    Type: version.type,
    Runtime: version.runtime,
    Handler: version.handler,
    Description: version.description,
    MemorySize: version.memoryMB,
    Timeout: version.timeoutS,
    InitTimeout: version.initTimeoutS,
    Role: version.role,
    Environment: { Variables: Object.entries(version.environment).map(([Key, Value]) => ({ Key, Value })) },
    CodeInfo: codeText,
    CodeSize: version.code.bytes,
    CodeResult: isFailed(version) ? 'failed' : 'success',
    CodeError: isFailed(version) ? reasons : '',
    ErrNo: isFailed(version) ? 1 : 0,
    Status: version.status,
    // The one field that consoles and clients show and no client acts on.
    StatusDesc: reasons || note,
    StatusReasons: version.statusReasons,
    AvailableStatus: 'Available',
    Layers: layers.map(wireLayer),
    DeadLetterConfig: wireDeadLetter(version.deadLetter),
    AsyncRunEnable: wireSwitch(version.asyncRun),
    TraceEnable: wireSwitch(version.traced),
    ProtocolType: version.protocol,
    ProtocolParams: version.protocol === 'WS' ? { WSParams: { IdleTimeOut: version.wsIdleTimeoutS } } : null,
    Triggers: triggers.map(wireTrigger),
    Tags: tags,
    AddTime: wireTime(version.addTime),
    ModTime: wireTime(version.modTime),
  };
}

const wireSwitch = (on: boolean): string => (on ? 'TRUE' : 'FALSE');

function wireDeadLetter(target: FunctionVersion['deadLetter']): object {
  const { type = '', name = '', filterType = '' } = target ?? {};
  return { Type: type, Name: name, FilterType: filterType };
}

/** One row of ListFunctions. */
export function wireListed({ tags, version, reservedMB, provisionedMB }: FunctionView): object {
  return {
    FunctionName: version.name,
    FunctionId: version.id,
    Namespace: version.namespace,
    Type: version.type,
    Runtime: version.runtime,
    Description: version.description,
    Status: version.status,
    StatusDesc: version.statusReasons.map(reason => reason.ErrorMessage).join('\n'),
    StatusReasons: version.statusReasons,
    Tags: tags,
    TotalProvisionedConcurrencyMem: provisionedMB,
    ReservedConcurrencyMem: reservedMB ?? null,
    AsyncRunEnable: wireSwitch(version.asyncRun),
    TraceEnable: wireSwitch(version.traced),
    AddTime: wireTime(version.addTime),
    ModTime: wireTime(version.modTime),
  };
}

export function wireTrigger({ trigger, desc, attribute }: TriggerView): object {
  return {
    Type: trigger.type,
    TriggerName: trigger.triggerName,
    TriggerDesc: desc,
    // OPEN and CLOSE in requests, but a number here.
    Enable: trigger.enabled ? 1 : 0,
    Qualifier: trigger.qualifier,
    CustomArgument: trigger.customArgument,
    Description: trigger.description,
    AvailableStatus: 'Available',
    ResourceId: trigger.resourceId,
    BindStatus: trigger.resourceId ? 'on' : '',
    TriggerAttribute: attribute,
    AddTime: wireTime(trigger.addTime),
    ModTime: wireTime(trigger.modTime),
  };
}

/** TriggerInfo of ListTriggers. */
export function wireTriggerInfo(view: TriggerView): object {
  return { ...wireTrigger(view), BoundResources: '' };
}

/** LayerVersionInfo. */
export function wireLayer(row: LayerVersionView): object {
  return {
    LayerName: row.name,
    LayerVersion: row.version,
    CompatibleRuntimes: row.runtimes,
    Description: row.description,
    LicenseInfo: row.license,
    Status: row.status,
    AddTime: wireTime(row.addTime),
    Stamp: 'default',
    Tags: row.tags,
  };
}

/** The answer of GetLayerVersion. */
export function wireLayerVersion(row: LayerVersionRow, location: string): object {
  return {
    LayerName: row.name,
    LayerVersion: row.version,
    CompatibleRuntimes: row.runtimes,
    Description: row.description,
    LicenseInfo: row.license,
    Status: row.status,
    // Not a field of the cloud's answer: without it nobody would learn why.
    ...(row.statusReasons.length > 0 && { StatusReasons: row.statusReasons }),
    AddTime: wireTime(row.addTime),
    CodeSha256: row.code.sha256,
    Location: location,
  };
}

export function wireAlias(alias: Alias): object {
  return {
    Name: alias.alias,
    FunctionVersion: alias.version,
    Description: alias.description,
    RoutingConfig: wireRouting(alias.routing),
    AddTime: wireTime(alias.addTime),
    ModTime: wireTime(alias.modTime),
  };
}

const HEADER_KEY = 'invoke.headers.';

function wireRouting(routing: Routing): object {
  return {
    AdditionalVersionWeights: routing.by === 'weight' ? [{ Version: routing.version, Weight: routing.weight }] : [],
    // The misspelling is the API's.
    AddtionVersionMatchs:
      routing.by === 'match'
        ? routing.rules.map(rule => ({
            Version: rule.version,
            Key: HEADER_KEY + rule.key,
            Method: rule.method,
            Expression: rule.expression,
          }))
        : [],
  };
}

export function wireVersion(version: FunctionVersion): object {
  return {
    Version: version.version,
    Description: version.description,
    Status: version.status,
    AddTime: wireTime(version.addTime),
    ModTime: wireTime(version.modTime),
  };
}

export function wireNamespace(row: NamespaceRow): object {
  return {
    Name: row.namespace,
    Description: row.description,
    Type: 'default',
    AddTime: wireTime(row.addTime),
    ModTime: wireTime(row.modTime),
  };
}
