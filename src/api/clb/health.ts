// Health checks, from the wire and to it.

import { z } from 'zod';
import type { HealthCheck } from '../../services/clb/model.ts';
import { int, present, Switch, text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';

export const HealthCheckInput = z.object({
  HealthSwitch: Switch.optional(),
  TimeOut: int.optional(),
  IntervalTime: int.optional(),
  HealthNum: int.optional(),
  UnHealthNum: int.optional(),
  HttpCode: int.optional(),
  HttpCheckPath: text.optional(),
  HttpCheckDomain: text.optional(),
  HttpCheckMethod: z.enum(['HEAD', 'GET']).optional(),
  CheckPort: int.optional(),
  CheckType: z.enum(['HTTP', 'TCP']).optional(),
  HttpVersion: text.optional(),
  ContextType: text.optional(),
  SendContext: text.optional(),
  RecvContext: text.optional(),
  ExtendedCode: text.optional(),
  // Which of the cloud's own addresses looks: a server here sees this machine's.
  SourceIpType: Switch.optional(),
});

/** Documented: back to the server's own port. */
const OWN_PORT = -1;

export function healthOf(given: z.output<typeof HealthCheckInput>): Partial<HealthCheck> {
  const { HttpVersion, ContextType, SendContext, RecvContext, ExtendedCode } = given;
  refuseUnbuilt({ HttpVersion, ContextType, SendContext, RecvContext, ExtendedCode });
  return present<HealthCheck>({
    enabled: given.HealthSwitch === undefined ? undefined : given.HealthSwitch === 1,
    type: given.CheckType,
    timeoutS: given.TimeOut,
    intervalS: given.IntervalTime,
    healthyAfter: given.HealthNum,
    unhealthyAfter: given.UnHealthNum,
    codes: given.HttpCode,
    path: given.HttpCheckPath || undefined,
    domain: given.HttpCheckDomain,
    method: given.HttpCheckMethod,
    port: given.CheckPort === OWN_PORT ? 0 : given.CheckPort,
  });
}

export function wireHealth(health: HealthCheck): object {
  return {
    HealthSwitch: health.enabled ? 1 : 0,
    TimeOut: health.timeoutS,
    IntervalTime: health.intervalS,
    HealthNum: health.healthyAfter,
    UnHealthNum: health.unhealthyAfter,
    HttpCode: health.codes,
    HttpCheckPath: health.path,
    HttpCheckDomain: health.domain,
    HttpCheckMethod: health.method,
    CheckPort: health.port === 0 ? OWN_PORT : health.port,
    ContextType: null,
    SendContext: null,
    RecvContext: null,
    CheckType: health.type,
    HttpVersion: health.type === 'HTTP' ? 'HTTP/1.1' : null,
    SourceIpType: 0,
    ExtendedCode: null,
  };
}
