// For tests: a process that is none, answering when the test says so, and a launcher that makes them.

import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { FunctionVersion } from '../core/function.ts';
import { NO_LOG } from '../core/log.ts';
import { EARLY, encodeFrame, FROM_INSTANCE, FrameReader, PRINTED, TO_INSTANCE } from './frames.ts';
import { Instance } from './instance.ts';
import { LaunchError, type Launcher } from './launcher.ts';
import { failure } from './outcomes.ts';
import type { Exit, Sandbox } from './sandbox/driver.ts';

export const TOKEN = 'cafe';

export class FakeProcess implements Sandbox {
  readonly channel: Duplex;
  readonly output = new PassThrough();
  readonly exited: Promise<Exit>;
  /** Request ids, oldest first. */
  readonly invoked: string[] = [];
  readonly version: FunctionVersion;
  killed = false;
  memory = 10 * 1024 * 1024;
  readonly #far: Duplex;
  readonly #exit = Promise.withResolvers<Exit>();

  constructor(version: FunctionVersion) {
    this.version = version;
    [this.channel, this.#far] = duplexPair();
    this.exited = this.#exit.promise;
    const reader = new FrameReader(1 << 24, (type, payload) => {
      if (type === TO_INSTANCE.invoke) this.invoked.push(payload.toString('latin1', 6, 6 + payload.readUInt8(1)));
    });
    this.#far.on('data', (chunk: Buffer) => reader.push(chunk));
    this.#far.on('error', () => {});
  }

  memoryBytes(): number {
    return this.memory;
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
  send(type: number, payload: Buffer = Buffer.alloc(0)): void {
    this.#far.write(encodeFrame(type, payload));
  }
  ready(): void {
    this.send(FROM_INSTANCE.ready);
  }
  /** Ends the run with a JSON text. */
  answer(text = 'null', { durationMs = 1, printed = false, early = false } = {}): void {
    this.send(FROM_INSTANCE.result, Buffer.concat([head(durationMs, printed, early), Buffer.from(text)]));
  }
  ended({ durationMs = 1, printed = false } = {}): void {
    this.send(FROM_INSTANCE.ended, head(durationMs, printed, false));
  }
  loadError(status: number, text: string): void {
    const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(text)]);
    payload.writeUInt16BE(status, 0);
    this.send(FROM_INSTANCE.loadError, payload);
  }
  print(text: string): void {
    this.output.write(text);
  }
  mark(): void {
    this.output.write(`\x1e${TOKEN}\n`, 'latin1');
  }
}

function head(durationMs: number, printed: boolean, early: boolean): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = (printed ? PRINTED : 0) | (early ? EARLY : 0);
  bytes.writeUInt32BE(durationMs * 1000, 1);
  return bytes;
}

export class FakeLauncher implements Launcher {
  readonly processes: FakeProcess[] = [];
  /** Every launch fails with this status while it is set. */
  broken: number | undefined;
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
    const spec = { id, version, codeDir: '/data/code/abc', context: {}, token: TOKEN, note: '', startedAt };
    return new Instance(spec, fake, this.#clock, NO_LOG, events);
  }
  async check(): Promise<undefined> {
    return undefined;
  }
}
