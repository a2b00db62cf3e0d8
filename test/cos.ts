// What whole-product tests ask of the object store, signed as its clients sign.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { signHeader } from '../src/http/qsign.ts';
import type { TestServer } from './harness.ts';

export interface CosAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string | undefined;
}

export interface CosAsked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Keys other than the server's own. */
  readonly keys?: Keys;
  /** Called once the answer's head has come, before its body. */
  readonly begun?: () => void;
}

export const BUCKET = 'pictures-1250000000';
export const REGION = 'ap-guangzhou';
export const hostOf = (bucket: string, region = REGION): string => `${bucket}.cos.${region}.myqcloud.com`;

export type CosClient = Awaited<ReturnType<typeof cosOf>>;

/** A client of the store of this server: `path` with its query, escaped, of a bucket's host. */
export async function cosOf(server: Pick<TestServer, 'get' | 'credentials'>) {
  const { ports } = await server.get<{ readonly ports: { readonly portCos: number } }>('/status');
  const port = ports.portCos;

  async function ask(path: string, asked: CosAsked = {}, host = hostOf(BUCKET)): Promise<CosAnswer> {
    const { method = 'GET', headers = {}, body = '', keys = server.credentials as Keys } = asked;
    const url = new URL(path, 'http://localhost');
    const now = Math.floor(Date.now() / 1000);
    const signed = {
      method,
      path: decodeURIComponent(url.pathname),
      query: [...url.searchParams],
      headers: [['host', host], ...Object.entries(headers).filter(([name]) => name === 'x-cos-copy-source')],
    } as const;
    const Authorization = signHeader(signed, keys, `${now - 60};${now + 600}`);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const token = keys.token === undefined ? {} : { 'x-cos-security-token': keys.token };
      const all = { ...headers, ...token, Host: host, Authorization, 'Content-Length': Buffer.byteLength(body) };
      const options = { host: '127.0.0.1', port, path, method, headers: all, agent: false as const };
      httpRequest(options, resolve).on('error', reject).end(body);
    });
    asked.begun?.();
    const bytes = await buffer(response);
    return { status: response.statusCode ?? 0, headers: response.headers, body: bytes, text: bytes.toString() };
  }

  return {
    port,
    ask,
    /** Fails unless it was done. */
    async done(path: string, asked: CosAsked = {}, host = hostOf(BUCKET)): Promise<CosAnswer> {
      const answer = await ask(path, asked, host);
      if (answer.status >= 300)
        throw new Error(`${asked.method ?? 'GET'} ${host}${path}: ${answer.status} ${answer.text}`);
      return answer;
    },
  };
}
