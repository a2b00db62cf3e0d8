// What a row of the table of languages brings.

import type { Places } from '../sandbox/driver.ts';

/** For people, in both languages. */
export interface Sentence {
  readonly zh: string;
  readonly en: string;
}

export interface Interpreter {
  /** The program itself, with links and shims resolved. */
  readonly path: string;
  /** "3.13.0" */
  readonly version: string;
}

export interface Choice {
  readonly interpreter: Interpreter;
  /** Said in the function's log when the asked version is not there; empty when it is. */
  readonly note: string;
  /** Folder of the libraries that the cloud preinstalls (Node.js: the one that holds node_modules); undefined when they are not installed. */
  readonly libraries?: string | undefined;
}

/** How an interpreter starts with its bootstrap, before any function is known. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files and folders that it reads, beside those of the system. */
  readonly shows: readonly string[];
}

export interface LanguageSettings {
  readonly env: Readonly<Record<string, string>>;
  /** Folders of modules, after the user's own. */
  readonly path: readonly string[];
}

/** What a program finds of the language that the user starts, in place of a bootstrap. */
export interface Tools {
  /** Where the cloud has this very version: a folder of /var/lang. */
  readonly home: string;
  /** All folders of /var/lang that the cloud has versions of it in. */
  readonly homes: readonly string[];
  /** Name → program, for the folder `bin`. */
  readonly programs: Readonly<Record<string, string>>;
  /** The modules that come with it, for `lib/node_modules`. */
  readonly modules?: string;
  /** Files and folders that they read, beside those of the system. */
  readonly shows: readonly string[];
}

export interface Language {
  readonly name: string;
  /** Documented ids, oldest first; others of the same pattern are taken as well. */
  readonly runtimes: readonly string[];
  readonly pattern: RegExp;
  /** Why it cannot be used here, if so; cheap, starts nothing. */
  obstacle(): Sentence | undefined;
  /** Interpreters of this machine; the system is searched once. */
  found(): Promise<readonly Interpreter[]>;
  /** Which interpreter runs this runtime id; may bring it here first, and wait for that a while. */
  choose(runtime: string): Promise<Choice>;
  /** Which one would run it now. */
  available(runtime: string): Promise<Choice>;
  /** Whether `choose` would bring the runtime id's own version here. */
  fetches(runtime: string): boolean;
  /** Brings the runtime id's own version here where that can be done; fails with the reason why it could not. */
  install(runtime: string): Promise<void>;
  /** Begins to, without waiting or failing. */
  prefetch(runtime: string): void;
  /** Gives up what is under way. */
  close(): void;
  /** File ending of the entry, for showing its text: `.js`. */
  readonly entryEnding: string;
  start(interpreter: Interpreter, memoryMB: number): Start;
  /** Whether a variable of the user's only counts when the process starts with it. */
  countsAtStart(name: string): boolean;
  /** What the bootstrap is told of folders: where modules are looked for after the user's code, and variables of the language. */
  settings(interpreter: Interpreter, places: Places, libraries: string | undefined): LanguageSettings;
  tools(interpreter: Interpreter, runtime: string): Tools;
  /** Variables for such a program. */
  variables(interpreter: Interpreter, places: Places, libraries: string | undefined): Readonly<Record<string, string>>;
}
