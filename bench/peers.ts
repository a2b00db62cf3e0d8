// Other ways to have a handler behind HTTP, against the same bare server. nginx is there or it is not; the others come
// from the npm registry into a temporary folder, and only when asked for.

import { execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PLAIN_ENV } from './bare.ts';
import type { Bench } from './bench.ts';
import { compare, measured, perSRatio } from './compare.ts';
import { GET } from './http.ts';
import { type Measure, Skipped } from './measure.ts';
import { proxied } from './nginx.ts';
import { answers, bareSide, ended, freePort, side } from './sides.ts';

interface Listening {
  readonly url: string;
  readonly pid: number;
}

interface Peer {
  readonly name: string;
  readonly open: (bench: Bench) => Promise<Listening>;
}

const INSTALL_MS = 180_000;
const START_MS = 60_000;
const NODE = process.execPath;

interface Installed {
  readonly name: string;
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** Of node, in the folder. */
  readonly args: (port: number, other: number) => readonly string[];
}

const FUNCTIONS_FRAMEWORK: Installed = {
  name: 'functions-framework',
  packages: ['@google-cloud/functions-framework@5.0.5'],
  files: { 'index.js': "exports.hello = (_, response) => response.type('text/plain').send('Hello, world!\\n');\n" },
  args: port => [
    'node_modules/@google-cloud/functions-framework/build/src/main.js',
    '--target=hello',
    `--port=${port}`,
    '--signature-type=http',
  ],
};

/** The last that start without an account. */
const SERVERLESS_OFFLINE: Installed = {
  name: 'serverless-offline',
  packages: ['serverless@3.40.0', 'serverless-offline@13.9.0'],
  files: {
    'index.js':
      "exports.hello = async () => ({ statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'Hello, world!\\n' });\n",
    'serverless.yml': [
      'service: bench',
      "frameworkVersion: '3'",
      'plugins: [serverless-offline]',
      'provider: { name: aws, runtime: nodejs20.x }',
      'functions:',
      '  hello: { handler: index.hello, events: [{ httpApi: { method: GET, path: /hello } }] }',
      '',
    ].join('\n'),
  },
  args: (port, other) => [
    'node_modules/serverless/bin/serverless.js',
    'offline',
    ...['--httpPort', String(port), '--lambdaPort', String(other), '--host', '127.0.0.1'],
  ],
};

/** Nobody is told that it runs, and nothing looks for updates. */
const QUIET = { SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', SLS_TRACKING_DISABLED: '1', CI: '1' };

function installed(bench: Bench, { name, packages, files, args }: Installed): Promise<Listening> {
  return bench.shared(name, async () => {
    const folder = join(await bench.folder(), name);
    await mkdir(folder);
    for (const [file, text] of Object.entries({ 'package.json': '{}', ...files }))
      await writeFile(join(folder, file), text);
    const npm = ['install', '--no-audit', '--no-fund', '--no-update-notifier', '--ignore-scripts', ...packages];
    await promisify(execFile)('npm', npm, { cwd: folder, timeout: INSTALL_MS }).catch((error: Error) => {
      throw new Skipped(`npm cannot install ${packages.join(' ')}: ${error.message.slice(0, 300)}`);
    });
    const [port, other] = [await freePort(), await freePort()];
    const child = spawn(NODE, args(port, other), { cwd: folder, env: { ...PLAIN_ENV, ...QUIET }, stdio: 'ignore' });
    bench.atEnd(() => ended(child, 'SIGTERM'));
    const url = `http://127.0.0.1:${port}/hello`;
    await answers(url, START_MS);
    return { url, pid: child.pid ?? 0 };
  });
}

const measures = ({ name, open }: Peer): Measure[] =>
  [16, 64].map(connections => ({
    name: `peer-${name}-${connections}`,
    goal: null,
    better: 'higher',
    async run(bench) {
      const { url, pid } = await open(bench);
      const [peer, bare] = [await side(name, url, pid, GET), await bareSide(bench, GET)];
      return measured(await compare(bench, peer, bare, connections), perSRatio, [name, 'bare']);
    },
  }));

export const NGINX: readonly Measure[] = measures({ name: 'nginx', open: proxied });

export const PEERS: readonly Measure[] = [FUNCTIONS_FRAMEWORK, SERVERLESS_OFFLINE].flatMap(one =>
  measures({ name: one.name, open: bench => installed(bench, one) }),
);
