// Producers: asynchronous calls over kept connections, as many at once as there are producers, and every answer noted.

import { Agent, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { signTc3 } from '../../src/http/tc3.ts';
import type { RawAnswer } from '../fixture.ts';
import type { Kind, Ledger } from './ledger.ts';
import type { Served } from './life.ts';

const PRODUCERS = 16;
/** More events than that wait for nothing but processor time. */
const OPEN_EVENTS = 200;
/** An answer that takes longer is none. */
const ANSWER_MS = 120_000;

const agent = new Agent({ keepAlive: true, maxSockets: PRODUCERS });

export interface Load {
  /** Answers that were errors. */
  readonly refused: RawAnswer[];
  /** The one that can be called from now on; none until the next is named. */
  serve(server: Served | undefined): void;
  /** No further call; resolves when the last one is answered, or cannot be any more. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly ledger: Ledger;
  /** Which function the next event is for. */
  readonly pick: () => Kind;
  /** Of the event, in bytes. */
  readonly padding?: () => number;
}

export function startLoad({ ledger, pick, padding = () => 100 }: LoadOptions): Load {
  const refused: RawAnswer[] = [];
  let target: Served | undefined;
  let up = Promise.withResolvers<void>();
  let stopped = false;

  async function produce(): Promise<void> {
    while (!stopped) {
      const server = target;
      if (!server) {
        await up.promise;
        continue;
      }
      if (ledger.open.size >= OPEN_EVENTS) {
        await new Promise(resolve => setTimeout(resolve, 5));
        continue;
      }
      const kind = pick();
      const answer = await invokeAsync(server, kind, padding()).catch(() => undefined);
      if (!answer) {
        // Killed, and nobody has said so yet.
        if (target === server) await new Promise(resolve => setTimeout(resolve, 5));
        continue;
      }
      const id = requestIdOf(answer);
      if (id === undefined) refused.push(answer);
      else ledger.answer(id, kind);
    }
  }

  const all = Promise.all(Array.from({ length: PRODUCERS }, produce));
  return {
    refused,
    serve(server) {
      // A promise that somebody waits for already is the one to be kept.
      if (target && !server) up = Promise.withResolvers();
      target = server;
      if (server) up.resolve();
    },
    async stop() {
      stopped = true;
      up.resolve();
      await all;
    },
  };
}

export function requestIdOf(answer: RawAnswer): string | undefined {
  const { FunctionRequestId } = (answer.Result ?? {}) as { FunctionRequestId?: string };
  return FunctionRequestId;
}

/** Rejects when there is no whole answer. */
export async function invokeAsync(
  { endpoint, credentials }: Served,
  FunctionName: string,
  paddingBytes = 0,
  language: 'zh-CN' | 'en-US' = 'en-US',
): Promise<RawAnswer> {
  const { host, hostname, port } = new URL(endpoint);
  const ClientContext = JSON.stringify({ padding: 'x'.repeat(paddingBytes) });
  const body = JSON.stringify({ FunctionName, InvocationType: 'Event', ClientContext });
  const timestampS = Math.floor(Date.now() / 1000);
  const signable = { method: 'POST', path: '/', host, body, timestampS, service: 'scf', ...credentials };
  const headers = {
    Authorization: signTc3(signable),
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-TC-Action': 'Invoke',
    'X-TC-Version': '2018-04-16',
    'X-TC-Timestamp': String(timestampS),
    'X-TC-Region': 'ap-guangzhou',
    'X-TC-Language': language,
  };
  const text = await new Promise<Buffer>((resolve, reject) => {
    const options = { agent, method: 'POST', path: '/', hostname, port, headers, timeout: ANSWER_MS };
    const call = httpRequest(options, response => buffer(response).then(resolve, reject));
    call.on('error', reject).on('timeout', () => call.destroy(new Error('no answer')));
    call.end(body);
  });
  return (JSON.parse(text.toString()) as { Response: RawAnswer }).Response;
}
