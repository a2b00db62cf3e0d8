// Reserved, provisioned and total concurrency.

import { z } from 'zod';
import type { ProvisionedVersion } from '../../control/control.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { FUNCTION, int, keyOf, namespaceOf, text } from './types.ts';

const PutReservedConcurrencyConfig = action({
  request: z.object({ ...FUNCTION, ReservedConcurrencyMem: int }),
  async handle(request, { control, region }: ScfContext) {
    await control.concurrency.reserve(keyOf(request, region), request.ReservedConcurrencyMem);
    return {};
  },
});

const GetReservedConcurrencyConfig = action({
  request: z.object(FUNCTION),
  async handle(request, { control, region }: ScfContext) {
    return { ReservedMem: (await control.concurrency.reserved(keyOf(request, region))) ?? null };
  },
});

const DeleteReservedConcurrencyConfig = action({
  request: z.object(FUNCTION),
  async handle(request, { control, region }: ScfContext) {
    await control.concurrency.unreserve(keyOf(request, region));
    return {};
  },
});

const TriggerAction = z.object({
  TriggerName: text,
  TriggerProvisionedConcurrencyNum: int,
  TriggerCronConfig: text,
  ProvisionedType: text.optional(),
});

const PutProvisionedConcurrencyConfig = action({
  request: z.object({
    ...FUNCTION,
    Qualifier: text,
    VersionProvisionedConcurrencyNum: int,
    TriggerActions: z.array(TriggerAction).optional(),
    ProvisionedType: text.optional(),
    TrackingTarget: z.number().optional(),
    MinCapacity: int.optional(),
    MaxCapacity: int.optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    await control.concurrency.provision({
      ...keyOf(request, region),
      version: request.Qualifier,
      instances: request.VersionProvisionedConcurrencyNum,
      type: request.ProvisionedType || undefined,
      target: request.TrackingTarget,
      min: request.MinCapacity,
      max: request.MaxCapacity,
      schedule: request.TriggerActions?.map(one => ({
        name: one.TriggerName,
        instances: one.TriggerProvisionedConcurrencyNum,
        cron: one.TriggerCronConfig,
        type: one.ProvisionedType || undefined,
      })),
    });
    return {};
  },
});

const GetProvisionedConcurrencyConfig = action({
  request: z.object({ ...FUNCTION, Qualifier: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    const key = keyOf(request, region);
    const { unallocated, versions } = await control.concurrency.provisioned(key, request.Qualifier || undefined);
    return { UnallocatedConcurrencyNum: unallocated, Allocated: versions.map(wireProvisioned) };
  },
});

function wireProvisioned({ version, wanted, available, status, reason, schedule }: ProvisionedVersion): object {
  return {
    Qualifier: version,
    AllocatedProvisionedConcurrencyNum: wanted,
    AvailableProvisionedConcurrencyNum: available,
    Status: status,
    StatusReason: reason,
    TriggerActions: schedule.map(({ name, instances, cron }) => ({
      TriggerName: name,
      TriggerProvisionedConcurrencyNum: instances,
      TriggerCronConfig: cron,
      ProvisionedType: 'Default',
    })),
  };
}

const DeleteProvisionedConcurrencyConfig = action({
  request: z.object({ ...FUNCTION, Qualifier: text }),
  async handle(request, { control, region }: ScfContext) {
    await control.concurrency.unprovision(keyOf(request, region), request.Qualifier);
    return {};
  },
});

const PutTotalConcurrencyConfig = action({
  request: z.object({ TotalConcurrencyMem: int, Namespace: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    await control.concurrency.setQuota(region, namespaceOf(request.Namespace), request.TotalConcurrencyMem);
    return {};
  },
});

export const CONCURRENCY_ACTIONS = {
  PutReservedConcurrencyConfig,
  GetReservedConcurrencyConfig,
  DeleteReservedConcurrencyConfig,
  PutProvisionedConcurrencyConfig,
  GetProvisionedConcurrencyConfig,
  DeleteProvisionedConcurrencyConfig,
  PutTotalConcurrencyConfig,
};
