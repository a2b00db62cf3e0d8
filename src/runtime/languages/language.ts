// What a row of the table of languages brings.

import type { FunctionVersion } from '../../core/function.ts';

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
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment that all languages share. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Language {
  readonly name: string;
  /** Documented ids, oldest first; others of the same pattern are taken as well. */
  readonly runtimes: readonly string[];
  readonly pattern: RegExp;
  /** Why it cannot be used here, if so; cheap, starts nothing. */
  obstacle(): Sentence | undefined;
  /** Interpreters of this machine; looked for once. */
  found(): Promise<readonly Interpreter[]>;
  /** Which interpreter runs this runtime id. */
  choose(runtime: string): Promise<Choice>;
  /** File ending of the entry, for showing its text: `.js`. */
  readonly entryEnding: string;
  launch(version: FunctionVersion, interpreter: Interpreter, codeDir: string): Launch;
}
