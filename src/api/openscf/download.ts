// Addresses from which the package of a function's or a layer's version can be downloaded for a while, without keys:
// what GetFunctionAddress and GetLayerVersion give.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Functions, LayerRef, Layers } from '../../control/control.ts';
import type { Clock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { FunctionKey } from '../../core/function.ts';
import type { Site } from '../../http/site.ts';
import { sendContent } from './content.ts';

const CODE = '/_openscf/code/';
const LAYER = '/_openscf/layer/';
const LIFE_MS = 3_600_000;

export interface DownloadDeps {
  readonly functions: Pick<Functions, 'code'>;
  readonly layers: Pick<Layers, 'code'>;
  readonly clock: Clock;
  /** Signs the addresses. */
  readonly secret: string;
  /** Where the Cloud API is reached, e.g. `http://127.0.0.1:9700`. */
  readonly origin: () => string;
}

export interface Downloads {
  readonly site: Site;
  url(version: FunctionKey & { readonly version: string }): Promise<string>;
  layerUrl(layer: LayerRef & { readonly region: string }): Promise<string>;
}

export function downloads({ functions, layers, clock, secret, origin }: DownloadDeps): Downloads {
  const sign = (path: string, expires: string) => createHmac('sha256', secret).update(`${path}\n${expires}`).digest();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, 'use GET or HEAD', { Allow: 'GET, HEAD' });
    const url = new URL(request.url ?? '/', 'http://localhost');
    const expires = url.searchParams.get('expires') ?? '';
    const given = Buffer.from(url.searchParams.get('signature') ?? '', 'hex');
    const wanted = sign(url.pathname, expires);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return refuse(response, 403, 'the signature does not match');
    if (!(clock.now() < Number(expires))) return refuse(response, 403, 'the address has expired; ask for a new one');
    try {
      const { name, code, stream } = await find(url.pathname);
      const headers = {
        'Content-Type': 'application/zip',
        'Content-Disposition': `attachment; filename="${name}.zip"`,
      };
      await sendContent(request, response, { ...code, stream, headers });
    } catch (error) {
      if (!(error instanceof CloudError) || error.row.fault !== 'caller' || response.headersSent) throw error;
      refuse(response, 404, error.text('en'));
    }
  }

  async function find(path: string) {
    const names = (prefix: string) => path.slice(prefix.length).split('/').map(decodeURIComponent);
    if (path.startsWith(LAYER)) {
      const [region = '', name = '', version = ''] = names(LAYER);
      return { name, ...(await layers.code(region, { name, version: Number(version) })) };
    }
    const [region = '', namespace = '', name = '', version = ''] = names(CODE);
    return { name, ...(await functions.code({ region, namespace, name }, version)) };
  }

  function urlOf(prefix: string, names: readonly string[]): string {
    // The path as the server's URL parser will see it.
    const { pathname } = new URL(prefix + names.map(encodeURIComponent).join('/'), 'http://localhost');
    const expires = String(clock.now() + LIFE_MS);
    return `${origin()}${pathname}?expires=${expires}&signature=${sign(pathname, expires).toString('hex')}`;
  }

  return {
    site: { name: 'code', claims: (_host, path) => path.startsWith(CODE) || path.startsWith(LAYER), serve },
    url: async ({ region, namespace, name, version }) => urlOf(CODE, [region, namespace, name, version]),
    layerUrl: async ({ region, name, version }) => urlOf(LAYER, [region, name, String(version)]),
  };
}

const CODES: Readonly<Record<number, string>> = { 404: 'ResourceNotFound', 405: 'UnsupportedProtocol' };

function refuse(response: ServerResponse, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  const body = JSON.stringify({ error: { code: CODES[status] ?? 'AuthFailure', message } });
  const own = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...own }).end(body);
}
