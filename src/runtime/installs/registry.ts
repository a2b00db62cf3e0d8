// An npm registry, as far as it is needed here: which versions a package has, and the bytes of one of them.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { getCACertificates } from 'node:tls';
import { CloudError } from '../../core/errors.ts';
import { fail } from './errors.ts';

export interface Dist {
  readonly version: string;
  readonly tarball: string;
  /** Subresource integrity: `sha512-…`. */
  readonly integrity: string;
}

export interface Download {
  readonly body: Readable;
  /** undefined when the registry does not say. */
  readonly bytes: number | undefined;
}

export interface Registry {
  readonly url: string;
  /** Empty when there is no such package. */
  versions(name: string, signal?: AbortSignal): Promise<readonly Dist[]>;
  download(dist: Dist, signal?: AbortSignal): Promise<Download>;
}

/** Where packages come from when nothing is set; npm tells what runs under it of its own setting. */
export function registryUrl(setting: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  return setting ?? (env.npm_config_registry || 'https://registry.npmjs.org/');
}

/** The short form: versions and checksums without readmes. */
const SHORT_FORM = 'application/vnd.npm.install-v1+json';
/** A transport deadline, in real time: nothing was heard from the other side for so long. */
const SILENCE_MS = 20_000;
const REDIRECTS = 5;
const METADATA_BYTES = 64 * 1024 * 1024;

/** Those of the system as well: a registry inside an organisation is signed by its own. */
function trusted(): string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

/** `env` names the proxies: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. */
export function openRegistry(url: string, env: NodeJS.ProcessEnv = process.env): Registry {
  const base = url.endsWith('/') ? url : `${url}/`;
  const agents = { http: new HttpAgent({ proxyEnv: env }), https: new HttpsAgent({ proxyEnv: env, ca: trusted() }) };
  return {
    url: base,
    async versions(name, signal) {
      const address = new URL(name.replace('/', '%2f'), base).href;
      const answer = await get(address, { accept: SHORT_FORM, agents, signal });
      if (answer.statusCode === 404) {
        answer.resume();
        return [];
      }
      expectOk(answer, address);
      return distsOf(await readJson(answer, address), address);
    },
    async download({ tarball }, signal) {
      const answer = await get(tarball, { accept: '*/*', agents, signal });
      expectOk(answer, tarball);
      const length = Number(answer.headers['content-length']);
      return { body: answer, bytes: length > 0 ? length : undefined };
    },
  };
}

interface Asking {
  readonly accept: string;
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly signal: AbortSignal | undefined;
}

async function get(address: string, asking: Asking): Promise<IncomingMessage> {
  let url = urlOf(address);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const answer = await ask(url, asking);
    const { statusCode = 0 } = answer;
    const { location } = answer.headers;
    if (statusCode < 300 || statusCode >= 400 || location === undefined) return answer;
    answer.resume();
    const next = urlOf(location, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:') break;
    url = next;
  }
  return fail('Runtime.Answer', { url: address, reason: 'redirects without end, or away from https' });
}

function urlOf(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href) ?? undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  return fail('Runtime.Answer', { url: text, reason: 'not an http or https address' });
}

function ask(url: URL, { accept, agents, signal }: Asking): Promise<IncomingMessage> {
  const options = { headers: { accept, 'user-agent': 'openscf' }, timeout: SILENCE_MS, ...(signal && { signal }) };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https })
        : httpRequest(url, { ...options, agent: agents.http });
    request.once('response', resolve);
    request.once('timeout', () => request.destroy(new Error(`no answer within ${SILENCE_MS / 1000} s`)));
    request.once('error', error => reject(unreachable(url, error)));
    request.end();
  });
}

function unreachable(url: URL, error: Error): unknown {
  // An address with several IPs fails with one error for all of them, without a text of its own.
  const reason = error.message || (error as NodeJS.ErrnoException).code || 'no connection';
  try {
    return fail('Runtime.Registry', { url: url.origin, reason }, error);
  } catch (told) {
    return told;
  }
}

function expectOk(answer: IncomingMessage, url: string): void {
  if (answer.statusCode === 200) return;
  answer.resume();
  fail('Runtime.Answer', { url, reason: `HTTP ${answer.statusCode}` });
}

async function readJson(answer: IncomingMessage, url: string): Promise<unknown> {
  try {
    if (Number(answer.headers['content-length']) > METADATA_BYTES) throw new Error('it is too large');
    return JSON.parse((await buffer(answer)).toString());
  } catch (error) {
    if (error instanceof CloudError) throw error;
    return fail('Runtime.Answer', { url, reason: (error as Error).message }, error);
  }
}

function distsOf(metadata: unknown, url: string): Dist[] {
  const versions = isObject(metadata) ? metadata.versions : undefined;
  if (!isObject(versions)) return fail('Runtime.Answer', { url, reason: 'it lists no versions' });
  return Object.entries(versions).flatMap(([version, value]) => {
    const dist = isObject(value) ? value.dist : undefined;
    if (!isObject(dist)) return [];
    const { tarball, integrity } = dist;
    return typeof tarball === 'string' && typeof integrity === 'string' ? [{ version, tarball, integrity }] : [];
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
