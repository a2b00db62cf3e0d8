// openscf layer ls|publish|rm

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { publishLayer, readLayer } from '../importers/layers.ts';
import { whole } from './deploy.ts';
import { type Io, type Say, table } from './io.ts';
import { openSession } from './session.ts';

interface Flags {
  readonly name?: string;
  readonly runtime: readonly string[];
  readonly description?: string;
  readonly license?: string;
}

/** LayerVersionInfo, as far as it is read here. */
interface Shown {
  readonly LayerName: string;
  readonly LayerVersion: number;
  readonly Status: string;
  readonly CompatibleRuntimes: readonly string[];
  readonly Description: string;
}

const ALL = 1000;

export function layerCommand(program: Command, io: Io, say: Say): void {
  const parent = program
    .command('layer')
    .description(say({ zh: '管理层：多个函数共用的依赖', en: 'layers: files that functions share' }));
  addLs(parent, io, say);
  addPublish(parent, io, say);
  addRm(parent, io, say);
}

function addLs(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('ls')
    .argument('[name]', say({ zh: '层名称，列出其所有版本', en: 'name of a layer: lists its versions' }));
  command.description(say({ zh: '列出层，或一个层的版本', en: 'list layers, or the versions of one' }));
  command.action(async (name: string | undefined) => {
    const session = openSession(command, io);
    const answer =
      name === undefined
        ? await session.client.scf('ListLayers', { Limit: ALL })
        : await session.client.scf('ListLayerVersions', { LayerName: name });
    const shown = (answer.Layers ?? answer.LayerVersions ?? []) as readonly Shown[];
    if (session.json) return io.out(`${JSON.stringify(shown)}\n`);
    if (shown.length > 0) return io.out(`${table(shown.map(rowOf))}\n`);
    io.note(
      session.say({
        zh: '还没有层。发布一个：openscf layer publish <文件夹> --runtime Nodejs18.15\n',
        en: 'No layers yet. Publish one: openscf layer publish <folder> --runtime Nodejs18.15\n',
      }),
    );
  });
}

function rowOf(one: Shown): string[] {
  return [one.LayerName, String(one.LayerVersion), one.Status, one.CompatibleRuntimes.join(','), one.Description];
}

function addPublish(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('publish')
    .argument(
      '<path>',
      say({ zh: '文件夹或 zip 文件，其内容出现在 /opt', en: 'folder or zip file: what is in it comes under /opt' }),
    );
  command.description(say({ zh: '发布层的下一个版本', en: 'publish the next version of a layer' }));
  command.option(
    '--name <name>',
    say({ zh: '层名称，缺省为文件夹名', en: 'name of the layer; that of the folder if not given' }),
  );
  command.requiredOption(
    '--runtime <ids...>',
    say({ zh: '适用的运行环境，1 至 5 个', en: 'runtimes that it suits, 1 to 5' }),
  );
  command.option('--description <text>', say({ zh: '描述', en: 'description' }));
  command.option('--license <text>', say({ zh: '许可证', en: 'licence' }));
  command.action(async (path: string, flags: Flags) => {
    const session = openSession(command, io);
    const read = await readLayer(resolve(io.cwd, path));
    const plan = {
      name: flags.name ?? read.name,
      runtimes: flags.runtime,
      description: flags.description,
      license: flags.license,
      zip: read.zip,
    };
    const version = await publishLayer(plan, { call: session.client.scf, clock: io.clock });
    if (session.json) return io.out(`${JSON.stringify({ LayerName: plan.name, LayerVersion: version })}\n`);
    io.out(`${session.say({ zh: '已发布', en: 'Published' })} ${plan.name} ${version}\n`);
  });
}

function addRm(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('rm')
    .argument('<name>', say({ zh: '层名称', en: 'name of the layer' }))
    .argument('<version>', say({ zh: '版本号', en: 'number of the version' }));
  command.description(say({ zh: '删除层的一个版本', en: 'remove one version of a layer' }));
  command.action(async (name: string, text: string) => {
    const session = openSession(command, io);
    const ref = { LayerName: name, LayerVersion: whole('version', text) };
    await session.client.scf('DeleteLayerVersion', ref);
    if (session.json) return io.out(`${JSON.stringify(ref)}\n`);
    io.out(`${session.say({ zh: '已删除', en: 'Removed' })} ${name} ${text}\n`);
  });
}
