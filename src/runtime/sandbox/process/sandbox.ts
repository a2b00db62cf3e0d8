// One instance's process group, from its start to its last trace.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import type { Log } from '../../../core/log.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { Group } from '../cgroup/group.ts';
import type { Assignment, Exit, Places, Sandbox, SandboxSpec } from '../driver.ts';
import { Gauge } from '../gauge.ts';
import { memoryReader } from '../memory.ts';
import { sendSignal } from '../signal.ts';
import { openTurns } from '../turns.ts';
import type { Access } from './access.ts';
import { makeFolder, removeFolder } from './folders.ts';
import { commandOf, type Identity, type Launch, PIDS } from './launch.ts';
import { killUser } from './users.ts';

/** Users of their own, and how they come to the code. */
export interface Users {
  /** undefined when all are taken. */
  take(): number | undefined;
  give(uid: number): void;
  readonly access: Access;
}

/** What all instances of one driver have in common. */
export interface Ground {
  readonly launch: Launch;
  readonly cgroups: Cgroups | undefined;
  /** undefined where all are the server's user. */
  readonly users: Users | undefined;
  /** Holds a folder per instance. */
  readonly dir: string;
  readonly log: Log;
}

/** Page tables and socket buffers are charged to the group as well. */
const EXTRA_MB = 16;
const COMPLAINT_CHARS = 4096;
/** Of our own steps before the program, when they fail. */
const OWN_FAILURE = 125;

export class ProcessSandbox implements Sandbox {
  readonly channel: Duplex;
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  readonly turnFd: number;
  /** Everything but the turn file is gone. */
  readonly cleared: Promise<void>;
  readonly #ground: Ground;
  readonly #spec: SandboxSpec;
  readonly #identity: Identity | undefined;
  readonly #tmpDir: string;
  readonly #child: ChildProcess;
  readonly #group: Group | undefined;
  readonly #gauge: Gauge;
  #over = false;

  /** Throws when the system has no descriptors, users or control groups left. */
  constructor(ground: Ground, spec: SandboxSpec, id: string) {
    this.#ground = ground;
    this.#spec = spec;
    const undo: (() => void)[] = [];
    try {
      this.#identity = takeIdentity(ground, spec);
      undo.push(() => this.#giveBack());
      this.turnFd = openTurns();
      undo.push(() => closeSync(this.turnFd));
      this.#tmpDir = join(ground.dir, id);
      makeFolder(this.#tmpDir, this.#identity);
      undo.push(() => void this.#removeTmp());
      this.#group = ground.cgroups?.create(id);
      undo.push(() => void this.#group?.remove());
      this.#limit(spec.memoryMB);
      this.#child = this.#spawn();
      const [, output, complaints, channel] = this.#child.stdio as readonly (Duplex | null)[];
      if (!channel || !output || !complaints)
        throw new Error('the system has no descriptors or processes left for an instance');
      this.channel = channel;
      this.output = output;
      const { pid } = this.#child;
      this.#gauge = new Gauge(this.#group);
      // Of a web function the first process only answers for the others: those are what counts.
      if (!this.#group && pid !== undefined)
        this.#gauge.readBy(memoryReader(pid, spec.web === undefined ? undefined : 1));
      this.exited = this.#ended(complaints);
      this.cleared = this.exited.then(() => this.#clear());
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  async assign({ codeDir, optDir, memoryMB }: Assignment): Promise<Places> {
    if (this.#identity)
      for (const dir of optDir === undefined ? [codeDir] : [codeDir, optDir]) this.#ground.users?.access.admit(dir);
    if (memoryMB !== this.#spec.memoryMB && !this.#over) this.#limit(memoryMB);
    return { codeDir, optDir: optDir ?? '/opt', tmpDir: this.#tmpDir };
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

  /** Each step before the function becomes the next one: it has the pid of the first. */
  signal(name: 'SIGTERM'): boolean {
    const { pid } = this.#child;
    return pid !== undefined && !this.#over && sendSignal(pid, name);
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#over) return;
    sendSignal(-pid, 'SIGKILL');
    this.#group?.kill();
  }

  close(): void {
    closeSync(this.turnFd);
  }

  #spawn(): ChildProcess {
    const { launch } = this.#ground;
    const limits = { identity: this.#identity, procsFiles: this.#group?.procsFiles ?? [] };
    const [command, ...args] = commandOf(launch, this.#spec, limits);
    const tmp = { TMPDIR: this.#tmpDir, TMP: this.#tmpDir, TEMP: this.#tmpDir };
    const child = spawn(command, args, {
      cwd: '/',
      env: { ...this.#spec.env, ...tmp },
      // Its own group: a terminal's interrupt is for the server, which ends its instances itself.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', this.turnFd],
    });
    // Without descriptors or processes left there are no pipes, and the reason comes as an event.
    child.on('error', () => {});
    return child;
  }

  #limit(memoryMB: number): void {
    this.#group?.limit({ memoryMB: memoryMB + EXTRA_MB, cpuShareMB: memoryMB, pids: PIDS });
  }

  #ended(complaints: Readable): Promise<Exit> {
    let complaint = '';
    complaints
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        if (complaint.length < COMPLAINT_CHARS) complaint += chunk.toString('utf8').slice(0, COMPLAINT_CHARS);
      });
    return new Promise(resolve => {
      const settle = (exit: Exit) => {
        this.#gauge.oomKilled();
        // What the function started ends with it.
        this.kill();
        this.#gauge.end();
        this.#over = true;
        resolve(exit);
      };
      this.#child.once('error', error => settle({ code: null, signal: null, error }));
      this.#child.once('exit', (code, signal) => {
        if (code !== OWN_FAILURE || this.#ground.launch.program === undefined) return settle({ code, signal });
        // A function that ends with this code has joined the pipe with its output, and nothing stands in it.
        const tell = () => {
          const text = complaint.trim();
          settle(text === '' ? { code, signal } : { code: null, signal: null, error: new Error(text) });
        };
        if (complaints.closed) tell();
        else complaints.once('close', tell);
      });
    });
  }

  async #clear(): Promise<void> {
    await this.#group?.remove();
    if (this.#identity && !this.#group) await killUser(this.#identity.uid);
    await this.#removeTmp();
    this.#giveBack();
  }

  async #removeTmp(): Promise<void> {
    try {
      await removeFolder(this.#tmpDir);
    } catch (error) {
      this.#ground.log.warn({ dir: this.#tmpDir, error }, 'the temporary files of an instance could not be removed');
    }
  }

  #giveBack(): void {
    if (this.#identity) this.#ground.users?.give(this.#identity.uid);
  }
}

/** A user of its own, where everything that the program needs can be read by others. */
function takeIdentity({ users, log }: Ground, spec: SandboxSpec): Identity | undefined {
  if (!users) return undefined;
  const { codeDir, optDir } = spec.assignment ?? {};
  // Those that start with their function read it before it is assigned.
  const own = [codeDir, optDir].filter(path => path !== undefined);
  for (const path of [spec.command, ...spec.shows, ...own]) {
    const blocker = users.access.blockerOf(path);
    if (blocker === undefined) continue;
    log.warn({ path, blocker }, 'instances run as the user of this server: others cannot read what they need');
    return undefined;
  }
  const uid = users.take();
  if (uid === undefined) throw new Error('the server has no user left for another instance');
  return { uid, gid: users.access.gid };
}
