// Lists of the object store, page after page: what is asked for is never held whole.

import type { CosClient } from './client.ts';
import { childrenOf, textOf, type XmlNode } from './xml.ts';

export interface BucketEntry {
  readonly name: string;
  readonly region: string;
  /** ISO, as the server writes it. */
  readonly createdAt: string;
}

export interface ObjectEntry {
  readonly key: string;
  readonly bytes: number;
  /** ms since 1970. */
  readonly modifiedAt: number;
  readonly etag: string;
  readonly storageClass: string;
}

/** Or a delete marker, which has no bytes. */
export interface VersionEntry {
  readonly key: string;
  /** '' in a bucket that never had versioning. */
  readonly versionId: string;
  readonly marker: boolean;
  readonly newest: boolean;
  readonly bytes: number;
  readonly modifiedAt: number;
}

export interface UploadEntry {
  readonly key: string;
  readonly uploadId: string;
}

/** What a delimiter makes one of many keys; first on its page, as folders are. */
export interface PrefixEntry {
  readonly prefix: string;
}

export interface Under {
  readonly bucket: string;
  readonly prefix: string;
  /** '' lists all keys. */
  readonly delimiter: string;
}

export async function* listBuckets(cos: CosClient): AsyncGenerator<BucketEntry> {
  let marker = '';
  do {
    const page = await cos.xml({ method: 'GET', query: marker === '' ? {} : { marker } });
    for (const bucket of childrenOf(page.children.find(child => child.name === 'Buckets') ?? page, 'Bucket')) {
      const createdAt = textOf(bucket, 'CreationDate');
      yield { name: textOf(bucket, 'Name'), region: textOf(bucket, 'Location'), createdAt };
    }
    marker = textOf(page, 'NextMarker');
  } while (marker !== '');
}

export async function* listObjects(cos: CosClient, under: Under): AsyncGenerator<ObjectEntry | PrefixEntry> {
  let marker = '';
  for (;;) {
    const page = await cos.xml({ ...listing(under), query: { ...queryOf(under), marker } });
    yield* childrenOf(page, 'CommonPrefixes').map(prefixOf);
    yield* childrenOf(page, 'Contents').map(objectOf);
    if (textOf(page, 'IsTruncated') !== 'true') return;
    marker = decoded(textOf(page, 'NextMarker'));
  }
}

export async function* listVersions(cos: CosClient, under: Under): AsyncGenerator<VersionEntry | PrefixEntry> {
  let after: Readonly<Record<string, string>> = {};
  for (;;) {
    const page = await cos.xml({ ...listing(under), query: { versions: '', ...queryOf(under), ...after } });
    yield* childrenOf(page, 'CommonPrefixes').map(prefixOf);
    yield* page.children.filter(({ name }) => name === 'Version' || name === 'DeleteMarker').map(versionOf);
    if (textOf(page, 'IsTruncated') !== 'true') return;
    const id = textOf(page, 'NextVersionIdMarker');
    after = { 'key-marker': decoded(textOf(page, 'NextKeyMarker')), ...(id !== '' && { 'version-id-marker': id }) };
  }
}

export async function* listUploads(cos: CosClient, bucket: string): AsyncGenerator<UploadEntry> {
  let after: Readonly<Record<string, string>> = {};
  for (;;) {
    const query = { uploads: '', 'encoding-type': 'url', ...after };
    const page = await cos.xml({ method: 'GET', bucket, query });
    for (const upload of childrenOf(page, 'Upload')) {
      yield { key: decoded(textOf(upload, 'Key')), uploadId: textOf(upload, 'UploadId') };
    }
    if (textOf(page, 'IsTruncated') !== 'true') return;
    const key = decoded(textOf(page, 'NextKeyMarker'));
    after = { 'key-marker': key, 'upload-id-marker': textOf(page, 'NextUploadIdMarker') };
  }
}

const listing = ({ bucket }: Under) => ({ method: 'GET', bucket }) as const;

/** Keys come encoded: XML has no way to write some characters. */
const queryOf = ({ prefix, delimiter }: Under) => ({
  'encoding-type': 'url',
  ...(prefix !== '' && { prefix }),
  ...(delimiter !== '' && { delimiter }),
});

const decoded = (text: string): string => decodeURIComponent(text);

const prefixOf = (node: XmlNode): PrefixEntry => ({ prefix: decoded(textOf(node, 'Prefix')) });

const objectOf = (node: XmlNode): ObjectEntry => ({
  key: decoded(textOf(node, 'Key')),
  bytes: Number(textOf(node, 'Size')),
  modifiedAt: Date.parse(textOf(node, 'LastModified')),
  etag: textOf(node, 'ETag').replace(/^"(.*)"$/, '$1'),
  storageClass: textOf(node, 'StorageClass'),
});

const versionOf = (node: XmlNode): VersionEntry => ({
  key: decoded(textOf(node, 'Key')),
  versionId: textOf(node, 'VersionId'),
  marker: node.name === 'DeleteMarker',
  newest: textOf(node, 'IsLatest') === 'true',
  bytes: Number(textOf(node, 'Size') || 0),
  modifiedAt: Date.parse(textOf(node, 'LastModified')),
});
