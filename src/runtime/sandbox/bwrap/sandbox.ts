// One sandbox, from its start to its last trace.

import { closeSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { Group } from '../cgroup/group.ts';
import type { Assignment, Exit, Places, Sandbox, SandboxSpec } from '../driver.ts';
import { Gauge } from '../gauge.ts';
import { memoryReader } from '../memory.ts';
import type { MountHelper } from '../native.ts';
import { openTurns } from '../turns.ts';
import { bwrapOptions, type Entering, enterCommand, type Layout, PIDS, PLACES, within } from './args.ts';
import { INFO_FD, OPTIONS_FD, type Started, startProcess } from './process.ts';
import { markOf } from './sweep.ts';
import type { TmpSlot, TmpSource } from './tmp.ts';
import type { Uids } from './uids.ts';

export interface Port {
  /** On the sandbox's own loopback. */
  readonly port: number;
  readonly targetPort: number;
  /** Where this server listens; 127.0.0.1 when left out. */
  readonly host?: string;
}

/** What all sandboxes of one driver have in common. */
export interface Workshop {
  readonly bwrap: string;
  readonly layout: Layout;
  readonly mark: string;
  readonly helper: Pick<MountHelper, 'mount' | 'forward' | 'umount' | 'pid'>;
  /** The helper's user namespace is where sandboxes are made: the server has no privileges itself. */
  readonly inHelper: boolean;
  readonly cgroups: Cgroups | undefined;
  readonly uids: Uids | undefined;
  readonly tmp: TmpSource;
  readonly turnDir: string;
  readonly lateAssign: boolean;
  readonly nproc: boolean;
  readonly ports: () => readonly Port[];
  readonly clock: Clock;
  readonly log: Log;
}

const MB = 1024 * 1024;
/** ESRCH */
const DEAD = /No such process/;
/** bubblewrap's two processes, page tables and socket buffers are charged to the group as well. */
const EXTRA_MB = 16;
/**
 * Highest data segment where only polling watches memory: the largest function and what engines reserve beyond it.
 * It keeps one that is faster than the polling from taking the machine.
 */
const UNWATCHED_BYTES = 4096 * MB;

export class BwrapSandbox implements Sandbox {
  readonly channel: Duplex;
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  readonly turnFd: number;
  /** Everything but the turn file is gone. */
  readonly cleared: Promise<void>;
  readonly #workshop: Workshop;
  readonly #spec: SandboxSpec;
  readonly #id: string;
  readonly #process: Started;
  readonly #group: Group | undefined;
  readonly #ready: Promise<number>;
  readonly #gauge: Gauge;
  #assigned = false;
  #over = false;
  #failure: Error | undefined;

  /** Throws when the system has no descriptors, users or control groups left. */
  constructor(workshop: Workshop, spec: SandboxSpec, id: string) {
    this.#workshop = workshop;
    this.#spec = spec;
    this.#id = id;
    const { uids } = workshop;
    const undo: (() => void)[] = [];
    try {
      const uid = uids?.take();
      if (uids && uid === undefined) throw new Error('the server has no user left for another instance');
      if (uid !== undefined) undo.push(() => uids?.give(uid));
      this.turnFd = openTurns(workshop.turnDir);
      undo.push(() => closeSync(this.turnFd));
      this.#group = workshop.cgroups?.create(id);
      undo.push(() => void this.#group?.remove());
      this.#gauge = new Gauge(this.#group);
      this.#limit(spec.memoryMB);
      this.#process = this.#start(uid);
      const { channel, output, exited } = this.#process;
      this.channel = channel;
      this.output = output;
      const tmp = this.#furnish(uid);
      this.#ready = this.#stand(tmp);
      // Nobody may ask.
      this.#ready.catch(() => {});
      this.exited = exited.then(exit => this.#ended(exit));
      this.cleared = this.exited.then(() => this.#clear(tmp, uid));
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  async assign(assignment: Assignment): Promise<Places> {
    if (this.#assigned) throw new Error('this sandbox has a function already');
    this.#assigned = true;
    try {
      await this.#bringIn(assignment);
    } catch (error) {
      // One that has died says why better than those who looked for it.
      if (DEAD.test((error as Error).message)) throw (await this.exited).error ?? error;
      throw error;
    }
    return PLACES;
  }

  async #bringIn({ codeDir, optDir, memoryMB }: Assignment): Promise<void> {
    const { assignment, shows, memoryMB: startedMB } = this.#spec;
    const hidden = optDir === undefined ? undefined : shows.find(path => within(path, PLACES.optDir));
    if (hidden !== undefined) throw new Error(`layers at /opt would hide ${hidden}: install it elsewhere`);
    const pid = await this.#ready;
    if (assignment) {
      if (assignment.codeDir !== codeDir || assignment.optDir !== optDir)
        throw new Error('this sandbox was started for another function');
    } else if (this.#workshop.lateAssign) {
      const code = [codeDir, PLACES.codeDir] as const;
      await this.#workshop.helper.mount(pid, optDir === undefined ? [code] : [code, [optDir, PLACES.optDir]]);
    } else throw new Error('a function cannot be brought into a sandbox that has started here');
    if (memoryMB !== startedMB && !this.#over) this.#limit(memoryMB);
  }

  memoryBytes(): number {
    return this.#gauge.usedBytes();
  }

  peakBytes(): number {
    return this.#gauge.peakBytes();
  }

  oomKilled(): boolean {
    return this.#gauge.oomKilled();
  }

  signal(name: 'SIGTERM'): boolean {
    return !this.#over && this.#process.signal(name);
  }

  kill(): void {
    if (this.#over) return;
    this.#process.kill();
  }

  close(): void {
    closeSync(this.turnFd);
  }

  #start(uid: number | undefined): Started {
    const { bwrap, layout, mark, inHelper, nproc, clock } = this.#workshop;
    const dataBytes = this.#group ? undefined : UNWATCHED_BYTES;
    const entering: Entering = { uid, dataBytes, nproc };
    const args = [
      'run',
      ...(this.#group?.procsFiles ?? []).flatMap(file => ['--cgroup', file]),
      ...(inHelper ? ['--ns', String(this.#helperPid())] : []),
      // A variable that nobody has: the mark by which a later server knows the processes of this one.
      ...['--', bwrap, '--unsetenv', `${markOf(mark)}${this.#id}`],
      ...['--args', String(OPTIONS_FD), '--info-fd', String(INFO_FD)],
      ...['--', ...enterCommand(this.#spec, entering)],
    ];
    return startProcess(layout.program, args, this.turnFd, clock);
  }

  #helperPid(): number {
    const { helper } = this.#workshop;
    if (helper.pid !== undefined) return helper.pid;
    // One that has died is started again with the next command, even one that fails.
    helper.umount('').catch(() => {});
    throw new Error('the mount helper is being started again');
  }

  /** bubblewrap is told what to do once there is a /tmp; it starts meanwhile. */
  async #furnish(uid: number | undefined): Promise<TmpSlot | undefined> {
    try {
      const slot = await this.#workshop.tmp.take(this.#id, uid);
      this.#process.configure(bwrapOptions(this.#workshop.layout, this.#spec, slot.options));
      return slot;
    } catch (error) {
      this.#failure = new Error(`there is no /tmp: ${(error as Error).message}`);
      this.#process.kill();
      return undefined;
    }
  }

  /** The host pid of a process inside, once a function could run. */
  async #stand(tmp: Promise<TmpSlot | undefined>): Promise<number> {
    const pid = await this.#process.standing;
    if (!this.#group) this.#gauge.readBy(memoryReader(pid, 1));
    const slot = await tmp;
    slot?.entered().catch(error => {
      this.#workshop.log.warn({ sandbox: this.#id, error }, 'the mount of an instance could not be taken away');
    });
    if (this.#spec.network === 'own') {
      const ports = this.#workshop.ports().map(one => ({ ...one, host: one.host ?? '127.0.0.1' }));
      if (ports.length > 0) await this.#workshop.helper.forward(pid, ports);
    }
    return pid;
  }

  #limit(memoryMB: number): void {
    this.#group?.limit({ memoryMB: memoryMB + EXTRA_MB, cpuShareMB: memoryMB, pids: PIDS });
  }

  #ended(exit: Exit): Exit {
    this.#gauge.end();
    this.#over = true;
    // Its first process takes the others along; a process that was just being made is only in the group.
    this.#group?.kill();
    return this.#failure ? { code: null, signal: null, error: this.#failure } : exit;
  }

  async #clear(tmp: Promise<TmpSlot | undefined>, uid: number | undefined): Promise<void> {
    await this.#group?.remove();
    try {
      await (await tmp)?.free();
    } catch (error) {
      this.#workshop.log.warn({ sandbox: this.#id, error }, 'the /tmp of an instance could not be removed');
    }
    if (uid !== undefined) this.#workshop.uids?.give(uid);
  }
}
