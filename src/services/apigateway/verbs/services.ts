// What can be done to services. Rules live here; every verb is one transaction.

import { shortId } from '../../../core/ids.ts';
import { failGateway } from '../errors.ts';
import { type Environment, SERVICE_QPS, SERVICES_PER_REGION, type Service, type ServiceDraft } from '../model.ts';
import type { Edit } from '../objects.ts';
import * as state from '../state.ts';
import { checkService } from './check.ts';
import { checkRange, environmentOf, type Scope, type ServiceRef } from './scope.ts';

export async function createService({ rows, clock, ids }: Scope, draft: ServiceDraft): Promise<Service> {
  checkService(draft);
  if ((await state.listServices(rows, draft.region)).length >= SERVICES_PER_REGION) {
    failGateway('LimitExceeded.ServiceCountLimitExceeded', { limit: SERVICES_PER_REGION });
  }
  const now = clock.now();
  const service: Service = {
    id: `service-${shortId(ids)}`,
    region: draft.region,
    name: draft.name,
    description: draft.description ?? '',
    protocol: draft.protocol ?? 'http&https',
    netTypes: draft.netTypes ?? ['OUTER'],
    qps: {},
    echoed: draft.echoed ?? {},
    createdAt: now,
    modifiedAt: now,
  };
  await state.putService(rows, service);
  return service;
}

/** What is left out stays as it is. */
export type ServiceChange = Partial<Pick<Service, 'name' | 'description' | 'protocol' | 'netTypes' | 'echoed'>>;

export async function modifyService(
  { rows, clock }: Scope,
  ref: ServiceRef,
  { echoed, ...change }: ServiceChange,
): Promise<Service> {
  const before = await state.needService(rows, ref.region, ref.serviceId);
  const service = {
    ...before,
    ...change,
    echoed: { ...before.echoed, ...echoed },
    modifiedAt: clock.now(),
  };
  checkService(service);
  const lost = before.netTypes.find(type => !service.netTypes.includes(type));
  if (lost) failGateway('UnsupportedOperation.ReduceNetTypes', { type: lost });
  await state.putService(rows, service);
  return service;
}

/** Requests per second of whole environments. */
export async function limitService(
  { rows, clock }: Scope,
  ref: ServiceRef,
  environments: readonly string[],
  qps: number,
): Promise<void> {
  const before = await state.needService(rows, ref.region, ref.serviceId);
  checkRange('Strategy', qps, 1, SERVICE_QPS);
  const limits: Partial<Record<Environment, number>> = { ...before.qps };
  for (const environment of environments) limits[environmentOf(environment)] = qps;
  await state.putService(rows, { ...before, qps: limits, modifiedAt: clock.now() });
}

/** Only one that holds nothing and serves nothing can go; its IP strategies go with it. */
export async function deleteService(edit: Edit, { region, serviceId }: ServiceRef): Promise<void> {
  const { rows, objects } = edit;
  await state.needService(rows, region, serviceId);
  const apis = await state.listApis(rows, region, serviceId);
  const releases = await state.listReleases(rows, region, serviceId);
  const plans = [...objects.plans.values()].filter(plan => plan.scopes.some(scope => scope.serviceId === serviceId));
  const domains = [...objects.domains.values()].filter(domain => domain.serviceId === serviceId);
  if (apis.length + releases.length + plans.length + domains.length > 0) {
    failGateway('UnsupportedOperation.UnsupportedDeleteService', { serviceId });
  }
  for (const strategy of [...objects.ipStrategies.values()]) {
    if (strategy.serviceId === serviceId) await edit.remove('ipStrategies', strategy);
  }
  await state.removeVersions(rows, region, serviceId);
  await state.removeService(rows, region, serviceId);
}
