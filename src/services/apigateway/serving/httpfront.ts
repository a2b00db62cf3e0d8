// The HTTP side of a gateway, in one piece: what comes in by its hosts and paths, and what is counted and kept of it.

import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { Store } from '../../../core/ports.ts';
import type { Account } from '../../../core/trigger.ts';
import { NO_PROXIES, type TrustedProxies } from '../../../http/client.ts';
import type { Deadlines } from '../../../http/deadlines.ts';
import { openUpstreams, type Upstreams } from '../../../http/forward.ts';
import { createAdmit } from '../admission/admit.ts';
import { Counters } from '../admission/limits.ts';
import { createPolicies } from '../admission/policy.ts';
import { Quotas } from '../admission/quotas.ts';
import { createCustomAuth, type Verify } from '../auth/customauth.ts';
import type { Api, Objects, UsagePlan } from '../model.ts';
import { addressed, type Edge, isGatewayHost } from '../routing/address.ts';
import { domainOf } from '../routing/hosts.ts';
import { apiIn } from '../routing/routes.ts';
import { createFindWay, type LiveService } from '../routing/way.ts';
import type { HeaderCase, Target } from '../target.ts';
import { AccessLog, type AccessRecord } from './accesslog.ts';
import { createAnswers } from './answer.ts';
import { createArrive } from './arrival.ts';
import { MOCK } from './mock.ts';
import { createProxy } from './proxy.ts';
import { createServe, type Serve } from './serve.ts';

export interface TrafficDeps {
  /** Runs the functions that plugins of type CustomAuth name. */
  readonly verify: Verify;
  /** Whose word about client addresses counts. */
  readonly proxies?: TrustedProxies;
  /** Gets the access log, line by line. */
  readonly access?: (line: string) => void;
}

export interface TrafficSettings {
  readonly headerCase: HeaderCase;
  readonly dropLocation: boolean;
  /** Requests per second of an environment unless it is set for its service; 0 or left out: any number. */
  readonly serviceQps?: number;
}

export interface HttpFrontDeps extends TrafficDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly edge: Edge;
  readonly deadlines: Deadlines;
  readonly settings: TrafficSettings;
  readonly objects: () => Objects;
  readonly liveService: (serviceId: string) => LiveService | undefined;
  /** The function behind an API. */
  readonly targetOf: (apiId: string) => Target | undefined;
}

export interface HttpFront {
  readonly serve: Serve;
  claims(host: string, path: string): boolean;
  /** Whether a host is a domain of users' own here. */
  serves(host: string): boolean;
  /** Id of the certificate that such a domain wants; undefined if none is named. */
  certificateOf(host: string): string | undefined;
  /** Newest last. */
  accessRecords(): readonly AccessRecord[];
  accessLine(record: AccessRecord): string;
  /** Requests of a usage plan's quota that are used up. */
  used(plan: UsagePlan): number;
  close(): Promise<void>;
}

export async function createHttpFront(deps: HttpFrontDeps): Promise<HttpFront> {
  const { store, clock, ids, log, account, edge, deadlines, settings, objects, liveService } = deps;
  const { proxies = NO_PROXIES, access } = deps;
  const { headerCase, dropLocation, serviceQps = 0 } = settings;
  const quotas = await Quotas.load({ store, clock, log, objects });
  let upstreams: Upstreams | undefined;
  const proxy = createProxy(() => {
    upstreams ??= openUpstreams();
    return upstreams;
  });
  const accessLog = new AccessLog({ appId: account.appId, pid: process.pid, ...(access && { sink: access }) });
  const policyOf = createPolicies({ objects, counters: new Counters(), serviceQps });
  const targetOf = ({ id, backend }: Api) =>
    backend.type === 'MOCK' ? MOCK : backend.type === 'HTTP' ? proxy : deps.targetOf(id);
  const customAuth = createCustomAuth({ verify: deps.verify, clock, ids, deadlines, headerCase });
  const serve = createServe({
    arrive: createArrive({ ids, clock, objects, proxies }),
    findWay: createFindWay({ liveService, targetOf, policyOf, edge }),
    admit: createAdmit({
      clock,
      quotas,
      customAuth,
      releasedApi: ({ api, environment }, apiId) => apiIn(liveService(api.serviceId)?.tables[environment] ?? [], apiId),
    }),
    answers: createAnswers({ clock, appId: account.appId, log: accessLog, dropLocation }),
    clock,
    deadlines,
    log,
    headerCase,
  });
  return Object.freeze<HttpFront>({
    serve,
    claims: (host, path) =>
      addressed(host, path) !== undefined || domainOf(objects(), host) !== undefined || isGatewayHost(host),
    serves: host => domainOf(objects(), host) !== undefined,
    certificateOf: host => domainOf(objects(), host)?.certificateId || undefined,
    accessRecords: () => accessLog.recent(),
    accessLine: record => accessLog.line(record),
    used: plan => quotas.used(plan),
    async close() {
      upstreams?.close();
      await quotas.close();
    },
  });
}
