// TriggerName of an object store's trigger: the host under which the bucket is reached.

import { failTrigger } from '../errors.ts';

const BUCKET = /^[a-z0-9][a-z0-9-]*-[0-9]+$/;
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const REGION = /^[a-z]+(-[a-z0-9]+)+$/;
/** What comes before the region in a name of the cloud's. */
const PRODUCT = /^cos(-internal)?$/;
/** RFC 1035. */
const HOST_CHARS = 253;

const labelsOf = (name: string): readonly string[] => name.toLowerCase().replace(/:\d+$/, '').split('.');

/** The cloud's names, and `<bucket>.<any endpoint>`. */
export function checkCosName(name: string): void {
  const [bucket = '', ...rest] = labelsOf(name);
  const isHost = rest.length > 0 && rest.every(label => LABEL.test(label)) && name.length <= HOST_CHARS;
  if (isHost && BUCKET.test(bucket)) return;
  failTrigger('InvalidParameterValue.TriggerName', {
    name,
    zh: '应为存储桶的访问域名 <名称>-<APPID>.cos.<地域>.myqcloud.com',
    en: 'it is the host of the bucket, <name>-<appid>.cos.<region>.myqcloud.com',
  });
}

/** `<name>-<appid>` */
export function bucketOf(triggerName: string): string {
  return labelsOf(triggerName)[0] ?? '';
}

/** undefined where the name does not tell. */
export function regionOf(triggerName: string): string | undefined {
  const [, product = '', region = ''] = labelsOf(triggerName);
  return PRODUCT.test(product) && REGION.test(region) ? region : undefined;
}
