// The count: nothing that was answered is missing, and nothing came twice that was not cut off.

import type { Delivery, Kind, Ledger } from './ledger.ts';

/** Retries are a minute apart; what comes within less of it is none. Of an end one may be told late. */
const RETRY_GAP_MS = 40_000;

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
  let [deliveries, repeated, retried, unanswered] = [0, 0, 0, 0];
  /** By life: how many came again although their function was done. */
  const doneAgain = new Map<number, number>();
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
      else if (delivery.life > earlier.life && hasEnded(earlier.life, ledger)) {
        repeated++;
        if (earlier.endedAt !== undefined) doneAgain.set(earlier.life, (doneAgain.get(earlier.life) ?? 0) + 1);
      } else problems.push(`${id} (${kind}) came twice: ${told(sorted, ledger)}`);
    }
    retried += retries;
    if (retries > 1) problems.push(`${id} (${kind}) was tried again ${retries} times instead of once`);
  }
  problems.push(...unjustified(ledger, doneAgain));
  return { problems, answered: ledger.answered.size, unanswered, deliveries, repeated, retried };
}

/** Attempts of a life whose function was done and whose end was not written. */
export function unsettled(life: number, ledger: Ledger): number {
  let done = 0;
  for (const all of ledger.deliveries.values())
    for (const one of all) if (one.life === life && one.endedAt !== undefined) done++;
  return done - (ledger.lives.get(life)?.settled() ?? 0);
}

function missing(ledger: Ledger, letters: readonly string[]): string[] {
  const kept = new Set(letters);
  return [...ledger.answered].flatMap(([id, kind]) => {
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

function hasEnded(life: number, ledger: Ledger): boolean {
  return ledger.lives.get(life)?.endedAt !== undefined;
}

/** Of one life no more may come again after their function was done than the server has left unsettled. */
function unjustified(ledger: Ledger, doneAgain: ReadonlyMap<number, number>): string[] {
  return [...doneAgain].flatMap(([life, again]) => {
    const left = unsettled(life, ledger);
    return again <= left ? [] : [`life ${life}: ${again} came again that were done, and only ${left} were not settled`];
  });
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
