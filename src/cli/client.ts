// The way to a server: the Cloud API, signed, and /_openscf/v1. Over HTTP alone.

import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../core/clock.ts';
import type { Language } from '../core/errors.ts';
import { signTc3 } from '../http/tc3.ts';
import { fail, told } from './errors.ts';

export interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
}

export interface ClientOptions {
  readonly endpoint: string;
  /** Asked for when the first signed call is made, as not every command needs keys. */
  readonly keys: () => Keys;
  /** Stands for the keys under /_openscf/v1. */
  readonly token: string | undefined;
  readonly region: string;
  readonly lang: Language;
  readonly clock: Clock;
}

type Wire = Readonly<Record<string, unknown>>;

/** Of the services that commands speak to. */
const VERSIONS: Readonly<Record<string, string>> = {
  scf: '2018-04-16',
  apigateway: '2018-08-08',
  clb: '2018-03-17',
  ssl: '2019-12-05',
};

export class Client {
  readonly #options: ClientOptions;
  readonly #base: URL;

  constructor(options: ClientOptions) {
    this.#options = options;
    const base = URL.parse(options.endpoint);
    this.#base = base && /^https?:$/.test(base.protocol) ? base : fail('Cli.Endpoint', { endpoint: options.endpoint });
  }

  get endpoint(): string {
    return this.#options.endpoint;
  }

  /** An action of SCF. Rejects with a CloudError that has the cloud's code. */
  readonly scf = (action: string, params: Wire, region?: string): Promise<Wire> =>
    this.cloud('scf', action, params, region);

  /** The same of another service. */
  readonly cloud = async (
    service: string,
    action: string,
    params: Wire,
    region = this.#options.region,
  ): Promise<Wire> => {
    const headers = { 'X-TC-Action': action, 'X-TC-Version': VERSIONS[service] ?? '', 'X-TC-Region': region };
    const { status, body } = await this.#send('POST', '/', headers, JSON.stringify(params), service);
    const answer = parse(body)?.Response;
    if (!isWire(answer)) return fail('Cli.Answer', { endpoint: this.endpoint, status });
    const { Error: error, RequestId } = answer;
    if (isWire(error)) throw told(String(error.Code), String(error.Message), String(RequestId));
    return answer;
  };

  async get<T>(path: string): Promise<T> {
    return this.#own<T>('GET', path, '');
  }

  async post<T>(path: string, body: object): Promise<T> {
    return this.#own<T>('POST', path, JSON.stringify(body));
  }

  async #own<T>(method: string, path: string, text: string): Promise<T> {
    const { token } = this.#options;
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const { status, body } = await this.#send(method, `/_openscf/v1${path}`, headers, text);
    const answer = parse(body);
    if (answer === undefined) return fail('Cli.Answer', { endpoint: this.endpoint, status });
    if (status >= 400) {
      // Other programs speak JSON too, and so does our own HTTP edge.
      if (!isWire(answer.error)) return fail('Cli.Answer', { endpoint: this.endpoint, status });
      const { code = `HTTP ${status}`, message = '' } = answer.error;
      throw told(String(code), String(message));
    }
    return answer as T;
  }

  /** Signs unless the headers bring their own authorization. */
  async #send(
    method: string,
    path: string,
    given: Readonly<Record<string, string>>,
    body: string,
    service = 'scf',
  ): Promise<{ status: number; body: Buffer }> {
    const { clock, keys, lang } = this.#options;
    const headers: Record<string, string> = {
      ...given,
      Host: this.#base.host,
      'Content-Type': 'application/json',
      'X-TC-Language': lang === 'zh' ? 'zh-CN' : 'en-US',
    };
    if (!headers.Authorization) {
      const timestampS = Math.floor(clock.now() / 1000);
      const [pathname = '', query = ''] = path.split('?');
      headers['X-TC-Timestamp'] = String(timestampS);
      headers.Authorization = signTc3({
        method,
        path: pathname,
        query,
        host: this.#base.host,
        body,
        timestampS,
        service,
        ...keys(),
      });
    }
    try {
      return await exchange(new URL(path, this.#base), method, headers, body);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ECONNREFUSED') return fail('Cli.NotRunning', { endpoint: this.endpoint }, error);
      return fail('Cli.Transport', { endpoint: this.endpoint, reason: message || String(code) }, error);
    }
  }
}

function exchange(
  url: URL,
  method: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; body: Buffer }> {
  const send = url.protocol === 'https:' ? secure : plain;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method,
      headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
      agent: false,
    });
    request.on('error', reject);
    request.on('response', response => {
      buffer(response).then(bytes => resolve({ status: response.statusCode ?? 0, body: bytes }), reject);
    });
    request.end(body);
  });
}

function isWire(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null;
}

function parse(body: Buffer): Wire | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isWire(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
