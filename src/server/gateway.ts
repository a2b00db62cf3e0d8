// The settings as the API gateway takes them.

import type { Config } from '../config.ts';
import type { Submit } from '../core/trigger.ts';
import { trustedProxies } from '../http/client.ts';
import type { ApiGatewayDeps } from '../services/apigateway/gateway.ts';
import type { TrafficDeps } from '../services/apigateway/httpfront.ts';
import { verification } from '../triggers/apigw/verify.ts';

export function gatewaySettings({
  compat,
  websocket,
}: Pick<Config, 'compat' | 'websocket'>): ApiGatewayDeps['settings'] {
  return {
    headerCase: compat.apigwHeaderCase,
    dropLocation: compat.apigwDropLocation,
    websocket: {
      idleMs: websocket.idle * 1000,
      messageBytes: websocket.messageKB * 1024,
      parallel: compat.wsParallel,
      cleanupOnServerClose: compat.wsCleanupOnServerClose,
    },
  };
}

/** `submit` is asked for when a request comes: it is made after the gateway. */
export function gatewayTraffic(config: Pick<Config, 'trustedProxies'>, submit: () => Submit): TrafficDeps {
  return { verify: verification(submit), proxies: trustedProxies(config.trustedProxies) };
}
