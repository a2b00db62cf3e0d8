// What a command may touch of the process it runs in.

import type { Clock } from '../core/clock.ts';
import type { Language } from '../core/errors.ts';

export interface Words {
  readonly zh: string;
  readonly en: string;
}

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Results, for people and pipes; bytes as they are. */
  out(content: string | Uint8Array): void;
  /** The same for much of it: resolves when there is room for more. */
  write(content: string | Uint8Array): Promise<void>;
  /** What is said beside the result. */
  note(text: string): void;
  stdin(): Promise<Buffer>;
  /** The same as it comes; fails when the signal says so. */
  input(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Has the work told when the output takes no more; the program ends at once where nobody asks for that. */
  onLost?(work: ((error: NodeJS.ErrnoException) => void) | undefined): void;
  /** Ends what would go on for ever. */
  readonly signal?: AbortSignal;
}

export function sayer(lang: Language): (words: Words) => string {
  return words => words[lang];
}

export type Say = ReturnType<typeof sayer>;

/** Columns as wide as their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
    });
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join('  ');
  return rows.map(row => line(row).trimEnd()).join('\n');
}

/** In terminal cells: CJK letters and marks take two. */
function width(text: string): number {
  let cells = 0;
  for (const letter of text)
    cells += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
      letter,
    )
      ? 2
      : 1;
  return cells;
}
