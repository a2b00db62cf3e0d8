// For tests of this room: a registry on loopback, with packages made of shell scripts that say a version.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { create } from 'tar';

export type Contents = Readonly<Record<string, string>>;

/** A package as npm packs it. */
export async function packageOf(files: Contents): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'package-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(dir, 'package', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text, { mode: 0o755 });
    }
    return await buffer(create({ cwd: dir, gzip: true, portable: true }, ['package']));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A stand-in for Node.js. */
export const nodePackage = (version: string, says = `v${version}`): Promise<Buffer> =>
  packageOf({
    'bin/node': `#!/bin/sh\necho ${says}\n`,
    LICENSE: 'MIT',
    'package.json': '{}',
    'include/node.h': '// nobody needs it',
    'bin/other': 'nor this',
  });

export const sha512 = (bytes: Buffer): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

export interface FakeRegistry extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** Answers a path instead of the packages, until it returns false. */
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => boolean | Promise<boolean>;
  /** Adds a version; `change` replaces what the metadata says of it. */
  publish(name: string, version: string, tarball: Buffer, change?: Readonly<Record<string, unknown>>): void;
}

export async function fakeRegistry(): Promise<FakeRegistry> {
  const metadata = new Map<string, Record<string, { dist: object }>>();
  const tarballs = new Map<string, Buffer>();
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    if (await registry.answer(path, response, request)) return;
    const versions = metadata.get(path.slice(1));
    const tarball = tarballs.get(path);
    if (versions) response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ versions }));
    else if (tarball) response.setHeader('Content-Length', tarball.length).end(tarball);
    else response.writeHead(404).end('{"error":"Not found"}');
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const registry: FakeRegistry = {
    url,
    asked,
    answer: () => false,
    publish(name, version, tarball, change = {}) {
      const path = `/${name}/-/${name}-${version}.tgz`;
      tarballs.set(path, tarball);
      const dist = { tarball: url.slice(0, -1) + path, integrity: sha512(tarball), ...change };
      metadata.set(name, { ...metadata.get(name), [version]: { dist } });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(closed => server.close(closed));
    },
  };
  return registry;
}
