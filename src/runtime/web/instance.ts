// One living process of a web function: starts, is reached at its port, passes requests on to it, and ends.

import { awake } from '../../core/awake.ts';
import type { Clock } from '../../core/clock.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Log } from '../../core/log.ts';
import { openUpstreams, type Upstreams } from '../../http/forward.ts';
import { ExitWatch } from '../instance/exit.ts';
import type { InstanceEvents, InstanceSpec, Living } from '../instance/life.ts';
import { MemoryWatch } from '../instance/memory.ts';
import {
  canceled,
  exitedWhileRunning,
  exitVerdict,
  mayHaveFilled,
  outcomeOf,
  outOfMemory,
  timedOut,
  unstarted,
  type Verdict,
} from '../instance/outcomes.ts';
import { Output } from '../instance/output.ts';
import { Run, type Waiting } from '../instance/run.ts';
import type { Exit, Sandbox } from '../sandbox/driver.ts';
import { clientHeaders, HEADER_BYTES, platformLines } from './headers.ts';
import { Port } from './port.ts';
import { type Passage, RequestPassage } from './request.ts';
import { SocketPassage } from './socket.ts';
import { boundInside, notBound } from './verdicts.ts';

export type WebSpec = Pick<
  InstanceSpec,
  'id' | 'version' | 'concurrency' | 'token' | 'note' | 'startedAt' | 'renewAt'
> & {
  /** Headers that the platform adds to each request. */
  readonly ownLines: string;
};

/** How long the end of a process is waited for once its connections have ended: a busy machine may tell of it late. */
const DEATH_MS = 1000;
/** Between two questions whether the kernel has ended something, as long as requests are answered. */
const ASK_MS = 50;

/** How fast the quickest run of late is forgotten. */
const FORGET = 1.05;

/** A run, and what carries it. */
class WebRun extends Run {
  passage: Passage | undefined;
  /** ms of real time, finer than the clock's. */
  readonly sentAt = performance.now();
}

export class WebInstance implements Living {
  readonly spec: WebSpec;
  state: Living['state'] = 'starting';
  idleSince = 0;
  runs = 0;
  initMs = 0;
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: InstanceEvents<WebInstance>;
  #initDeadlineAt: number;
  readonly #output: Output;
  readonly #memory: MemoryWatch;
  readonly #port: Port;
  readonly #upstreams: Upstreams;
  readonly #exits: ExitWatch;
  readonly #runs: WebRun[] = [];
  /** Answered in this turn of the event loop. */
  readonly #answers: WebRun[] = [];
  #askedAt = 0;
  /** ms of the quickest run of late. */
  #quickMs = Number.POSITIVE_INFINITY;
  /** Why this server ended it. */
  #verdict: Verdict | undefined;
  /** It was ended before it was ready. */
  #cutShort = false;
  readonly #gone = Promise.withResolvers<void>();

