// nginx that hands each request to a server over kept connections: what a proxy that does nothing costs.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  const nginx = tool('nginx');
  const [folder, port, upstream] = [await bench.folder(), await freePort(), new URL(upstreamUrl).host];
  await mkdir(join(folder, 'tmp'));
  const conf = join(folder, 'nginx.conf');
  await writeFile(conf, nginxConf(folder, port, upstream));
  const child = spawn(nginx, ['-p', folder, '-c', conf, '-e', join(folder, 'error.log')], { stdio: 'inherit' });
  bench.atEnd(() => ended(child, 'SIGQUIT'));
  const url = `http://127.0.0.1:${port}/`;
  await answers(url);
  // Its CPU would be told without that of what stands behind it.
  return { url, pid: NO_PID };
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
