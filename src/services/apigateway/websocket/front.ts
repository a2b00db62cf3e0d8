// The WebSocket side of a gateway, in one piece: connections, the functions behind them, the back-push address.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { Deadlines } from '../../../http/deadlines.ts';
import type { Target } from '../target.ts';
import { Connections, type SocketSettings } from './connections.ts';
import { createOpen } from './open.ts';
import { Parts } from './parts.ts';
import { createPush } from './push.ts';
import type { SocketTarget } from './target.ts';

export interface SocketFrontDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly settings: SocketSettings;
  readonly serviceName: (serviceId: string) => string;
}

export interface SocketFront {
  /** A function behind an API, until it is disposed. */
  attach(apiId: string, target: SocketTarget): Disposable;
  /** What a request for the API calls; undefined without a transport function. */
  target(apiId: string): Target | undefined;
  push(apiId: string, request: IncomingMessage, response: ServerResponse): void;
  /** Open connections. */
  count(): number;
  /** Ends every connection and takes no more. */
  close(graceMs: number): Promise<void>;
}

export function createSocketFront(deps: SocketFrontDeps): SocketFront {
  const { settings, ids, serviceName, log } = deps;
  const parts = new Parts();
  const connections = new Connections({ ...deps, parts });
  const open = createOpen({ ids, parts, connections, messageBytes: settings.messageBytes, serviceName });
  const targets = new Map<string, Target>();
  return {
    attach(apiId, target) {
      const attached = parts.attach(apiId, target);
      if (target.part !== 'transport') return attached;
      const opening = open(target.functionName);
      targets.set(apiId, opening);
      return {
        [Symbol.dispose]() {
          attached[Symbol.dispose]();
          if (targets.get(apiId) === opening) targets.delete(apiId);
        },
      };
    },
    target: apiId => targets.get(apiId),
    push: createPush({ connections, log, settings }),
    count: () => connections.count,
    close: graceMs => connections.close(graceMs),
  };
}
