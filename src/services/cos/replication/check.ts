// Whether a configuration can be carried out on this server. Documented: both buckets have versioning.

import type { Buckets } from '../contract.ts';
import { fail } from '../errors.ts';
import type { Bucket } from '../model.ts';
import { takesCopies } from './jobs.ts';
import type { ReplicationRule } from './rules.ts';

/** BucketVersionNotOpen, InvalidArgument, NoSuchBucket. */
export function checkReplication(
  rules: readonly ReplicationRule[],
  source: Bucket,
  buckets: Pick<Buckets, 'need'>,
): void {
  if (!takesCopies(source)) fail('BucketVersionNotOpen', { name: source.id });
  for (const { to, region } of rules) {
    if (to === source.id) {
      fail('InvalidArgument', { name: 'Destination.Bucket', reason: 'a bucket is not replicated to itself' });
    }
    const destination = buckets.need(to);
    if (destination.region !== region) fail('NoSuchBucket', { name: to });
    if (!takesCopies(destination)) fail('BucketVersionNotOpen', { name: to });
  }
}
