import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TurnableClock } from '../../../core/clock.ts';
import { SeededIds } from '../../../core/ids.ts';
import { NO_PROXIES } from '../../../http/client.ts';
import { Counters } from '../admission/limits.ts';
import { createPolicies } from '../admission/policy.ts';
import { anApi, aService, FakeTarget, REGION } from '../fixture.ts';
import { type Api, type ApiMethod, ENVIRONMENTS, type Environment, type Objects, type SubDomain } from '../model.ts';
import { createArrive } from '../serving/arrival.ts';
import { compileRoutes } from './routes.ts';
import { type PlainApi, type PlainDomain, type PlainGateway, plainAnswer, plainParameters } from './testing-router.ts';
import { createFindWay, type LiveService } from './way.ts';

const SERVICES = ['service-aaaaaaaa', 'service-b1b2b3b4'] as const;
const NONE: Objects = {
  keys: new Map(),
  plans: new Map(),
  apps: new Map(),
  ipStrategies: new Map(),
  plugins: new Map(),
  domains: new Map(),
};

function apiOf(serviceId: string, { id, method, path }: PlainApi): Api {
  const config = anApi({ method: method as ApiMethod, path });
  return { ...config, id, serviceId, qps: {}, createdAt: 0, modifiedAt: 0 };
}

function domainOf({ host, serviceId, mappings }: PlainDomain): SubDomain {
  return {
    host,
    region: REGION,
    serviceId,
    protocol: 'http&https',
    netType: 'OUTER',
    certificateId: '',
    forcedHttps: false,
    mappings: mappings?.map(([path, environment]) => ({ path, environment: environment as Environment })),
    createdAt: 0,
  };
}

/** The router over these services; gives what it makes of a request. */
function routerOf({ domains, released }: PlainGateway) {
  const objects: Objects = { ...NONE, domains: new Map(domains.map(domain => [domain.host, domainOf(domain)])) };
  const live = new Map<string, LiveService>();
  for (const [serviceId, environments] of released) {
    const service = aService({ id: serviceId });
    const tables = Object.fromEntries(
      [...environments].map(([environment, plain]) => {
        const apis = plain.map(api => apiOf(serviceId, api));
        const release = { serviceId, environment: environment as Environment, version: '', description: '' };
        return [environment, compileRoutes(service, { ...release, releasedAt: 0, apis }, apis)];
      }),
    );
    live.set(serviceId, { service, tables });
  }
  const target = new FakeTarget();
  const arrive = createArrive({
    ids: new SeededIds(),
    clock: new TurnableClock(0),
    objects: () => objects,
    proxies: NO_PROXIES,
  });
  const findWay = createFindWay({
    liveService: id => live.get(id),
    targetOf: () => target,
    policyOf: createPolicies({ objects: () => objects, counters: new Counters(), serviceQps: 0 }),
    edge: { tlsPort: 443 },
  });
  return (host: string, url: string, method: string) => {
    const request = { url, method, headers: { host }, socket: { remoteAddress: '127.0.0.1' } };
    const arrival = arrive(request as unknown as IncomingMessage, {} as ServerResponse, undefined);
    return { refusal: findWay(arrival), arrival };
  };
}

