// The settings as the API gateway takes them.

import type { Config } from '../config.ts';
import type { ApiGatewayDeps } from '../services/apigateway/gateway.ts';

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
