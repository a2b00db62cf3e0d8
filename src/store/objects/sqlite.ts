// The object index in a SQLite file of its own: a thread writes, the server's own thread reads.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ObjectIndex } from '../../core/objects.ts';
import { lockStore } from '../lock.ts';
import { openForReads } from './database.ts';
import { explain } from './errors.ts';
import { Link } from './link.ts';
import type { ThreadOptions } from './protocol.ts';
import { Reader } from './reader.ts';

export interface ObjectIndexOptions {
  /** Its folder is made if need be. */
  readonly file: string;
  /** A clock that is turned waits for commits that are under way. */
  readonly clock?: Clock;
  readonly log: Log;
}

/** What tests set otherwise: a small disk, other tables, a point to be killed at. */
export interface ObjectIndexLimits extends Omit<ThreadOptions, 'file'> {
  readonly migrations?: readonly string[];
}

export async function openObjectIndex(
  { file, clock, log }: ObjectIndexOptions,
  { migrations, ...limits }: ObjectIndexLimits = {},
): Promise<ObjectIndex> {
  const opened: (() => void)[] = [];
  const release = () => {
    for (const end of opened.splice(0).reverse()) end();
  };
  try {
    mkdirSync(dirname(file), { recursive: true });
    const lock = lockStore(file);
    opened.push(() => lock[Symbol.dispose]());
    const db = openForReads(file, migrations);
    opened.push(() => db.close());
    const reader = new Reader(db);
    const link = await Link.open({ file, clock, log }, { file, ...limits });
    return indexOf(reader, link, release);
  } catch (error) {
    release();
    throw explain(error, file);
  }
}

function indexOf(reader: Reader, link: Link, release: () => void): ObjectIndex {
  return {
    commit: (change, expected) => link.commit(change, expected),
    find: (bucket, key, versionId) => reader.find(bucket, key, versionId),
    list: query => reader.list(query),
    versions: query => reader.versions(query),
    upload: uploadId => reader.upload(uploadId),
    uploads: query => reader.uploads(query),
    parts: (uploadId, after, limit) => reader.parts(uploadId, after, limit),
    isEmpty: bucket => reader.isEmpty(bucket),
    notices: limit => reader.notices(limit),
    named: files => reader.named(files),
    scan: (bucket, from, limit) => reader.scan(bucket, from, limit),
    // The thread first: whoever closes last moves the write-ahead log into the file and removes it.
    close: async () => {
      await link.close();
      release();
    },
  };
}