const segment = fc.constantFrom('a', 'a', 'a', 'b', 'ab', 'user', 'A', '中', 'x y', 'a.b');
const literal = fc.array(segment, { minLength: 1, maxLength: 3 }).map(all => `/${all.join('/')}`);
const template = fc
  .array(
    fc.oneof(
      segment,
      fc.constant('{}'),
      fc.constant('{}'),
      segment.map(one => `${one}-{}`),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map(all => all.map((one, index) => one.replace('{}', `{p${index}}`)))
  .chain(all => fc.boolean().map(many => `/${all.join('/')}${many ? '/{rest+}' : ''}`))
  .filter(path => path.includes('{'));
const EXPRESSIONS: readonly (readonly [text: string, literal: number, fits: (path: string) => boolean])[] = [
  ['/a.*', 2, path => path.startsWith('/a')],
  ['/[ab]', 1, path => path.startsWith('/a') || path.startsWith('/b')],
  ['/user/(a|b)', 6, path => path.startsWith('/user/a') || path.startsWith('/user/b')],
  ['/ab?', 2, path => path.startsWith('/a')],
  ['/user$', 5, path => path === '/user'],
];
const pathForm = fc.oneof(
  literal.map(path => ({ path })),
  literal.map(path => ({ path: `=${path}` })),
  literal.map(path => ({ path: `^~${path}` })),
  template.map(path => ({ path })),
  fc.constantFrom(...EXPRESSIONS).map(([path, literal, fits]) => ({ path, expression: { literal, fits } })),
  fc.constant({ path: '/' }),
);
const method = fc.constantFrom('ANY', 'ANY', 'ANY', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS');
const api = fc.record({ form: pathForm, method });
const apis = fc
  .uniqueArray(api, { minLength: 2, maxLength: 10, selector: one => `${one.method} ${one.form.path}` })
  .map(all => all.map(({ form, method }): PlainApi => ({ id: `${method} ${form.path}`, method, ...form })));
const environments = fc
  .record({ test: apis, prepub: apis, release: apis }, { requiredKeys: ['release'] })
  .map(all => new Map(Object.entries(all)));
const mapping = fc.tuple(fc.oneof(fc.constant('/'), literal), fc.constantFrom(...ENVIRONMENTS));
const domain: fc.Arbitrary<PlainDomain> = fc.record({
  host: fc.constantFrom('a.example.com', '*.example.com', 'b.example.com', '*.b.example.com', 'example.org'),
  serviceId: fc.constantFrom(...SERVICES),
  mappings: fc.option(fc.uniqueArray(mapping, { minLength: 1, maxLength: 3, selector: ([path]) => path }), {
    nil: undefined,
  }),
});
const gateway: fc.Arbitrary<PlainGateway> = fc.record({
  domains: fc.uniqueArray(domain, { maxLength: 4, selector: one => one.host }),
  released: fc
    .tuple(environments, environments)
    .map(([one, other]) => new Map(SERVICES.map((id, index) => [id, index === 0 ? one : other]))),
});

/** Paths near those of the APIs, with what changes of them. */
function pathFor(all: readonly PlainApi[]): fc.Arbitrary<string> {
  const known = fc.constantFrom('/', '/user', ...all.map(({ path }) => path.replace(/^(=|\^~)/, '')));
  const filled = fc.tuple(known, fc.array(segment, { minLength: 6, maxLength: 6 })).map(([path, values]) => {
    let next = 0;
    return path.replace(/\{[^}]*\}/g, () => values[next++] ?? '').replace(/[*?$()|[\]]/g, '');
  });
  const tail = fc.constantFrom('', '', '/', '/a', 'b', '/a/b', '%');
  const escaped = fc.constantFrom(encodeURI, encodeURIComponentKeepingSlashes, encodeAll);
  return fc.tuple(filled, tail, escaped).map(([path, end, encode]) => {
    const sent = encode(path) + end;
    return sent.startsWith('/') ? sent : `/${sent}`;
  });
}

const encodeURIComponentKeepingSlashes = (path: string) => path.split('/').map(encodeURIComponent).join('/');
/** Slashes as well, but for the first. */
const encodeAll = (path: string) => `/${encodeURIComponent(path.slice(1))}`;

const HOSTS = [
  'service-aaaaaaaa-1250000000.ap-guangzhou.apigateway.myqcloud.com',
  'service-b1b2b3b4-1250000000.gz.apigw.tencentcs.com:9702',
  'SERVICE-aaaaaaaa.localhost',
  'service-b1b2b3b4',
  'service-cccccccc.localhost',
  'service-aaaaaaaa-x.localhost',
  'a.example.com',
  'b.example.com:8080',
  'c.example.com',
  'a.b.example.com',
  'example.com',
  'example.org',
  '127.0.0.1:9702',
  '127.0.0.1:9702',
  '[::1]:9702',
];

/** Hosts of the gateway's own need none. */
const formFor = (host: string) =>
  host.includes(':9702') && !host.startsWith('service')
    ? fc.constantFrom('/_apigw/service-aaaaaaaa', '/_apigw/service-b1b2b3b4', '/_apigw/service-00000000', '')
    : fc.constantFrom('', '', '', '', '/_apigw/service-aaaaaaaa');

const requestTo = ({ released }: PlainGateway) =>
  fc
    .constantFrom(...HOSTS)
    .chain(host =>
      fc.record({
        host: fc.constant(host),
        path: pathFor([...released.values()].flatMap(all => [...all.values()].flat())),
        environment: fc.constantFrom('/release', '/release', '/release', '/test', '/prepub', '/prod', ''),
        form: formFor(host),
        method: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE'),
        query: fc.constantFrom('', '?', '?a=/b&c'),
        absolute: fc.boolean(),
      }),
    )
    .map(({ host, path, environment, form, method, query, absolute }) => {
      const sent = `${form}${environment}${path}`;
      return { host, path: sent, method, url: `${absolute ? `http://${host}` : ''}${sent}${query}` };
    });

describe('which API answers a request', () => {
  it('is what the documents say, whatever the host, path form, environment and method', () => {
    const seen = { contested: 0, found: 0, host: 0, environment: 0, uri: 0, method: 0 };
    const cases = gateway.chain(made =>
      fc.tuple(fc.constant(made), fc.array(requestTo(made), { minLength: 30, maxLength: 30 })),
    );
    fc.assert(
      fc.property(cases, ([made, requests]) => {
        const route = routerOf(made);
        for (const { host, path, method, url } of requests) {
          const expected = plainAnswer(made, { host: host.replace(/:\d+$/, ''), path, method });
          const { refusal, arrival } = route(host, url, method);
          const said = refusal?.message ?? '';
          if ('miss' in expected) {
            seen[expected.miss]++;
            const word = { host: 'match host', environment: 'env_mapping', uri: 'match uri', method: 'match method' };
            assert.equal(refusal?.status, 404);
            assert.ok(said.includes(word[expected.miss]), `${said}, not ${expected.miss}`);
            continue;
          }
          seen.found++;
          if (expected.rivals > 0) seen.contested++;
          assert.equal(refusal, undefined, said);
          const found = expected.apis.find(({ id }) => id === arrival.route?.api.id);
          assert.ok(found, `${arrival.route?.api.id} instead of ${expected.apis.map(({ id }) => id).join(' or ')}`);
          assert.equal(arrival.route?.environment, expected.environment);
          assert.equal(arrival.path, expected.path);
          const names = /\{/.test(found.path) ? plainParameters(found.path, tryDecode(expected.path)) : {};
          assert.deepEqual({ ...arrival.pathParameters }, names);
        }
      }),
      { numRuns: 300 },
    );
    // Else the property would say little.
    for (const [what, count] of Object.entries(seen)) assert.ok(count > 100, `${what}: ${count}`);
  });
});

function tryDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
