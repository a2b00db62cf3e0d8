// The way to the object store: signed requests to the server's own address, under a name of the cloud's. That is served on every
// port, so whatever leads to the server (a tunnel, TLS) leads here too.

import { hash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as plain } from 'node:http';
import { Agent as SecureAgent, request as secure } from 'node:https';
import { isIP } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../../core/clock.ts';
import { CloudError, type Language } from '../../core/errors.ts';
import { encodeText, type KeyTime, type SignedPairs, signHeader } from '../../http/qsign.ts';
import { fail } from '../errors.ts';
import type { Session } from '../session.ts';
import { formatAddress, shown } from './address.ts';
import { refused } from './errors.ts';
import { readXml, textOf, type XmlNode } from './xml.ts';

export interface CosCall {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Whole; undefined: the service. */
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The name of the cloud's to ask under. */
  readonly host?: string;
  /** It is asked also when the command has been broken off. */
  readonly always?: boolean;
}

export interface CosAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** It names neither a bucket nor a region. */
const SERVICE = 'service.cos.myqcloud.com';
const BEFORE_S = 60;
const AFTER_S = 900;
const CONNECTIONS = 8;
const EMPTY = Buffer.alloc(0);

export class CosClient implements Disposable {
  readonly #base: URL;
  readonly #keys: Session['keys'];
  readonly #clock: Clock;
  readonly #lang: Language;
  readonly #agent: Agent;
  readonly #signal: AbortSignal | undefined;

  constructor({ client, keys, config }: Session, clock: Clock, signal?: AbortSignal) {
    this.#signal = signal;
    this.#base = new URL(client.endpoint);
    this.#keys = keys;
    this.#clock = clock;
    this.#lang = config.lang;
    const options = { keepAlive: true, maxSockets: CONNECTIONS };
    this.#agent = this.#base.protocol === 'https:' ? new SecureAgent(options) : new Agent(options);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async ask(call: CosCall): Promise<CosAnswer> {
    const response = await this.open(call);
    return { headers: response.headers, body: await this.#whole(response) };
  }

  /** The root of the answer. */
  async xml(call: CosCall): Promise<XmlNode> {
    const { body } = await this.ask(call);
    return readXml(body.toString()) ?? fail('Cli.Answer', { endpoint: this.#base.origin, status: 200 });
  }

  /** Its body is to be read, or destroyed. */
  async open(call: CosCall): Promise<IncomingMessage> {
    const response = await this.#send(call).catch(error => this.#broken(error));
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    const body = await this.#whole(response);
    // What is wrong stands in the body, which an answer to HEAD does not have.
    if (call.method === 'HEAD') (await this.open({ ...call, method: 'GET' })).destroy();
    return this.#refuse(call, response, body);
  }

  /** Its parts would take room for ever. What went wrong before is what is told. */
  async abandon(bucket: string, key: string, uploadId: string): Promise<void> {
    await this.ask({ method: 'DELETE', bucket, key, query: { uploadId }, always: true }).catch(() => undefined);
  }

  /** Content that breaks off is told in the words of the command line. */
  async *read(response: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      yield* response as AsyncIterable<Buffer>;
    } catch (error) {
      this.#broken(error);
    }
  }

  #whole(response: IncomingMessage): Promise<Buffer> {
    return buffer(response).catch(error => this.#broken(error));
  }

  #broken(error: unknown): never {
    if (error instanceof CloudError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const endpoint = this.#base.origin;
    if (code === 'ECONNREFUSED') return fail('Cli.NotRunning', { endpoint }, error);
    return fail('Cli.Transport', { endpoint, reason: message || String(code) }, error);
  }

  #refuse({ bucket = '', key = '' }: CosCall, { statusCode = 0, headers }: IncomingMessage, body: Buffer): never {
    const error = readXml(body.toString());
    const known = error?.name === 'Error' ? error : undefined;
    const code = textOf(known, 'Code');
    const requestId = headers['x-cos-request-id'];
    if (code === '' || requestId === undefined) {
      return fail('Cli.Answer', { endpoint: this.#base.origin, status: statusCode });
    }
    const address = shown(formatAddress({ bucket, key }));
    const message = textOf(known, 'Message');
    throw refused({ code, message, requestId: String(requestId), bucket, address });
  }

  /** A connection that the server has just closed is no fault of the request: it is sent once more, over another one. */
  async #send(call: CosCall): Promise<IncomingMessage> {
    try {
      return await this.#exchange(call);
    } catch (error) {
      if (!(error instanceof Stale)) throw error;
      return this.#exchange(call);
    }
  }

  #exchange(call: CosCall): Promise<IncomingMessage> {
    const { method, bucket, key = '', query = {}, headers = {}, body = EMPTY, host = SERVICE, always } = call;
    const path = bucket === undefined ? '/' : `/${bucket}/${key}`;
    const pairs = Object.entries(query);
    const nowS = Math.floor(this.#clock.now() / 1000);
    const keyTime: KeyTime = `${nowS - BEFORE_S};${nowS + AFTER_S}`;
    const source = headers['x-cos-copy-source'];
    // Without its signature nothing is copied.
    const copies: SignedPairs = source === undefined ? [] : [['x-cos-copy-source', source]];
    const signed = { method, path, query: pairs, headers: [['host', host], ...copies] } as const;
    const authorization = signHeader(signed, this.#keys(), keyTime);
    const search = pairs.map(([name, value]) => `${encodeText(name)}=${encodeText(value)}`).join('&');
    const sent: Record<string, string> = {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, asBytes(value)])),
      Host: host,
      'X-TC-Language': this.#lang === 'zh' ? 'zh-CN' : 'en-US',
      ...((method === 'PUT' || method === 'POST') && { 'Content-Length': String(body.length) }),
      ...(body.length > 0 && { 'Content-MD5': hash('md5', body, 'base64') }),
      Authorization: authorization,
    };
    const { protocol, hostname, port } = this.#base;
    const address = hostname.replace(/^\[(.*)\]$/, '$1');
    const send = protocol === 'https:' ? secure : plain;
    return new Promise((resolve, reject) => {
      const request = send({
        ...{ host: address, port, method, headers: sent, agent: this.#agent },
        signal: always ? undefined : this.#signal,
        path: encodeText(path).replaceAll('%2F', '/') + (search && `?${search}`),
        // Or it would be taken from the header Host.
        ...(protocol === 'https:' && { servername: isIP(address) ? '' : address }),
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale ? new Stale(error.message) : error);
      });
      request.on('response', resolve);
      request.end(body);
    });
  }
}

class Stale extends Error {}

/** Node puts one byte per character into a header. */
const asBytes = (text: string): string => Buffer.from(text).toString('latin1');
