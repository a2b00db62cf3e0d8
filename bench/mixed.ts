// Fast calls beside slow ones of the same function: what feeding few instances ahead costs the fast ones, against the
// same server that spreads events over its instances one by one.

import type { Bench } from './bench.ts';
import { cloud, publishFolder } from './cloud.ts';
import { inRounds } from './compare.ts';
import { percentileUs, withoutSlowest } from './latency.ts';
import { load, type Side } from './load.ts';
import { list, type Measure, median, round } from './measure.ts';
import { side, started } from './sides.ts';
import { flagsOf, SPREAD } from './switches.ts';

const EACH = 8;
const GOAL = 1.2;

interface Variant {
  readonly name: string;
  readonly slow: string;
  /** One of so many calls is slow, on all connections; else they have connections of their own. */
  readonly every?: number;
}

const VARIANTS: readonly Variant[] = [
  { name: 'mixed', slow: '?waitMs=100' },
  { name: 'mixed-cpu', slow: '?burnMs=20' },
  { name: 'mixed-rare', slow: '?waitMs=100', every: 200 },
];

interface Fast {
  readonly perS: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export const MIXED: readonly Measure[] = VARIANTS.map(variant => ({
  name: variant.name,
  goal: GOAL,
  better: 'lower',
  async run(bench) {
    const spread = await worked(bench, 'spread', flagsOf(SPREAD));
    const ours = await worked(bench, 'openscf', []);
    // Instances and the optimizing compiler: not measured.
    for (const one of [spread, ours]) await fast(bench, one, variant, 1);
    const rounds = await inRounds(bench, async () => ({
      spread: await fast(bench, spread, variant, bench.roundS),
      ours: await fast(bench, ours, variant, bench.roundS),
    }));
    const ratios = rounds.map(one => one.ours.p99Us / one.spread.p99Us);
    const detail = [
      told(
        `fast calls, ${ours.name}`,
        rounds.map(one => one.ours),
      ),
      told(
        spread.name,
        rounds.map(one => one.spread),
      ),
      `rounds ${list(ratios)}, highest ${round(Math.max(...ratios))}`,
    ].join('; ');
    return { value: median(ratios), detail };
  },
}));

function worked(bench: Bench, name: string, flags: readonly string[]): Promise<Side> {
  return bench.shared(name, async () => {
    const server = await started(bench, flags);
    return side(`${name} in ${server.driver}`, await publishFolder(cloud(server), 'work-node'), server.pid, {
      method: 'GET',
    });
  });
}

async function fast(bench: Bench, side: Side, { slow, every }: Variant, seconds: number): Promise<Fast> {
  if (every !== undefined) {
    const some: Side = { ...side, request: () => ({ method: 'GET', rare: { every, query: slow } }) };
    const { perS, requests, latencies } = await load(bench, some, 2 * EACH, seconds);
    const quick = withoutSlowest(latencies, Math.floor(requests / every));
    return { perS, p50Us: percentileUs(quick, 50), p99Us: percentileUs(quick, 99) };
  }
  const others: Side = { ...side, url: side.url + slow };
  const [found] = await Promise.all([load(bench, side, EACH, seconds), load(bench, others, EACH, seconds)]);
  return found;
}

function told(name: string, rounds: readonly Fast[]): string {
  const middle = (of: (one: Fast) => number) => median(rounds.map(of));
  const ms = (of: (one: Fast) => number) => round(middle(of) / 1000);
  return `${name} ${Math.round(middle(one => one.perS))}/s p50 ${ms(one => one.p50Us)} p99 ${ms(one => one.p99Us)} ms`;
}
