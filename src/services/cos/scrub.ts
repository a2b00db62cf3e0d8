// Reads every object again and again, slowly, to find what a disk has damaged before a client does; and at once what was
// written last before a crash.

import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ObjectFiles, ObjectIndex, ObjectRow, ScanPlace, VersionRef } from '../../core/objects.ts';
import { examine } from './examine.ts';
import { Pace } from './pace.ts';
import { objectIn } from './row.ts';

export interface ScrubCounts {
  readonly checked: number;
  readonly damaged: number;
  /** It could not be told, for want of rights or of open files: the log has why. */
  readonly unchecked: number;
}

export interface ScrubReport extends ScrubCounts {
  /** ms since 1970; of the pass under way or, between passes, of the last one. */
  readonly begunAt: number;
  readonly endedAt: number | undefined;
  /** Of what was written last before a crash, if the start followed one. */
  readonly afterCrash: ScrubCounts | undefined;
  /** Damaged still; not all if there are many. */
  readonly found: readonly VersionRef[];
}

/** A plain JSON value; what a restart goes on from. */
export interface ScrubProgress extends ScrubCounts {
  readonly begunAt: number;
  readonly endedAt: number | undefined;
  /** The last object that was looked at in this pass. */
  readonly place: (ScanPlace & { readonly bucket: string }) | undefined;
  readonly found: readonly VersionRef[];
  /** A crash that came after this was kept may have cost what was written since; undefined if there was none. */
  readonly suspectFrom: number | undefined;
}

export interface ScrubDeps {
  readonly index: Pick<ObjectIndex, 'scan' | 'find'>;
  readonly files: Pick<ObjectFiles, 'read' | 'check'>;
  /** Ids of those that there are. */
  readonly buckets: () => readonly string[];
  /** Marks it, so that it answers with an error. */
  readonly damaged: (row: ObjectRow) => Promise<void>;
  readonly memory: {
    load(): Promise<ScrubProgress | undefined>;
    save(progress: ScrubProgress): Promise<void>;
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly bytesPerS: number;
  /** From the beginning of a pass to that of the next. */
  readonly everyMs: number;
}

const ROWS_AT_ONCE = 100;
/** What looking at a row costs beside its bytes. */
const ROW_BYTES = 1024;
const SAVE_EVERY_MS = 60_000;
const AGAIN_MS = 60_000;
const FOUND = 100;
/** A disk may hold back for some time what it has promised to have written. */
const HELD_BACK_MS = 600_000;
const NONE: ScrubCounts = Object.freeze({ checked: 0, damaged: 0, unchecked: 0 });

export class Scrub {
  readonly #deps: ScrubDeps;
  readonly #closing = new AbortController();
  readonly #pace: Pace;
  #running: Promise<void> | undefined;
  #progress: ScrubProgress | undefined;
  #savedAt = 0;
  #afterCrash: ScrubCounts | undefined;
  /** Since when what was written is still to be looked at because of a crash. */
  #suspectFrom: number | undefined;

  constructor(deps: ScrubDeps) {
    this.#deps = deps;
    this.#pace = new Pace(deps.clock, deps.bytesPerS, this.#closing.signal);
  }

  start(): void {
    this.#running ??= this.#pace.work(() => this.#run());
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    await this.#running;
  }

