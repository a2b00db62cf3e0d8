// One living process of a function: starts, runs its events in order or several at once, and ends.

import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/invocation.ts';
import { LOG_BYTES, RESPONSE_BYTES } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Exit, Sandbox } from '../sandbox/driver.ts';
import {
  decodeDeclined,
  decodeEnded,
  decodeFailed,
  decodeFault,
  decodeLoadError,
  ENDED_BYTES,
  type Ended,
  encodeFrame,
  FRAME_BYTES,
  FROM_INSTANCE,
  FrameError,
  FrameReader,
  TO_INSTANCE,
} from './frames.ts';
import type { InstanceEvents, InstanceSpec } from './life.ts';
import { LogBuffer, MARK_MS, MarkScanner } from './logs.ts';
import {
  brokeOff,
  earlyOutcome,
  exitedWhileRunning,
  exitedWhileStarting,
  exitVerdict,
  failedRun,
  failure,
  hintedLog,
  initTimedOut,
  mayHaveFilled,
  outcomeOf,
  outOfMemory,
  shownStack,
  timedOut,
  type Verdict,
} from './outcomes.ts';
import { Run, type Waiting } from './run.ts';
import { Sender } from './sender.ts';
import { begun, revoke } from './turn.ts';

/** Events in an instance beyond which others are held until these are nearly done. */
const ENOUGH = 2;
/** What has left its pipes open after its process ended is not waited for longer. */
const DRAIN_MS = 250;
const SAMPLE_MS = 50;
const MB = 1024 * 1024;

export class Instance {
  readonly spec: InstanceSpec;
  /** draining: it gets no more events and ends with those that it has. */
  state: 'starting' | 'idle' | 'busy' | 'draining' | 'ending' | 'gone' = 'starting';
  /** When it was last free. */
  idleSince = 0;
  /** Events sent so far; the last turn. */
  runs = 0;
  memoryBytes = 0;
  initMs = 0;
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: InstanceEvents<Instance>;
  readonly #scanner: MarkScanner;
  readonly #reader: FrameReader;
  readonly #initDeadlineAt: number;
  /** What was printed since the last mark; what it printed while it started or idled stands first. */
  #output: LogBuffer | undefined;
  /** In the order in which they were sent; the first has begun, those behind it may have. */
  readonly #runs: Run[] = [];
  readonly #sender: Sender;
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

