// Reads every object again and again, slowly, to find what a disk has damaged before a client does; and at once what was
// written last before a crash.

import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ObjectFiles, ObjectIndex, ObjectRow, ScanPlace, VersionRef } from '../../../core/objects.ts';
import { objectIn } from '../row.ts';
import { examine, type Finding } from './examine.ts';
import { Pace } from './pace.ts';
import { currentPart, DAMAGED_ETAG, examinePart, type OpenPart, openParts, type PartRef } from './scrub-parts.ts';

/** Of objects, and of parts of uploads that are not complete. */
export interface ScrubCounts {
  readonly checked: number;
  readonly damaged: number;
  /** It could not be told, for want of rights or of open files: the log has why. */
  readonly unchecked: number;
}

export interface ScrubReport extends ScrubCounts {
  /** ms since 1970; of the pass under way or, between passes, of the last one; undefined before the first. */
  readonly begunAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Of what was written last before a crash, if the start followed one. */
  readonly afterCrash: ScrubCounts | undefined;
  /** Damaged still; not all if there are many. */
  readonly found: readonly VersionRef[];
  /** Of uploads that are not complete: damaged still. */
  readonly parts: readonly PartRef[];
}

/** A plain JSON value; what a restart goes on from. */
export interface ScrubProgress extends ScrubCounts {
  readonly begunAt: number;
  readonly endedAt: number | undefined;
  /** The last object that was looked at in this pass. */
  readonly place: (ScanPlace & { readonly bucket: string }) | undefined;
  readonly found: readonly VersionRef[];
  readonly parts?: readonly PartRef[];
  /** A crash that came after this was kept may have cost what was written since; undefined if there was none. */
  readonly suspectFrom: number | undefined;
}

export interface ScrubDeps {
  readonly index: Pick<ObjectIndex, 'scan' | 'find' | 'uploads' | 'parts'>;
  readonly files: Pick<ObjectFiles, 'read' | 'check'>;
  /** Ids of those that there are. */
  readonly buckets: () => readonly string[];
  /** Marks it, so that it answers with an error. */
  readonly damaged: (row: ObjectRow) => Promise<void>;
  /** Marks it, so that it has to be sent again. */
  readonly damagedPart: (part: OpenPart) => Promise<void>;
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
const NOT_BEGUN = Object.freeze({ ...NONE, begunAt: undefined, endedAt: undefined, parts: [] });
const DAMAGED: ScrubCounts = Object.freeze({ checked: 1, damaged: 1, unchecked: 0 });

export class Scrub {
  readonly #deps: ScrubDeps;
  readonly #closing = new AbortController();
  readonly #pace: Pace;
  #running: Promise<void> | undefined;
  #progress: ScrubProgress | undefined;
  /** Damaged, by this or by readers. */
  #found: readonly VersionRef[] = [];
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

  /** A reader has met damage. */
  met({ bucket, key, versionId }: VersionRef): void {
    const isThis = (ref: VersionRef) => ref.bucket === bucket && ref.key === key && ref.versionId === versionId;
    this.#found = [...this.#found.filter(ref => !isThis(ref)), { bucket, key, versionId }].slice(-FOUND);
  }

