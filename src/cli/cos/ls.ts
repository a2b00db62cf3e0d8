// openscf cos ls [cos://bucket[/prefix]]

import type { Command } from 'commander';
import { fail as failCli } from '../errors.ts';
import type { Io, Say } from '../io.ts';
import { table } from '../io.ts';
import { instant, size } from '../readable.ts';
import { formatAddress, isCosAddress, shown } from './address.ts';
import { type CosSession, withCos } from './open.ts';
import {
  type BucketEntry,
  listBuckets,
  listObjects,
  listVersions,
  type ObjectEntry,
  type PrefixEntry,
  type VersionEntry,
} from './pages.ts';

interface Flags {
  readonly recursive?: boolean;
  readonly versions?: boolean;
  readonly limit?: string;
}

type Entry = ObjectEntry | VersionEntry | PrefixEntry;

const TIME_CELLS = 24;
const SIZE_CELLS = 10;

export function lsCommand(parent: Command, io: Io, say: Say): void {
  const command = parent.command('ls');
  command.argument(
    '[address]',
    say({ zh: 'cos://存储桶[/前缀]；不带时列出存储桶', en: 'cos://bucket[/prefix]; lists the buckets without one' }),
  );
  command.description(say({ zh: '列出存储桶或对象', en: 'list buckets or objects' }));
  command.option(
    '-r, --recursive',
    say({ zh: '列出前缀下的全部对象，不按 / 归并', en: 'all objects under the prefix, not one line per folder' }),
  );
  command.option('--versions', say({ zh: '列出所有版本与删除标记', en: 'all versions, and delete markers' }));
  command.option('-n, --limit <count>', say({ zh: '最多列出多少条', en: 'how many lines at most' }));
  command.action((given: string | undefined, flags: Flags) =>
    withCos(command, io, async session => {
      const limit = limitOf(flags.limit);
      if (given === undefined || (isCosAddress(given) && given.length === 'cos://'.length)) {
        return buckets(session, io, limit);
      }
      const { bucket, key: prefix } = session.address(given);
      const under = { bucket, prefix, delimiter: flags.recursive ? '' : '/' };
      const entries = flags.versions ? listVersions(session.cos, under) : listObjects(session.cos, under);
      const count = await print(session, io, first<Entry>(entries, limit));
      if (count > 0 || session.json) return;
      const address = shown(formatAddress({ bucket, key: prefix }));
      io.note(session.say({ zh: `${address} 下没有对象。\n`, en: `No objects under ${address}.\n` }));
    }),
  );
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : failCli('Cli.Whole', { name: '--limit', value: text });
}

async function* first<T>(entries: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  let count = 0;
  for await (const entry of entries) {
    yield entry;
    if (++count >= limit) return;
  }
}

async function buckets({ cos, json, say }: CosSession, io: Io, limit: number): Promise<void> {
  const found: BucketEntry[] = [];
  for await (const bucket of first(listBuckets(cos), limit)) found.push(bucket);
  if (json) return io.out(`${JSON.stringify({ buckets: found })}\n`);
  if (found.length > 0) {
    const rows = found.map(({ name, region, createdAt }) => [
      createdAt,
      region,
      formatAddress({ bucket: name, key: '' }),
    ]);
    return io.out(`${table(rows)}\n`);
  }
  io.note(
    say({
      zh: '还没有存储桶。创建一个：openscf cos mb cos://my-bucket\n',
      en: 'No buckets yet. Make one: openscf cos mb cos://my-bucket\n',
    }),
  );
}

/** As they come, so that a million of them need no room. */
async function print({ json, say }: CosSession, io: Io, entries: AsyncIterable<Entry>): Promise<number> {
  let count = 0;
  if (json) await io.write('{"entries":[');
  for await (const entry of entries) {
    await io.write(json ? `${count === 0 ? '' : ','}\n${JSON.stringify(entry)}` : `${lineOf(entry, say)}\n`);
    count++;
  }
  if (json) await io.write('\n]}\n');
  return count;
}

function lineOf(entry: Entry, say: Say): string {
  if ('prefix' in entry) return `${' '.repeat(TIME_CELLS)}  ${'DIR'.padStart(SIZE_CELLS)}  ${shown(entry.prefix)}`;
  const { key, bytes, modifiedAt } = entry;
  const isMarker = 'marker' in entry && entry.marker;
  const front = `${instant(modifiedAt)}  ${(isMarker ? '-' : size(bytes)).padStart(SIZE_CELLS)}  `;
  if (!('versionId' in entry)) return front + shown(key);
  const states = [
    ...(isMarker ? [say({ zh: '（删除标记）', en: '(delete marker)' })] : []),
    ...(entry.newest ? [] : [say({ zh: '（历史版本）', en: '(older)' })]),
  ];
  return [`${front}${entry.versionId || 'null'}`, shown(key), ...states].join('  ');
}
