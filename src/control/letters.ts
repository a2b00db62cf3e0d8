// The dead letters: shown, sent again, thrown away.

import type { FunctionKey } from '../core/function.ts';
import type { DeadLetter, LetterFilter } from '../core/ports.ts';
import { fail as failFunction } from './errors.ts';
import { fail } from './event-errors.ts';
import type { EventDeps, LetterQuery, LetterVerbs } from './event-verbs.ts';

const TYPES = ['CMQ-TOPIC', 'CMQ-QUEUE'] as const;

type Deps = Pick<EventDeps, 'letters' | 'wake' | 'control' | 'clock'>;

export function lettersIn({ letters, wake, control, clock }: Deps): LetterVerbs {
  async function show(requestId: string): Promise<DeadLetter> {
    const { rows } = await letters.list({ requestId }, { limit: 1 });
    return rows[0] ?? fail('ResourceNotFound.DeadLetter', { requestId });
  }

  const checkFunction = (key: FunctionKey) => {
    if (!control.catalog.find(key)) failFunction('ResourceNotFound.Function', { ...key });
  };

  const sum = async (filters: readonly LetterFilter[], work: (filter: LetterFilter) => Promise<number>) => {
    let total = 0;
    for (const filter of filters) total += await work(filter);
    return total;
  };
  const redrive = (filter: LetterFilter) => letters.redrive(filter, clock.now());
  const count = async (filter: LetterFilter) => (await letters.list(filter, { limit: 0 })).total;

  async function redriveOne(requestId: string) {
    const { item } = await show(requestId);
    checkFunction(item.event.target);
    // Between the two it may have been redriven or purged by somebody else.
    if ((await redrive({ requestId })) === 0) fail('ResourceNotFound.DeadLetter', { requestId });
    return { redriven: 1, left: 0 };
  }

  async function redriveAll(query: LetterQuery) {
    const filters = filtersOf(query);
    if (query.target) {
      checkFunction(query.target);
      return { redriven: await sum(filters, redrive), left: 0 };
    }
    // By function, so that those without one stay: their events would be dropped at the next attempt.
    let redriven = 0;
    for (const { entry } of control.catalog.all()) {
      const { region, namespace, name } = entry.key;
      redriven += await sum(
        filters.map(filter => ({ ...filter, target: { region, namespace, name } })),
        redrive,
      );
    }
    return { redriven, left: await sum(filters, count) };
  }

  return {
    async list(query, { offset, limit }) {
      const filters = filtersOf(query);
      const found = await Promise.all(
        filters.map(filter => letters.list(filter, pageOf(filters.length, offset, limit))),
      );
      const rows = found.flatMap(one => one.rows);
      const total = found.reduce((all, one) => all + one.total, 0);
      if (filters.length === 1) return { total, rows };
      return { total, rows: rows.toSorted((a, b) => a.diedAt - b.diedAt).slice(offset, offset + limit) };
    },
    show,
    async redrive(which) {
      const done = typeof which === 'string' ? await redriveOne(which) : await redriveAll(which);
      if (done.redriven > 0) wake();
      return done;
    },
    async purge(which) {
      if (typeof which !== 'string') return { purged: await sum(filtersOf(which), filter => letters.purge(filter)) };
      const purged = await letters.purge({ requestId: which });
      return purged > 0 ? { purged } : fail('ResourceNotFound.DeadLetter', { requestId: which });
    },
  };
}

/** A topic and a queue may have the same name: without a type both are meant. */
function filtersOf({ type, name, target }: LetterQuery): readonly LetterFilter[] {
  const base = target ? { target } : {};
  if (name === undefined) return [base];
  return (type ? [type] : TYPES).map(one => ({ ...base, to: { type: one, name } }));
}

/** Of several lists each may hold the whole page. */
function pageOf(lists: number, offset: number, limit: number) {
  return lists === 1 ? { offset, limit } : { offset: 0, limit: offset + limit };
}
