// openscf doctor

import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { type Config, SETTINGS } from '../config.ts';
import { CloudError } from '../core/errors.ts';
import { type Io, type Say, table } from './io.ts';
import { addServerOptions } from './options.ts';
import { openSession, type Session } from './session.ts';
import { version } from './version.ts';
import type { Doctor } from './wire.ts';

/** Programs that functions are run with; what is missing only matters to those who need it. */
const PROGRAMS = ['bwrap', 'node', 'python3', 'php', 'java', 'ffmpeg'];
const PORTS = SETTINGS.filter(one => /^port[A-Z]/.test(one.name) && one.name !== 'portOffset' && !one.doc.later).map(
  one => one.name,
);

/** Without keys or token there is no server on this data folder either. */
const NO_SERVER = new Set(['Cli.NotRunning', 'Cli.NoKeys']);

interface Port {
  readonly setting: string;
  readonly port: number;
  readonly free: boolean;
}

export function doctorCommand(program: Command, io: Io, say: Say): void {
  const command = addServerOptions(program.command('doctor'), say);
  command.description(
    say({
      zh: '检查环境：已安装的程序、可用的运行环境、端口、沙箱、调用过但未实现的接口',
      en: 'look at programs, runtimes, ports, sandbox, and actions that callers missed',
    }),
  );
  command.action(async () => {
    const session = openSession(command, io);
    const programs = PROGRAMS.map(name => ({ name, path: which(name, io.env) }));
    const ports = await Promise.all(PORTS.map(name => portState(name, session.config)));
    const server = await ask(session);
    const report = {
      version: version(),
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      programs,
      ports,
      server,
    };
    if (session.json) return io.out(`${JSON.stringify(report)}\n`);
    const { say: tell } = session;
    io.out(`OpenSCF ${report.version}, Node.js ${report.node}, ${report.platform}\n\n`);
    const missing = tell({ zh: '未安装', en: 'not installed' });
    io.out(`${table(programs.map(one => [one.name, one.path ?? missing]))}\n\n`);
    io.out(
      `${table(ports.map(one => [one.setting, String(one.port), tell(portWords(one, server !== undefined))]))}\n\n`,
    );
    io.out(
      server
        ? serverText(server, tell)
        : tell({
            zh: '服务没有运行；启动后可看到沙箱的状况。运行环境见 openscf runtime ls。\n',
            en: 'No server is running; start one to see its sandbox. openscf runtime ls shows the runtimes.\n',
          }),
    );
  });
}

function portWords({ free }: Port, running: boolean) {
  if (free) return { zh: '空闲', en: 'free' };
  return running
    ? { zh: '使用中（可能是本服务）', en: 'in use (by this server, maybe)' }
    : { zh: '被其他程序占用', en: 'taken by another program' };
}

function serverText(server: Doctor, say: Say): string {
  const works = (one: Doctor['runtimes'][number]) =>
    one.works ? say({ zh: '可用', en: 'works' }) : say({ zh: '不可用', en: 'does not work' });
  const parts = [
    `${say({ zh: '沙箱', en: 'sandbox' })}: ${[server.driver.name, ...server.driver.notes].join('\n  ')}`,
    loadText(server.load, say),
    `${say({ zh: '云域名', en: 'cloud names' })}: ${server.cloudNames}`,
    table(server.runtimes.map(one => [one.runtime, works(one), one.detail])),
  ];
  if (server.missed.length > 0) {
    const title = say({ zh: '调用过但未实现的接口', en: 'actions that were called and are not built' });
    parts.push(
      `${title}:\n${table(server.missed.map(one => ['', `${one.service}:${one.action}`, `${one.calls}×`, new Date(one.lastAt).toISOString()]))}`,
    );
  }
  return `${parts.join('\n\n')}\n`;
}

function loadText({ instances, prepared, waiting, usedMB, memoryMB }: Doctor['load'], say: Say): string {
  return say({
    zh: `实例: ${instances}，占用 ${usedMB} MB（上限 ${memoryMB} MB，见设置 memory）；预备沙箱: ${prepared}；等待中的事件: ${waiting}`,
    en: `instances: ${instances}, taking ${usedMB} of ${memoryMB} MB (setting memory); sandboxes prepared: ${prepared}; events waiting: ${waiting}`,
  });
}

/** undefined when no server is running: that is a finding here, not a fault. */
async function ask(session: Session): Promise<Doctor | undefined> {
  try {
    return await session.client.get<Doctor>('/doctor');
  } catch (error) {
    if (error instanceof CloudError && NO_SERVER.has(error.code)) return undefined;
    throw error;
  }
}

function which(name: string, env: Io['env']): string | undefined {
  const candidates = (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map(folder => join(folder, name));
  return candidates.find(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function portState(name: string, config: Config): Promise<Port> {
  const port = Number((config as Readonly<Record<string, unknown>>)[name]);
  const free = await new Promise<boolean>(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, config.host, () => server.close(() => resolve(true)));
  });
  return { setting: name, port, free };
}
