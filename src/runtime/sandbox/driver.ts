// What every kind of sandbox brings: it starts a process group, and ends it whole.

import type { Duplex, Readable } from 'node:stream';
import type { Language } from '../../core/errors.ts';

export interface SandboxSpec {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of the unpacked code; the working directory. */
  readonly codeDir: string;
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
  /** Its stdout and stderr, in the order in which they were written. */
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  /** Memory it holds now, in bytes; 0 when that cannot be read here. */
  memoryBytes(): number;
  /** Ends every process of the group at once. */
  kill(): void;
}

export interface SandboxDriver {
  readonly name: string;
  /** For people: what it keeps apart, and what it does not. */
  readonly protects: string;
  readonly weaker: Readonly<Record<Language, string>>;
  start(spec: SandboxSpec): Sandbox;
}
