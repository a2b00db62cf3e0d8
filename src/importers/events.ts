// `events:` and `triggers:` of serverless.yml → triggers as CreateTrigger takes them.

import { fail } from './errors.ts';
import type { TriggerPlan } from './project.ts';
import { apigwSchema, NOT_BUILT, timerSchema } from './serverless-schema.ts';
import type { YamlText } from './yaml.ts';

type Path = readonly PropertyKey[];
type Entry = Readonly<Record<string, unknown>>;

type Draft = Omit<TriggerPlan, 'type' | 'name'>;
type Reader = (
  yaml: YamlText,
  value: unknown,
  path: Path,
) => { readonly name: string | undefined; readonly drafts: readonly Draft[] };

/** The kinds that the file may name; each reads its parameters. */
const KINDS: Readonly<Record<string, Reader>> = { timer: readTimer, apigw: readGateway };
const KNOWN = Object.keys(KINDS).join(', ');

function readTimer(yaml: YamlText, value: unknown, path: Path): ReturnType<Reader> {
  const { name, cronExpression, enable, ...timer } = yaml.read(timerSchema, value, path, NOT_BUILT);
  return { name, drafts: [{ ...timer, desc: cronExpression, enabled: enable }] };
}

/** One trigger per endpoint. */
function readGateway(yaml: YamlText, value: unknown, path: Path): ReturnType<Reader> {
  const gateway = yaml.read(apigwSchema, value, path, NOT_BUILT);
  const { serviceId, serviceName } = gateway;
  const service = serviceId ? { serviceId } : { serviceName: serviceName ?? 'SCF_API_SERVICE' };
  const drafts = gateway.endpoints.map(endpoint => ({
    desc: JSON.stringify({
      api: {
        authRequired: 'FALSE',
        requestConfig: { method: endpoint.method.toUpperCase(), path: endpoint.path },
        isIntegratedResponse: upper(endpoint.function?.isIntegratedResponse ?? false),
        IsBase64Encoded: upper(endpoint.isBase64Encoded ?? endpoint.function?.isBase64Encoded ?? false),
      },
      service,
      release: { environmentName: gateway.environment },
    }),
    enabled: gateway.enable,
    qualifier: endpoint.function?.functionQualifier ?? gateway.qualifier,
    argument: '',
    description: endpoint.description ?? gateway.description,
    ...(serviceId ? {} : { service: path.join('.') }),
  }));
  return { name: gateway.name, drafts };
}

const upper = (value: boolean): string => (value ? 'TRUE' : 'FALSE');

/** Documented: `- timer: { name?, parameters: {…} }`. */
export function readEvents(yaml: YamlText, events: readonly Entry[], path: Path, names: Set<string>): TriggerPlan[] {
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
export function readTriggers(
  yaml: YamlText,
  triggers: readonly Entry[],
  path: Path,
  names: Set<string>,
): TriggerPlan[] {
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

interface Place {
  readonly kindAt: Path;
  readonly at: Path;
}

function read(
  yaml: YamlText,
  type: string,
  value: unknown,
  place: Place,
  name: unknown,
  names: Set<string>,
): TriggerPlan[] {
  const reader = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (!reader) return fail('Project.Kind', { where: yaml.where(place.kindAt), kind: type, known: KNOWN });
  const reading = reader(yaml, value, place.at);
  const wanted = reading.name ?? (typeof name === 'string' ? name : type);
  return reading.drafts.map(draft => ({ ...draft, type, name: unused(wanted, names) }));
}

/** Several of one name are told apart by a number, the same on every run. */
function unused(wanted: string, names: Set<string>): string {
  let name = wanted;
  for (let count = 2; names.has(name); count++) name = `${wanted}-${count}`;
  names.add(name);
  return name;
}
