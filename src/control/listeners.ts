// Which triggers deliver: brought in line with the rows after each change of them.

import { type FunctionKey, keyText } from '../core/function.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { Trigger } from '../core/trigger.ts';
import type { HostOf, TriggerKinds } from './kinds.ts';
import { keyOf } from './validate.ts';

interface Listening {
  readonly function: string;
  /** The row it was started with, as text: any change of it is a restart. */
  readonly row: string;
  readonly listener: Disposable;
}

interface Deps {
  readonly store: Store;
  readonly log: Log;
  readonly kinds: TriggerKinds;
  readonly host: HostOf;
}

export class Listeners {
  readonly #deps: Deps;
  readonly #listening = new Map<string, Listening>();
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    const rows = await this.#deps.store.list('triggers', { enabled: true });
    if (this.#state !== 'started') return;
    for (const row of rows) if (!this.#listening.has(row.id)) this.#listen(row);
  }

  /** Called under the function's turn. */
  async sync(key: FunctionKey): Promise<void> {
    if (this.#state !== 'started') return;
    const rows = await this.#deps.store.list('triggers', { ...keyOf(key), enabled: true });
    if (this.#state !== 'started') return;
    const wanted = new Map(rows.map(row => [row.id, row]));
    for (const [id, listening] of this.#listening) {
      if (listening.function !== keyText(key)) continue;
      const row = wanted.get(id);
      if (!row || JSON.stringify(row) !== listening.row) this.stop(id);
    }
    for (const row of rows) if (!this.#listening.has(row.id)) this.#listen(row);
  }

  stop(id: string): void {
    const listening = this.#listening.get(id);
    if (!listening) return;
    this.#listening.delete(id);
    try {
      listening.listener[Symbol.dispose]();
    } catch (error) {
      this.#deps.log.error({ err: error, trigger: id }, 'a trigger did not stop cleanly');
    }
  }

  close(): void {
    this.#state = 'closed';
    for (const id of [...this.#listening.keys()]) this.stop(id);
  }

  get count(): number {
    return this.#listening.size;
  }

  /** A kind that cannot start must not keep the others from it. */
  #listen(trigger: Trigger): void {
    const { kinds, host, log } = this.#deps;
    const about = { trigger: trigger.id, type: trigger.type, function: keyText(trigger) };
    const kind = Object.hasOwn(kinds, trigger.type) ? kinds[trigger.type] : undefined;
    if (!kind) {
      log.warn(about, 'this server has no such kind of trigger: it delivers nothing');
      return;
    }
    try {
      const listener = kind.listen(trigger, host(kind));
      this.#listening.set(trigger.id, { function: keyText(trigger), row: JSON.stringify(trigger), listener });
    } catch (error) {
      log.error({ ...about, err: error }, 'a trigger could not be started');
    }
  }
}
