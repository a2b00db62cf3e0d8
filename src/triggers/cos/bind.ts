// The bucket behind a trigger: it must be there, and where the function is.

import type { Bound, TriggerHost } from '../../core/trigger.ts';
import type { Cos } from '../../services/cos/contract.ts';
import { failDesc } from '../errors.ts';
import type { CosDesc } from './desc.ts';
import { failCos } from './errors.ts';
import type { CosTrigger } from './event.ts';
import { bucketOf, regionOf } from './names.ts';

/** What a trigger needs of the store. */
export interface CosSource {
  readonly buckets: Pick<Cos['buckets'], 'find'>;
  readonly notices: Pick<Cos['notices'], 'listen'>;
}

export async function bindCos(trigger: CosTrigger, { source }: TriggerHost<CosSource>): Promise<Bound<CosDesc>> {
  const { region, triggerName, desc } = trigger;
  const id = bucketOf(triggerName);
  if (desc.bucketUrl !== undefined && bucketOf(desc.bucketUrl) !== id) {
    failDesc(
      `bucketUrl ${desc.bucketUrl} 与触发器名称 ${triggerName} 不是同一存储桶`,
      `bucketUrl is ${desc.bucketUrl}, and the trigger is named after another bucket, ${triggerName}`,
    );
  }
  const named = regionOf(triggerName);
  if (named !== undefined && named !== region) elsewhere(id, named, region);
  const bucket = source.buckets.find(id);
  // One that has lost its bucket can be switched off.
  const isLeft = trigger.resourceId !== '' && !trigger.enabled;
  if (!bucket && !isLeft) failCos('ResourceNotFound.Cos', { bucket: id });
  if (bucket && bucket.region !== region) elsewhere(id, bucket.region, region);
  return {
    desc: Object.freeze({ ...desc, bucketUrl: triggerName }),
    resourceId: `qcs::cos:${region}:uid/${id.slice(id.lastIndexOf('-') + 1)}:${id}`,
  };
}

function elsewhere(bucket: string, bucketRegion: string, region: string): never {
  return failCos('InvalidParameterValue.CosBucketRegion', { bucket, bucketRegion, region });
}
