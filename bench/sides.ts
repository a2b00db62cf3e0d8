// What is loaded: a server with one function, the bare yardstick, and nginx before the bare yardstick.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Program, SOURCE, startProgram } from '../test/program.ts';
import { type Bench, tool } from './bench.ts';

export interface Served extends Program {
  readonly functionName: string;
  readonly url: string;
}

/** A server with bench/functions/hello-node behind API Gateway. */
export function served(bench: Bench): Promise<Served> {
  return bench.shared('served', async () => {
    const server = await startProgram({ dataDir: await bench.folder(), flags: ['--log-level', 'error'] });
    bench.atEnd(server.stop);
    return { ...server, ...(await deployHello(server)) };
  });
}

export async function deployHello(server: Program): Promise<{ functionName: string; url: string }> {
  const [node = process.execPath, ...first] = SOURCE;
  const project = join(import.meta.dirname, 'functions', 'hello-node');
  const to = ['--data', server.dataDir, '--endpoint', server.endpoint];
  const { stdout } = await promisify(execFile)(node, [...first, '--json', ...to, 'deploy', project]);
  const { name, urls } = JSON.parse(stdout) as { name: string; urls: string[] };
  const url = urls[0];
  if (url === undefined) throw new Error(`${name} has no URL: ${stdout}`);
  return { functionName: name, url };
}

/** URL of bench/echo.ts in a process of its own. */
export function bare(bench: Bench): Promise<string> {
  return bench.shared('bare', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'echo.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    bench.atEnd(() => ended(child, 'SIGTERM'));
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    return `http://127.0.0.1:${Number(port.toString())}/`;
  });
}

/** URL of nginx that hands each request to bench/echo.ts over kept connections. */
export function proxied(bench: Bench): Promise<string> {
  return bench.shared('proxied', async () => {
    const nginx = tool('nginx');
    const [folder, port, upstream] = [await bench.folder(), await freePort(), new URL(await bare(bench)).host];
    await mkdir(join(folder, 'tmp'));
    const conf = join(folder, 'nginx.conf');
    await writeFile(conf, nginxConf(folder, port, upstream));
    const child = spawn(nginx, ['-p', folder, '-c', conf, '-e', join(folder, 'error.log')], { stdio: 'inherit' });
    bench.atEnd(() => ended(child, 'SIGQUIT'));
    const url = `http://127.0.0.1:${port}/`;
    await answers(url);
    return url;
  });
}

const nginxConf = (folder: string, port: number, upstream: string): string => `daemon off;
${process.getuid?.() === 0 ? 'user root;\n' : ''}worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/tmp/body;
  proxy_temp_path ${folder}/tmp/proxy;
  fastcgi_temp_path ${folder}/tmp/fastcgi;
  uwsgi_temp_path ${folder}/tmp/uwsgi;
  scgi_temp_path ${folder}/tmp/scgi;
  keepalive_requests 1000000;
  upstream bare { server ${upstream}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://bare;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;

export const ANSWER_MS = 10_000;

/** Waits until a URL gives 200. */
export async function answers(url: string): Promise<void> {
  const until = performance.now() + ANSWER_MS;
  for (;;) {
    const status = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
      async response => (await response.arrayBuffer()) && response.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`${url} does not answer with 200 (${status})`);
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function ended(child: ReturnType<typeof spawn>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
