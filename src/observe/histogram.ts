// How often a time fell into which range: plain numbers, since every call counts several.

import type { Sample } from './exposition.ts';

/** Seconds, from a warm hello-world to the longest time limit. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10, 60, 300, 900];

export class Histogram {
  /** One per bound, and one for what is beyond all of them. */
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  observe(seconds: number): void {
    let place = 0;
    // From below: most times are short.
    while (seconds > (BOUNDS[place] ?? Number.POSITIVE_INFINITY)) place++;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#sum += seconds;
  }

  get count(): number {
    return this.#counts.reduce((all, count) => all + count, 0);
  }

  /** `labels` as `labelText` writes them. */
  samples(labels: string): Sample[] {
    const more = labels === '' ? '' : `,${labels}`;
    let below = 0;
    const buckets = [...BOUNDS, '+Inf'].map((bound, place) => {
      below += this.#counts[place] ?? 0;
      return { suffix: '_bucket', labels: `le="${bound}"${more}`, value: below };
    });
    return [...buckets, { suffix: '_sum', labels, value: this.#sum }, { suffix: '_count', labels, value: below }];
  }
}