  /** undefined before the first pass, if nothing is damaged. */
  report(): ScrubReport | undefined {
    if (!this.#progress && this.#found.length === 0) return undefined;
    const { checked, damaged, unchecked, begunAt, endedAt, parts = [] } = this.#progress ?? NOT_BEGUN;
    const { index } = this.#deps;
    const stillSo = this.#found.filter(ref => {
      const row = index.find(ref.bucket, ref.key, ref.versionId);
      return row !== undefined && !row.marker && objectIn(row).damagedAt !== undefined;
    });
    const counts = { checked, damaged, unchecked, begunAt, endedAt, afterCrash: this.#afterCrash };
    const partsStillSo = parts.filter(part => currentPart(index, part)?.etag === DAMAGED_ETAG);
    return { ...counts, found: stillSo, parts: partsStillSo };
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
      const met = this.#found;
      this.#found = kept?.found ?? [];
      for (const ref of met) this.met(ref);
      this.#progress = kept ?? freshPass(clock.now());
      await this.#save();
    }
    if (this.#suspectFrom !== undefined) await this.#lookAfterCrash(this.#suspectFrom - HELD_BACK_MS);
    if (this.#progress.endedAt !== undefined) {
      const age = clock.now() - this.#progress.begunAt;
      // A clock that was ahead and has been set back must not put a pass off until it is there again.
      if (age >= 0 && age < everyMs) await this.#pace.sleep(everyMs - age);
      this.#progress = { ...freshPass(clock.now()), parts: this.#progress.parts ?? [] };
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
    for await (const part of this.#parts()) {
      const counts = await this.#lookAtPart(part);
      this.#change(before => ({ ...before, ...sum(before, counts) }));
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
    for await (const part of this.#parts())
      if (part.modifiedAt >= since) this.#afterCrash = sum(this.#afterCrash, await this.#lookAtPart(part));
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

  #parts(): AsyncGenerator<OpenPart> {
    return openParts(this.#deps.index, this.#deps.buckets().toSorted());
  }

  async #look(row: ObjectRow): Promise<ScrubCounts> {
    const { bucket, key, versionId } = row;
    await this.#pace.spend(ROW_BYTES);
    const object = objectIn(row);
    const counts = await this.#judge(
      { bucket, key, versionId },
      object.damagedAt !== undefined,
      deps => examine(object, deps),
      () => this.#deps.damaged(row),
    );
    if (counts.damaged > 0) this.met({ bucket, key, versionId });
    return counts;
  }

  async #lookAtPart(part: OpenPart): Promise<ScrubCounts> {
    const { bucket, key, uploadId, number } = part;
    await this.#pace.spend(ROW_BYTES);
    const counts = await this.#judge(
      { bucket, key, uploadId, number },
      part.etag === DAMAGED_ETAG,
      deps => examinePart(part, deps),
      () => this.#deps.damagedPart(part),
    );
    if (counts.damaged > 0) {
      const isThis = (ref: PartRef) => ref.uploadId === uploadId && ref.number === number;
      this.#change(before => ({
        ...before,
        parts: [...(before.parts ?? []).filter(ref => !isThis(ref)), { bucket, key, uploadId, number }].slice(-FOUND),
      }));
    }
    return counts;
  }

  async #judge(
    place: object,
    isMarked: boolean,
    look: (deps: Pick<ScrubDeps, 'index' | 'files'> & { spend(bytes: number): Promise<void> }) => Promise<Finding>,
    mark: () => Promise<void>,
  ): Promise<ScrubCounts> {
    const { index, files, log } = this.#deps;
    if (isMarked) return DAMAGED;
    try {
      const finding = await look({ index, files, spend: bytes => this.#pace.spend(bytes) });
      if (finding === 'gone') return NONE;
      if (finding === 'whole') return { ...NONE, checked: 1 };
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      log.warn({ err: error, ...place }, 'an object could not be checked');
      return { ...NONE, unchecked: 1 };
    }
    // If it cannot be marked now, a reader or the next pass finds it again.
    await mark().catch(error => log.error({ err: error, ...place }, 'an object is damaged and could not be marked'));
    return DAMAGED;
  }

  #change(change: (before: ScrubProgress) => ScrubProgress): void {
    if (this.#progress) this.#progress = change(this.#progress);
  }

  /** What cannot be kept now is looked at again after a restart. */
  async #save(last?: Pick<ScrubProgress, 'suspectFrom'>): Promise<void> {
    const { clock, log, memory } = this.#deps;
    const now = clock.now();
    this.#savedAt = now;
    const found = this.#found;
    this.#change(before => ({ ...before, found, suspectFrom: this.#suspectFrom ?? now, ...last }));
    if (!this.#progress) return;
    await memory
      .save(this.#progress)
      .catch(error => log.warn({ err: error }, 'how far objects have been looked through could not be kept'));
  }
}

const freshPass = (begunAt: number): ScrubProgress =>
  Object.freeze({ ...NONE, begunAt, endedAt: undefined, place: undefined, found: [], suspectFrom: undefined });

const sum = (a: ScrubCounts, b: ScrubCounts): ScrubCounts => ({
  checked: a.checked + b.checked,
  damaged: a.damaged + b.damaged,
  unchecked: a.unchecked + b.unchecked,
});
