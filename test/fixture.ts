// Small things that whole-product tests share.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { scf } from 'tencentcloud-sdk-nodejs-scf';
import { ZipFile } from 'yazl';
import { signTc3 } from '../src/http/tc3.ts';

/** The same files make the same bytes, whenever: packages are told apart by their content. */
const mtime = new Date(2020, 0, 1);

/** A zip of these files; yazl's stream is closed by `end()`. */
export async function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name, { mtime });
  zip.end();
  return buffer(zip.outputStream);
}

const { Client } = scf.v20180416;
export type Scf = InstanceType<typeof Client>;

/** What can be called: a server of the harness, or a program. */
export interface Callable {
  readonly endpoint: string;
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
}

export function sdkOf({ endpoint, credentials }: Callable, language: 'en-US' | 'zh-CN' = 'en-US'): Scf {
  const httpProfile = { endpoint: endpoint.replace('http://', ''), protocol: 'http://' };
  return new Client({ credential: credentials, region: 'ap-guangzhou', profile: { language, httpProfile } });
}

const PATIENCE_MS = 60_000;

/** Looks again and again, each time after a turn of the event loop, until there is something; fails in the end. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise(setImmediate);
  }
}

const UNDER_WAY = ['Creating', 'Updating', 'Publishing'];

/** The function once nothing is under way with it. */
export function settled(sdk: Scf, FunctionName: string, Qualifier = '$LATEST') {
  return until(`${FunctionName} is settled`, async () => {
    const answer = await sdk.GetFunction({ FunctionName, Qualifier });
    return !UNDER_WAY.includes(answer.Status ?? '') && answer;
  });
}

type Create = Parameters<Scf['CreateFunction']>[0];

/**
 * Makes a function of these files; fails when it does not become Active. Its limit is far above the platform's own of 3 s, which a
 * machine with other work can reach by itself.
 */
export async function deploy(
  sdk: Scf,
  FunctionName: string,
  files: string | Readonly<Record<string, string>>,
  more: Partial<Create> = {},
): Promise<void> {
  const python = more.Runtime?.startsWith('Python');
  const tree = typeof files === 'string' ? { [python ? 'index.py' : 'index.js']: files } : files;
  const ZipFile = (await zipOf(tree)).toString('base64');
  await sdk.CreateFunction({ FunctionName, Runtime: 'Nodejs18.15', Code: { ZipFile }, Timeout: 60, ...more });
  const { Status, StatusReasons } = await settled(sdk, FunctionName);
  if (Status !== 'Active') throw new Error(`${FunctionName} is ${Status}: ${JSON.stringify(StatusReasons)}`);
}

/** The result of a synchronous call, with its log. */
export async function invoke(sdk: Scf, FunctionName: string, event: unknown = {}) {
  const ClientContext = JSON.stringify(event);
  const { Result } = await sdk.Invoke({ FunctionName, ClientContext, LogType: 'Tail' });
  if (!Result) throw new Error('an answer without Result');
  return { ...Result, RetMsg: Result.RetMsg ?? '', Log: Result.Log ?? '' };
}

export interface RawAnswer {
  readonly Error?: { readonly Code: string; readonly Message: string };
  readonly [field: string]: unknown;
}

export interface RawCall {
  readonly action: string;
  /** JSON text, or what is to stand for it. */
  readonly body?: string | Buffer;
  readonly language?: 'zh-CN' | 'en-US';
  /** Of the signature, against the true time. */
  readonly skewS?: number;
  readonly secretId?: string;
  readonly secretKey?: string;
  /** Of which product, scf unless it is said; with the version of its API. */
  readonly service?: string;
  readonly version?: string;
  readonly region?: string;
}

/** A call as bytes, for what no SDK would send. */
export async function rawCall({ endpoint, credentials }: Callable, call: RawCall): Promise<RawAnswer> {
  const { region = 'ap-guangzhou' } = call;
  const { action, body = '{}', language = 'en-US', skewS = 0, service = 'scf', version = '2018-04-16' } = call;
  const timestampS = Math.floor(Date.now() / 1000) + skewS;
  const { host } = new URL(endpoint);
  const { secretId, secretKey } = { ...credentials, ...call };
  const signable = { method: 'POST', path: '/', host, body, timestampS, service, secretId, secretKey };
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      Authorization: signTc3(signable),
      'Content-Type': 'application/json',
      'X-TC-Action': action,
      'X-TC-Version': version,
      'X-TC-Timestamp': String(timestampS),
      'X-TC-Region': region,
      'X-TC-Language': language,
    },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return ((await response.json()) as { Response: RawAnswer }).Response;
}

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** One request whose Host, path and header lines are exactly the given ones, which `fetch` does not allow. */
export function ask(url: string, options: RequestOptions = {}, body?: Buffer | string): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(url, { agent: false, ...options }, response => {
    const { statusCode: status = 0, statusMessage: reason = '', headers, rawHeaders } = response;
    buffer(response).then(body => resolve({ status, reason, headers, rawHeaders, body }), reject);
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}

/** What a port answers to these bytes until it closes, one character per byte. */
export function said(port: number, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.end(bytes, 'latin1'));
  buffer(socket).then(answer => resolve(answer.toString('latin1')), reject);
  return promise;
}
