// A server that answers as told and keeps what it was asked, and the command line run against it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { type Clock, SystemClock } from '../core/clock.ts';
import type { Io } from './io.ts';
import { runCli } from './run.ts';

export interface Asked {
  /** The action, or `GET /path`. */
  readonly what: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

type Answer = unknown | ((asked: Asked) => unknown);

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly note: string;
}

export interface Extra {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onOut?: (text: string) => void;
  readonly onLost?: NonNullable<Io['onLost']>;
}

export interface Bench {
  readonly cwd: string;
  readonly endpoint: string;
  readonly asked: readonly Asked[];
  run(args: readonly string[], extra?: Extra): Promise<Run>;
}

/** A refusal of the server, for an answer. */
export class Refusal {
  readonly code: string;
  readonly message: string;
  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** Answers are by action or `GET /path`, with its query or without; a folder with the data folder of a server is made for the run. */
export async function benchOf(t: TestContext, answers: Readonly<Record<string, Answer>>): Promise<Bench> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    buffer(request).then(body => {
      const action = request.headers['x-tc-action'];
      const what = typeof action === 'string' ? action : `${request.method} ${request.url}`;
      const one = { what, params: body.length > 0 ? JSON.parse(body.toString()) : {}, headers: request.headers };
      asked.push(one);
      const answer = answers[what] ?? answers[what.split('?')[0] ?? ''];
      const value =
        typeof answer === 'function' ? answer(one) : (answer ?? new Refusal('ResourceNotFound', `nothing at ${what}`));
      const [status, text] = wire(value, typeof action === 'string');
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise(resolve => server.close(resolve)));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cwd = await mkdtemp(join(tmpdir(), 'openscf-cli-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(join(cwd, 'server.json'), JSON.stringify({ pid: 1, endpoint, version: '0' }));
  await writeFile(join(cwd, 'credentials.json'), JSON.stringify({ secretId: 'AKIDtest', secretKey: 'secret' }));
  await writeFile(join(cwd, 'token'), 'the-token\n');
  return {
    cwd,
    endpoint,
    asked,
    run: (args, extra = {}) => runIn(cwd, ['--data', '.', ...args], extra),
  };
}

export async function runIn(cwd: string, args: readonly string[], extra: Extra = {}): Promise<Run> {
  let out = '';
  let note = '';
  const put = (content: string | Uint8Array) => {
    // Bytes are told from text by what they are not in UTF-8.
    const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
    out += text;
    extra.onOut?.(text);
  };
  const status = await runCli(args, {
    env: { LANG: 'C', PATH: '/usr/bin', ...extra.env },
    cwd,
    clock: extra.clock ?? new SystemClock(),
    out: put,
    write: async content => put(content),
    note: text => {
      note += text;
    },
    stdin: () => Promise.resolve(Buffer.from(extra.stdin ?? '')),
    input: async function* () {
      yield Buffer.from(extra.stdin ?? '');
    },
    ...(extra.signal && { signal: extra.signal }),
    ...(extra.onLost && { onLost: extra.onLost }),
  });
  return { status, out, note };
}

function wire(value: unknown, cloud: boolean): [number, string] {
  const refused = value instanceof Refusal ? value : undefined;
  if (!cloud) return refused ? [400, JSON.stringify({ error: refused })] : [200, JSON.stringify(value)];
  const body = refused ? { Error: { Code: refused.code, Message: refused.message } } : (value as object);
  return [200, JSON.stringify({ Response: { ...body, RequestId: 'req-1' } })];
}
