// Which API answers, said in plain words after the vendor's pages and sharing no line with the router; for tests alone.

export interface PlainApi {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** What a regular expression means, and how much of its start can only be itself. */
  readonly expression?: { readonly literal: number; readonly fits: (decoded: string) => boolean };
}

export interface PlainDomain {
  readonly host: string;
  readonly serviceId: string;
  /** Path to environment; undefined: the environment stands in the path. */
  readonly mappings: readonly (readonly [path: string, environment: string])[] | undefined;
}

export interface PlainGateway {
  readonly domains: readonly PlainDomain[];
  /** Service, environment, its APIs as released. */
  readonly released: ReadonlyMap<string, ReadonlyMap<string, readonly PlainApi[]>>;
}

export interface PlainRequest {
  /** Without a port. */
  readonly host: string;
  /** As sent. */
  readonly path: string;
  readonly method: string;
}

/** Several where the documents do not say which of them goes first. */
export type PlainAnswer =
  | { readonly miss: 'host' | 'environment' | 'uri' | 'method' }
  | {
      readonly apis: readonly PlainApi[];
      /** How many others would have answered. */
      readonly rivals: number;
      readonly environment: string;
      readonly path: string;
    };

export function plainAnswer(gateway: PlainGateway, { host, path, method }: PlainRequest): PlainAnswer {
  const name = host.toLowerCase();
  const domain = domainFor(gateway.domains, name);
  const place = domain ? { serviceId: domain.serviceId, path } : defaultPlace(name, path);
  const environments = place && gateway.released.get(place.serviceId);
  if (!environments) return { miss: 'host' };
  const at = domain?.mappings ? mapped(domain.mappings, path) : firstSegment(place.path);
  if (!at || !['test', 'prepub', 'release'].includes(at.environment)) return { miss: 'environment' };
  const released = environments.get(at.environment) ?? [];
  const fitting = released.filter(api => fits(api, decoded(at.path)));
  if (fitting.length === 0) return { miss: 'uri' };
  const willing = fitting.filter(api => api.method === method || api.method === 'ANY');
  if (willing.length === 0) return { miss: 'method' };
  const best = willing.filter(one => !willing.some(other => before(other, one)));
  const exact = best.filter(one => one.method !== 'ANY');
  const apis = best.filter(one => one.method !== 'ANY' || !exact.some(other => other.path === one.path));
  return {
    apis,
    rivals: willing.length - apis.length,
    environment: at.environment,
    path: at.path,
  };
}

function domainFor(domains: readonly PlainDomain[], host: string): PlainDomain | undefined {
  const [, ...parents] = host.split('.');
  return (
    domains.find(domain => domain.host === host) ?? domains.find(domain => domain.host === `*.${parents.join('.')}`)
  );
}

function defaultPlace(host: string, path: string) {
  const [label = ''] = host.split('.');
  const [word, id = '', account, ...more] = label.split('-');
  const numbered = account === undefined || [...account].every(letter => letter >= '0' && letter <= '9');
  const lettered = [...id].every(letter => (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'));
  if (word === 'service' && id.length === 8 && lettered && numbered && account !== '' && more.length === 0) {
    return { serviceId: `service-${id}`, path };
  }
  const [nothing, marker, serviceId = '', ...rest] = path.split('/');
  if (nothing !== '' || marker !== '_apigw') return undefined;
  return { serviceId, path: `/${rest.join('/')}` };
}

function firstSegment(path: string) {
  const [, environment = '', ...rest] = path.split('/');
  return { environment, path: `/${rest.join('/')}` };
}

function mapped(mappings: NonNullable<PlainDomain['mappings']>, path: string) {
  const sent = path.split('/');
  const longestFirst = mappings.toSorted(([a], [b]) => b.length - a.length);
  for (const [prefix, environment] of longestFirst) {
    const wanted = prefix === '/' ? [''] : prefix.split('/');
    if (wanted.some((segment, index) => sent[index] !== segment)) continue;
    return { environment, path: `/${sent.slice(wanted.length).join('/')}` };
  }
  return undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const CLASSES = ['=', '^~', '{', 'regex', 'plain', '/'];

/** Place in the documented order, and how long the part is that can only be itself. */
function rankOf({ path, expression }: PlainApi): { readonly rank: number; readonly literal: number } {
  const name =
    ['=', '^~'].find(mark => path.startsWith(mark)) ??
    (path.includes('{') ? '{' : expression ? 'regex' : path === '/' ? '/' : 'plain');
  const text = path.replace(/^(=|\^~)/, '');
  const literal = expression?.literal ?? (name === '{' ? text.indexOf('{') : text.length);
  return { rank: CLASSES.indexOf(name), literal };
}

function before(a: PlainApi, b: PlainApi): boolean {
  const [one, other] = [rankOf(a), rankOf(b)];
  return one.rank < other.rank || (one.rank === other.rank && one.literal > other.literal);
}

function fits(api: PlainApi, path: string): boolean {
  if (api.expression) return api.expression.fits(path);
  if (api.path.startsWith('=')) return path === api.path.slice(1);
  if (api.path.startsWith('^~')) return path.startsWith(api.path.slice(2));
  return plainParameters(api.path, path) !== undefined;
}

/** A path with parameters held against a prefix of another; a parameter takes as much as it can. */
export function plainParameters(template: string, path: string): Readonly<Record<string, string>> | undefined {
  if (template === '') return {};
  if (!template.startsWith('{')) {
    return template[0] === path[0] ? plainParameters(template.slice(1), path.slice(1)) : undefined;
  }
  const end = template.indexOf('}');
  const word = template.slice(1, end);
  const many = word.endsWith('+');
  const most = many || !path.includes('/') ? path.length : path.indexOf('/');
  for (let length = most; length > 0; length--) {
    const rest = plainParameters(template.slice(end + 1), path.slice(length));
    if (rest) return { [many ? word.slice(0, -1) : word]: path.slice(0, length), ...rest };
  }
  return undefined;
}
