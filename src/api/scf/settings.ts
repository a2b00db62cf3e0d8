// Settings of a function that CreateFunction and UpdateFunctionConfiguration share.

import { z } from 'zod';
import type { DeadLetterInput } from '../../control/async.ts';
import type { LayerRef } from '../../control/control.ts';
import { int, isTrue, text } from './types.ts';

const Session = z.object({
  SessionSource: text.optional(),
  SessionName: text.optional(),
  MaximumConcurrencySessionPerInstance: int.optional(),
  MaximumTTLInSeconds: int.optional(),
  MaximumIdleTimeInSeconds: int.optional(),
  SessionPath: text.optional(),
  IdleTimeoutStrategy: text.optional(),
});

const CfsMount = z.object({
  UserId: text,
  UserGroupId: text,
  CfsId: text,
  MountInsId: text,
  LocalMountDir: text,
  RemoteMountDir: text,
});

export const SETTINGS = {
  Description: text.optional(),
  MemorySize: int.optional(),
  Timeout: int.optional(),
  InitTimeout: int.optional(),
  Runtime: text.optional(),
  Environment: z
    .object({ Variables: z.array(z.object({ Key: text.optional(), Value: text.optional() })).optional() })
    .optional(),
  VpcConfig: z.object({ VpcId: text.optional(), SubnetId: text.optional() }).optional(),
  Role: text.optional(),
  InstallDependency: text.optional(),
  ClsLogsetId: text.optional(),
  ClsTopicId: text.optional(),
  Layers: z.array(z.object({ LayerName: text, LayerVersion: int })).optional(),
  // Declared with Type and Name required; the vendor's deployment library sends {} when neither is set.
  DeadLetterConfig: z.object({ Type: text.optional(), Name: text.optional(), FilterType: text.optional() }).optional(),
  // Not declared for an update: the deployment library sends TraceEnable all the same.
  AsyncRunEnable: text.optional(),
  TraceEnable: text.optional(),
  PublicNetConfig: z.object({ PublicNetStatus: text, EipConfig: z.object({ EipStatus: text }).optional() }).optional(),
  CfsConfig: z.object({ CfsInsList: z.array(CfsMount) }).optional(),
  ProtocolParams: z.object({ WSParams: z.object({ IdleTimeOut: int.optional() }).optional() }).optional(),
  InstanceConcurrencyConfig: z
    .object({
      DynamicEnabled: text.optional(),
      MaxConcurrency: int.optional(),
      InstanceIsolationEnabled: text.optional(),
      Type: text.optional(),
      MixNodeConfig: z.array(z.object({ NodeSpec: text.optional(), Num: int.optional() })).optional(),
      SessionConfig: Session.optional(),
    })
    .optional(),
  DnsCache: text.optional(),
  IntranetConfig: z.object({ IpFixed: text }).optional(),
};

const Settings = z.object(SETTINGS);
export type Settings = z.output<typeof Settings>;

const SWITCHES = [
  'InstallDependency',
  'AsyncRunEnable',
  'TraceEnable',
  'AutoDeployClsTopicIndex',
  'AutoCreateClsTopic',
  'DnsCache',
  'L5Enable',
  'Publish',
] as const;

/** Refuses a switch that is neither "TRUE" nor "FALSE". */
export function checkSwitches(request: Partial<Readonly<Record<(typeof SWITCHES)[number], string | undefined>>>): void {
  for (const name of SWITCHES) isTrue(name, request[name]);
}

/** Variables as an object; one pair with an empty key stands for "none". */
export function environmentOf(environment: Settings['Environment']): Record<string, string> | undefined {
  const variables = environment?.Variables;
  if (!variables) return undefined;
  const [first] = variables;
  if (variables.length === 1 && !first?.Key && !first?.Value) return {};
  // Without a prototype: a key may be "__proto__".
  const result: Record<string, string> = Object.create(null);
  for (const { Key, Value } of variables) {
    // Control refuses an empty name.
    result[Key ?? ''] = Value ?? '';
  }
  return { ...result };
}

/** Layers as control names them; an empty name or the version 0 stands for "none". */
export function layersOf(layers: Settings['Layers']): LayerRef[] | undefined {
  return layers
    ?.filter(({ LayerName, LayerVersion }) => LayerName !== '' && LayerVersion !== 0)
    .map(({ LayerName, LayerVersion }) => ({ name: LayerName, version: LayerVersion }));
}

function deadLetterOf(config: Settings['DeadLetterConfig']): DeadLetterInput | undefined {
  return config && { type: config.Type ?? '', name: config.Name ?? '', filterType: config.FilterType ?? '' };
}

/** What control takes by name; the rest of the request it finds in `wire`. */
export function settingsOf(request: Partial<Settings>) {
  return {
    description: request.Description,
    memoryMB: request.MemorySize,
    timeoutS: request.Timeout,
    initTimeoutS: request.InitTimeout,
    runtime: request.Runtime,
    environment: environmentOf(request.Environment),
    layers: layersOf(request.Layers),
    role: request.Role,
    asyncRun: isTrue('AsyncRunEnable', request.AsyncRunEnable),
    traced: isTrue('TraceEnable', request.TraceEnable),
    deadLetter: deadLetterOf(request.DeadLetterConfig),
  };
}
