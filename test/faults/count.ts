// The count: nothing that was answered is missing, and nothing came twice that was not cut off.

import type { Delivery, Kind, Ledger } from './ledger.ts';

/** Retries are a minute apart; what comes within less of it is none. */
const RETRY_GAP_MS = 59_000;
/** From the end of a function until its event is settled, on a busy machine. A kill later than that cuts nothing. */
const SETTLE_MS = 3_000;

export interface Counted {
  /** Each a sentence; none when all is as it must be. */
  readonly problems: readonly string[];
  readonly answered: number;
  /** Brought to a function without an answer: the server was killed before it could be given. */
  readonly unanswered: number;
  readonly deliveries: number;
  /** Brought again since the first time was cut off. */
  readonly repeated: number;
  readonly retried: number;
}

/** `letters`: the request ids of all dead letters, one entry per letter. */
export function count(ledger: Ledger, letters: readonly string[]): Counted {
  const problems = [...missing(ledger, letters), ...strayLetters(ledger, letters)];
  let deliveries = 0;
  let repeated = 0;
  let retried = 0;
  let unanswered = 0;
  for (const [id, all] of ledger.deliveries) {
    deliveries += all.length;
    if (!ledger.answered.has(id)) unanswered++;
    const kind = ledger.kinds.get(id) ?? 'ok';
    let retries = 0;
    const sorted = all.toSorted((a, b) => a.life - b.life || a.beganAt - b.beganAt);
    for (const [at, delivery] of sorted.entries()) {
      if (delivery.life === 0) problems.push(`${id} ran in a process that had no server`);
      const earlier = sorted[at - 1];
      if (!earlier) continue;
      if (isRetry(earlier, delivery, kind, ledger)) retries++;
      else if (wasCut(earlier, delivery, ledger)) repeated++;
      else problems.push(`${id} (${kind}) came twice: ${told(sorted, ledger)}`);
    }
    retried += retries;
    if (retries > 1) problems.push(`${id} (${kind}) was tried again ${retries} times instead of once`);
  }
  return {
    problems,
    answered: ledger.answered.size,
    unanswered,
    deliveries,
    repeated,
    retried,
  };
}

function missing(ledger: Ledger, letters: readonly string[]): string[] {
  const kept = new Set(letters);
  return [...ledger.answered].flatMap(([id, { kind }]) => {
    if (kind === 'fails' ? kept.has(id) : ledger.isDone(id)) return [];
    const all = ledger.deliveries.get(id);
    return [`${id} (${kind}) was answered and is lost: ${all ? told(all, ledger) : 'it never came to a function'}`];
  });
}

function strayLetters(ledger: Ledger, letters: readonly string[]): string[] {
  const seen = new Set<string>();
  return letters.flatMap(id => {
    if (seen.has(id)) return [`${id} has two dead letters`];
    seen.add(id);
    if (ledger.kinds.get(id) !== 'fails') return [`${id} (${ledger.kinds.get(id)}) has a dead letter`];
    if (ledger.deliveries.get(id)?.some(one => one.failed)) return [];
    return [`${id} has a dead letter, and its function has not failed`];
  });
}

function isRetry(earlier: Delivery, later: Delivery, kind: Kind, ledger: Ledger): boolean {
  if (kind !== 'flaky' || earlier.failed !== true || earlier.endedAt === undefined) return false;
  return later.beganAt - earlier.endedAt >= RETRY_GAP_MS || later.beganAt > ledger.turnedAt;
}

/** Its server ended before it could settle the event. */
function wasCut(earlier: Delivery, later: Delivery, ledger: Ledger): boolean {
  const life = ledger.lives.get(earlier.life);
  if (!life?.wasCut || life.endedAt === undefined || later.life <= earlier.life) return false;
  return earlier.endedAt === undefined || life.endedAt - earlier.endedAt <= SETTLE_MS;
}

function told(all: readonly Delivery[], ledger: Ledger): string {
  return all
    .map(({ life, beganAt, endedAt, failed }) => {
      const until = ledger.lives.get(life)?.endedAt;
      const end = endedAt === undefined ? 'no end' : `${failed ? 'failed' : 'done'} at ${Math.round(endedAt)}`;
      return `life ${life} (until ${until === undefined ? 'now' : Math.round(until)}) at ${Math.round(beganAt)}, ${end}`;
    })
    .join('; ');
}
