// openscf cos rm cos://bucket/key

import type { Command } from 'commander';
import { Exit } from '../exit.ts';
import type { Io, Say } from '../io.ts';
import { folderOf, formatAddress, shown } from './address.ts';
import { fail } from './errors.ts';
import { type CosSession, withCos } from './open.ts';
import { listObjects } from './pages.ts';
import { removeMany } from './removal.ts';

interface Flags {
  readonly recursive?: boolean;
  readonly versionId?: string;
}

export function rmCommand(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('rm')
    .argument('<address>', say({ zh: 'cos://存储桶/对象键', en: 'cos://bucket/key' }));
  command.description(say({ zh: '删除对象', en: 'remove objects' }));
  command.option('-r, --recursive', say({ zh: '删除该文件夹中的全部对象', en: 'everything in this folder' }));
  command.option('--version-id <id>', say({ zh: '永久删除这一版本', en: 'this version, for good' }));
  command.action((given: string, flags: Flags) =>
    withCos(command, io, async session => {
      const { cos, json, say: tell } = session;
      const { bucket, key } = session.address(given);
      const { versionId, recursive } = flags;
      if (recursive && versionId !== undefined) fail('Cli.CosOneVersion', { other: '-r' });
      if (recursive) return removeUnder(session, io, { bucket, prefix: folderOf(key) });
      const address = formatAddress({ bucket, key });
      if (key === '') fail('Cli.CosRecursive', { address });
      const query = versionId === undefined ? {} : { versionId };
      const { headers } = await cos.ask({ method: 'DELETE', bucket, key, query });
      const marker = headers['x-cos-delete-marker'] === 'true' && versionId === undefined;
      if (json)
        return io.out(`${JSON.stringify({ removed: address, versionId: headers['x-cos-version-id'], marker })}\n`);
      const left = marker ? tell({ zh: '（保留历史版本）', en: ' (older versions stay)' }) : '';
      io.out(`${tell({ zh: '已删除', en: 'Removed' })} ${shown(address)}${left}\n`);
    }),
  );
}

async function removeUnder(
  { cos, json, say, config }: CosSession,
  io: Io,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<void> {
  const under = async function* () {
    for await (const entry of listObjects(cos, { bucket, prefix, delimiter: '' })) {
      if ('key' in entry) yield { key: entry.key };
    }
  };
  let failed = 0;
  const removed = await removeMany(cos, bucket, under(), ({ key, error }) => {
    failed++;
    io.note(`${shown(formatAddress({ bucket, key }))}: ${error.code}: ${error.text(config.lang)}\n`);
  });
  const address = formatAddress({ bucket, key: prefix });
  if (removed + failed === 0) fail('Cli.CosNothing', { address: shown(address) });
  if (json) io.out(`${JSON.stringify({ removed, failed })}\n`);
  else io.out(`${say({ zh: `已删除 ${removed} 个对象`, en: `Removed ${removed} objects` })}\n`);
  if (failed > 0) throw new Exit(1);
}
