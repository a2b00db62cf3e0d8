// Which bucket and key a request is about: from its host, or from its path where the host names no bucket.

import { fail } from '../errors.ts';

export interface Address {
  /** `<name>-<appid>`; undefined: the request is to the service. */
  readonly bucket: string | undefined;
  /** '' for the bucket itself. Never normalised: `a/../b` and `/a` are keys like others. */
  readonly key: string;
  /** Of a host that names one: buckets of other regions are not found there. */
  readonly region: string | undefined;
  /** Whether the path begins with the bucket. */
  readonly pathStyle: boolean;
}

const MAX_KEY_BYTES = 850;

const BUCKET = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-[0-9]+$/;
const CLOUD = /^(.*)\.(?:myqcloud\.com|tencentcos\.cn)$/;
/** What stands between the bucket and the cloud's domains. */
const WITHIN = /^(?:cos|cos-internal)\.([a-z0-9-]+)$/;
/** Data processing, batch jobs, asynchronous fetching: they have hosts that begin like those of buckets, and no objects. */
const BESIDE = /(?:^|\.)(?:ci|pic|cos-control)(?:-internal)?\.[a-z0-9-]+$|\.migration$/;
const REGION = /^[a-z]+-[a-z]+(?:-[a-z0-9]+)*$/;

/** Whether this is a name of a bucket, with its application's id. */
export const isBucketId = (text: string): boolean => BUCKET.test(text);

interface HostParts {
  readonly bucket: string | undefined;
  readonly region: string | undefined;
}

/** `host`: lower case, without the port; `endpoints`: names that are no bucket's, whatever they look like. */
export function hostParts(host: string, endpoints: readonly string[] = []): HostParts {
  if (endpoints.includes(host)) return { bucket: undefined, region: undefined };
  const dot = host.indexOf('.');
  const label = dot < 0 ? '' : host.slice(0, dot);
  const bucket = isBucketId(label) ? label : undefined;
  const [, cloud] = CLOUD.exec(host) ?? [];
  return { bucket, region: cloud === undefined ? undefined : regionOf(bucket ? cloud.slice(dot + 1) : cloud) };
}

/** `cos.ap-guangzhou`, `cos-internal.ap-guangzhou`, and `cn-south` of old hosts; `cos.accelerate` and `service.cos` name none. */
function regionOf(within: string): string | undefined {
  const [, named] = WITHIN.exec(within) ?? [];
  // Whatever stands behind `cos` is a region, and be it one that there is not: no bucket is there.
  if (named !== undefined) return named === 'accelerate' ? undefined : named;
  return REGION.test(within) ? currentRegion(within) : undefined;
}

/** Names that regions had, still in hosts. */
const FORMER: Readonly<Record<string, string>> = {
  'cn-south': 'ap-guangzhou',
  'cn-north': 'ap-beijing-1',
  'cn-east': 'ap-shanghai',
  'cn-southwest': 'ap-chengdu',
};

export const currentRegion = (name: string): string => FORMER[name] ?? name;

/** Whether a host is one of the cloud's for object storage. */
export function isCloudHost(host: string): boolean {
  const [, cloud] = CLOUD.exec(host) ?? [];
  if (cloud === undefined) return false;
  const dot = cloud.indexOf('.');
  const behind = isBucketId(cloud.slice(0, Math.max(0, dot))) ? cloud.slice(dot + 1) : undefined;
  // Hosts of other products begin like buckets: service-1.ap-guangzhou.apigateway.
  if (behind !== undefined && !behind.includes('.')) return REGION.test(behind);
  return cloud === 'service.cos' || /^cos(?:-internal|-website)?\.[a-z0-9-]+$/.test(behind ?? cloud);
}

/** `path`: as sent, before the `?`. */
export function addressOf(host: string, path: string, endpoints: readonly string[] = []): Address {
  // Whoever asks there wants pages, not objects and lists.
  if (/\.cos-website\.[^.]+\.(?:myqcloud\.com|tencentcos\.cn)$/.test(host)) fail('NotImplemented', { name: host });
  // A job that is put there would be an object, and one that is deleted take an object away.
  if (BESIDE.test(CLOUD.exec(host)?.[1] ?? '')) fail('NotImplemented', { name: host });
  const named = hostParts(host, endpoints);
  const rest = path.slice(1);
  if (named.bucket !== undefined) return { ...named, key: keyOf(rest), pathStyle: false };
  if (rest === '') return { ...named, bucket: undefined, key: '', pathStyle: false };
  const slash = rest.indexOf('/');
  const bucket = decodePath(slash < 0 ? rest : rest.slice(0, slash));
  if (!isBucketId(bucket)) return fail('InvalidBucketName', { name: bucket });
  return { ...named, bucket, key: slash < 0 ? '' : keyOf(rest.slice(slash + 1)), pathStyle: true };
}

function keyOf(encoded: string): string {
  const key = decodePath(encoded);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) fail('KeyTooLong');
  return key;
}

/** Once, as UTF-8; characters above ASCII that were sent as they are come from node as Latin-1. */
export function decodePath(encoded: string): string {
  if (!/[%\u0080-\uffff]/.test(encoded)) return encoded;
  if (/%(?![\dA-Fa-f]{2})/.test(encoded)) return fail('InvalidURI');
  const bytes = encoded.replace(/%([\dA-Fa-f]{2})/g, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch (error) {
    return fail('InvalidURI', {}, error);
  }
}
