// For tests: a process that is none, answering when the test says so, and a launcher that makes them.

import { closeSync, readSync, writeSync } from 'node:fs';
import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { FunctionVersion } from '../core/function.ts';
import { NO_LOG } from '../core/log.ts';
import { EARLY, encodeFrame, FROM_INSTANCE, FrameReader, PRINTED, TO_INSTANCE, WAITED } from './instance/frames.ts';
import { Instance } from './instance/instance.ts';
import { markOf } from './instance/logs.ts';
import { failure } from './instance/outcomes.ts';
import { LaunchError, type Launcher } from './machine/launcher.ts';
import type { Exit, Places, Sandbox, SandboxDriver, SandboxSpec } from './sandbox/driver.ts';
import { openTurns } from './sandbox/turns.ts';

export const TOKEN = 'cafe';

export class FakeProcess implements Sandbox {
  readonly channel: Duplex;
  readonly output = new PassThrough();
  readonly exited: Promise<Exit>;
  /** Request ids, oldest first. */
  readonly invoked: string[] = [];
  readonly turns: number[] = [];
  readonly flags: number[] = [];
  /** ms. */
  readonly limits: number[] = [];
  readonly version: FunctionVersion;
  readonly turnFd = openTurns();
  killed = false;
  /** What it was sent, and whether such a signal arrives. */
  readonly signals: string[] = [];
  deaf = false;
  oom = false;
  closed = false;
  /** How many it has answered. */
  #over = 0;
  /** The turn whose mark was printed last. */
  #marked = 0;
  memory = 10 * 1024 * 1024;
  readonly #far: Duplex;
  readonly #exit = Promise.withResolvers<Exit>();

  constructor(version: FunctionVersion) {
    this.version = version;
    [this.channel, this.#far] = duplexPair();
    this.exited = this.#exit.promise;
    const reader = new FrameReader(1 << 24, (type, payload) => {
      if (type !== TO_INSTANCE.invoke) return;
      this.invoked.push(payload.toString('latin1', 10, 10 + payload.readUInt8(1)));
      this.turns.push(payload.readUInt32BE(6));
      this.flags.push(payload.readUInt8(0));
      this.limits.push(payload.readUInt32BE(2));
    });
    this.#far.on('data', (chunk: Buffer) => reader.push(chunk));
    this.#far.on('error', () => {});
  }

  memoryBytes(): number {
    return this.memory;
  }
  peakBytes(): number {
    return this.memory;
  }
  oomKilled(): boolean {
    return this.oom;
  }
  async assign(): Promise<Places> {
    return { codeDir: '/var/user', optDir: '/opt', tmpDir: '/tmp' };
  }
  close(): void {
    this.closed = true;
    closeSync(this.turnFd);
  }
  /** As an instance does before an event that may be taken back; whether it may run it. */
  takeTurn(turn: number): boolean {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(turn, 0);
    writeSync(this.turnFd, word, 0, 4, 0);
    readSync(this.turnFd, word, 0, 4, 8);
    return turn > word.readUInt32LE(0);
  }
  signal(name: 'SIGTERM'): boolean {
    if (this.deaf) return false;
    this.signals.push(name);
    return true;
  }
  kill(): void {
    this.killed = true;
    this.die(null, 'SIGKILL');
  }
  die(code: number | null, signal: NodeJS.Signals | null = null, open = false): void {
    this.#exit.resolve({ code, signal });
    if (open) return;
    this.#far.destroy();
    this.channel.destroy();
    this.output.end();
  }
  /** Closes its channel and lives on. */
  hangUp(): void {
    this.#far.destroy();
    this.channel.destroy();
  }
  send(type: number, payload: Buffer = Buffer.alloc(0)): void {
    this.#far.write(encodeFrame(type, payload));
  }
  ready(): void {
    this.send(FROM_INSTANCE.ready);
  }
  hello(): void {
    this.send(FROM_INSTANCE.hello);
  }
  /** Says that it has left out a turn. */
  decline(turn: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(turn, 0);
    this.send(FROM_INSTANCE.declined, payload);
  }
  /** The turn that is to be answered next. */
  get turn(): number {
    return this.#over + 1;
  }
  /** Leaves out what was taken back. */
  skip(count: number): void {
    this.#over += count;
  }
  /** Ends the run with a JSON text. */
  answer(
    text = 'null',
    { durationMs = 1, printed = false, early = false, waited = false, turn = this.turn } = {},
  ): void {
    if (!early) this.#over++;
    const flags = (printed ? PRINTED : 0) | (early ? EARLY : 0) | (waited ? WAITED : 0);
    this.send(FROM_INSTANCE.result, Buffer.concat([head(flags, turn, durationMs), Buffer.from(text)]));
  }
  /** Ends the run with an error. */
  fail(status: number, turn = this.turn): void {
    this.#over++;
    const error = Buffer.alloc(6);
    error.writeUInt16BE(status, 0);
    this.send(FROM_INSTANCE.error, Buffer.concat([head(0, turn, 1), error]));
  }
  ended({ durationMs = 1, printed = false } = {}): void {
    this.send(FROM_INSTANCE.ended, head(printed ? PRINTED : 0, ++this.#over, durationMs));
  }
  loadError(status: number, text: string): void {
    const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(text)]);
    payload.writeUInt16BE(status, 0);
    this.send(FROM_INSTANCE.loadError, payload);
  }
  print(text: string): void {
    this.output.write(text);
  }
  mark(turn = this.#marked + 1): void {
    this.#marked = turn;
    this.output.write(markOf(TOKEN, turn));
  }
}

/** Makes sandboxes without a function, as many as are asked for. */
export class FakeDriver implements SandboxDriver {
  readonly name = 'fake';
  readonly protects = '';
  readonly weaker = [];
  readonly places = undefined;
  lateAssign = true;
  /** It has no processes left while it is set. */
  broken = false;
  /** Tries to start one. */
  tries = 0;
  readonly started: { readonly spec: SandboxSpec; readonly process: FakeProcess }[] = [];
  readonly #version: FunctionVersion;

  constructor(version: FunctionVersion) {
    this.#version = version;
  }
  start(spec: SandboxSpec): Sandbox {
    this.tries++;
    if (this.broken) throw new Error('spawn EAGAIN');
    const process = new FakeProcess(this.#version);
    this.started.push({ spec, process });
    return process;
  }
  async close(): Promise<void> {}
}

function head(flags: number, turn: number, durationMs: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = flags;
  bytes.writeUInt32BE(turn, 1);
  bytes.writeUInt32BE(durationMs * 1000, 5);
  return bytes;
}

export class FakeLauncher implements Pick<Launcher, 'launch'> {
  readonly processes: FakeProcess[] = [];
  /** Every launch fails with this status while it is set. */
  broken: number | undefined;
  concurrency = 1;
  /** How long those that start now take events. */
  lifeMs = Number.POSITIVE_INFINITY;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  async launch(
    version: FunctionVersion,
    startedAt: number,
    events: ConstructorParameters<typeof Instance>[4],
  ): Promise<Instance> {
    if (this.broken !== undefined) throw new LaunchError(failure(this.broken, 'broken'));
    const fake = new FakeProcess(version);
    this.processes.push(fake);
    const id = `i${this.processes.length}`;
    const { concurrency } = this;
    const spec = {
      id,
      version,
      codeDir: '/data/code/abc',
      settings: {},
      concurrency,
      token: TOKEN,
      note: '',
      startedAt,
      renewAt: startedAt + this.lifeMs,
    };
    return new Instance(spec, fake, this.#clock, NO_LOG, events);
  }
}
