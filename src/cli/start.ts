// openscf start

import type { Command } from 'commander';
import type { Config, Origins } from '../config.ts';
import { type Io, type Say, table } from './io.ts';
import { addServerOptions } from './options.ts';
import { selfCall } from './self.ts';
import { openSession } from './session.ts';
import { version } from './version.ts';

/** What startServer of server.ts gives. */
export interface RunningServer {
  readonly endpoint: string;
  /** Of the object store. */
  readonly cosEndpoint: string;
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
  readonly dataDir: string;
  readonly driver: string;
  /** What is worth a line: a weaker sandbox, ports that are not opened. */
  readonly notes: readonly string[];
  /** Functions that can be called, with their URL if they have one. */
  readonly urls: readonly { readonly name: string; readonly url: string }[];
  /** A function that any event can be tried on. */
  readonly example: string | undefined;
  close(): Promise<void>;
}

type StartServer = (options: { config: Config; origins: Origins }) => Promise<RunningServer>;

export function startCommand(program: Command, io: Io, say: Say): void {
  const command = addServerOptions(program.command('start'), say);
  command.description(say({ zh: '启动服务', en: 'start the server' }));
  command.action(async () => {
    const session = openSession(command, io);
    const { config, origins } = session;
    // Loaded here alone, so that the other commands start fast.
    const { startServer }: { startServer: StartServer } = await import('../server.ts');
    const server = await startServer({ config, origins });
    // Elsewhere than in this folder, another terminal would not find the server.
    const at = origins.data?.from === 'default' ? '' : ` --data ${server.dataDir}`;
    const call = (words: string) => `${selfCall(io.env)} ${words}${at}`;
    // Before anything is said: who reads it may stop the server at once.
    const stopped = stopSignal();
    if (session.json) io.out(`${JSON.stringify(summary(server))}\n`);
    else io.out(welcome(server, config, session.say, call));
    await stopped;
    io.note(session.say({ zh: '正在停止……（再按一次立即退出）\n', en: 'Stopping … (once more to quit at once)\n' }));
    await server.close();
  });
}

/** Resolves at the first SIGINT or SIGTERM; a second one finds no handler and kills. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function summary(server: RunningServer) {
  const { endpoint, cosEndpoint, credentials, dataDir, driver, notes, urls } = server;
  return { version: version(), endpoint, cosEndpoint, credentials, dataDir, driver, notes, urls };
}

export function welcome(server: RunningServer, config: Config, say: Say, call: (words: string) => string): string {
  const rows = [
    ['OpenSCF', version()],
    [say({ zh: '云 API', en: 'Cloud API' }), server.endpoint],
    ['COS', server.cosEndpoint],
    ['SecretId', server.credentials.secretId],
    ['SecretKey', server.credentials.secretKey],
    [say({ zh: '地域', en: 'region' }), config.region],
    [say({ zh: '数据目录', en: 'data' }), server.dataDir],
    [say({ zh: '沙箱', en: 'sandbox' }), server.driver],
  ];
  const first = server.urls.find(({ url }) => /^https?:[^{]*$/.test(url));
  const commands = [
    call('ls'),
    call(`invoke ${server.example ?? '<function>'} -d '{"key":"value"}' --log`),
    first ? `curl ${first.url}` : call('new hello-node my-function'),
  ];
  return [
    table(rows),
    ...server.notes.map(note => `* ${note}`),
    '',
    ...(server.urls.length > 0 ? [table(server.urls.map(one => [one.name, one.url])), ''] : []),
    say({ zh: '试一试（另开一个终端）：', en: 'Try (in another terminal):' }),
    ...commands.map(line => `  ${line}`),
    '',
  ].join('\n');
}
