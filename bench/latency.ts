// How long each answer took, out of what wrk says.
//
// wrk 4 "corrects" its histogram at the end (stats.c, stats_correct): for each answer that took more than twice the
// average gap between two requests of a connection it invents those that it would have sent meanwhile. That makes the
// tail of a load with a few slow calls a fiction, so it is taken back here.

/** Count of answers by µs, rising. */
export type Latencies = ReadonlyMap<number, number>;

/** `value:count` pairs, parted by spaces. */
export function parseLatencies(text: string): Latencies {
  const pairs = text.split(' ').map(pair => pair.split(':').map(Number));
  return new Map(
    pairs.map(([us = Number.NaN, count = Number.NaN]) => {
      if (!Number.isInteger(us) || !Number.isInteger(count)) throw new Error(`not a histogram: ${text.slice(0, 80)}`);
      return [us, count];
    }),
  );
}

export const countOf = (latencies: Latencies): number => latencies.values().reduce((sum, count) => sum + count, 0);

/** `gapUs`: duration ÷ requests per connection, both divisions without remainder, as wrk does. */
export function uncorrected(latencies: Latencies, gapUs: number): Latencies {
  if (gapUs < 1) return latencies;
  const counts = new Map(latencies);
  // From the slowest: what remains of a count once all slower ones are undone is what was measured.
  for (const us of [...latencies.keys()].sort((a, b) => b - a)) {
    const count = counts.get(us) ?? 0;
    if (us < 2 * gapUs || count === 0) continue;
    for (let made = us - gapUs; made > gapUs; made -= gapUs) counts.set(made, (counts.get(made) ?? 0) - count);
  }
  if (counts.values().some(count => count < 0)) throw new Error('wrk has corrected its latencies in another way');
  return new Map([...counts].filter(([, count]) => count > 0));
}

/** The smallest of them that so many of a hundred do not exceed. */
export function percentileUs(latencies: Latencies, percent: number): number {
  const wanted = (countOf(latencies) * percent) / 100;
  let seen = 0;
  for (const [us, count] of latencies) {
    seen += count;
    if (seen >= wanted && count > 0) return us;
  }
  throw new Error('nothing was measured');
}

/** Without the slowest so many. */
export function withoutSlowest(latencies: Latencies, slowest: number): Latencies {
  let left = slowest;
  const kept = [...latencies].toReversed().map(([us, count]): [number, number] => {
    const dropped = Math.min(count, left);
    left -= dropped;
    return [us, count - dropped];
  });
  return new Map(kept.toReversed().filter(([, count]) => count > 0));
}
