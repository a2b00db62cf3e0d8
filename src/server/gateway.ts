// The settings as the API gateway takes them, and its management side over what the server has.

import type { GatewayDeps } from '../api/apigateway/deps.ts';
import type { Config } from '../config.ts';
import type { CertificateVerbs } from '../control/certificates.ts';
import type { Control } from '../control/control.ts';
import type { Log } from '../core/log.ts';
import type { Tags } from '../core/ports.ts';
import type { Submit } from '../core/trigger.ts';
import { trustedProxies } from '../http/client.ts';
import type { ApiGateway, ApiGatewayDeps } from '../services/apigateway/gateway.ts';
import type { TrafficDeps } from '../services/apigateway/serving/httpfront.ts';
import { functionApis } from '../services/apigateway/verbs/functions.ts';
import { descOfApi } from '../triggers/apigw/desc.ts';
import { verification } from '../triggers/apigw/verify.ts';
import { openAccessFile } from './accesslog.ts';
import type { Closers } from './closers.ts';

export function gatewaySettings({
  compat,
  websocket,
  quota,
}: Pick<Config, 'compat' | 'websocket' | 'quota'>): ApiGatewayDeps['settings'] {
  return {
    serviceQps: quota.gatewayQps,
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
export function gatewayTraffic(
  config: Pick<Config, 'trustedProxies' | 'accessLog'>,
  submit: () => Submit,
  log: Log,
  opened: Closers,
): TrafficDeps {
  const traffic = { verify: verification(submit), proxies: trustedProxies(config.trustedProxies) };
  if (config.accessLog === undefined) return traffic;
  const file = openAccessFile({ path: config.accessLog, log });
  opened.defer(() => file.close());
  return { ...traffic, access: file.write };
}

interface ManagementDeps {
  readonly gateway: ApiGateway;
  readonly control: Pick<Control, 'triggers' | 'catalog'>;
  readonly certificates: Pick<CertificateVerbs, 'askBeforeRemoval'>;
  readonly tags: Tags;
  readonly log: Log;
}

/** A certificate that one of the gateway's domains names stays. */
export function gatewayManagement({ gateway, control, certificates, tags, log }: ManagementDeps): GatewayDeps {
  certificates.askBeforeRemoval(id => {
    const domain = gateway.domains.usedBy(id);
    return domain && `apigateway ${domain.serviceId} ${domain.host}`;
  });
  const { triggers, catalog } = control;
  return { gateway, tags, apis: functionApis({ gateway, triggers, catalog, descOf: descOfApi, log }) };
}
