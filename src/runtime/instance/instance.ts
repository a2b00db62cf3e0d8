// One living process of a function: starts, runs its events in order or several at once, and ends.

import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/invocation.ts';
import { RESPONSE_BYTES } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Exit, Sandbox } from '../sandbox/driver.ts';
import { ExitWatch } from './exit.ts';
import { type Ended, encodeFrame, FRAME_BYTES, FROM_INSTANCE, FrameError, FrameReader, TO_INSTANCE } from './frames.ts';
import { type Heard, hear } from './hear.ts';
import type { InstanceEvents, InstanceSpec, Living } from './life.ts';
import { MARK_MS } from './logs.ts';
import { MemoryWatch } from './memory.ts';
import {
  brokeOff,
  canceled,
  earlyOutcome,
  exitedWhileRunning,
  exitVerdict,
  hintedLog,
  initTimedOut,
  mayHaveFilled,
  outcomeOf,
  outOfMemory,
  timedOut,
  unstarted,
  type Verdict,
  withdrawn,
} from './outcomes.ts';
import { Output } from './output.ts';
import { RunQueue } from './queue.ts';
import type { Run, Waiting } from './run.ts';

/** Documented lines of the log of a run that is terminated gracefully. */
const SIGNAL_RECEIVED = '[PLATFORM] Signal received successfully.';
const SIGNAL_FAILED = '[PLATFORM] Signal reception failed.';

export class Instance implements Living {
  readonly spec: InstanceSpec;
  /** draining: it gets no more events and ends with those that it has. */
  state: Living['state'] = 'starting';
  /** When it was last free. */
  idleSince = 0;
  /** Events sent so far; the last turn. */
  runs = 0;
  initMs = 0;
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: InstanceEvents<Instance>;
  readonly #reader: FrameReader;
  readonly #heard: Heard;
  #initDeadlineAt: number;
  readonly #output: Output;
  readonly #memory: MemoryWatch;
  readonly #queue: RunQueue;
  readonly #runs: Run[];
  readonly #exits: ExitWatch;
  /** Why this server ended it. */
  #verdict: Verdict | undefined;
  #faultStack = '';
  /** It was ended before it was ready. */
  #cutShort = false;
  readonly #gone = Promise.withResolvers<void>();

