// openscf doctor

import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { type Origins, SETTINGS } from '../config.ts';
import { CloudError } from '../core/errors.ts';
import { serverText } from './doctor-text.ts';
import { type Io, type Say, table } from './io.ts';
import { addServerOptions } from './options.ts';
import { openSession, type Session } from './session.ts';
import { version } from './version.ts';
import type { Doctor, Status } from './wire.ts';

/** Programs that functions are run with; what is missing only matters to those who need it. */
const PROGRAMS = ['bwrap', 'node', 'python3', 'php', 'java', 'ffmpeg'];
const PORTS = SETTINGS.map(one => one.name).filter(name => /^port[A-Z]/.test(name) && name !== 'portOffset');

/** Without keys or token there is no server on this data folder either. */
const NO_SERVER = new Set(['Cli.NotRunning', 'Cli.NoKeys']);

interface Port {
  readonly setting: string;
  readonly port: number;
  readonly free: boolean;
  /** The server that was found listens there. */
  readonly own: boolean;
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
    const status = await ask<Status>(session, '/status');
    const server = status && (await ask<Doctor>(session, '/doctor'));
    const ports = await Promise.all(portsOf(session, status).map(one => portState(one, session.config.host)));
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
    io.out(`${table(ports.map(one => [one.setting, String(one.port), tell(portWords(one))]))}\n\n`);
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

function portWords({ free, own }: Port) {
  if (own) return { zh: '本服务', en: 'this server' };
  return free ? { zh: '空闲', en: 'free' } : { zh: '被其他程序占用', en: 'taken by another program' };
}

/** Those of the server, wherever it runs; and those that were set to be others, for the next start. */
function portsOf({ config, origins }: Pick<Session, 'config' | 'origins'>, status: Status | undefined) {
  return PORTS.flatMap(setting => {
    const wanted = Number((config as Readonly<Record<string, unknown>>)[setting]);
    const open = status?.ports[setting];
    if (!open) return [{ setting, port: wanted, own: false }];
    const isSet = wanted !== 0 && wanted !== open && isGiven(origins, setting);
    return [{ setting, port: open, own: true }, ...(isSet ? [{ setting, port: wanted, own: false }] : [])];
  });
}

const isGiven = (origins: Origins, setting: string): boolean => (origins[setting]?.from ?? 'default') !== 'default';

/** undefined when no server is running: that is a finding here, not a fault. */
async function ask<T>(session: Session, path: string): Promise<T | undefined> {
  try {
    return await session.client.get<T>(path);
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

async function portState(port: Omit<Port, 'free'>, host: string): Promise<Port> {
  if (port.own) return { ...port, free: false };
  const free = await new Promise<boolean>(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port.port, host, () => server.close(() => resolve(true)));
  });
  return { ...port, free };
}
