// WebSocket through API Gateway: what an open connection costs, and how fast functions reach clients. Needs 11,000 open
// files for each of its processes, and the loopback addresses 127.0.0.2 to 127.0.0.9, which Linux has.

import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Urls } from '../src/cli/wire.ts';
import type { Bench } from './bench.ts';
import { active, cloud, create } from './cloud.ts';
import { compare, measured, perSRatio } from './compare.ts';
import type { Side } from './load.ts';
import { rssMB } from './many.ts';
import { type Measure, round, Skipped } from './measure.ts';
import { ended, nameOf, started } from './sides.ts';
import type { Order } from './websocket-client.ts';

const CONNECTIONS = 10_000;
/** Pushed to in turn. */
const PUSHED = 500;
const LATENCY_AT_ONCE = 8;
/** Files that the two ends have open beside their connections. */
const SPARE_FILES = 500;

const FUNCTION = `
const http = require('node:http');
exports.register = async ({ websocket: { secConnectionID } }) => ({
  errNo: 0,
  errMsg: 'ok',
  websocket: { action: 'connecting', secConnectionID, secWebSocketProtocol: '', secWebSocketExtensions: '' },
});
exports.transport = ({ websocket: { secConnectionID } }) => new Promise((resolve, reject) => {
  const websocket = { action: 'data send', secConnectionID, dataType: 'text', data: secConnectionID };
  http.request(process.env.PUSH_URL, { method: 'POST' }, answer => answer.resume().on('end', resolve))
    .on('error', reject).end(JSON.stringify({ websocket }));
});
`;

interface Connected {
  readonly name: string;
  readonly pid: number;
  readonly pushUrl: string;
  readonly ids: readonly string[];
  readonly client: ChildProcess;
  /** Of the server, with all connections open and before. */
  readonly kBEach: number;
}

/** A server with a WebSocket API, and all clients connected. */
const ours = (bench: Bench): Promise<Connected> =>
  bench.shared('websocket', async () => {
    const server = await started(bench, ['--memory', '2048']);
    const { url, pushUrl } = await publishChat(server);
    return { name: nameOf(server.driver), pid: server.pid, pushUrl, ...(await connected(bench, url, server.pid)) };
  });

const bare = (bench: Bench): Promise<Connected> =>
  bench.shared('websocket bare', async () => {
    const file = join(import.meta.dirname, 'websocket-bare.ts');
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    bench.atEnd(() => ended(child, 'SIGTERM'));
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const pushUrl = `http://127.0.0.1:${Number(port.toString())}/`;
    const pid = child.pid ?? 0;
    return { name: 'bare ws', pid, pushUrl, ...(await connected(bench, pushUrl, pid)) };
  });

async function publishChat(server: Parameters<typeof cloud>[0]): Promise<{ url: string; pushUrl: string }> {
  const client = cloud(server);
  const gateway = async (action: string, params: object) => {
    const answer = await client.cloud('apigateway', action, { ...params });
    return (answer.Result ?? answer) as Readonly<Record<string, string>>;
  };
  for (const part of ['register', 'transport']) {
    const FunctionName = `chat-${part}`;
    const files = { 'index.js': `${FUNCTION}exports.main_handler = exports.${part};\n` };
    await create(client.scf, { FunctionName, Runtime: 'Nodejs18.15', files });
    await active(client.scf, FunctionName);
  }
  const { ServiceId } = await gateway('CreateService', { ServiceName: 'chat', Protocol: 'http' });
  const { ApiId } = await gateway('CreateApi', {
    ServiceId,
    ServiceType: 'SCF',
    ServiceTimeout: 15,
    Protocol: 'WEBSOCKET',
    RequestConfig: { Path: '/chat', Method: 'GET' },
    ServiceWebsocketRegisterFunctionName: 'chat-register',
    ServiceWebsocketTransportFunctionName: 'chat-transport',
  });
  await gateway('ReleaseService', { ServiceId, EnvironmentName: 'release', ReleaseDesc: 'bench' });
  const { InternalDomain: pushUrl = '' } = await gateway('DescribeApi', { ServiceId, ApiId });
  const Variables = [{ Key: 'PUSH_URL', Value: pushUrl }];
  await client.scf('UpdateFunctionConfiguration', { FunctionName: 'chat-transport', Environment: { Variables } });
  await active(client.scf, 'chat-transport');
  const { functions } = await client.get<Urls>('/urls');
  const url = functions.flatMap(one => one.triggers).find(one => one.urls.length > 0)?.urls[0];
  if (url === undefined) throw new Error('the API has no URL');
  return { url, pushUrl };
}

