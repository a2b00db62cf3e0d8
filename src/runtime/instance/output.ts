// What an instance prints, and whose it is.

import { LOG_BYTES } from '../../core/limits.ts';
import { LogBuffer, MarkScanner } from './logs.ts';
import type { Run } from './run.ts';

export class Output {
  /** What was printed since the last mark; what it printed while it started or idled stands first. */
  #current: LogBuffer | undefined;
  readonly #scanner: MarkScanner;

  constructor(token: string, note: string, marked: (turn: number) => void) {
    this.#scanner = new MarkScanner(token, chunk => this.#printed(chunk), marked);
    if (note !== '') this.#printed(Buffer.from(`${note}\n`));
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk);
  }

  /** No more will come. */
  flush(): void {
    this.#scanner.flush();
  }

  /** All that was printed up to here is that run's. */
  giveTo(run: Run): void {
    run.log = this.#current;
    this.#current = undefined;
  }

  /** A line of the platform's own in a run's log. */
  note(run: Run, line: string): void {
    if (run.marked) run.log ??= new LogBuffer(LOG_BYTES);
    else this.#current ??= new LogBuffer(LOG_BYTES);
    (run.marked ? run.log : this.#current)?.addLine(line);
  }

  /** What belongs to nobody yet. */
  text(): string {
    return this.#current?.text() ?? '';
  }

  #printed(chunk: Buffer): void {
    this.#current ??= new LogBuffer(LOG_BYTES);
    this.#current.add(chunk);
  }
}
