// For tests: a program under `enter --web`, told line by line in Python what to do, and what its channel says meanwhile.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { IS_ROOT, NOBODY, onLinux, PROGRAM, probed, toBeEnded } from './testing.ts';

/** One that every user may run: that of root's own version manager is none. */
function findPython(): string | undefined {
  for (const name of ['/usr/bin/python3', 'python3', 'python'])
    try {
      const user = IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {};
      const asked = ['-c', 'import sys; print(sys.executable)'];
      return execFileSync(name, asked, { encoding: 'utf8', stdio: 'pipe', ...user }).trim();
    } catch {
      // Not here.
    }
  return undefined;
}

export const PYTHON = findPython() ?? '';
export const withPython = onLinux || (PYTHON === '' ? 'needs Python' : false);

const UID = 0x70000321;
/** As the drivers start it: bubblewrap's, the plain one as root, the plain one as anybody. */
export const WAYS: readonly (readonly [name: string, options: readonly string[]])[] = [
  ...(probed?.userns ? [['in a user namespace', IS_ROOT ? ['--uid', String(UID)] : []] as const] : []),
  ...(IS_ROOT ? [['as another user', ['--no-userns', '--uid', String(UID)]] as const] : []),
  ['as the same user', ['--no-userns']],
  ['without the other filter', ['--no-userns', '--no-seccomp']],
];

export interface Channelled {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** What the channel has said so far. */
  readonly lines: readonly string[];
  /** The next line of the channel. */
  line(): Promise<string>;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stderr: string;
  }>;
  signal(name: NodeJS.Signals): void;
}

export function start(port: number, options: readonly string[], command: readonly string[]): Channelled {
  const child = toBeEnded(
    spawn(PROGRAM, ['enter', ...options, '--web', String(port), '--', ...command], {
      // Its own group, as the drivers start it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'ignore'],
    }),
  );
  const [stdin, stdout, stderr, channel] = child.stdio as unknown as [Writable, Readable, Readable, Readable];
  stdin.on('error', () => {});
  const lines: string[] = [];
  let read = 0;
  let woken = () => {};
  createInterface({ input: channel.on('error', () => {}) }).on('line', line => {
    lines.push(line);
    woken();
  });
  const complaint = text(stderr);
  // Not `exit`: by then all that was written has been read.
  const ended = once(child, 'close').then(async ([code, signal]) => ({ code, signal, stderr: await complaint }));
  return {
    pid: child.pid ?? 0,
    stdin,
    stdout,
    lines,
    async line() {
      while (read === lines.length) {
        const over = ended.then(exit => Promise.reject(new Error(`it has ended: ${JSON.stringify(exit)}`)));
        await Promise.race([new Promise<void>(resolve => (woken = resolve)), over]);
      }
      return lines[read++] ?? '';
    },
    ended,
    signal: name => child.kill(name),
  };
}

const INSIDE = `
import errno, json, os, select, signal, socket, subprocess, sys, threading, time, traceback
PORT = int(sys.argv[1])
def tell(value): print(json.dumps(value), flush=True)
def attempt(work, *args):
    try: return work(*args) or 'ok'
    except OSError as error: return errno.errorcode.get(error.errno, str(error))
def made(host='0.0.0.0', reuseport=False, only_six=None, kind=socket.SOCK_STREAM):
    one = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, kind)
    if reuseport: one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if only_six is not None: one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only_six)
    return one
def listening(host='0.0.0.0', **more):
    one = made(host, **more)
    one.bind((host, PORT))
    one.listen()
    return one
def serve(server):
    def run():
        while True:
            peer, _ = server.accept()
            peer.sendall(b'inside')
            peer.close()
    threading.Thread(target=run, daemon=True).start()
    return server
def ask(host, port=PORT, prepare=None, only_six=None):
    one = made(host, only_six=only_six)
    if prepare: prepare(one)
    one.connect((host, port))
    return one.recv(99).decode()
for line in sys.stdin:
    try: exec(json.loads(line), globals())
    except Exception: tell(traceback.format_exc())
`;

/** Python that does as it is told; `tell` is its answer. */
export function inside(port: number, options: readonly string[] = ['--no-userns']) {
  const program = start(port, options, [PYTHON, '-c', INSIDE, String(port)]);
  const answers = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  return {
    ...program,
    async ask(script: string): Promise<unknown> {
      program.stdin.write(`${JSON.stringify(script)}\n`);
      const { value, done } = await answers.next();
      if (done) assert.fail(`it has ended: ${JSON.stringify(await program.ended)}`);
      return JSON.parse(value);
    },
    async end() {
      program.stdin.end();
      return program.ended;
    },
  };
}

const servers = new Set<Server>();

/** A port that somebody else on this machine has, at every address. */
export async function takenPort(): Promise<number> {
  const server = createServer(socket => socket.on('error', () => {}).end('outside'));
  servers.add(server);
  await new Promise<void>(resolve => server.listen(0, '::', resolve));
  return (server.address() as AddressInfo).port;
}

/** Takes one that was somebody's. */
export async function take(port: number): Promise<void> {
  const server = createServer();
  servers.add(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '::', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

export function closeAll(): void {
  for (const server of servers) server.close();
}

/** What is sent by who listens there; the error's code when nobody does. */
export function heardAt(host: string, port: number): Promise<string> {
  return new Promise(resolve => {
    let all = '';
    connect({ host, port })
      .on('error', error => resolve((error as NodeJS.ErrnoException).code ?? ''))
      .on('data', data => (all += data))
      .on('end', () => resolve(all));
  });
}

export function parsed(line: string): { port: number; family: string; asked: string } {
  const [, port, family = '', asked = ''] = /^listen (\d+) ([46]) (any|loopback)$/.exec(line) ?? assert.fail(line);
  return { port: Number(port), family, asked };
}
