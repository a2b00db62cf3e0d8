// The cloud products that have a life of their own: opened with the server's settings, and tied to the kinds of triggers
// that they fire.

import type { Config } from '../config.ts';
import type { CertificateVerbs } from '../control/certificates.ts';
import type { Control } from '../control/control.ts';
import type { TagTable } from '../control/tags.ts';
import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Account, Submit } from '../core/trigger.ts';
import { originOf } from '../http/origin.ts';
import type { Site } from '../http/site.ts';
import { createApiGateway } from '../services/apigateway/gateway.ts';
import { openS3Inbox, type S3Inbox } from '../services/cos/notices/s3inbox.ts';
import { type TriggerKinds, triggerKinds } from '../triggers/index.ts';
import { clbManagement, openClb, shownRules } from './clb.ts';
import type { Closers } from './closers.ts';
import { cosEvents, type OpenedCos, openCosHere } from './cos.ts';
import type { Ports } from './fronts.ts';
import { functionUrls, shownUrls } from './functionurls.ts';
import { gatewayManagement, gatewaySettings, gatewayTraffic } from './gateway.ts';
import type { ServiceDeps } from './services.ts';
import { sourceOf } from './sources.ts';
import type { Stores } from './stores.ts';

export interface ProductsDeps {
  readonly config: Config;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly certificates: CertificateVerbs;
  /** 0 until they are open. */
  readonly ports: Ports;
  /** Asked when a request or a trigger comes: both are made after this. */
  readonly later: () => { readonly control: Control; readonly submit: Submit };
}

export interface Products {
  readonly kinds: TriggerKinds;
  readonly cos: OpenedCos;
  /** Where other stores post what happens in their buckets. */
  readonly s3: S3Inbox;
  /** The service behind a kind of trigger. */
  sourceOf(kind: { readonly type: string }): unknown;
  /** Asked in their order whether a request is theirs. */
  readonly sites: readonly Site[];
  /** Who answers on the HTTP edge where nobody claims a request. */
  readonly edge: Site;
  /** Hosts of users' own. */
  serves(host: string): boolean;
  /** The certificate that somebody has bound to a host. */
  certificateOf(host: string): string | undefined;
  /** What the actions of their management APIs need. */
  management(control: Control, tags: TagTable): Pick<ServiceDeps, 'apigateway' | 'clb'>;
  /** Drops what stands for triggers that do not exist. */
  sweep(exists: (triggerId: string) => boolean): Promise<void>;
  /** Opens ports of their own, once the triggers listen. */
  open(): Promise<void>;
  /** Before the ports close, and while functions can still be called. */
  sayGoodbye(): Promise<void>;
}

export async function openProducts(deps: ProductsDeps, opened: Closers): Promise<Products> {
  const { config, stores, clock, wallClock, ids, log, account, certificates, ports, later } = deps;
  const { host, region, baseDomain, compat } = config;
  const { store, index, files } = stores;
  const shared = { store, ids, log, account };
  const gateway = await createApiGateway({
    ...shared,
    clock: wallClock,
    certificates,
    edge: {
      get httpOrigin() {
        return originOf(host, ports.http);
      },
      get httpPort() {
        return ports.http;
      },
      get tlsPort() {
        return ports.tls;
      },
      baseDomain,
    },
    ...gatewayTraffic(config, () => later().submit, log, opened),
    settings: gatewaySettings(config),
  });
  opened.defer(() => gateway.close());
  const httpOrigin = () => originOf(host, ports.http);
  const clb = await openClb({ ...shared, clock: wallClock, certificates, config, httpOrigin }, opened);
  const urls = functionUrls(config, { ...shared, wallClock, ports }, later);
  const secrets = { secretOf: (id: string, token: string) => later().control.accounts.heldKey(id, token) };
  const cos = await openCosHere({ ...shared, index, files, config, clock, wallClock, secrets }, opened);
  const s3 = await openS3Inbox({ cos, map: config.s3.buckets, region, log });
  const sources = { apigw: gateway, http: urls, clb, cos };
  return Object.freeze<Products>({
    kinds: triggerKinds({
      timer: { utcOffsetMin: compat.timerUtcOffset, log },
      apigw: { urlOf: place => gateway.urls({ region, ...place })[0], upstreamAction: compat.wsUpstreamAction },
      clb: shownRules(clb, config),
      cos: { ...cosEvents(config), log },
      http: shownUrls(urls),
    }),
    cos,
    s3,
    sourceOf: kind => sourceOf(sources, kind),
    // By its hosts alone, and first: keys may look like anybody's paths.
    sites: [cos.site, gateway.site, urls.site, clb.site],
    edge: gateway.site,
    serves: name => gateway.serves(name) || later().control.domains.find(name) !== undefined,
    certificateOf: name => gateway.certificateOf(name) ?? later().control.domains.certificateOf(name),
    management: (control, tags) => ({
      apigateway: gatewayManagement({ gateway, control, certificates, tags, log }),
      clb: clbManagement({ clb, control, certificates, tags, ids, log }),
    }),
    async sweep(exists) {
      await gateway.sweep(exists);
      await clb.sweep(exists);
    },
    async open() {
      await cos.begin();
      await clb.open();
    },
    sayGoodbye: () => gateway.closeConnections(config.grace * 1000),
  });
}