async function connected(bench: Bench, url: string, pid: number): Promise<Omit<Connected, 'name' | 'pid' | 'pushUrl'>> {
  const client = fork(join(import.meta.dirname, 'websocket-client.ts'));
  bench.atEnd(() => ended(client, 'SIGTERM'));
  for (const one of [pid, client.pid ?? 0]) await enoughFiles(one);
  // Instances and the optimizing compiler: not the connections' memory.
  await ask(client, { open: { url, count: PUSHED, ids: PUSHED } });
  const before = await settledMB(pid);
  const { ids } = await ask<{ ids: string[] }>(client, { open: { url, count: CONNECTIONS, ids: 0 } });
  const kBEach = (((await settledMB(pid)) - before) * 1024) / CONNECTIONS;
  return { client, ids, kBEach };
}

/** What was used to open connections is given back some time later. */
async function settledMB(pid: number): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS));
  return rssMB(pid);
}
const SETTLE_MS = 2000;

/** Node.js takes as many as it may; root may have more. */
async function enoughFiles(pid: number): Promise<void> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
  const most = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const needed = CONNECTIONS + PUSHED + SPARE_FILES;
  if (most >= needed) return;
  await promisify(execFile)('prlimit', ['--pid', `${pid}`, `--nofile=${needed}:${needed}`]).catch(() => {
    throw new Skipped(`a process may have ${most} files open; ulimit -n ${needed}`);
  });
}

const ORDER_MS = 60_000;

async function ask<T>(client: ChildProcess, order: Order): Promise<T> {
  const answer = once(client, 'message', { signal: AbortSignal.timeout(ORDER_MS) });
  client.send(order);
  const [said] = (await answer) as [T & { readonly error?: string }];
  if (said.error !== undefined) throw new Error(`a client failed: ${said.error}`);
  return said;
}

const sideOf = ({ name, pid, pushUrl, ids }: Connected): Side => ({
  name,
  url: pushUrl,
  pid,
  request: () => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    bodies: ids.map(secConnectionID =>
      JSON.stringify({ websocket: { action: 'data send', secConnectionID, dataType: 'text', data: 'x'.repeat(100) } }),
    ),
  }),
});

export const WEBSOCKET: readonly Measure[] = [
  {
    name: 'websocket-memory',
    goal: 20,
    better: 'lower',
    async run(bench) {
      const [{ kBEach, name }, yardstick] = [await ours(bench), await bare(bench)];
      const detail = `KB per connection with ${CONNECTIONS} open; ${name} ${round(kBEach)}, ${yardstick.name} ${round(yardstick.kBEach)}`;
      return { value: kBEach, detail };
    },
  },
  {
    name: 'websocket-latency',
    goal: null,
    better: 'lower',
    async run(bench) {
      const tell = async (side: Connected) => {
        const latency = { pushUrl: side.pushUrl, seconds: bench.roundS, atOnce: LATENCY_AT_ONCE };
        const { us } = await ask<{ us: number[] }>(side.client, { latency });
        const sorted = us.toSorted((a, b) => a - b);
        const ms = (part: number) => round((sorted[Math.floor(sorted.length * part)] ?? Number.NaN) / 1000);
        return { p99: ms(0.99), words: `${side.name} p50 ${ms(0.5)} p99 ${ms(0.99)} ms, ${us.length} pushes` };
      };
      const [{ p99, words }, yardstick] = [await tell(await ours(bench)), await tell(await bare(bench))];
      return { value: p99, detail: `ms from push to frame, ${LATENCY_AT_ONCE} at once; ${words}; ${yardstick.words}` };
    },
  },
  {
    name: 'websocket-push',
    goal: 0.5,
    better: 'higher',
    async run(bench) {
      const [one, yardstick] = [await ours(bench), await bare(bench)];
      const rounds = await compare(bench, sideOf(one), sideOf(yardstick), 64);
      return measured(rounds, perSRatio, [one.name, yardstick.name]);
    },
  },
];
