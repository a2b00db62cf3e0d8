// One living process of a function: starts, runs one event at a time, and ends.

import type { Clock } from '../core/clock.ts';
import type { FunctionVersion } from '../core/function.ts';
import type { Outcome } from '../core/invocation.ts';
import { LOG_BYTES, RESPONSE_BYTES } from '../core/limits.ts';
import type { Log } from '../core/log.ts';
import type { Call } from '../core/ports.ts';
import {
  decodeEnded,
  decodeFailed,
  decodeLoadError,
  ENDED_BYTES,
  type Ended,
  encodeFrame,
  encodeInvoke,
  FROM_INSTANCE,
  FrameError,
  FrameReader,
  TO_INSTANCE,
} from './frames.ts';
import { LogBuffer, MarkScanner, markOf } from './logs.ts';
import {
  earlyOutcome,
  exitedWhileStarting,
  exitVerdict,
  failedRun,
  failure,
  initTimedOut,
  outcomeOf,
  outOfMemory,
  shownStack,
  timedOut,
  type Verdict,
} from './outcomes.ts';
import type { Exit, Sandbox } from './sandbox/driver.ts';

/** A result at its limit, and room for what surrounds it. */
const FRAME_BYTES = RESPONSE_BYTES + 64 * 1024;
/** Up to here an event is copied behind its head, so that both are one write. */
const ONE_WRITE_BYTES = 64 * 1024;
/** What has left its pipes open after its process ended is not waited for longer. */
const DRAIN_MS = 250;
/** A function that closed its stdout never says that its log is complete. */
const MARK_MS = 1000;
const SAMPLE_MS = 50;
const MB = 1024 * 1024;

export interface InstanceSpec {
  readonly id: string;
  readonly version: FunctionVersion;
  readonly codeDir: string;
  readonly context: Readonly<Record<string, string | number>>;
  /** Random text that ends the log of a run. */
  readonly token: string;
  /** First line of the log, or empty. */
  readonly note: string;
  readonly startedAt: number;
}

export interface InstanceEvents {
  /** It can run its first event. */
  ready(instance: Instance): void;
  /** It ended before it could run one. */
  unready(instance: Instance, outcome: Outcome): void;
  /** A run is over, and it can run another event. */
  free(instance: Instance, durationMs: number): void;
  /** Its process is gone. */
  gone(instance: Instance): void;
}

interface Run {
  readonly call: Call;
  readonly waitMs: number;
  readonly initMs: number;
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly log: LogBuffer;
  peakBytes: number;
  /** Takes the outcome: the caller, or after an early answer whoever waits for the end of the run. */
  settle: (outcome: Outcome) => void;
  /** The end mark was printed. */
  marked: boolean;
  /** Over in the function; its log is still to come. */
  over: Verdict | undefined;
  overAt: number;
  /** Of the early answer; the run itself may end otherwise. */
  answer: Verdict | undefined;
}

export class Instance {
  readonly spec: InstanceSpec;
  state: 'starting' | 'idle' | 'busy' | 'ending' | 'gone' = 'starting';
  /** When it was last free. */
  idleSince = 0;
  /** Events run so far. */
  runs = 0;
  memoryBytes = 0;
  initMs = 0;
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: InstanceEvents;
  readonly #scanner: MarkScanner;
  readonly #reader: FrameReader;
  readonly #initDeadlineAt: number;
  #output = new LogBuffer(LOG_BYTES);
  #run: Run | undefined;
  /** Why this server ended it. */
  #verdict: Verdict | undefined;
  #faultStack = '';
  /** It was ended before it was ready. */
  #cutShort = false;
  #sampledAt = 0;
  #exit: Exit | undefined;
  #open = 2;
  #drain: Disposable | undefined;
  readonly #gone = Promise.withResolvers<void>();

