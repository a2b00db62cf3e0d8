// A web function behind its URL, against nginx that passes the same requests on to the same program; and a function of
// events behind a URL of its own and behind a load balancer, against the same function behind API Gateway.

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../src/cli/client.ts';
import type { Urls } from '../src/cli/wire.ts';
import { zipOf } from '../src/runtime/testing.ts';
import { PLAIN_ENV } from './bare.ts';
import type { Bench } from './bench.ts';
import { active, cloud } from './cloud.ts';
import { compare, measured, perSRatio } from './compare.ts';
import { GET, POST } from './http.ts';
import type { Request, Side } from './load.ts';
import type { Measure } from './measure.ts';
import { proxy } from './nginx.ts';
import { answers, ended, freePort, nameOf, served, side, started } from './sides.ts';

const NAME = 'web-node';
const FOLDER = join(import.meta.dirname, 'functions', NAME);
/** As nginx does, one process takes all connections at once. */
const TOGETHER = 100;

/** Gives its URL. */
export async function publishWeb({ scf }: Client): Promise<string> {
  const file = (name: string) => readFile(join(FOLDER, name), 'utf8');
  const files = {
    scf_bootstrap: { text: await file('scf_bootstrap'), mode: 0o100755 },
    'app.cjs': await file('app.cjs'),
  };
  await scf('CreateFunction', {
    FunctionName: NAME,
    Type: 'HTTP',
    Runtime: 'Nodejs18.15',
    // Documented: one core, as the program behind nginx has.
    MemorySize: 1280,
    Timeout: 5,
    InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: TOGETHER },
    Code: { ZipFile: (await zipOf(files)).toString('base64') },
  });
  await active(scf, NAME);
  return functionUrl(scf, NAME);
}

async function functionUrl(scf: Client['scf'], FunctionName: string): Promise<string> {
  const TriggerDesc = JSON.stringify({
    AuthType: 'NONE',
    NetConfig: { EnableIntranet: false, EnableExtranet: true },
  });
  await scf('CreateTrigger', { FunctionName, TriggerName: 'url-trigger', Type: 'http', TriggerDesc });
  const { Triggers } = await scf('ListTriggers', { FunctionName, Filters: [{ Name: 'Type', Values: ['http'] }] });
  const [trigger] = Triggers as readonly { readonly TriggerDesc: string }[];
  const { NetConfig } = JSON.parse(trigger?.TriggerDesc ?? '{}') as { readonly NetConfig: Record<string, string> };
  const url = NetConfig.ExtranetHTTPUrl;
  if (!url) throw new Error(`${FunctionName} has no URL`);
  return url;
}

async function balancerUrl(client: Client, FunctionName: string): Promise<string> {
  const TriggerDesc = JSON.stringify({ port: await freePort(), domain: 'bench.example' });
  await client.scf('CreateTrigger', { FunctionName, TriggerName: 'clb', Type: 'clb', TriggerDesc });
  const { functions } = await client.get<Urls>('/urls');
  const triggers = functions.find(one => one.name === FunctionName)?.triggers ?? [];
  // The first is the path form of the edge, the second the balancer's own.
  const url = triggers.find(one => one.type === 'clb')?.urls[1];
  if (!url) throw new Error(`${FunctionName} has no load balancer`);
  return url;
}

/** A server of its own: the others have functions of events. */
function web(bench: Bench) {
  return bench.shared('web', async () => {
    const server = await started(bench);
    return { ...server, url: await publishWeb(cloud(server)) };
  });
}

/** nginx before the same program in one process, run by the interpreter that runs the function. */
function plain(bench: Bench) {
  return bench.shared('plain', async () => {
    const [{ url }, port] = [await web(bench), await freePort()];
    const interpreter = await (await fetch(`${url}/interpreter`)).text();
    const env = { ...PLAIN_ENV, PORT: String(port) };
    const child = spawn(interpreter, [join(FOLDER, 'app.cjs')], { stdio: 'inherit', env });
    bench.atEnd(() => ended(child, 'SIGTERM'));
    const upstream = `http://127.0.0.1:${port}/`;
    await answers(upstream);
    return proxy(bench, upstream);
  });
}

interface Row {
  readonly name: string;
  readonly request: Request;
  readonly connections: number;
  readonly goal: number | null;
}

const WEB_ROWS: readonly Row[] = [
  { name: 'web-get-16', request: GET, connections: 16, goal: null },
  { name: 'web-get-64', request: GET, connections: 64, goal: 0.5 },
  { name: 'web-post-1k-64', request: POST, connections: 64, goal: null },
];

const URL_ROWS: readonly Row[] = [
  { name: 'url-get-64', request: GET, connections: 64, goal: 0.9 },
  { name: 'url-post-1k-64', request: POST, connections: 64, goal: 0.9 },
];

const CLB_ROWS: readonly Row[] = [
  { name: 'clb-get-64', request: GET, connections: 64, goal: 0.9 },
  { name: 'clb-post-1k-64', request: POST, connections: 64, goal: 0.9 },
];

type Sides = (bench: Bench, request: Request) => Promise<readonly [Side, Side]>;

const webSides: Sides = async (bench, request) => {
  const [ours, nginx] = [await web(bench), await plain(bench)];
  return [
    await side(nameOf(ours.driver), ours.url, ours.pid, request),
    await side('nginx', nginx.url, nginx.pid, request),
  ];
};

/** Both of one server and one function. */
const urlSides: Sides = async (bench, request) => {
  const server = await served(bench);
  const url = await bench.shared('url', () => functionUrl(cloud(server).scf, server.functionName));
  return [
    await side('function URL', url, server.pid, request),
    await side('API Gateway', server.url, server.pid, request),
  ];
};

/** Behind the gateway and behind a load balancer, on an address of its own, is the same function. */
const clbSides: Sides = async (bench, request) => {
  const server = await served(bench);
  const url = await bench.shared('clb', () => balancerUrl(cloud(server), server.functionName));
  return [await side('CLB', url, server.pid, request), await side('API Gateway', server.url, server.pid, request)];
};

const measures = (rows: readonly Row[], sides: Sides): Measure[] =>
  rows.map(({ name, request, connections, goal }) => ({
    name,
    goal,
    better: 'higher',
    async run(bench) {
      const [ours, other] = await sides(bench, request);
      return measured(await compare(bench, ours, other, connections), perSRatio, [ours.name, other.name]);
    },
  }));

export const WEB: readonly Measure[] = measures(WEB_ROWS, webSides);
export const URLS: readonly Measure[] = measures(URL_ROWS, urlSides);
export const CLB: readonly Measure[] = measures(CLB_ROWS, clbSides);
