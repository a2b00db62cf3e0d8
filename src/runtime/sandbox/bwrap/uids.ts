// Users that exist nowhere else: each sandbox of a privileged server runs as one of its own.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Far above the users of people, services and containers. Servers of one machine share it by their mark. */
const BASE = 0x70000000;
const PER_SERVER = 4096;
const SERVERS = 4096;
/** "nobody": 65534; with 65535 the last of the usual map of a container. */
const NOBODY = 65534;
const FEWEST = 1024;

export interface UidRange {
  readonly first: number;
  readonly count: number;
}

/** undefined where the user namespace of this server has no room. */
export function uidRange(mark: string, uidMap = readMap('uid'), gidMap = readMap('gid')): UidRange | undefined {
  const place = createHash('sha256').update(mark).digest().readUInt32LE(0) % SERVERS;
  const first = BASE + place * PER_SERVER;
  const maps = [spans(uidMap), spans(gidMap)];
  if (maps.every(map => map.some(([from, to]) => from <= first && first + PER_SERVER <= to)))
    return { first, count: PER_SERVER };
  // A container: the upper half of what both maps have, above users of services.
  const [uids, gids] = maps.map(map => map.at(-1));
  if (!uids || !gids) return undefined;
  const from = Math.max(uids[0], gids[0]);
  const to = Math.min(uids[1], gids[1], from < NOBODY ? NOBODY : Number.POSITIVE_INFINITY);
  const half = Math.ceil((from + to) / 2);
  if (to - half < FEWEST) return undefined;
  return { first: half, count: Math.min(PER_SERVER, to - half) };
}

/** [first, end) of each line as seen from inside, lowest first. */
function spans(map: string): (readonly [from: number, to: number])[] {
  const found = map
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
    .filter(numbers => numbers.length === 3)
    .map(([inside = 0, , count = 0]) => [inside, inside + count] as const);
  return found.sort((a, b) => a[0] - b[0]);
}

function readMap(kind: 'uid' | 'gid'): string {
  try {
    return readFileSync(`/proc/self/${kind}_map`, 'latin1');
  } catch {
    return '';
  }
}

export class Uids {
  readonly #range: UidRange;
  #fresh = 0;
  /** Oldest first: what was used last is used again last. */
  readonly #freed: number[] = [];

  constructor(range: UidRange) {
    this.#range = range;
  }

  /** undefined when all are taken. */
  take(): number | undefined {
    if (this.#fresh < this.#range.count) return this.#range.first + this.#fresh++;
    return this.#freed.shift();
  }

  give(uid: number): void {
    this.#freed.push(uid);
  }
}