  constructor(spec: InstanceSpec, sandbox: Sandbox, clock: Clock, log: Log, events: InstanceEvents<Instance>) {
    this.spec = spec;
    this.#sandbox = sandbox;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
    this.#initDeadlineAt = spec.startedAt + spec.version.initTimeoutS * 1000;
    const { concurrency, version } = spec;
    const { channel, output, turnFd } = sandbox;
    this.#queue = new RunQueue({ channel, turnFd, timeoutS: version.timeoutS, concurrency });
    this.#runs = this.#queue.all;
    this.#output = new Output(spec.token, spec.note, turn => this.#marked(turn));
    this.#memory = new MemoryWatch(sandbox, version.memoryMB);
    this.#reader = new FrameReader(FRAME_BYTES, (type, payload) => this.#said(type, payload));
    this.#heard = {
      ready: () => this.#ready(),
      // It ends by itself, after all that it printed.
      loadFailed: verdict => {
        this.#verdict = verdict;
      },
      fault: stack => {
        this.#faultStack = stack;
      },
      answered: (ended, verdict) => this.#answered(ended, verdict),
      ended: ended => this.#ended(ended),
      declined: turn => this.#declined(turn),
    };
    channel.on('data', (chunk: Buffer) => this.#received(chunk));
    output.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#exits = new ExitWatch(sandbox, clock, {
      unplugged: () => this.#unplugged(),
      exited: () => this.#exited(),
      over: exit => this.#settleExit(exit),
    });
    const settings = { token: spec.token, responseBytes: RESPONSE_BYTES, ...spec.settings };
    channel.write(encodeFrame(TO_INSTANCE.init, Buffer.from(JSON.stringify(settings))));
  }

  get memoryBytes(): number {
    return this.#memory.bytes;
  }

  /** Events that were sent to it and are not over. */
  get load(): number {
    return this.#runs.length;
  }

  /** When the event that it runs began; with several at once, the oldest. */
  get headSince(): number {
    return this.#queue.head?.startedAt ?? Number.POSITIVE_INFINITY;
  }

  /** Sends it an event: to be run now, or after those that it already has. */
  send(waiting: Waiting): void {
    const before = this.#runs.at(-1);
    const run = this.#queue.add(waiting, ++this.runs);
    this.state = 'busy';
    // Of the one before it perhaps only the log is awaited.
    if (!run.ahead || before?.over) this.#begin(run, this.#clock.now());
  }

  /** Events that it was sent and has not begun: they are the caller's again, oldest first. */
  takeBack(): Waiting[] {
    if (this.#runs.length < 2 || this.spec.concurrency > 1) return [];
    return this.#wanted(this.#queue.takeBehind(this.#queue.revoke()));
  }

  /** Of those that have not begun, those that are still to be run. */
  #wanted(unbegun: readonly Run[]): Waiting[] {
    const now = this.#clock.now();
    const wanted: Waiting[] = [];
    for (const { cancelled, waiting } of unbegun) {
      if (cancelled) waiting.settle(withdrawn(waiting.since, now));
      else wanted.push(waiting);
    }
    return wanted;
  }

  #giveBack(unbegun: readonly Run[]): void {
    const wanted = this.#wanted(unbegun);
    if (wanted.length > 0) this.#events.back(wanted);
  }

  /** Breaks off a run; `graceful`: its process is told by SIGTERM and ends as it likes. False when it is not here or over. */
  terminate(requestId: string, graceful: boolean): boolean {
    const run = this.#queue.find(requestId);
    if (!run || run.over) return false;
    if (this.state === 'ending') {
      if (graceful) this.#note(run, false);
      else run.cancelled = true;
    } else if (this.spec.concurrency === 1) return this.#terminateInOrder(run, graceful);
    else if (graceful && this.#runs.length === 1) this.#tell(run);
    else this.#dismiss(run, canceled(), this.#clock.now());
    return true;
  }

  /** What is behind it is run elsewhere. */
  #terminateInOrder(run: Run, graceful: boolean): boolean {
    const { stands, unbegun } = this.#queue.isolate(run);
    if (stands === 'running' && graceful) this.#tell(run);
    else if (stands !== 'over') {
      run.cancelled = true;
      if (stands === 'running') this.#kill(undefined);
      // As soon as the answer of the one before it has come, it is ended.
      else if (stands === 'next') this.state = 'draining';
    }
    this.#giveBack(unbegun);
    return stands !== 'over';
  }

  /** It may end at any time from now on: it gets no more events. */
  #tell(run: Run): void {
    const told = this.#sandbox.signal('SIGTERM');
    if (told) this.state = 'draining';
    this.#note(run, told);
  }

  #note(run: Run, told: boolean): void {
    this.#output.note(run, told ? SIGNAL_RECEIVED : SIGNAL_FAILED);
  }

  /** What a run has printed so far; of several at once nobody can tell whose a line is. */
  printed(requestId: string): string | undefined {
    const run = this.#queue.find(requestId);
    if (!run || run.startedAt === 0) return undefined;
    if (run.marked) return run.log?.text() ?? '';
    const prints = this.spec.concurrency > 1 || run === this.#runs.find(one => !one.marked);
    return prints ? this.#output.text() : '';
  }

  #begin(run: Run, now: number): void {
    run.begin(now, this.spec.version.timeoutS, run.turn === 1 ? this.initMs : 0);
    run.peakBytes = this.memoryBytes;
    if (run.cancelled) this.#kill(undefined);
  }

  /** Events run in order: with the end of one the next begins. */
  #beginNext(now: number): void {
    this.#queue.refill();
    const { head } = this.#queue;
    if (head?.startedAt === 0) this.#begin(head, now);
  }

  /** Called every few ms while it starts or runs: deadlines and memory. */
  tick(now: number): void {
    if (this.state === 'starting') {
      if (now >= this.#initDeadlineAt) this.#kill(initTimedOut(this.spec.version.initTimeoutS));
      else if (this.#memory.isOver(undefined, now)) this.#kill(outOfMemory(this.spec.version.memoryMB));
    }
    if (this.state !== 'busy' && this.state !== 'draining') return;
    if (now >= this.spec.renewAt) this.state = 'draining';
    for (const run of [...this.#runs]) {
      if (run.over) {
        if (now - run.overAt < MARK_MS) continue;
        this.#finish(run, run.over);
        return;
      }
      if (now >= run.deadlineAt) this.#expire(run, now);
    }
    const [first] = this.#runs;
    if (first && this.#memory.isOver(first, now)) this.#kill(outOfMemory(this.spec.version.memoryMB));
  }

  stoodStill(ms: number): void {
    this.#initDeadlineAt += ms;
    for (const run of this.#runs) run.deadlineAt += ms;
  }

  #expire(run: Run, now: number): void {
    const verdict = timedOut(this.spec.version.timeoutS);
    if (this.spec.concurrency === 1) this.#kill(verdict);
    else this.#dismiss(run, verdict, now);
  }

  /** Documented: of several events in one instance a time-out fails its own alone. */
  #dismiss(run: Run, verdict: Verdict, now: number): void {
    this.state = 'draining';
    this.#settle(run, verdict, now);
  }

  /** Ends it; a run under way ends with `verdict`. */
  end(verdict?: Verdict): Promise<void> {
    if (this.state !== 'gone') this.#kill(verdict);
    return this.#gone.promise;
  }

  #exited(): boolean {
    // Nobody waits for what an idle one had to say.
    const awaited = this.state !== 'idle';
    if (this.state === 'busy') this.state = 'draining';
    return awaited;
  }

  /** Its channel is closed: it is about to end, or can neither hear of events nor answer them. */
  #unplugged(): void {
    if (this.state === 'ending' || this.state === 'gone') return;
    this.#cutShort = this.state === 'starting';
    this.state = 'ending';
    this.#exits.otherwise(() => {
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

  #said(type: number, payload: Buffer): void {
    if (this.state === 'ending' && type !== FROM_INSTANCE.fault) return;
    hear(type, payload, this.state === 'starting', this.spec.codeDir, this.#heard);
  }

  #ready(): void {
    const now = this.#clock.now();
    this.initMs = now - this.spec.startedAt;
    this.state = 'idle';
    this.idleSince = now;
    this.#memory.sample(now);
    this.#events.ready(this);
  }

  #ended(ended: Ended): void {
    const run = this.#runOf(ended.turn);
    if (!run) return;
    if (!run.answer) throw new FrameError('an end without an answer');
    this.#over(run, ended, run.answer);
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
    this.#giveBack([run]);
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
    const durationMs = ended.durationMs ?? this.#clock.now() - run.startedAt;
    const whole = { ...verdict, durationMs };
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
    this.#memory.close(run, now);
    // Programs that it started print without a mark; of several at once nobody can tell whose a line is.
    if (!run.marked && (this.#runs.length === 1 || this.spec.concurrency > 1)) this.#output.giveTo(run);
    // What the kernel has ended may be a program that it started.
    const spent = mayHaveFilled(verdict) && this.#sandbox.oomKilled();
    if (spent) this.#kill(undefined);
    const outcome = this.#outcome(run, spent ? outOfMemory(this.spec.version.memoryMB) : verdict, now);
    this.#queue.remove(run);
    // Documented: any failure of an asynchronous execution recycles its instance.
    if (outcome.status !== 200 && this.spec.version.asyncRun && this.state === 'busy') this.state = 'draining';
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

  /** All that was printed up to here is that run's. */
  #marked(turn: number): void {
    const run = this.#runs.find(one => one.turn === turn);
    if (!run || run.marked) return;
    this.#output.giveTo(run);
    run.marked = true;
    if (run.over && run === this.#runs[0]) this.#finish(run, run.over);
  }

  #kill(verdict: Verdict | undefined): void {
    if (this.state === 'ending' || this.state === 'gone') return;
    this.#cutShort = this.state === 'starting';
    this.state = 'ending';
    this.#verdict = verdict ?? this.#verdict;
    if (!this.#exits.exit) this.#sandbox.kill();
  }

  #settleExit(exit: Exit): void {
    this.#output.flush();
    const starting = this.state === 'starting' || this.#cutShort;
    this.state = 'gone';
    const { channel, output } = this.#sandbox;
    channel.destroy();
    output.destroy();
    const now = this.#clock.now();
    const unbegun = this.spec.concurrency === 1 ? this.#queue.takeBehind(this.#queue.begun()) : [];
    if (starting) this.#events.unready(this, this.#unstarted(exit, now));
    const open = this.#runs.find(run => !run.marked);
    if (open) this.#output.giveTo(open);
    // That it has begun is known from its turn alone.
    for (const run of this.#runs) if (run.startedAt === 0) this.#begin(run, now);
    // The kernel ends what grows faster than anybody looks.
    const last = this.#runs[0];
    if (last) last.peakBytes = Math.max(last.peakBytes, this.#sandbox.peakBytes());
    for (const run of this.#runs.splice(0)) run.settle(this.#outcome(run, this.#exitVerdict(run, exit, now), now));
    this.#sandbox.close();
    this.#giveBack(unbegun);
    this.#events.gone(this);
    this.#gone.resolve();
  }

  #exitVerdict(run: Run, exit: Exit, now: number): Verdict {
    // Over already, only its log was still awaited.
    if (run.over) return run.over;
    if (run.cancelled) return canceled();
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
    const { id, version, startedAt } = this.spec;
    const { error } = exit;
    if (error) this.#log.error({ instance: id, reason: error.message }, 'an instance could not be started');
    const printed = this.#output.text();
    const { bytes: memoryBytes } = this.#memory;
    const died = this.#died(exit, printed, memoryBytes, '');
    const verdict = this.#verdict ?? unstarted(exit, died, this.#faultStack);
    const log = hintedLog(printed, verdict, version.runtime);
    return outcomeOf(verdict, { durationMs: 0, initMs: now - startedAt, waitMs: 0, memoryBytes, log, instance: id });
  }
}
