// `events:` and `triggers:` of serverless.yml → triggers as CreateTrigger takes them.

import { fail } from './errors.ts';
import { readGateway } from './gateway-events.ts';
import type { GatewayPlan, TriggerPlan } from './project.ts';
import type { Reader } from './reader.ts';
import { clbSchema, cosSchema, NOT_BUILT, timerSchema, urlSchema } from './serverless-schema.ts';
import type { YamlText } from './yaml.ts';

type Path = readonly PropertyKey[];
type Entry = Readonly<Record<string, unknown>>;

/** The kinds that the file may name; each reads its parameters. */
const KINDS: Readonly<Record<string, Reader>> = {
  timer: readTimer,
  apigw: readGateway,
  http: readUrl,
  clb: readBalancer,
  cos: readBucket,
};
const KNOWN = Object.keys(KINDS).join(', ');

function readTimer(yaml: YamlText, value: unknown, path: Path): ReturnType<Reader> {
  const { name, cronExpression, enable, ...timer } = yaml.read(timerSchema, value, path, NOT_BUILT);
  return { name, drafts: [{ ...timer, desc: cronExpression, enabled: enable }] };
}

function readUrl(yaml: YamlText, value: unknown, path: Path): ReturnType<Reader> {
  const { name, qualifier, enable, authType, netConfig, corsConfig } = yaml.read(urlSchema, value, path, NOT_BUILT);
  const desc = {
    AuthType: authType,
    NetConfig: { EnableIntranet: netConfig.enableIntranet, EnableExtranet: netConfig.enableExtranet },
    ...(corsConfig && {
      CorsConfig: {
        Enable: corsConfig.enable,
        ...(corsConfig.origins && { Origins: corsConfig.origins }),
        ...(corsConfig.methods && { Methods: corsConfig.methods }),
        ...(corsConfig.headers && { Headers: corsConfig.headers }),
        ...(corsConfig.exposeHeaders && { ExposeHeaders: corsConfig.exposeHeaders }),
        ...(corsConfig.credentials !== undefined && { Credentials: corsConfig.credentials }),
        ...(corsConfig.maxAge !== undefined && { MaxAge: corsConfig.maxAge }),
      },
    }),
  };
  const draft = { desc: JSON.stringify(desc), enabled: enable, qualifier, argument: '', description: '' };
  return { name: name ?? 'url-trigger', drafts: [draft] };
}

function readBalancer(yaml: YamlText, value: unknown, path: Path): ReturnType<Reader> {
  const read = yaml.read(clbSchema, value, path, NOT_BUILT);
  const { name, qualifier, enable, loadBalanceId, loadBalanceName, ...rest } = read;
  // As the server gives it back, so that an equal trigger is known again; regular expressions keep their case.
  const rule = { ...rest, domain: rest.domain.startsWith('~') ? rest.domain : rest.domain.toLowerCase() };
  const balancer = loadBalanceId
    ? { loadBalancerId: loadBalanceId }
    : { loadBalancerName: loadBalanceName ?? 'SCF_CLB' };
  const desc = JSON.stringify({ ...balancer, ...rule });
  return { name, drafts: [{ desc, enabled: enable, qualifier, argument: '', description: '' }] };
}

function readBucket(yaml: YamlText, value: unknown, path: Path): ReturnType<Reader> {
  const { bucket, events, filter, qualifier, enable } = yaml.read(cosSchema, value, path, NOT_BUILT);
  const desc = JSON.stringify({ event: events, filter: { Prefix: filter.prefix, Suffix: filter.suffix } });
  const draft = { name: bucket, desc, enabled: enable, qualifier, argument: '', description: '' };
  return { name: undefined, drafts: [draft] };
}

/** Documented: `- timer: { name?, parameters: {…} }`. */
export function readEvents(yaml: YamlText, events: readonly Entry[], path: Path, names: Set<string>): Read[] {
  return events.flatMap((entry, index) => {
    const at = [...path, index];
    const [kind, ...more] = Object.keys(entry);
    if (kind === undefined || more.length > 0) return fail('Project.OneKind', { where: yaml.where(at), known: KNOWN });
    const body = (entry[kind] ?? {}) as Entry;
    const { parameters, name, ...rest } = body;
    const stray = Object.keys(rest)[0];
    if (stray !== undefined)
      fail('Project.Key', { where: yaml.where([...at, kind, stray]), key: stray, known: 'name, parameters' });
    return read(yaml, kind, parameters ?? {}, { kindAt: [...at, kind], at: [...at, kind, 'parameters'] }, name, names);
  });
}

/** The newer spelling: `- type: timer` with the parameters beside it or under `parameters`. */
export function readTriggers(yaml: YamlText, triggers: readonly Entry[], path: Path, names: Set<string>): Read[] {
  return triggers.flatMap((entry, index) => {
    const at = [...path, index];
    const kindAt = [...at, 'type'];
    const { type, name, parameters, ...flat } = entry;
    if (typeof type !== 'string') return fail('Project.OneKind', { where: yaml.where(at), known: KNOWN });
    if (parameters === undefined) return read(yaml, type, flat, { kindAt, at }, name, names);
    const stray = Object.keys(flat)[0];
    if (stray !== undefined)
      fail('Project.Key', { where: yaml.where([...at, stray]), key: stray, known: 'type, name, parameters' });
    return read(yaml, type, parameters, { kindAt, at: [...at, 'parameters'] }, name, names);
  });
}

type Read = TriggerPlan | GatewayPlan;

interface Place {
  readonly kindAt: Path;
  readonly at: Path;
}

function read(yaml: YamlText, type: string, value: unknown, place: Place, name: unknown, names: Set<string>): Read[] {
  const reader = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (!reader) return fail('Project.Kind', { where: yaml.where(place.kindAt), kind: type, known: KNOWN });
  const reading = reader(yaml, value, place.at);
  if (reading.gateway) return [reading.gateway];
  const wanted = reading.name ?? (typeof name === 'string' ? name : type);
  return reading.drafts.map(draft => ({ ...draft, type, name: draft.name ?? unused(wanted, names) }));
}

/** Several of one name are told apart by a number, the same on every run. */
function unused(wanted: string, names: Set<string>): string {
  let name = wanted;
  for (let count = 2; names.has(name); count++) name = `${wanted}-${count}`;
  names.add(name);
  return name;
}
