// The counts of one function, and finding them without making a text or an object per call.

import { type FunctionKey, keyText } from '../core/function.ts';
import type { Attempt } from '../core/invocation.ts';
import type { StatusClass } from '../core/status.ts';
import { labelText } from './exposition.ts';
import { Histogram } from './histogram.ts';

/** Functions with series of their own; what comes later is counted together, so that names cannot fill the memory. */
const FUNCTIONS = 200;

const noneOf = (): Record<StatusClass, number> => ({ ok: 0, run: 0, limit: 0, system: 0, request: 0, caller: 0 });

export class Series {
  readonly labels: string;
  readonly ended: Readonly<Record<Attempt['mode'], Record<StatusClass, number>>> = {
    sync: noneOf(),
    async: noneOf(),
    ordered: noneOf(),
  };
  readonly duration = new Histogram();
  coldStarts = 0;
  /** Asynchronous attempts that did not end well. */
  readonly events: Record<Exclude<Attempt['verdict'], 'answered' | 'acked'>, number> = {
    retried: 0,
    dead: 0,
    dropped: 0,
    aborted: 0,
  };
  /** By status. */
  readonly throttles = new Map<number, number>();

  constructor(name: string) {
    this.labels = labelText({ function: name });
  }
}

export class SeriesByFunction {
  /** What has no series of its own. */
  readonly others = new Series('others');
  readonly all: Series[] = [this.others];
  /** Region, namespace, name: one look-up each is far cheaper than the text of all three. */
  readonly #regions = new Map<string, Map<string, Map<string, Series>>>();

  of(target: FunctionKey): Series {
    return this.#regions.get(target.region)?.get(target.namespace)?.get(target.name) ?? this.#add(target);
  }

  #add(target: FunctionKey): Series {
    if (this.all.length > FUNCTIONS) return this.others;
    const made = new Series(keyText(target));
    const namespaces = this.#regions.get(target.region) ?? new Map<string, Map<string, Series>>();
    const names = namespaces.get(target.namespace) ?? new Map<string, Series>();
    this.#regions.set(target.region, namespaces.set(target.namespace, names.set(target.name, made)));
    this.all.push(made);
    return made;
  }
}
