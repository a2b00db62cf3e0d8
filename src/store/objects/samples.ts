// Rows and queries for tests of the index.

import type {
  Listing,
  ListQuery,
  NoticeRow,
  ObjectRow,
  PartRow,
  UploadRow,
  UploadsQuery,
  VersionRef,
  VersionsQuery,
} from '../../core/objects.ts';

export const BUCKET = 'photos-1250000000';

export function row(key: string, order: number, more: Partial<ObjectRow> = {}): ObjectRow {
  return {
    bucket: BUCKET,
    key,
    versionId: 'null',
    order,
    marker: false,
    modifiedAt: 1_000 + order,
    etag: `etag-${order}`,
    bytes: 3,
    storageClass: 'STANDARD',
    detail: `{"n":${order}}`,
    inline: undefined,
    files: [],
    ...more,
  };
}

/** A version with an id of its own. */
export const version = (key: string, order: number, more: Partial<ObjectRow> = {}): ObjectRow =>
  row(key, order, { versionId: `v${order}`, ...more });

export const ref = (key: string, versionId = 'null', bucket = BUCKET): VersionRef => ({ bucket, key, versionId });

export const upload = (key: string, uploadId: string, more: Partial<UploadRow> = {}): UploadRow => ({
  bucket: BUCKET,
  key,
  uploadId,
  startedAt: 7,
  storageClass: 'STANDARD_IA',
  detail: '{"meta":"资料"}',
  ...more,
});

export const part = (uploadId: string, number: number, file: string): PartRow => ({
  uploadId,
  number,
  etag: `part-${number}`,
  bytes: 1 << 20,
  crc64: '18446744073709551615',
  file,
  modifiedAt: 9,
});

export const notice = (id: string): NoticeRow => ({ id, triggerId: 'lam-1', detail: `{"of":"${id}"}` });

export const list = (more: Partial<ListQuery> = {}): ListQuery => ({
  bucket: BUCKET,
  prefix: '',
  delimiter: '',
  after: '',
  limit: 1000,
  ...more,
});

export const versions = (more: Partial<VersionsQuery> = {}): VersionsQuery => ({
  bucket: BUCKET,
  prefix: '',
  delimiter: '',
  afterKey: '',
  afterVersionId: '',
  limit: 1000,
  ...more,
});

export const uploads = (more: Partial<UploadsQuery> = {}): UploadsQuery => ({
  bucket: BUCKET,
  prefix: '',
  delimiter: '',
  afterKey: '',
  afterUploadId: '',
  limit: 1000,
  ...more,
});

/** Each entry in one word: a key, `key@version`, or a common prefix with a star behind it; `…` if something follows. */
export function words(listing: Listing<ObjectRow | UploadRow>): string[] {
  const names = listing.entries.map(entry => {
    if ('commonPrefix' in entry) return `${entry.commonPrefix}*`;
    const { row: found } = entry;
    const id = 'uploadId' in found ? found.uploadId : found.versionId;
    return id === 'null' ? found.key : `${found.key}@${id}`;
  });
  return listing.more ? [...names, '…'] : names;
}
