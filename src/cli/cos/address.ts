// `cos://bucket/key`: how the command line names what is in the object store.

import { fail } from './errors.ts';

export interface CosAddress {
  /** As it was given, or whole: `<name>-<appid>`. */
  readonly bucket: string;
  /** '' of the bucket itself. Taken as it stands: `a/../b`, `/a` and `a%20b` are keys like others. */
  readonly key: string;
}

const SCHEME = 'cos://';
const BUCKET = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
/** APPIDs are of ten digits; names that end so are whole, whoever the bucket belongs to. */
const WHOLE = /.-\d{10,}$/;

export const isCosAddress = (text: string): boolean => text.toLowerCase().startsWith(SCHEME);

/** The bucket's name becomes whole. */
export function parseAddress(text: string, appId: string): CosAddress {
  if (!isCosAddress(text)) return fail('Cli.CosAddress', { text });
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const key = slash < 0 ? '' : rest.slice(slash + 1);
  if (!BUCKET.test(bucket)) return fail('Cli.CosBucketName', { text, name: bucket });
  return { bucket: bucketId(bucket, appId), key };
}

export function bucketId(name: string, appId: string): string {
  return WHOLE.test(name) || (name.endsWith(`-${appId}`) && name.length > appId.length + 1) ? name : `${name}-${appId}`;
}

export function formatAddress({ bucket, key }: CosAddress): string {
  return key === '' ? `${SCHEME}${bucket}` : `${SCHEME}${bucket}/${key}`;
}

/** For a terminal: what would move its cursor is written out. */
export function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold control characters
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, char => {
    const hex = char.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${hex}`;
  });
}

/** What stands behind the last slash; '' of a key that ends with one. */
export const baseOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** A folder is what begins with its name and a slash; '' is the whole bucket. */
export const folderOf = (key: string): string => (key === '' || key.endsWith('/') ? key : `${key}/`);
