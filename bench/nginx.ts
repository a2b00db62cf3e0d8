// nginx that hands each request to a server over kept connections, which is what a proxy that does nothing costs; or that
// sends a file.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Bench, tool } from './bench.ts';
import { answers, bare, ended, freePort } from './sides.ts';

/** Of no process. */
const NO_PID = 0;

/** Before bench/echo.ts. */
export function proxied(bench: Bench): Promise<{ url: string; pid: number }> {
  return bench.shared('proxied', async () => proxy(bench, (await bare(bench)).url));
}

/** Before the server at `upstreamUrl`. */
export async function proxy(bench: Bench, upstreamUrl: string): Promise<{ url: string; pid: number }> {
  const upstream = new URL(upstreamUrl).host;
  const { url } = await served(bench, {
    http: `upstream bare { server ${upstream}; keepalive 64; keepalive_requests 1000000; }`,
    location: 'proxy_pass http://bare; proxy_http_version 1.1; proxy_set_header Connection "";',
  });
  await answers(url);
  // Its CPU would be told without that of what stands behind it.
  return { url, pid: NO_PID };
}

/** From the folder of this file. */
export async function files(bench: Bench, file: string): Promise<{ url: string; pid: number }> {
  const { url } = await served(bench, { http: 'sendfile on; tcp_nopush on;', location: `root ${dirname(file)};` });
  await answers(`${url}${basename(file)}`);
  return { url: `${url}${basename(file)}`, pid: NO_PID };
}

interface Conf {
  readonly http: string;
  readonly location: string;
}

async function served(bench: Bench, conf: Conf): Promise<{ url: string }> {
  const nginx = tool('nginx');
  const [folder, port] = [await bench.folder(), await freePort()];
  await mkdir(join(folder, 'tmp'));
  const file = join(folder, 'nginx.conf');
  await writeFile(file, nginxConf(folder, port, conf));
  const child = spawn(nginx, ['-p', folder, '-c', file, '-e', join(folder, 'error.log')], { stdio: 'inherit' });
  bench.atEnd(() => ended(child, 'SIGQUIT'));
  return { url: `http://127.0.0.1:${port}/` };
}

const nginxConf = (folder: string, port: number, { http, location }: Conf): string => `daemon off;
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
  ${http}
  server {
    listen 127.0.0.1:${port};
    location / { ${location} }
  }
}
`;
