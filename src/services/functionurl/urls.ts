// Function URLs and custom domains as a service: the site that serves them, and what the trigger kind needs of it.

import type { Clock } from '../../core/clock.ts';
import type { Domains } from '../../core/domain.ts';
import { type FunctionKey, LATEST } from '../../core/function.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Catalog, Store } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import type { TrustedProxies } from '../../http/client.ts';
import type { Site } from '../../http/site.ts';
import { type Edge, type UrlAddresses, urlAddresses, urlResourceId } from './address.ts';
import { CamVerifier, type Keys } from './cam.ts';
import { createFinder, type LiveUrl } from './find.ts';
import type { Place } from './model.ts';
import { createServe } from './serve.ts';
import { urlIdOf } from './state.ts';
import type { Target } from './target.ts';

export interface FunctionUrlsDeps {
  readonly store: Store;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly catalog: Catalog;
  readonly keys: Keys;
  readonly domains: Domains;
  /** A function that no trigger stands for. */
  readonly dial: (place: Place) => Target;
  readonly proxies: TrustedProxies;
  readonly edge: Edge;
  /** Of paths that name a function and no region. */
  readonly region: string;
}

export interface FunctionUrls {
  readonly site: Site;
  /** The id of a place's URL, made when there is none. */
  idOf(place: Place): Promise<string>;
  /** What a URL calls, until it is disposed. */
  attach(urlId: string, url: LiveUrl): Disposable;
  addresses(region: string, urlId: string): UrlAddresses;
  resourceId(key: FunctionKey, urlId: string): string;
  speaksWebSocket(key: FunctionKey): boolean;
}

export function createFunctionUrls(deps: FunctionUrlsDeps): FunctionUrls {
  const { store, ids, log, account, catalog, keys, domains, dial, proxies, edge, region, wallClock } = deps;
  const live = new Map<string, LiveUrl>();
  const { appId, uin } = account;
  const { baseDomain } = edge;
  const finder = createFinder({ urlOf: id => live.get(id), domains, catalog, dial, baseDomain, appId, region });
  const cam = new CamVerifier(keys, uin);
  const { serve, upgrade } = createServe({ finder, cam, proxies, wallClock, ids, log });

  return Object.freeze<FunctionUrls>({
    site: { name: 'functionurl', claims: finder.claims, serve, upgrade },
    idOf: place => urlIdOf(store, ids, place),
    attach(urlId, url) {
      live.set(urlId, url);
      return {
        [Symbol.dispose]() {
          // A trigger that changed may have attached anew before the old one goes.
          if (live.get(urlId) === url) live.delete(urlId);
        },
      };
    },
    addresses: (region, urlId) => urlAddresses(edge, appId, region, urlId),
    resourceId: ({ region, name }, urlId) => urlResourceId(uin, region, name, urlId),
    speaksWebSocket: key => catalog.find(key)?.versions.get(LATEST)?.protocol === 'WS',
  });
}
