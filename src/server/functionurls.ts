// Function URLs and custom domains with the settings of the server.

import type { Config } from '../config.ts';
import type { Control } from '../control/control.ts';
import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { Account, Submit } from '../core/trigger.ts';
import { trustedProxies } from '../http/client.ts';
import { createFunctionUrls, type FunctionUrls } from '../services/functionurl/urls.ts';
import type { HttpSettings } from '../triggers/http/kind.ts';
import { urlTarget } from '../triggers/http/listen.ts';
import type { Ports } from './fronts.ts';

interface Parts {
  readonly store: Store;
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly ports: Ports;
}

type Settings = Pick<Config, 'host' | 'region' | 'baseDomain' | 'trustedProxies'>;

/** `later` is asked when a request or a trigger comes: control and the way to a run are made after this. */
export function functionUrls(
  { host, region, baseDomain, trustedProxies: proxies }: Settings,
  { ports, ...parts }: Parts,
  later: () => { readonly control: Control; readonly submit: Submit },
): FunctionUrls {
  return createFunctionUrls({
    ...parts,
    region,
    catalog: { find: key => later().control.catalog.find(key) },
    keys: { secretOf: (id, token) => later().control.accounts.secretOf(id, token) },
    domains: { find: name => later().control.domains.find(name) },
    dial: place => urlTarget(place, later().submit),
    proxies: trustedProxies(proxies),
    edge: {
      host,
      get httpPort() {
        return ports.http;
      },
      get tlsPort() {
        return ports.tls;
      },
      baseDomain,
    },
  });
}

/** What the trigger kind shows of them. */
export function shownUrls(urls: Pick<FunctionUrls, 'addresses'>): HttpSettings {
  return { addressesOf: ({ region, urlId }) => urls.addresses(region, urlId) };
}
