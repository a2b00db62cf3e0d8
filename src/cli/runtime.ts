// openscf runtime ls|install|rm: acts on the data folder, with or without a running server.

import type { Command } from 'commander';
import { CloudError } from '../core/errors.ts';
import { SystemIds } from '../core/ids.ts';
import type { Installed, RuntimeRow } from '../runtime/installs/manage.ts';
import { Exit } from './exit.ts';
import { type Io, type Say, table } from './io.ts';
import { addSettings } from './options.ts';
import { openSession, type Session } from './session.ts';

const MB = 1024 * 1024;

export function runtimeCommand(program: Command, io: Io, say: Say): void {
  const parent = program.command('runtime');
  parent.description(
    say({
      zh: '查看、安装、移除运行环境的解释器与预装依赖库',
      en: 'list, install and remove the interpreters of runtimes and the libraries that the cloud preinstalls',
    }),
  );
  const ls = parent
    .command('ls')
    .description(say({ zh: '列出每个运行环境实际使用的版本', en: 'show what every runtime runs on' }));
  ls.action(async () => {
    const session = openSession(ls, io);
    const { languages, dir, listRuntimes } = await open(session, io);
    const rows = await listRuntimes(languages, dir);
    if (session.json) return io.out(`${JSON.stringify({ runtimes: rows })}\n`);
    io.out(`${table(rows.map(row => columnsOf(row, session.say)))}\n`);
  });

  const install = addSettings(parent.command('install'), ['registry'], say).argument('<runtime...>');
  install.description(
    say({
      zh: '下载 Node.js 的对应版本，并以 npm 或 pip 安装该运行环境的预装依赖库',
      en: 'fetch the version of a Node.js runtime, and install the libraries of a runtime with npm or pip',
    }),
  );
  install.option('--no-libraries', say({ zh: '不安装依赖库', en: 'leave the libraries out' }));
  install.option('--only <library...>', say({ zh: '只安装这些依赖库', en: 'install these libraries alone' }));
  type Flags = { readonly libraries: boolean; readonly only?: readonly string[] };
  install.action(async (runtimes: readonly string[], flags: Flags) => {
    const session = openSession(install, io);
    const { languages, dir, installRuntime } = await open(session, io);
    const deps = { dir, ids: new SystemIds(), registry: session.config.registry, env: io.env, only: flags.only };
    const done: Installed[] = [];
    let failed = false;
    for (const runtime of runtimes) {
      try {
        if (flags.libraries) io.note(session.say(installing(runtime)));
        const one = await installRuntime(languages, deps, runtime, flags.libraries);
        done.push(one);
        if (!session.json) io.out(installedText(one, session.say));
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        failed = true;
        io.note(`${session.say({ zh: '错误：', en: 'error: ' })}${error.text(session.config.lang)}\n`);
      }
    }
    if (session.json) io.out(`${JSON.stringify({ installed: done })}\n`);
    if (failed) throw new Exit(1);
  });

  const rm = parent.command('rm').argument('<runtime...>');
  rm.description(
    say({
      zh: '移除数据目录中的解释器与依赖库（系统自带的不受影响）',
      en: 'remove interpreter and libraries from the data folder; what the system has stays',
    }),
  );
  rm.action(async (runtimes: readonly string[]) => {
    const session = openSession(rm, io);
    const { languages, dir, removeRuntime } = await open(session, io);
    const removed: { runtime: string; bytes: number }[] = [];
    for (const runtime of runtimes) removed.push({ runtime, bytes: await removeRuntime(languages, dir, runtime) });
    if (session.json) return io.out(`${JSON.stringify({ removed })}\n`);
    for (const { runtime, bytes } of removed) io.out(`${session.say(removedWords(runtime, bytes))}\n`);
  });
}

/** Loaded here alone, so that the other commands start fast. */
async function open({ config, say }: Session, io: Io) {
  const { openLanguages, runtimesDir } = await import('../runtime/languages/index.ts');
  const manage = await import('../runtime/installs/manage.ts');
  const { data: dataDir, runtimes, registry } = config;
  const note = (_: object, text: string) => io.note(`${text}\n`);
  const log = { debug() {}, info: note, warn: note, error: note };
  const deps = { dataDir, clock: io.clock, ids: new SystemIds(), log, runtimes, registry, env: io.env };
  return { languages: openLanguages(deps), dir: runtimesDir(dataDir), say, ...manage };
}

function columnsOf(row: RuntimeRow, say: Say): string[] {
  if (row.version === '') return [row.runtime, say({ zh: '不可用：没有解释器', en: 'not usable: no interpreter' })];
  const match = row.exact ? say({ zh: '一致', en: 'exact' }) : say({ zh: '最接近', en: 'nearest' });
  const libraries = `${row.libraries}/${row.stock} ${say({ zh: '个依赖库', en: 'libraries' })}`;
  return [row.runtime, row.version, match, libraries, sizeText(row.bytes), row.path];
}

const sizeText = (bytes: number): string => (bytes === 0 ? '-' : `${Math.ceil(bytes / MB)} MB`);

const installing = (runtime: string) => ({
  zh: `正在安装 ${runtime} 及其依赖库，可能需要几分钟……\n`,
  en: `Installing ${runtime} and its libraries; this may take minutes …\n`,
});

function installedText({ runtime, version, exact, path, libraries }: Installed, say: Say): string {
  const stands = exact ? '' : say({ zh: '（最接近的版本）', en: ' (the nearest version)' });
  const lines = [`${runtime}: ${version}${stands}  ${path}`];
  if (libraries) {
    const count = libraries.installed.length;
    lines.push(`  ${say({ zh: `${count} 个依赖库`, en: `${count} libraries` })}: ${libraries.installed.join(', ')}`);
    for (const { name, reason } of libraries.leftOut) {
      lines.push(`  ${say({ zh: `未安装 ${name}`, en: `left out: ${name}` })} (${reason})`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const removedWords = (runtime: string, bytes: number) =>
  bytes === 0
    ? { zh: `数据目录中没有 ${runtime}`, en: `There is nothing of ${runtime} in the data folder` }
    : { zh: `已移除 ${runtime}，释放 ${sizeText(bytes)}`, en: `Removed ${runtime}, ${sizeText(bytes)} freed` };
