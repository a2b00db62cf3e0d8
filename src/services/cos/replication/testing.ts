// A source with versions, buckets to copy to, and the configuration that says so; for tests alone.

import { ACCOUNT } from '../../../core/fixture.ts';
import type { Bucket, ObjectNotice } from '../model.ts';
import { BUCKET, House, type HouseSetting, REGION } from '../testing.ts';

export const COPIES = `copies-${ACCOUNT.appId}`;
export const ROLE = `qcs::cam::uin/${ACCOUNT.uin}:uin/${ACCOUNT.uin}`;

/** `inner`: what stands beside the destination. */
export function replicationRule(inner = '', to = COPIES, within = ''): string {
  const destination = `<Destination><Bucket>qcs::cos:${REGION}::${to}</Bucket>${within}</Destination>`;
  return `<Rule><Status>Enabled</Status>${inner}${destination}</Rule>`;
}

export const replicationXml = (...rules: readonly string[]): string =>
  `<ReplicationConfiguration><Role>${ROLE}</Role>${rules.join('')}</ReplicationConfiguration>`;

/** Both have versions; everything in the source is copied, unless told otherwise. */
export async function openPair(rules: readonly string[] = [replicationRule()], setting?: HouseSetting): Promise<House> {
  const house = await House.open(setting);
  await addBucket(house, COPIES);
  await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
  await configure(house, BUCKET, rules);
  return house;
}

export async function addBucket(house: House, id: string): Promise<Bucket> {
  await house.cos.buckets.create({ id, region: REGION });
  return house.cos.buckets.setVersioning(id, 'Enabled');
}

export function configure(house: House, id: string, rules: readonly string[]): Promise<Bucket> {
  return house.cos.buckets.change(id, { plain: { replication: replicationXml(...rules) } });
}

/** Until all copies that can be made now are made. */
export const copied = (house: House): Promise<void> => house.clock.advance(0);

export const told = (notices: readonly ObjectNotice[]): string[] =>
  notices.map(({ name, bucket, key }) => `${name} ${bucket === BUCKET ? 'source' : 'copy'} ${key}`);
