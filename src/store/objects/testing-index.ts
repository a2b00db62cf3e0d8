// The object index in plain arrays, by the words of the port: for tests of those who use it, and to hold the other against.

import type {
  Expected,
  Listing,
  ListQuery,
  NoticeRow,
  ObjectChange,
  ObjectIndex,
  ObjectRow,
  PartRow,
  UploadRow,
  VersionRef,
  VersionsQuery,
} from '../../core/objects.ts';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const isOf = (ref: VersionRef) => (row: VersionRef) =>
  row.bucket === ref.bucket && row.key === ref.key && row.versionId === ref.versionId;

export function memoryIndex(): ObjectIndex {
  let objects: readonly ObjectRow[] = [];
  let uploads: readonly UploadRow[] = [];
  let parts: readonly PartRow[] = [];
  let notices: readonly NoticeRow[] = [];
  let isOpen = true;

  const named = () => new Set([...objects.flatMap(row => row.files), ...parts.map(part => part.file)]);
  const newest = (bucket: string, key: string) =>
    objects
      .filter(row => row.bucket === bucket && row.key === key)
      .toSorted((a, b) => b.order - a.order)
      .at(0);
  const ordered = (bucket: string) =>
    objects
      .filter(row => row.bucket === bucket)
      .toSorted((a, b) => byBytes(a.key, b.key) || b.order - a.order)
      .map(row => ({ ...row, inline: undefined }));
  const hasUpload = (id: string) => uploads.some(upload => upload.uploadId === id);

  function isPossible(change: ObjectChange, expected: Expected | undefined): boolean {
    const { put = [], putUpload, putPart, removeUploads = [] } = change;
    if (expected && newest(expected.bucket, expected.key)?.order !== expected.newest) return false;
    if (putPart && putPart.uploadId !== putUpload?.uploadId && !hasUpload(putPart.uploadId)) return false;
    if (removeUploads.length === 0) return true;
    const names = named();
    return removeUploads.every(hasUpload) && put.every(row => row.files.every(file => names.has(file)));
  }

  function apply(change: ObjectChange): void {
    const { put = [], remove = [], putUpload, removeUploads = [], putPart } = change;
    if (change.notices?.some(notice => notices.some(({ id }) => id === notice.id)))
      throw new Error('a notice is there');
    for (const ref of remove) objects = objects.filter(row => !isOf(ref)(row));
    uploads = uploads.filter(row => !removeUploads.includes(row.uploadId));
    parts = parts.filter(row => !removeUploads.includes(row.uploadId));
    for (const row of put) {
      const inline = row.inline && Buffer.from(row.inline);
      const others = objects.filter(other => !isOf(row)(other));
      const isTwin = (other: ObjectRow) =>
        isOf({ ...row, versionId: other.versionId })(other) && other.order === row.order;
      if (others.some(isTwin)) throw new Error('two versions of a key have the same order');
      objects = [...others, { ...row, inline }];
    }
    if (putUpload) uploads = [...uploads.filter(row => row.uploadId !== putUpload.uploadId), putUpload];
    if (putPart) {
      const { uploadId, number } = putPart;
      parts = [...parts.filter(row => row.uploadId !== uploadId || row.number !== number), putPart];
    }
    notices = [...notices, ...(change.notices ?? [])].filter(({ id }) => !change.settled?.includes(id));
  }

  return {
    async commit(change, expected) {
      if (!isOpen) throw new Error('the object index is closed');
      if (!isPossible(change, expected)) return undefined;
      // What a change names twice, of one version, may be free at its end as well.
      const before = new Set([...named(), ...(change.put ?? []).flatMap(row => row.files)]);
      const kept = { objects, uploads, parts, notices };
      try {
        apply(change);
      } catch (error) {
        ({ objects, uploads, parts, notices } = kept);
        throw error;
      }
      return { freed: [...before].filter(file => !named().has(file)) };
    },
    find: (bucket, key, versionId) =>
      versionId === undefined ? newest(bucket, key) : objects.find(isOf({ bucket, key, versionId })),
    list(query) {
      const rows = ordered(query.bucket).filter(row => !row.marker && row.order === newest(row.bucket, row.key)?.order);
      return page(rows, query, name => byBytes(name, query.after) > 0);
    },
    versions(query) {
      const rows = ordered(query.bucket).map(row => ({
        ...row,
        newest: row.order === newest(row.bucket, row.key)?.order,
      }));
      const last = objects.find(
        isOf({ bucket: query.bucket, key: query.afterKey, versionId: query.afterVersionId }),
      )?.order;
      return page(
        rows,
        query,
        isBehind(query, row => row.order < (last ?? Number.POSITIVE_INFINITY)),
      );
    },
    upload: uploadId => uploads.find(row => row.uploadId === uploadId),
    uploads(query) {
      const rows = uploads
        .filter(row => row.bucket === query.bucket)
        .toSorted((a, b) => byBytes(a.key, b.key) || byBytes(a.uploadId, b.uploadId));
      const { afterUploadId } = query;
      const marked = { ...query, afterVersionId: afterUploadId };
      return page(
        rows,
        query,
        isBehind(marked, row => byBytes(row.uploadId, afterUploadId) > 0),
      );
    },
    parts: (uploadId, after, limit) =>
      parts
        .filter(row => row.uploadId === uploadId && row.number > after)
        .toSorted((a, b) => a.number - b.number)
        .slice(0, limit),
    isEmpty: bucket => [...objects, ...uploads].every(row => row.bucket !== bucket),
    notices: limit => notices.toSorted((a, b) => byBytes(a.id, b.id)).slice(0, limit),
    named: files => new Set(files.filter(file => named().has(file))),
    scan: (bucket, from, limit) =>
      ordered(bucket)
        .filter(row => {
          const keys = from ? byBytes(row.key, from.key) : 1;
          return !row.marker && (keys > 0 || (keys === 0 && row.order < (from?.order ?? 0)));
        })
        .slice(0, limit),
    async close() {
      isOpen = false;
    },
  };
}

/** Rows of the marked key, those that the second marker leaves; else by the entry's name. */
function isBehind<Row extends { readonly key: string }>(
  { afterKey, afterVersionId }: VersionsQuery,
  isLeft: (row: Row) => boolean,
): (name: string, row: Row | undefined) => boolean {
  return (name, row) => (row && name === afterKey && afterVersionId !== '' ? isLeft(row) : byBytes(name, afterKey) > 0);
}

/** All entries of the list, then those behind the markers, then as many as fit. */
function page<Row extends { readonly key: string }>(
  rows: readonly Row[],
  { prefix, delimiter, limit }: Pick<ListQuery, 'prefix' | 'delimiter' | 'limit'>,
  isGiven: (name: string, row: Row | undefined) => boolean,
): Listing<Row> {
  const entries: ({ readonly row: Row } | { readonly commonPrefix: string })[] = [];
  const prefixes = new Set<string>();
  for (const row of rows.filter(({ key }) => key.startsWith(prefix))) {
    const place = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length);
    const common = row.key.slice(0, place + delimiter.length);
    if (place === -1) entries.push({ row });
    else if (!prefixes.has(common)) entries.push({ commonPrefix: common });
    if (place !== -1) prefixes.add(common);
  }
  const given = entries.filter(entry =>
    'row' in entry ? isGiven(entry.row.key, entry.row) : isGiven(entry.commonPrefix, undefined),
  );
  return { entries: given.slice(0, limit), more: given.length > limit };
}
