// The API gateway as a service with its own life: management verbs, and the site that serves what was released.

import { awake } from '../../core/awake.ts';
import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Certificates, Store } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import { Deadlines } from '../../http/deadlines.ts';
import type { Site } from '../../http/site.ts';
import type { GatewayVerbs } from './contract.ts';
import type { Environment, Objects, Service } from './model.ts';
import { LiveObjects } from './objects.ts';
import { apiResourceId, type Edge, type Place, placeUrls, serviceDomain } from './routing/address.ts';
import { compileRoutes, type RouteTable } from './routing/routes.ts';
import type { LiveService } from './routing/way.ts';
import { hasBody } from './serving/body.ts';
import { createHttpFront, type HttpFront, type TrafficDeps, type TrafficSettings } from './serving/httpfront.ts';
import * as state from './state.ts';
import type { Target } from './target.ts';
import { sweep } from './verbs/releases.ts';
import type { ApiRef } from './verbs/scope.ts';
import { gatewayVerbs } from './verbs/verbs.ts';
import type { SocketSettings } from './websocket/connections.ts';
import { upgradeExchange } from './websocket/exchange.ts';
import { createSocketFront } from './websocket/front.ts';
import { pushedApi, pushedBy, pushUrl } from './websocket/push.ts';
import type { SocketTarget } from './websocket/target.ts';

export interface ApiGatewayDeps extends TrafficDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly edge: Edge;
  /** Uploaded ones, which domains may name; left out: there are none. */
  readonly certificates?: Pick<Certificates, 'find'> | undefined;
  readonly settings: TrafficSettings & { readonly websocket: SocketSettings };
}

export interface ApiGateway
  extends GatewayVerbs,
    Pick<HttpFront, 'serves' | 'certificateOf' | 'accessRecords' | 'accessLine' | 'used'> {
  /** Serves the gateway's hosts and the path form. */
  readonly site: Site;
  /** Keys, plans, domains … as they are now: a new value after each change. */
  objects(): Objects;
  /** Drops the APIs of triggers that do not exist; gives how many. For the start, before any trigger is made. */
  sweep(exists: (triggerId: string) => boolean): Promise<number>;
  /** What an API calls, until it is disposed. An API without one answers as if it were not there. */
  attach(apiId: string, target: Target): Disposable;
  /** One of the functions of a WebSocket API. */
  attachSocket(apiId: string, target: SocketTarget): Disposable;
  /** Where functions push to the clients of a WebSocket API (InternalDomain). */
  pushUrl(apiId: string): string;
  /** Open WebSocket connections. */
  connections(): number;
  /** Says goodbye to every WebSocket client; those that do not answer, and functions that are still told, have `graceMs`. */
  closeConnections(graceMs: number): Promise<void>;
  /** Host and port under which a service is reached, without a scheme. */
  domain(service: Pick<Service, 'id' | 'region' | 'protocol'>): string;
  ports(): { readonly http: number; readonly https: number };
  /** Usable addresses with port; the first is the one to print. */
  urls(place: Place): readonly string[];
  resourceId(ref: ApiRef): string;
  close(): Promise<void>;
}

export async function createApiGateway(deps: ApiGatewayDeps): Promise<ApiGateway> {
  const { store, clock, ids, log, account, edge, settings, certificates } = deps;
  const live = new Map<string, LiveService>();
  const targets = new Map<string, Target>();
  const deadlines = new Deadlines(awake(clock));
  const sockets = createSocketFront({
    clock,
    ids,
    log,
    deadlines,
    settings: settings.websocket,
    serviceName: serviceId => live.get(serviceId)?.service.name ?? '',
  });
  const targetOf = (apiId: string) => targets.get(apiId) ?? sockets.target(apiId);
  const objects = await LiveObjects.load(store);
  let refreshing: Promise<void> = Promise.resolve();

  /** Takes up what the store says now. One after another, so that an older reading never replaces a newer one. */
  function refresh(region: string, serviceId: string): Promise<void> {
    const turn = refreshing.then(async () => {
      const service = await state.findService(store, region, serviceId);
      if (!service) live.delete(serviceId);
      else live.set(serviceId, await load(store, service));
    });
    refreshing = turn.catch(() => undefined);
    return turn;
  }

  const verbs = gatewayVerbs({
    store,
    clock,
    ids,
    objects,
    certificates,
    changed: ({ region, serviceId }) => refresh(region, serviceId),
  });

  const http = await createHttpFront({
    ...deps,
    deadlines,
    objects: objects.now,
    liveService: id => live.get(id),
    targetOf,
  });

  const site: Site = {
    name: 'apigateway',
    claims: (host, path) => http.claims(host, path) || pushedApi(host, path) !== undefined,
    serve(request, response) {
      const apiId = pushedBy(request);
      if (apiId === undefined) http.serve(request, response);
      else sockets.push(apiId, request, response);
    },
    upgrade(request, socket, head) {
      const { response, handover } = upgradeExchange(request, socket, head);
      // Its bytes could not be told from those of the other protocol.
      if (hasBody(request)) response.writeHead(400, { 'Content-Length': 0 }).end();
      else http.serve(request, response, handover);
    },
  };

  for (const service of await state.listServices(store)) live.set(service.id, await load(store, service));

  return Object.freeze<ApiGateway>({
    site,
    ...verbs,
    objects: objects.now,
    async sweep(exists) {
      const swept = await objects.edit(it => sweep(it, exists));
      for (const { region, serviceId, apiId } of swept) {
        await refresh(region, serviceId);
        log.warn({ region, serviceId, apiId }, 'an API without its trigger was removed');
      }
      return swept.length;
    },
    attach(apiId, target) {
      targets.set(apiId, target);
      return {
        [Symbol.dispose]() {
          // A trigger that changed may have attached anew before the old one goes.
          if (targets.get(apiId) === target) targets.delete(apiId);
        },
      };
    },
    attachSocket: sockets.attach,
    pushUrl: apiId => pushUrl(edge, apiId),
    connections: sockets.count,
    closeConnections: sockets.close,
    domain: service => serviceDomain(edge, account.appId, service),
    ports: () => ({ http: edge.httpPort, https: edge.tlsPort }),
    urls: place => placeUrls(edge, account.appId, place),
    resourceId: ({ region, serviceId, apiId }) => apiResourceId(account.uin, region, serviceId, apiId),
    serves: http.serves,
    certificateOf: http.certificateOf,
    accessRecords: http.accessRecords,
    accessLine: http.accessLine,
    used: http.used,
    close() {
      deadlines.close();
      return http.close();
    },
  });
}

async function load(store: Store, service: Service): Promise<LiveService> {
  const tables: Partial<Record<Environment, RouteTable>> = {};
  const current = await state.listApis(store, service.region, service.id);
  for (const release of await state.listReleases(store, service.region, service.id)) {
    tables[release.environment] = compileRoutes(service, release, current);
  }
  return Object.freeze({ service, tables });
}
