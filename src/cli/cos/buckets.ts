// openscf cos mb|rb cos://bucket

import type { Command } from 'commander';
import type { Io, Say } from '../io.ts';
import type { CosClient } from './client.ts';
import { needBucket, withCos } from './open.ts';
import { listUploads, listVersions } from './pages.ts';
import { inParallel } from './pool.ts';
import { removeMany } from './removal.ts';

const AT_ONCE = 4;

const argument = (say: Say) => say({ zh: 'cos://存储桶', en: 'cos://bucket' });

export function mbCommand(parent: Command, io: Io, say: Say): void {
  const command = parent.command('mb').argument('<address>', argument(say));
  command.description(
    say({
      zh: '创建存储桶；名称末尾的 APPID 可省略',
      en: 'make a bucket; the APPID at the end of its name may be left out',
    }),
  );
  command.action((given: string) =>
    withCos(command, io, async ({ cos, config, json, say: tell, address }) => {
      const bucket = needBucket(address(given));
      const { region } = config;
      // The host tells the region.
      await cos.ask({ method: 'PUT', bucket, host: `cos.${region}.myqcloud.com` });
      if (json) return io.out(`${JSON.stringify({ bucket, region })}\n`);
      io.out(`${tell({ zh: '已创建', en: 'Made' })} cos://${bucket} (${region})\n`);
    }),
  );
}

export function rbCommand(parent: Command, io: Io, say: Say): void {
  const command = parent.command('rb').argument('<address>', argument(say));
  command.description(say({ zh: '删除空的存储桶', en: 'remove an empty bucket' }));
  command.option(
    '--force',
    say({
      zh: '连同其中的对象、历史版本与未完成的分块上传',
      en: 'with its objects, all their versions, and uploads that were not completed',
    }),
  );
  command.action((given: string, flags: { readonly force?: boolean }) =>
    withCos(command, io, async ({ cos, json, say: tell, address }) => {
      const bucket = needBucket(address(given));
      if (flags.force) await empty(cos, bucket);
      await cos.ask({ method: 'DELETE', bucket });
      if (json) return io.out(`${JSON.stringify({ bucket })}\n`);
      io.out(`${tell({ zh: '已删除', en: 'Removed' })} cos://${bucket}\n`);
    }),
  );
}

async function empty(cos: CosClient, bucket: string): Promise<void> {
  await inParallel(listUploads(cos, bucket), AT_ONCE, async ({ key, uploadId }) => {
    await cos.ask({ method: 'DELETE', bucket, key, query: { uploadId } });
  });
  const versions = async function* () {
    for await (const entry of listVersions(cos, { bucket, prefix: '', delimiter: '' })) {
      if ('key' in entry) yield { key: entry.key, versionId: entry.versionId || 'null' };
    }
  };
  await removeMany(cos, bucket, versions(), failed => {
    throw failed.error;
  });
}
