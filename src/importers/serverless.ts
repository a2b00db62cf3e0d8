// serverless.yml of the vendor's scf component → a Project. What is not supported is refused by name and line.

import { basename, dirname } from 'node:path';
import { type AsyncPolicy, DEFAULT_ASYNC_POLICY } from '../core/function.ts';
import { fail } from './errors.ts';
import { readEvents, readTriggers } from './events.ts';
import type { Project, Source } from './project.ts';
import { OUTPUTS, referenceTo } from './references.ts';
import { fileSchema, NOT_BUILT } from './serverless-schema.ts';
import { YamlText } from './yaml.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** `path` is used in messages, and its folder's name where the file has no name. */
export function parseServerless(text: string, path: string, env: Env = {}): Project {
  const yaml = new YamlText(path, text);
  yaml.substitute(variables(yaml.value, path, env));
  const file = yaml.read(fileSchema, yaml.value, [], NOT_BUILT);
  if (file.component !== 'scf')
    fail('Project.Component', { where: yaml.where(['component']), component: file.component });
  const { inputs } = file;
  return {
    name: inputs.name ?? file.name ?? basename(dirname(path)),
    region: inputs.region,
    namespace: inputs.namespace,
    type: inputs.type,
    webSocket: inputs.protocolType && { idleTimeoutS: inputs.protocolParams?.wsParams?.idleTimeOut },
    requestsPerInstance: requestsPerInstance(inputs),
    runtime: inputs.runtime,
    handler: inputs.handler,
    description: inputs.description,
    memoryMB: inputs.memorySize,
    timeoutS: inputs.timeout,
    initTimeoutS: inputs.initTimeout,
    environment: inputs.environment?.variables,
    layers: inputs.layers,
    asyncRun: inputs.asyncRunEnable,
    traced: inputs.traceEnable,
    deadLetter: inputs.deadLetter,
    retries: retries(inputs),
    echoed: echoed(inputs),
    source: source(yaml, inputs),
    ...triggers(yaml, inputs),
  };
}

type Inputs = ReturnType<typeof fileSchema.parse>['inputs'];

function triggers(yaml: YamlText, inputs: Inputs): Pick<Project, 'triggers' | 'gateways'> {
  if (!inputs.events && !inputs.triggers) return { triggers: undefined };
  const names = new Set<string>();
  const all = [
    ...readEvents(yaml, inputs.events ?? [], ['inputs', 'events'], names),
    ...readTriggers(yaml, inputs.triggers ?? [], ['inputs', 'triggers'], names),
  ];
  const gateways = all.filter(one => 'apis' in one);
  return { triggers: all.filter(one => 'type' in one), ...(gateways.length > 0 && { gateways }) };
}

/** Documented: a folder and an object do not go together. The vendor's tools leave out the folder without a word. */
function source(yaml: YamlText, { src = {} }: Inputs): Source {
  const { src: folder, exclude, bucket, object } = src;
  if (object === undefined && (bucket === undefined || folder !== undefined))
    return { folder: folder ?? '.', exclude: exclude ?? [], ...(bucket !== undefined && { bucket }) };
  if (bucket !== undefined && object !== undefined && folder === undefined && exclude === undefined)
    return { bucket, object };
  return fail('Project.Source', { where: yaml.where(['inputs', 'src']), given: Object.keys(src).join(', ') });
}

/** The vendor's tools take 2 where the file names no number. */
function requestsPerInstance({ instanceConcurrencyConfig: config }: Inputs): number | undefined {
  if (!config) return undefined;
  return config.enable ? (config.maxConcurrency ?? 2) : 1;
}

/** Said by halves, the other half is the documented default: the action takes both. */
function retries({ retryNum, msgTTL }: Inputs): AsyncPolicy | undefined {
  if (retryNum === undefined && msgTTL === undefined) return undefined;
  const usual = DEFAULT_ASYNC_POLICY;
  return { retryNum: retryNum ?? usual.retryNum, msgTtlS: msgTTL ?? usual.msgTtlS };
}

function echoed(inputs: Inputs): Record<string, unknown> {
  const { role, publicAccess, vpcConfig, tags } = inputs;
  return {
    // An empty one takes the role away.
    ...(role !== undefined && { Role: role }),
    ...(publicAccess !== undefined && { PublicNetConfig: { PublicNetStatus: publicAccess ? 'ENABLE' : 'DISABLE' } }),
    ...(vpcConfig && { VpcConfig: { VpcId: vpcConfig.vpcId, SubnetId: vpcConfig.subnetId } }),
    ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}

/** `${name}`, `${app}`, `${stage}`, `${org}` stand for the file's own top keys; `app` is the name and `stage` is dev if not set. */
function variables(value: unknown, path: string, env: Env): Parameters<YamlText['substitute']>[0] {
  const top = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const textOf = (key: string): string | undefined => {
    const found = top[key];
    const text = typeof found === 'string' || typeof found === 'number' ? String(found) : '';
    return text === '' || text.includes('${') ? undefined : text;
  };
  const name = textOf('name') ?? basename(dirname(path));
  const known: Record<string, string | undefined> = {
    name,
    app: textOf('app') ?? name,
    stage: textOf('stage') ?? 'dev',
    org: textOf('org'),
  };
  return (key, where, keys) => {
    if (key.startsWith('output:')) return reference(key, where, keys, known);
    return /^env[:.]/.test(key) ? env[key.slice('env:'.length)] : known[key];
  };
}

/** Known when the functions are there: kept for then, without stage and app, of which a server has no others. */
function reference(key: string, where: string, keys: readonly string[], known: Env): string {
  const [, stage, app, name = '', output = ''] = /^output:([^:]+):([^:]+):([\w-]+)\.(\w+)$/.exec(key) ?? [];
  const fits = stage !== undefined && stage === known.stage && app === known.app && isOutput(output);
  if (!fits || keys.slice(0, 3).join('.') !== 'inputs.environment.variables')
    return fail('Project.Output', { where, variable: `\${${key}}`, form: FORM, known: OUTPUTS.join(', ') });
  return referenceTo(name, output);
}

/** Written out for people. */
const FORM = `\${output:\${stage}:\${app}:<function>.<output>}`;
const isOutput = (text: string): boolean => OUTPUTS.some(one => one === text);
