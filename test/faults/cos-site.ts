// A data folder with two buckets, a function that is told of all that happens in them, and one server after the other.

import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { crc64 } from '../../src/core/crc64.ts';
import { NO_LOG } from '../../src/core/log.ts';
import { openObjectIndex } from '../../src/store/objects/sqlite.ts';
import { type CosClient, cosOf, hostOf } from '../cos.ts';
import { deploy, sdkOf } from '../fixture.ts';
import { Book, type Place, type Seen } from './cos-book.ts';
import { PLAIN, VERSIONED } from './cos-load.ts';
import type { LifeOptions, Served } from './life.ts';
import { openSite, own, type Site } from './site.ts';

export interface CosSite extends Pick<Site, 'dataDir' | 'scratchDir' | 'start' | 'close'> {
  readonly book: Book;
}

export const clientOf = (served: Served): Promise<CosClient> =>
  cosOf({ credentials: served.credentials, get: path => own(served, 'GET', path) });

interface CosEvent {
  readonly Records: readonly {
    readonly cos: {
      readonly cosObject: { readonly key: string; readonly meta: Readonly<Record<string, string>> };
      readonly cosBucket: { readonly name: string; readonly appid: string };
    };
  }[];
}

/** Of a function that passes on what it is told. */
export const telling = (port: number) => `
const http = require('http');
const agent = new http.Agent({ keepAlive: true });
exports.main_handler = event => new Promise((resolve, reject) => {
  const request = http.request({ agent, method: 'POST', host: '127.0.0.1', port: ${port} }, answer => {
    answer.resume().on('end', resolve).on('error', reject);
  });
  request.on('error', reject).end(JSON.stringify(event));
});
`;

export async function openCosSite(settings: LifeOptions['settings'] = {}): Promise<CosSite> {
  const site = await openSite(() => 0, settings);
  const book = new Book();
  const reports = await openEvents(book);
  const close = async () => {
    const left = await site.close();
    reports.close();
    return left;
  };
  try {
    const first = site.start();
    const served = await first.ready;
    const sdk = sdkOf(served);
    const InstanceConcurrencyConfig = { DynamicEnabled: 'FALSE', MaxConcurrency: 32 };
    await deploy(sdk, 'told', telling(reports.port), { MemorySize: 128, InstanceConcurrencyConfig });
    const cos = await clientOf(served);
    for (const bucket of [PLAIN, VERSIONED]) {
      await cos.done('/', { method: 'PUT' }, hostOf(bucket));
      for (const event of ['cos:ObjectCreated:*', 'cos:ObjectRemove:*']) {
        const trigger = { FunctionName: 'told', TriggerName: hostOf(bucket), Type: 'cos', Enable: 'OPEN' };
        await sdk.CreateTrigger({ ...trigger, TriggerDesc: JSON.stringify({ event }) });
      }
    }
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await cos.done('/?versioning', { method: 'PUT', body }, hostOf(VERSIONED));
    const how = await first.stop();
    if (how !== '0') throw new Error(`the first server ended with ${how}\n${first.complaints()}`);
    return { ...site, book, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where it passes it on to. */
export async function openEvents(book: Pick<Book, 'tell'>) {
  const server = createServer((request, response) => {
    json(request).then(
      event => {
        for (const { cos } of (event as CosEvent).Records) {
          const { name, appid } = cos.cosBucket;
          const key = cos.cosObject.key.slice(`/${appid}/${name}/`.length);
          book.tell(cos.cosObject.meta['x-cos-request-id'] ?? '', `${name}-${appid}`, key);
        }
        response.end();
      },
      () => response.destroy(),
    );
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.keepAliveTimeout = 60_000;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

const pathOf = (key: string) => key.split('/').map(encodeURIComponent).join('/');

/** All versions of a key, each read whole; '' is the id of the only one. */
export async function versionsAt(cos: CosClient, { bucket, key, versioned }: Place): Promise<Map<string, Seen>> {
  const host = hostOf(bucket);
  const seen = new Map<string, Seen>();
  if (!versioned) {
    const only = await read(cos, host, key, '');
    if (only) seen.set('', only);
    return seen;
  }
  const { text } = await cos.done(`/?versions&prefix=${encodeURIComponent(key)}`, {}, host);
  for (const [, kind, id = ''] of text.matchAll(/<(Version|DeleteMarker)><Key>[^<]*<\/Key><VersionId>([^<]*)</g)) {
    const version = kind === 'Version' ? await read(cos, host, key, `?versionId=${id}`) : 'marker';
    if (version) seen.set(id, version);
  }
  return seen;
}

async function read(cos: CosClient, host: string, key: string, query: string): Promise<Seen | undefined> {
  const { status, headers, body, text } = await cos.ask(`/${pathOf(key)}${query}`, {}, host);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${host}/${key}${query}: ${status} ${text.slice(0, 400)}`);
  if (headers['x-cos-hash-crc64ecma'] !== crc64(body))
    throw new Error(`${host}/${key}${query} is not what its CRC64 says`);
  return { op: String(headers['x-cos-meta-op']), md5: md5(body) };
}

/** What lies in a folder of which nobody runs: files without a row, rows without their file, notices that wait. */
export async function leftIn(dataDir: string): Promise<string[]> {
  const dir = join(dataDir, 'objects');
  const there = readdirSync(dir).flatMap(folder =>
    readdirSync(join(dir, folder)).map(name => (folder === 'unfinished' ? `unfinished/${name}` : name)),
  );
  const index = await openObjectIndex({ file: join(dataDir, 'objects.db'), log: NO_LOG });
  try {
    const named = index.named(there);
    const strays = there.filter(name => !named.has(name)).map(name => `${name} is a file that nobody names`);
    const kept = new Set(there);
    const lost: string[] = [];
    for (const bucket of [PLAIN, VERSIONED])
      for (const row of index.scan(bucket, undefined, 100_000))
        for (const file of row.files) if (!kept.has(file)) lost.push(`${bucket}/${row.key} has lost ${file}`);
    const waiting = index.notices(1000).map(({ id }) => `the notice ${id} waits after the end`);
    return [...strays, ...lost, ...waiting];
  } finally {
    await index.close();
  }
}

export const md5 = (body: Buffer) => createHash('md5').update(body).digest('hex');