  /** undefined before the first pass. */
  report(): ScrubReport | undefined {
    if (!this.#progress) return undefined;
    const { checked, damaged, unchecked, begunAt, endedAt, found } = this.#progress;
    const stillSo = found.filter(ref => {
      const row = this.#deps.index.find(ref.bucket, ref.key, ref.versionId);
      return row !== undefined && !row.marker && objectIn(row).damagedAt !== undefined;
    });
    return { checked, damaged, unchecked, begunAt, endedAt, afterCrash: this.#afterCrash, found: stillSo };
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#goOn();
      } catch (error) {
        if (signal.aborted) break;
        this.#deps.log.error({ err: error }, 'objects could not be looked through; going on in a minute');
        await this.#pace.sleep(AGAIN_MS).catch(() => undefined);
      }
    }
    if (this.#progress) await this.#save({ suspectFrom: this.#suspectFrom });
  }

  /** From wherever it stands to the end of a pass. */
  async #goOn(): Promise<void> {
    const { clock, everyMs } = this.#deps;
    if (!this.#progress) {
      const kept = await this.#deps.memory.load();
      this.#suspectFrom = kept?.suspectFrom;
      this.#progress = kept ?? freshPass(clock.now(), []);
      await this.#save();
    }
    if (this.#suspectFrom !== undefined) await this.#lookAfterCrash(this.#suspectFrom - HELD_BACK_MS);
    if (this.#progress.endedAt !== undefined) {
      const wait = this.#progress.begunAt + everyMs - clock.now();
      if (wait > 0) await this.#pace.sleep(wait);
      this.#progress = freshPass(clock.now(), this.#progress.found);
    }
    await this.#pass();
  }

  async #pass(): Promise<void> {
    const { clock, log } = this.#deps;
    for await (const row of this.#rows(this.#progress?.place)) {
      const counts = await this.#look(row);
      const { bucket, key, order } = row;
      this.#change(before => ({ ...before, ...sum(before, counts), place: { bucket, key, order } }));
      if (clock.now() - this.#savedAt >= SAVE_EVERY_MS) await this.#save();
    }
    this.#change(before => ({ ...before, place: undefined, endedAt: clock.now() }));
    await this.#save();
    const { checked, damaged, unchecked } = this.#progress ?? NONE;
    const fields = { checked, damaged, unchecked };
    if (damaged > 0) log.error(fields, 'objects are damaged: they answer with an error until they are written again');
    else log.debug(fields, 'all objects were looked through');
  }

  async #lookAfterCrash(since: number): Promise<void> {
    this.#afterCrash = NONE;
    for await (const row of this.#rows(undefined)) {
      if (row.modifiedAt < since) await this.#pace.spend(ROW_BYTES);
      else this.#afterCrash = sum(this.#afterCrash, await this.#look(row));
    }
    this.#suspectFrom = undefined;
    await this.#save();
    this.#deps.log.info({ ...this.#afterCrash }, 'what was written last before the stop has been looked through');
  }

  /** Every object of every bucket behind the place. */
  async *#rows(from: ScrubProgress['place']): AsyncGenerator<ObjectRow> {
    for (const bucket of this.#deps.buckets().toSorted()) {
      if (from && bucket < from.bucket) continue;
      let place: ScanPlace | undefined = from?.bucket === bucket ? from : undefined;
      for (;;) {
        const rows = this.#deps.index.scan(bucket, place, ROWS_AT_ONCE);
        yield* rows;
        // Whatever the pace is, requests have their turn.
        await new Promise(setImmediate);
        if (rows.length < ROWS_AT_ONCE) break;
        place = rows.at(-1);
      }
    }
  }

  async #look(row: ObjectRow): Promise<ScrubCounts> {
    const { index, files, log, damaged } = this.#deps;
    const { bucket, key, versionId } = row;
    await this.#pace.spend(ROW_BYTES);
    const object = objectIn(row);
    if (object.damagedAt !== undefined) return this.#found(row);
    try {
      const finding = await examine(object, { index, files, spend: bytes => this.#pace.spend(bytes) });
      if (finding === 'gone') return NONE;
      if (finding === 'whole') return { ...NONE, checked: 1 };
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      log.warn({ err: error, bucket, key, versionId }, 'an object could not be checked');
      return { ...NONE, unchecked: 1 };
    }
    // If it cannot be marked now, a reader or the next pass finds it again.
    await damaged(row).catch(error =>
      log.error({ err: error, bucket, key, versionId }, 'an object is damaged and could not be marked'),
    );
    return this.#found(row);
  }

  #found({ bucket, key, versionId }: ObjectRow): ScrubCounts {
    const isThis = (ref: VersionRef) => ref.bucket === bucket && ref.key === key && ref.versionId === versionId;
    this.#change(before => {
      const others = before.found.filter(ref => !isThis(ref));
      return { ...before, found: [...others, { bucket, key, versionId }].slice(-FOUND) };
    });
    return { checked: 1, damaged: 1, unchecked: 0 };
  }

  #change(change: (before: ScrubProgress) => ScrubProgress): void {
    if (this.#progress) this.#progress = change(this.#progress);
  }

  /** What cannot be kept now is looked at again after a restart. */
  async #save(last?: Pick<ScrubProgress, 'suspectFrom'>): Promise<void> {
    const { clock, log, memory } = this.#deps;
    const now = clock.now();
    this.#savedAt = now;
    this.#change(before => ({ ...before, suspectFrom: this.#suspectFrom ?? now, ...last }));
    if (!this.#progress) return;
    await memory
      .save(this.#progress)
      .catch(error => log.warn({ err: error }, 'how far objects have been looked through could not be kept'));
  }
}

const freshPass = (begunAt: number, found: readonly VersionRef[]): ScrubProgress =>
  Object.freeze({ ...NONE, begunAt, endedAt: undefined, place: undefined, found, suspectFrom: undefined });

const sum = (a: ScrubCounts, b: ScrubCounts): ScrubCounts => ({
  checked: a.checked + b.checked,
  damaged: a.damaged + b.damaged,
  unchecked: a.unchecked + b.unchecked,
});