  constructor(spec: InstanceSpec, sandbox: Sandbox, clock: Clock, log: Log, events: InstanceEvents) {
    this.spec = spec;
    this.#sandbox = sandbox;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
    this.#initDeadlineAt = spec.startedAt + spec.version.initTimeoutS * 1000;
    this.#scanner = new MarkScanner(
      markOf(spec.token),
      chunk => this.#printed(chunk),
      () => this.#marked(),
    );
    this.#reader = new FrameReader(FRAME_BYTES, (type, payload) => this.#heard(type, payload));
    if (spec.note !== '') this.#output.add(Buffer.from(`${spec.note}\n`));
    this.#listen();
    const { handler } = spec.version;
    const settings = {
      handler,
      codeDir: spec.codeDir,
      token: spec.token,
      responseBytes: RESPONSE_BYTES,
      context: spec.context,
    };
    sandbox.channel.write(encodeFrame(TO_INSTANCE.init, Buffer.from(JSON.stringify(settings))));
  }

  /** Runs one event; only when idle. */
  begin(call: Call, waitMs: number): Promise<Outcome> {
    const { version } = this.spec;
    const now = this.#clock.now();
    const limitMs = version.timeoutS * 1000;
    const { event } = call;
    return new Promise(settle => {
      this.#run = {
        call,
        waitMs,
        initMs: this.runs === 0 ? this.initMs : 0,
        startedAt: now,
        deadlineAt: now + limitMs,
        // What was printed while it started or idled stands first.
        log: this.#output,
        peakBytes: this.memoryBytes,
        settle,
        marked: false,
        over: undefined,
        overAt: 0,
        answer: undefined,
      };
      this.#output = new LogBuffer(LOG_BYTES);
      this.state = 'busy';
      this.runs++;
      const together = event.body.length <= ONE_WRITE_BYTES;
      const { channel } = this.#sandbox;
      const frame = encodeInvoke(event.requestId, limitMs, event.source === 'timer', event.body, together);
      if (together) {
        channel.write(frame);
        return;
      }
      channel.cork();
      channel.write(frame);
      channel.write(event.body);
      channel.uncork();
    });
  }

  /** Called every few ms while it starts or runs: deadlines and memory. */
  tick(now: number): void {
    if (this.state === 'starting' && now >= this.#initDeadlineAt)
      this.#kill(initTimedOut(this.spec.version.initTimeoutS));
    const run = this.#run;
    if (!run || this.state !== 'busy') return;
    if (run.over) {
      if (now - run.overAt >= MARK_MS) this.#finish(run, run.over);
    } else if (now >= run.deadlineAt) this.#kill(timedOut(this.spec.version.timeoutS));
    else this.#watchMemory(run, now);
  }

  /** Ends it; a run under way ends with `verdict`. */
  end(verdict?: Verdict): Promise<void> {
    if (this.state !== 'gone') this.#kill(verdict);
    return this.#gone.promise;
  }

  #listen(): void {
    const { channel, output, exited } = this.#sandbox;
    channel.on('data', (chunk: Buffer) => this.#received(chunk));
    output.on('data', (chunk: Buffer) => this.#scanner.push(chunk));
    for (const stream of [channel, output]) {
      // A process that dies resets its sockets; its exit tells the story.
      stream.on('error', () => {});
      stream.once('close', () => {
        this.#open--;
        this.#settleExit();
      });
    }
    void exited.then(exit => {
      this.#exit = exit;
      // Nobody waits for what an idle one had to say.
      if (this.state === 'idle') this.#open = 0;
      this.#drain = this.#clock.at(this.#clock.now() + DRAIN_MS, () => {
        this.#open = 0;
        this.#settleExit();
      });
      this.#settleExit();
    });
  }

  #received(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#log.warn(
        { instance: this.spec.id, reason: error.message },
        'a function wrote to the channel of its runtime',
      );
      this.#kill(failure(439, 'User process exit when running'));
    }
  }

  #heard(type: number, payload: Buffer): void {
    const run = this.#run;
    if (this.state === 'starting') this.#heardStarting(type, payload);
    else if (type === FROM_INSTANCE.fault) this.#faultStack = shownStack(payload.toString('utf8'), this.spec.codeDir);
    else if (this.state === 'ending') return;
    else if (!run || run.over) throw new FrameError(`frame ${type} outside of a run`);
    else if (type === FROM_INSTANCE.result) {
      const ended = decodeEnded(payload);
      this.#answered(run, ended, { status: 200, body: payload.subarray(ENDED_BYTES), message: '', stack: '' });
    } else if (type === FROM_INSTANCE.error) {
      const failed = decodeFailed(payload);
      this.#answered(run, failed, failedRun(failed.status, failed.message, failed.stack, this.spec.codeDir));
    } else if (type === FROM_INSTANCE.ended && run.answer) this.#over(run, decodeEnded(payload), run.answer);
    else throw new FrameError(`unexpected frame ${type}`);
  }

  #heardStarting(type: number, payload: Buffer): void {
    if (type === FROM_INSTANCE.ready) {
      const now = this.#clock.now();
      this.initMs = now - this.spec.startedAt;
      this.state = 'idle';
      this.idleSince = now;
      this.#sample(now);
      this.#events.ready(this);
    } else if (type === FROM_INSTANCE.loadError) {
      const { status, message } = decodeLoadError(payload);
      // It ends by itself, after all that it printed.
      this.#verdict = failure(status, shownStack(message, this.spec.codeDir));
    } else if (type === FROM_INSTANCE.fault) this.#faultStack = shownStack(payload.toString('utf8'), this.spec.codeDir);
    else throw new FrameError(`frame ${type} while starting`);
  }

  #answered(run: Run, ended: Ended, verdict: Verdict): void {
    if (!ended.early) {
      this.#over(run, ended, verdict);
      return;
    }
    if (run.answer) throw new FrameError('a second answer');
    run.answer = verdict;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const { settle } = run;
    run.settle = resolve;
    settle(earlyOutcome(verdict, run.waitMs, run.initMs, this.spec.id, promise));
  }

  #over(run: Run, ended: Ended, verdict: Verdict): void {
    const whole = { ...verdict, durationMs: ended.durationMs };
    if (!ended.printed || run.marked) this.#finish(run, whole);
    else {
      run.over = whole;
      run.overAt = this.#clock.now();
    }
  }

  #finish(run: Run, verdict: Verdict): void {
    const now = this.#clock.now();
    if (now - this.#sampledAt >= SAMPLE_MS) this.#sample(now);
    const outcome = this.#outcome(run, verdict, now);
    this.#run = undefined;
    this.state = 'idle';
    this.idleSince = now;
    run.settle(outcome);
    this.#events.free(this, outcome.durationMs);
  }

  #outcome(run: Run, verdict: Verdict, now: number): Outcome {
    return outcomeOf(verdict, {
      durationMs: now - run.startedAt,
      initMs: run.initMs,
      waitMs: run.waitMs,
      memoryBytes: Math.max(run.peakBytes, this.memoryBytes),
      log: run.log.text(),
      instance: this.spec.id,
    });
  }

  #printed(chunk: Buffer): void {
    const run = this.#run;
    // After its mark a run is over, whatever threads or timers still print.
    if (run && !run.marked) run.log.add(chunk);
    else this.#output.add(chunk);
  }

  #marked(): void {
    const run = this.#run;
    if (!run) return;
    run.marked = true;
    if (run.over) this.#finish(run, run.over);
  }

  #watchMemory(run: Run, now: number): void {
    const limit = this.spec.version.memoryMB * MB;
    if (now - this.#sampledAt < SAMPLE_MS && this.memoryBytes < limit / 2) return;
    this.#sample(now);
    run.peakBytes = Math.max(run.peakBytes, this.memoryBytes);
    if (this.memoryBytes > limit) this.#kill(outOfMemory(this.spec.version.memoryMB));
  }

  #sample(now: number): void {
    this.memoryBytes = this.#sandbox.memoryBytes();
    this.#sampledAt = now;
  }

  #kill(verdict: Verdict | undefined): void {
    if (this.state === 'ending' || this.state === 'gone') return;
    this.#cutShort = this.state === 'starting';
    this.state = 'ending';
    this.#verdict = verdict ?? this.#verdict;
    this.#sandbox.kill();
  }

  /** The process is gone and all that it wrote has been read. */
  #settleExit(): void {
    const exit = this.#exit;
    if (!exit || this.#open > 0 || this.state === 'gone') return;
    this.#drain?.[Symbol.dispose]();
    this.#scanner.flush();
    const starting = this.state === 'starting' || this.#cutShort;
    this.state = 'gone';
    const { channel, output } = this.#sandbox;
    channel.destroy();
    output.destroy();
    const now = this.#clock.now();
    const run = this.#run;
    this.#run = undefined;
    if (starting) this.#events.unready(this, this.#unstarted(exit, now));
    else if (run) run.settle(this.#outcome(run, this.#exitVerdict(run, exit), now));
    this.#events.gone(this);
    this.#gone.resolve();
  }

  #exitVerdict(run: Run, exit: Exit): Verdict {
    // Over already, only its log was still awaited.
    if (run.over) return run.over;
    if (this.#verdict) return this.#verdict;
    return exitVerdict(exit, run.log.text(), run.peakBytes, this.spec.version, this.#faultStack);
  }

  #unstarted(exit: Exit, now: number): Outcome {
    const how = exit.error?.message ?? (exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`);
    const initMs = now - this.spec.startedAt;
    const log = this.#output.text();
    const bySelf = { ...exitedWhileStarting(how), stack: this.#faultStack };
    const died = exitVerdict(exit, log, this.memoryBytes, this.spec.version, '');
    if (exit.error) this.#log.error({ instance: this.spec.id, reason: how }, 'an instance could not be started');
    const unstarted = exit.error && failure(500, `The instance could not be started: ${how}`);
    const verdict = this.#verdict ?? unstarted ?? (died.status === 434 ? died : bySelf);
    const { id } = this.spec;
    return outcomeOf(verdict, { durationMs: 0, initMs, waitMs: 0, memoryBytes: this.memoryBytes, log, instance: id });
  }
}
