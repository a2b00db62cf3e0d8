// A request as it has come to a listener.

import type { IncomingMessage } from 'node:http';
import type { Gzip } from '../../../http/reply.ts';
import type { Listener, LoadBalancer, Rule } from '../model.ts';
import type { Routes } from '../routing/routes.ts';
import type { ServerGroup } from '../servers/group.ts';
import type { Settings } from '../settings/settings.ts';

/** A rule as it is served now. */
export interface LiveRule extends Pick<Rule, 'domains' | 'url' | 'defaultServer'> {
  readonly rule: Rule;
  /** Of a rule with servers. */
  readonly group: ServerGroup | undefined;
}

/** A listener as it is served now: requests in flight keep the one they began with. */
export interface LiveListener {
  readonly listener: Listener;
  readonly balancer: LoadBalancer;
  readonly settings: Settings;
  readonly gzip: Gzip | undefined;
  readonly routes: Routes<LiveRule>;
  /** Names of a client's headers, lower case, that are not passed on as they are. */
  readonly dropped: ReadonlySet<string>;
}

export interface Arrival {
  readonly request: IncomingMessage;
  readonly live: LiveListener;
  readonly requestId: string;
  /** ms since 1970. */
  readonly at: number;
  readonly method: string;
  /** With the port, as it was sent; what chose the domain. */
  readonly host: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: string;
  readonly scheme: 'http' | 'https';
  /** Who connected; `clientAddress` is whom trusted proxies speak for. */
  readonly peerAddress: string;
  readonly clientAddress: string;
  readonly clientPort: number;
}