  constructor(spec: InstanceSpec, sandbox: Sandbox, clock: Clock, log: Log, events: InstanceEvents<Instance>) {
    this.spec = spec;
    this.#sandbox = sandbox;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
    this.#initDeadlineAt = spec.startedAt + spec.version.initTimeoutS * 1000;
    this.#scanner = new MarkScanner(
      spec.token,
      chunk => this.#printed(chunk),
      turn => this.#marked(turn),
    );
    this.#sender = new Sender(sandbox.channel, spec.version.timeoutS * 1000);
    this.#reader = new FrameReader(FRAME_BYTES, (type, payload) => this.#heard(type, payload));
    if (spec.note !== '') this.#printed(Buffer.from(`${spec.note}\n`));
    this.#listen();
    const settings = { token: spec.token, responseBytes: RESPONSE_BYTES, ...spec.settings };
    sandbox.channel.write(encodeFrame(TO_INSTANCE.init, Buffer.from(JSON.stringify(settings))));
  }

  /** Events that were sent to it and are not over. */
  get load(): number {
    return this.#runs.length;
  }

  /** When the event that it runs began; with several at once, the oldest. */
  get headSince(): number {
    for (const run of this.#runs) if (!run.over) return run.startedAt;
    return Number.POSITIVE_INFINITY;
  }

  /** Sends it an event: to be run now, or after those that it already has. */
  send(waiting: Waiting): void {
    const { concurrency } = this.spec;
    const now = this.#clock.now();
    const ahead = this.#runs.length > 0 && concurrency === 1;
    const run = new Run(waiting, ++this.runs, ahead);
    // Of the one before it perhaps only the log is awaited.
    const begins = !ahead || this.#runs.at(-1)?.over !== undefined;
    this.#runs.push(run);
    this.state = 'busy';
    if (begins) this.#begin(run, now);
    // One that it works at and one that is next: what comes now is in time when the first is over.
    if (ahead && this.#runs.length - this.#sender.held > ENOUGH) this.#sender.hold(run);
    else this.#sender.send(run);
  }

  /** Events that it was sent and has not begun: they are the caller's again, oldest first. */
  takeBack(): Waiting[] {
    const [first] = this.#runs;
    if (!first || this.#runs.length === 1 || this.spec.concurrency > 1) return [];
    const sent = this.#runs.length - this.#sender.held;
    this.#sender.drop();
    if (sent <= 1) return this.#without(first.turn);
    return this.#without(Math.max(first.turn, revoke(this.#sandbox.turnFd, this.runs)));
  }

  #without(began: number): Waiting[] {
    const kept = this.#runs.findIndex(run => run.turn > began);
    return kept < 0 ? [] : this.#runs.splice(kept).map(run => run.waiting);
  }

  #begin(run: Run, now: number): void {
    run.begin(now, this.spec.version.timeoutS, run.turn === 1 ? this.initMs : 0);
    run.peakBytes = this.memoryBytes;
  }

  /** Events run in order: with the end of one the next begins. */
  #beginNext(now: number): void {
    if (this.#runs.length - this.#sender.held < ENOUGH) this.#sender.release();
    for (const run of this.#runs) {
      if (run.over) continue;
      if (run.startedAt === 0) this.#begin(run, now);
      return;
    }
  }

  /** Called every few ms while it starts or runs: deadlines and memory. */
  tick(now: number): void {
    if (this.state === 'starting') {
      if (now >= this.#initDeadlineAt) this.#kill(initTimedOut(this.spec.version.initTimeoutS));
      else this.#watchMemory(undefined, now);
    }
    if (this.state !== 'busy' && this.state !== 'draining') return;
    for (const run of [...this.#runs]) {
      if (run.over) {
        if (now - run.overAt < MARK_MS) continue;
        this.#finish(run, run.over);
        return;
      }
      if (now >= run.deadlineAt) this.#expire(run, now);
    }
    const [first] = this.#runs;
    if (first) this.#watchMemory(first, now);
  }

  /** Documented: of several events in one instance a time-out fails its own alone. */
  #expire(run: Run, now: number): void {
    const verdict = timedOut(this.spec.version.timeoutS);
    if (this.spec.concurrency === 1) this.#kill(verdict);
    else {
      this.state = 'draining';
      this.#settle(run, verdict, now);
    }
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
        if (stream === channel) this.#unplugged();
        this.#settleExit();
      });
    }
    void exited.then(exit => {
      this.#exit = exit;
      // Nobody waits for what an idle one had to say.
      if (this.state === 'idle') this.#open = 0;
      if (this.state === 'busy') this.state = 'draining';
      this.#drain?.[Symbol.dispose]();
      this.#drain = this.#clock.at(this.#clock.now() + DRAIN_MS, () => {
        this.#open = 0;
        this.#settleExit();
      });
      this.#settleExit();
    });
  }

  /** Its channel is closed: it is about to end, or can neither hear of events nor answer them. */
  #unplugged(): void {
    if (this.#exit || this.state === 'ending' || this.state === 'gone') return;
    this.#cutShort = this.state === 'starting';
    this.state = 'ending';
    this.#drain = this.#clock.at(this.#clock.now() + DRAIN_MS, () => {
      this.#verdict ??= brokeOff(this.#cutShort, 'closed');
      this.#sandbox.kill();
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
      this.#sandbox.channel.removeAllListeners('data').resume();
      this.#kill(brokeOff(this.state === 'starting', 'wrote to'));
    }
  }

  #heard(type: number, payload: Buffer): void {
    if (this.state === 'starting') this.#heardStarting(type, payload);
    else if (type === FROM_INSTANCE.fault) this.#faultStack = shownStack(decodeFault(payload), this.spec.codeDir);
    else if (this.state === 'ending') return;
    else if (type === FROM_INSTANCE.result) {
      const ended = decodeEnded(payload);
      const verdict = { status: 200, body: payload.subarray(ENDED_BYTES), message: '', stack: '' };
      this.#answered(ended, verdict);
    } else if (type === FROM_INSTANCE.error) {
      const failed = decodeFailed(payload);
      const verdict = failedRun(failed.status, failed.message, failed.stack, this.spec.codeDir);
      this.#answered(failed, verdict);
    } else if (type === FROM_INSTANCE.ended) {
      const ended = decodeEnded(payload);
      const run = this.#runOf(ended.turn);
      if (!run) return;
      if (!run.answer) throw new FrameError('an end without an answer');
      this.#over(run, ended, run.answer);
    } else if (type === FROM_INSTANCE.declined) this.#declined(decodeDeclined(payload));
    else throw new FrameError(`unexpected frame ${type}`);
  }

  /** It has left out an event; those that were taken back in time are gone from here already. */
  #declined(turn: number): void {
    const at = this.#runs.findIndex(run => run.turn === turn);
    const run = this.#runs[at];
    if (!run) return;
    if (run.over || !run.ahead) throw new FrameError(`turn ${turn} cannot be declined`);
    this.#runs.splice(at, 1);
    const now = this.#clock.now();
    this.#beginNext(now);
    if (this.#runs.length === 0) this.#rest(now);
    this.#events.back([run.waiting]);
    this.#freed();
  }

  /** It has no event left. */
  #rest(now: number): void {
    if (this.state === 'draining') this.#kill(undefined);
    if (this.state !== 'busy') return;
    this.state = 'idle';
    this.idleSince = now;
  }

  #freed(): void {
    if (this.state === 'busy' || this.state === 'idle') this.#events.free(this);
  }

  /** The run that is being answered: events are run in order, unless several run at once. */
  #runOf(turn: number): Run | undefined {
    for (const run of this.#runs) {
      if (run.over) continue;
      if (run.turn === turn) return run;
      if (this.spec.concurrency === 1) break;
    }
    // Its caller has been told of the time-out.
    if (this.spec.concurrency > 1 && this.state === 'draining') return undefined;
    throw new FrameError(`an answer to turn ${turn}, which is not running`);
  }

  #heardStarting(type: number, payload: Buffer): void {
    if (type === FROM_INSTANCE.hello) return;
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
    } else if (type === FROM_INSTANCE.fault) this.#faultStack = shownStack(decodeFault(payload), this.spec.codeDir);
    else throw new FrameError(`frame ${type} while starting`);
  }

  #answered(ended: Ended, verdict: Verdict): void {
    const run = this.#runOf(ended.turn);
    if (!run) return;
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
    run.waited = ended.waited;
    const [first] = this.#runs;
    if (run === first || this.spec.concurrency > 1) {
      if (!ended.printed || run.marked) {
        this.#finish(run, whole);
        return;
      }
    } else if (!ended.printed) run.marked = true;
    run.over = whole;
    run.overAt = this.#clock.now();
    this.#beginNext(run.overAt);
  }

  #finish(run: Run, verdict: Verdict): void {
    const now = this.#clock.now();
    this.#settle(run, verdict, now);
    // Those behind it may have been over already, while its log was awaited.
    for (let next = this.#runs[0]; next?.over && next.marked; next = this.#runs[0]) this.#settle(next, next.over, now);
    this.#freed();
  }

  #settle(run: Run, verdict: Verdict, now: number): void {
    if (now - this.#sampledAt >= SAMPLE_MS) {
      run.peakBytes = Math.max(run.peakBytes, this.#sandbox.peakBytes());
      this.#sample(now);
    }
    // Programs that it started print without a mark; of several at once nobody can tell whose a line is.
    if (!run.marked && (this.#runs.length === 1 || this.spec.concurrency > 1)) this.#takeOutput(run);
    // What the kernel has ended may be a program that it started.
    const spent = mayHaveFilled(verdict) && this.#sandbox.oomKilled();
    if (spent) this.#kill(undefined);
    const outcome = this.#outcome(run, spent ? outOfMemory(this.spec.version.memoryMB) : verdict, now);
    this.#runs.splice(this.#runs.indexOf(run), 1);
    if (this.#runs.length > 0) this.#beginNext(now);
    else this.#rest(now);
    run.settle(outcome);
    this.#events.ran(outcome.durationMs, run.waited);
  }

  #outcome(run: Run, verdict: Verdict, now: number): Outcome {
    return outcomeOf(verdict, {
      durationMs: now - run.startedAt,
      initMs: run.initMs,
      waitMs: run.waitMs,
      memoryBytes: Math.max(run.peakBytes, this.memoryBytes),
      log: hintedLog(run.log?.text() ?? '', verdict, this.spec.version.runtime),
      instance: this.spec.id,
    });
  }

  #printed(chunk: Buffer): void {
    this.#output ??= new LogBuffer(LOG_BYTES);
    this.#output.add(chunk);
  }

  /** All that was printed up to here is that run's. */
  #marked(turn: number): void {
    const run = this.#runs.find(one => one.turn === turn);
    if (!run || run.marked) return;
    this.#takeOutput(run);
    run.marked = true;
    if (run.over && run === this.#runs[0]) this.#finish(run, run.over);
  }

  #takeOutput(run: Run): void {
    run.log = this.#output;
    this.#output = undefined;
  }

  #watchMemory(run: Run | undefined, now: number): void {
    const limit = this.spec.version.memoryMB * MB;
    if (now - this.#sampledAt < SAMPLE_MS && this.memoryBytes < limit / 2) return;
    this.#sample(now);
    if (run) run.peakBytes = Math.max(run.peakBytes, this.memoryBytes);
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
    if (!this.#exit) this.#sandbox.kill();
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
    const began = Math.max(this.#runs[0]?.turn ?? 0, begun(this.#sandbox.turnFd));
    const back = this.spec.concurrency === 1 ? this.#without(began) : [];
    if (starting) this.#events.unready(this, this.#unstarted(exit, now));
    const open = this.#runs.find(run => !run.marked);
    if (open) this.#takeOutput(open);
    // That it has begun is known from its turn alone.
    for (const run of this.#runs) if (run.startedAt === 0) this.#begin(run, now);
    // The kernel ends what grows faster than anybody looks.
    const last = this.#runs[0];
    if (last) last.peakBytes = Math.max(last.peakBytes, this.#sandbox.peakBytes());
    for (const run of this.#runs.splice(0)) run.settle(this.#outcome(run, this.#exitVerdict(run, exit, now), now));
    this.#sandbox.close();
    if (back.length > 0) this.#events.back(back);
    this.#events.gone(this);
    this.#gone.resolve();
  }

  #exitVerdict(run: Run, exit: Exit, now: number): Verdict {
    // Over already, only its log was still awaited.
    if (run.over) return run.over;
    // One that began behind the one that took too long.
    if (this.#verdict?.status === 433 && now < run.deadlineAt) return exitedWhileRunning('');
    return this.#verdict ?? this.#died(exit, run.log?.text() ?? '', run.peakBytes, this.#faultStack);
  }

  #died(exit: Exit, log: string, peakBytes: number, stack: string): Verdict {
    const { version } = this.spec;
    if (this.#sandbox.oomKilled()) return outOfMemory(version.memoryMB);
    return exitVerdict(exit, log, peakBytes, version, stack);
  }

  #unstarted(exit: Exit, now: number): Outcome {
    const how = exit.error?.message ?? (exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`);
    const initMs = now - this.spec.startedAt;
    const printed = this.#output?.text() ?? '';
    const bySelf = { ...exitedWhileStarting(how), stack: this.#faultStack };
    const died = this.#died(exit, printed, this.memoryBytes, '');
    if (exit.error) this.#log.error({ instance: this.spec.id, reason: how }, 'an instance could not be started');
    const unstarted = exit.error && failure(500, `The instance could not be started: ${how}`);
    const verdict = this.#verdict ?? unstarted ?? (died.status === 434 ? died : bySelf);
    const { id, version } = this.spec;
    const log = hintedLog(printed, verdict, version.runtime);
    return outcomeOf(verdict, { durationMs: 0, initMs, waitMs: 0, memoryBytes: this.memoryBytes, log, instance: id });
  }
}
