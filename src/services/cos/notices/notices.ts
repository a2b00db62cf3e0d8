// What triggers are told: noted in the same commit as the change, delivered before the verb resolves, and kept until the
// trigger has it for good.

import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { NoticeRow, ObjectIndex } from '../../../core/objects.ts';
import type { NoticeRule, Notices } from '../contract.ts';
import type { ObjectEventName, ObjectNotice } from '../model.ts';

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** How many are settled in one commit. */
const SETTLED_AT_ONCE = 1000;

interface Listener {
  readonly rule: NoticeRule;
  readonly deliver: (notice: ObjectNotice, id: string) => Promise<void>;
  /** In a row. */
  failures: number;
  retry: Disposable | undefined;
}

/** What the store tells itself is kept beside what triggers are told: it is due with the change in the same way. */
export const isOwn = (row: NoticeRow) => row.triggerId.startsWith('@');

export interface NoticeDeps {
  readonly index: ObjectIndex;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/** Whether a rule's event, `cos:ObjectCreated:Put` or `cos:ObjectCreated:*`, means this one. */
export function covers(event: string, name: ObjectEventName): boolean {
  const full = `cos:${name}`;
  return event.endsWith(':*') ? full.startsWith(event.slice(0, -1)) : event === full;
}

/** Documented: the key without a leading slash, both must match, empty matches all. */
export function matches(rule: NoticeRule, notice: Pick<ObjectNotice, 'bucket' | 'name' | 'key'>): boolean {
  const prefix = rule.prefix.replace(/^\//, '');
  if (rule.bucket !== notice.bucket || !covers(rule.event, notice.name)) return false;
  return notice.key.startsWith(prefix) && notice.key.endsWith(rule.suffix);
}

export class NoticeBoard implements Pick<Notices, 'listen'> {
  readonly #deps: NoticeDeps;
  readonly #listeners = new Map<string, Listener>();
  /** By trigger, then by id in their order: what is in the index and nobody has accepted yet. */
  readonly #pending = new Map<string, Map<string, NoticeRow>>();
  /** Ids that a listener has been told and has not answered. */
  readonly #told = new Set<string>();
  readonly #settled: string[] = [];
  #settling: Promise<void> | undefined;
  #closed = false;

  constructor(deps: NoticeDeps) {
    this.#deps = deps;
    // As many as were under way when the server stopped, or could not be delivered.
    for (const row of deps.index.notices(Number.MAX_SAFE_INTEGER)) if (!isOwn(row)) this.#keep(row);
  }

  listen(rule: NoticeRule, deliver: Listener['deliver']): Disposable {
    const listener: Listener = { rule, deliver, failures: 0, retry: undefined };
    this.#listeners.get(rule.triggerId)?.retry?.[Symbol.dispose]();
    this.#listeners.set(rule.triggerId, listener);
    if (this.#pending.has(rule.triggerId)) this.#later(listener, 0);
    return {
      [Symbol.dispose]: () => {
        listener.retry?.[Symbol.dispose]();
        if (this.#listeners.get(rule.triggerId) === listener) this.#listeners.delete(rule.triggerId);
      },
    };
  }

  /** What is kept for triggers that do not listen. */
  async dropOthers(): Promise<void> {
    for (const [triggerId, rows] of this.#pending) {
      if (this.#listeners.has(triggerId)) continue;
      this.#pending.delete(triggerId);
      this.#settled.push(...rows.keys());
      this.#deps.log.warn({ triggerId, notices: rows.size }, 'events of a trigger that is gone are dropped');
    }
    await this.#settle();
  }

  /** Rows for the commit of the change that this is about; none where no trigger is told of it. */
  rowsOf(notice: ObjectNotice, idFor: (triggerId: string) => string = () => this.#deps.ids.risingUuid()): NoticeRow[] {
    const rows: NoticeRow[] = [];
    for (const { rule } of this.#listeners.values()) {
      if (!matches(rule, notice)) continue;
      rows.push({ id: idFor(rule.triggerId), triggerId: rule.triggerId, detail: JSON.stringify(notice) });
    }
    return rows;
  }

  /** Once they are committed; resolves when each has been accepted or is to be tried again. */
  async deliver(rows: readonly NoticeRow[]): Promise<void> {
    for (const row of rows) this.#keep(row);
    await Promise.all(
      rows.map(async row => {
        const listener = this.#listeners.get(row.triggerId);
        if (listener && !(await this.#tell(listener, row))) this.#failed(row.triggerId);
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { retry } of this.#listeners.values()) retry?.[Symbol.dispose]();
    await this.#settling;
    await this.#settle();
  }

  #keep(row: NoticeRow): void {
    const rows = this.#pending.get(row.triggerId) ?? new Map<string, NoticeRow>();
    this.#pending.set(row.triggerId, rows.set(row.id, row));
  }

  async #tell(listener: Listener, row: NoticeRow): Promise<boolean> {
    this.#told.add(row.id);
    try {
      await listener.deliver(JSON.parse(row.detail) as ObjectNotice, row.id);
    } catch (error) {
      const { triggerId, id } = row;
      this.#deps.log.warn({ err: error, triggerId, id }, 'an event was not accepted and is tried again');
      return false;
    } finally {
      this.#told.delete(row.id);
    }
    listener.failures = 0;
    const rows = this.#pending.get(row.triggerId);
    rows?.delete(row.id);
    if (rows?.size === 0) this.#pending.delete(row.triggerId);
    this.#settled.push(row.id);
    this.#settleBehind();
    return true;
  }

  /** Whoever listens now tries again: the trigger may have been changed while the one before was refused. */
  #failed(triggerId: string): void {
    const listener = this.#listeners.get(triggerId);
    if (!listener || this.#closed) return;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** listener.failures++, LAST_RETRY_MS);
    if (!listener.retry) this.#later(listener, wait);
  }

  #later(listener: Listener, wait: number): void {
    const { clock } = this.#deps;
    listener.retry = clock.at(clock.now() + wait, () => {
      const hold = clock.hold();
      this.#again(listener).finally(() => hold[Symbol.dispose]());
    });
  }

  /** What is pending, up to the first that is refused: the others would most likely be refused as well. */
  async #again(listener: Listener): Promise<void> {
    const { triggerId } = listener.rule;
    const waiting = () => [...(this.#pending.get(triggerId)?.values() ?? [])].filter(({ id }) => !this.#told.has(id));
    const current = () => !this.#closed && this.#listeners.get(triggerId) === listener;
    for (const row of waiting()) {
      if (!current()) return;
      // Others may have been told meanwhile, by the writes that made them.
      if (!this.#pending.get(triggerId)?.has(row.id) || this.#told.has(row.id)) continue;
      if (await this.#tell(listener, row)) continue;
      // The next try begins with another: one that nobody ever takes must not keep back those behind it.
      const rows = this.#pending.get(triggerId);
      if (rows?.delete(row.id)) rows.set(row.id, row);
      break;
    }
    listener.retry = undefined;
    if (waiting().length > 0) this.#failed(triggerId);
  }

  /** A notice that is told and not yet settled is told once more after a crash: at least once. */
  #settleBehind(): void {
    this.#settling ??= this.#settle().then(isAll => {
      this.#settling = undefined;
      if (isAll && this.#settled.length > 0 && !this.#closed) this.#settleBehind();
    });
  }

  /** What is left when it fails goes with the next. */
  async #settle(): Promise<boolean> {
    while (this.#settled.length > 0) {
      const settled = this.#settled.splice(0, SETTLED_AT_ONCE);
      try {
        await this.#deps.index.commit({ settled });
      } catch (error) {
        this.#settled.unshift(...settled);
        this.#deps.log.warn(
          { err: error, notices: settled.length },
          'delivered events could not be struck off the list',
        );
        return false;
      }
    }
    return true;
  }
}
