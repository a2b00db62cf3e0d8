// What every kind of sandbox brings: a process group that starts without any function's code,
// takes one function in, and ends whole.

import type { Duplex, Readable } from 'node:stream';
import type { Language } from '../../core/errors.ts';

/** How a sandbox starts: all that is known before a function is. */
export interface SandboxSpec {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Files and folders that the program reads, beside those of the system: interpreter, bootstrap. */
  readonly shows: readonly string[];
  /** Where the sandbox has a root of its own: links in it, to what it shows. */
  readonly links?: readonly (readonly [path: string, target: string])[];
  readonly memoryMB: number;
  readonly network: 'shared' | 'own';
  /**
   * The port that its program listens on, as all web functions do: it gets a free one of the loopback instead and finds
   * itself at this one. Descriptors 3 and 4 are not the program's then; the channel says in lines what becomes of it (web.ts).
   */
  readonly web?: number;
  /** Given by those who start a sandbox for one function alone, where it cannot be brought in later. */
  readonly assignment?: Assignment;
}

/** The function that a sandbox runs until its end. */
export interface Assignment {
  /** Folder of the unpacked code. */
  readonly codeDir: string;
  /** Folder of its layers, one laid over the other; undefined when it has none. */
  readonly optDir: string | undefined;
  readonly memoryMB: number;
}

/** Where the function finds things, as it sees them. */
export interface Places {
  readonly codeDir: string;
  readonly optDir: string;
  readonly tmpDir: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when the process could not even be started. */
  readonly error?: Error;
}

export interface Sandbox {
  /** Descriptor 3 of the process. */
  readonly channel: Duplex;
  /** Descriptor 4, a file that both sides read and write (runtime/instance/turn.ts); valid until `close`. */
  readonly turnFd: number;
  /** Its stdout and stderr, in the order in which they were written. */
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  /** Brings the function in, once. Rejects when the machine cannot; the sandbox is to be ended then. */
  assign(assignment: Assignment): Promise<Places>;
  /** Memory it holds now, in bytes; 0 when that cannot be read here. */
  memoryBytes(): number;
  /** Highest since the last call, as far as the kernel keeps it; else what it holds now. Its last after the end. */
  peakBytes(): number;
  /** Whether the kernel has ended a process of it for its memory. */
  oomKilled(): boolean;
  /** To the function's own process alone; false when that is gone or cannot be reached. */
  signal(name: 'SIGTERM'): boolean;
  /** Ends every process of the group at once. */
  kill(): void;
  /** Frees what is left of it; called once, after its end, when nobody asks it anything more. */
  close(): void;
}

/** What a driver does not keep apart on this machine. */
export interface Weakness {
  /** A few words, for a list. */
  readonly brief: Readonly<Record<Language, string>>;
  /** With the reason and what helps. */
  readonly whole: Readonly<Record<Language, string>>;
}

export interface SandboxDriver {
  readonly name: string;
  /** For people: what it keeps apart, and what it does not. */
  readonly protects: string;
  readonly weaker: readonly Weakness[];
  /** Whether a function can be brought into a sandbox that has started. */
  readonly lateAssign: boolean;
  /** Where every function finds things, where that is known beforehand. */
  readonly places: Places | undefined;
  start(spec: SandboxSpec): Sandbox;
  /** Removes what all sandboxes share. */
  close(): Promise<void>;
}