  constructor(spec: WebSpec, sandbox: Sandbox, clock: Clock, log: Log, events: InstanceEvents<WebInstance>) {
    this.spec = spec;
    this.#sandbox = sandbox;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
    this.#initDeadlineAt = spec.startedAt + spec.version.initTimeoutS * 1000;
    this.#output = new Output(spec.token, spec.note, () => {});
    this.#memory = new MemoryWatch(sandbox, spec.version.memoryMB);
    // Twice what is allowed can be told with its length; a run has a time limit of its own.
    this.#upstreams = openUpstreams({
      maxHeadBytes: 4 * HEADER_BYTES,
      connectTimeoutMs: spec.version.timeoutS * 1000,
    });
    this.#port = new Port(sandbox.channel, clock, {
      open: () => this.#ready(),
      failed: verdict => this.#kill(verdict),
    });
    sandbox.output.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#exits = new ExitWatch(sandbox, clock, {
      // Its supervisor has gone, and the program with it.
      unplugged: () => {},
      exited: () => this.#exited(),
      over: exit => this.#settleExit(exit),
    });
  }

  get memoryBytes(): number {
    return this.#memory.bytes;
  }

  get load(): number {
    return this.#runs.length;
  }

  get headSince(): number {
    return this.#runs[0]?.startedAt ?? Number.POSITIVE_INFINITY;
  }

  send(waiting: Waiting): void {
    const now = this.#clock.now();
    const run = new WebRun(waiting, ++this.runs, false);
    run.begin(now, this.spec.version.timeoutS, run.turn === 1 ? this.initMs : 0);
    run.peakBytes = this.memoryBytes;
    this.#runs.push(run);
    this.state = 'busy';
    const { exchange, requestId } = waiting.call.event;
    if (exchange) run.passage = this.#pass(run, exchange, requestId);
  }

  #pass(run: WebRun, exchange: Exchange, requestId: string): Passage | undefined {
    // While it waited its client may have gone.
    if (run.waitMs > 0 && exchange.signal.aborted) {
      this.#answered(run, canceled(), false);
      return undefined;
    }
    const { to = { host: '127.0.0.1', port: 0 } } = this.#port;
    const way = {
      upstreams: this.#upstreams,
      to,
      rawHeaders: clientHeaders(exchange.rawHeaders),
      lines: platformLines(requestId, this.spec.ownLines),
    };
    const done = (verdict: Verdict, perhaps: boolean) => this.#answered(run, verdict, perhaps);
    if (!exchange.upgrade) return new RequestPassage(exchange, way, done);
    const idleMs = this.spec.version.wsIdleTimeoutS * 1000;
    return new SocketPassage(exchange, { ...way, clock: awake(this.#clock), idleMs }, done);
  }

  /** A request that has been sent has begun. */
  takeBack(): Waiting[] {
    return [];
  }

  terminate(requestId: string, graceful: boolean): boolean {
    const run = this.#find(requestId);
    if (!run || run.over) return false;
    // Told to end, it ends with all its requests: only its last one may tell it.
    if (graceful && this.#runs.length === 1 && this.#sandbox.signal('SIGTERM')) this.state = 'draining';
    else this.#dismiss(run, canceled());
    return true;
  }

  /** Of several requests at once nobody can tell whose a line is. */
  printed(requestId: string): string | undefined {
    return this.#find(requestId) && this.#output.text();
  }

  tick(now: number): void {
    const { version } = this.spec;
    if (this.state === 'starting') {
      if (now >= this.#initDeadlineAt)
        this.#kill(this.#port.insideOnly ? boundInside() : notBound(version.initTimeoutS));
      else if (this.#memory.isOver(undefined, now)) this.#kill(outOfMemory(version.memoryMB));
    }
    if (this.state !== 'busy' && this.state !== 'draining') return;
    if (now >= this.spec.renewAt) this.state = 'draining';
    for (const run of [...this.#runs]) {
      if (run.over) {
        if (now - run.overAt >= DEATH_MS) this.#settle(run, run.over, now);
      } else if (now >= run.deadlineAt) this.#dismiss(run, timedOut(version.timeoutS));
      else run.passage?.watch();
    }
    const [first] = this.#runs;
    if (first && this.#memory.isOver(first, now)) this.#kill(outOfMemory(version.memoryMB));
  }

  stoodStill(ms: number): void {
    this.#initDeadlineAt += ms;
    for (const run of this.#runs) run.deadlineAt += ms;
  }

  end(verdict?: Verdict): Promise<void> {
    if (this.state !== 'gone') this.#kill(verdict);
    return this.#gone.promise;
  }

  #find(requestId: string): WebRun | undefined {
    return this.#runs.find(run => run.waiting.call.event.requestId === requestId);
  }

  /** Fails one request, and takes no more: what it does may go on in the function. The others go on. */
  #dismiss(run: WebRun, verdict: Verdict): void {
    this.state = 'draining';
    run.passage?.stop(verdict);
  }

  #ready(): void {
    if (this.state !== 'starting') return;
    const now = this.#clock.now();
    this.initMs = now - this.spec.startedAt;
    this.state = 'idle';
    this.idleSince = now;
    this.#memory.sample(now);
    this.#events.ready(this);
  }

  #answered(run: WebRun, verdict: Verdict, perhaps: boolean): void {
    const now = this.#clock.now();
    const whole = { ...verdict, durationMs: now - run.startedAt };
    // What a run takes longer than that may be this server's load, or that of the instances beside it: with more of them
    // it would take longer still. Those that wait for long get one more anyway.
    this.#quickMs = Math.min(this.#quickMs * FORGET, performance.now() - run.sentAt);
    if (perhaps && this.state !== 'gone') {
      // Looked at again by `tick`; its exit, if it comes, tells more.
      run.over = whole;
      run.overAt = now;
      if (verdict.status === 446 && this.state === 'busy') this.state = 'draining';
      return;
    }
    run.answer = whole;
    // What it printed before its answer is in the pipe, and is read in this turn of the event loop.
    if (this.#answers.push(run) === 1) setImmediate(() => this.#settleAnswers());
  }

  #settleAnswers(): void {
    const now = this.#clock.now();
    for (const run of this.#answers.splice(0))
      if (run.answer && this.state !== 'gone') this.#settle(run, run.answer, now);
  }

  #settle(run: WebRun, verdict: Verdict, now: number): void {
    const at = this.#runs.indexOf(run);
    if (at < 0) return;
    this.#memory.close(run, now);
    this.#output.giveTo(run);
    // What the kernel has ended may be a program that it started.
    const spent = this.#mayHaveFilled(verdict, now) && this.#sandbox.oomKilled();
    if (spent) this.#kill(undefined);
    const outcome = this.#outcome(run, spent ? outOfMemory(this.spec.version.memoryMB) : verdict, now);
    this.#runs.splice(at, 1);
    if (this.#runs.length === 0) this.#rest(now);
    run.settle(outcome);
    this.#events.ran(this.#quickMs, false);
    if (this.state === 'busy' || this.state === 'idle') this.#events.free(this);
  }

  /** Of many requests at once most take long: the question is not asked for each. */
  #mayHaveFilled(verdict: Verdict, now: number): boolean {
    if (!mayHaveFilled(verdict) || (verdict.status === 200 && now - this.#askedAt < ASK_MS)) return false;
    this.#askedAt = now;
    return true;
  }

  #rest(now: number): void {
    if (this.state === 'draining') this.#kill(undefined);
    if (this.state !== 'busy') return;
    this.state = 'idle';
    this.idleSince = now;
  }

  #outcome(run: WebRun, verdict: Verdict, now: number): Outcome {
    return outcomeOf(verdict, {
      durationMs: now - run.startedAt,
      initMs: run.initMs,
      waitMs: run.waitMs,
      memoryBytes: Math.max(run.peakBytes, this.memoryBytes),
      log: run.log?.text() ?? '',
      instance: this.spec.id,
    });
  }

  #kill(verdict: Verdict | undefined): void {
    if (this.state === 'ending' || this.state === 'gone') return;
    this.#cutShort = this.state === 'starting';
    this.state = 'ending';
    this.#verdict = verdict;
    if (!this.#exits.exit) this.#sandbox.kill();
  }

  #exited(): boolean {
    const awaited = this.state !== 'idle';
    if (this.state === 'busy') this.state = 'draining';
    return awaited;
  }

  #settleExit(exit: Exit): void {
    this.#output.flush();
    const starting = this.state === 'starting' || this.#cutShort;
    this.state = 'gone';
    const { channel, output } = this.#sandbox;
    channel.destroy();
    output.destroy();
    this.#port.close();
    const now = this.#clock.now();
    if (starting) this.#events.unready(this, this.#unstarted(exit, now));
    const [first] = this.#runs;
    if (first) {
      this.#output.giveTo(first);
      first.peakBytes = Math.max(first.peakBytes, this.#sandbox.peakBytes());
    }
    const died = first && this.#died(exit, first.log?.text() ?? '', first.peakBytes);
    for (const run of this.#runs.splice(0)) {
      const verdict = run.answer ?? this.#verdict ?? died ?? exitedWhileRunning('');
      // Its connections have ended by themselves, or end here.
      run.passage?.stop(verdict);
      run.settle(this.#outcome(run, verdict, now));
    }
    this.#upstreams.close();
    this.#sandbox.close();
    this.#events.gone(this);
    this.#gone.resolve();
  }

  #died(exit: Exit, log: string, peakBytes: number): Verdict {
    const { version } = this.spec;
    if (this.#sandbox.oomKilled()) return outOfMemory(version.memoryMB);
    return exitVerdict(exit, log, peakBytes, version, '');
  }

  #unstarted(exit: Exit, now: number): Outcome {
    const { id, startedAt } = this.spec;
    if (exit.error) this.#log.error({ instance: id, reason: exit.error.message }, 'an instance could not be started');
    const printed = this.#output.text();
    const { bytes: memoryBytes } = this.#memory;
    const verdict = this.#verdict ?? unstarted(exit, this.#died(exit, printed, memoryBytes), '');
    const measured = { durationMs: 0, initMs: now - startedAt, waitMs: 0, memoryBytes };
    return outcomeOf(verdict, { ...measured, log: printed, instance: id });
  }
}
