// The life of an event, put together from its records, the queue and the dead letters.

import type { DeadLetter, Queue } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import type { KeptBytes } from '../observe/history.ts';
import { type RequestState, stateOf } from '../observe/recent.ts';
import { NOT_RUN } from '../observe/row.ts';
import { fail } from './event-errors.ts';
import type { Attempted, EventDeps, EventState, EventVerbs, EventView, Place } from './event-verbs.ts';

type Waits = Awaited<ReturnType<Queue['find']>>;

/** All that is known of one request. */
export interface Known {
  readonly requestId: string;
  /** In the order of the attempts. */
  readonly rows: readonly InvocationRow[];
  readonly waits: Waits;
  readonly letter: DeadLetter | undefined;
}

type Lives = Pick<EventVerbs, 'list' | 'show' | 'payload'>;

export function livesIn(deps: Pick<EventDeps, 'records' | 'queue' | 'letters' | 'printed'>): {
  readonly verbs: Lives;
  find(requestId: string): Promise<Known>;
} {
  const { records, queue, letters, printed } = deps;
  const rowsOf = (requestId: string) => records.list({ requestId }, { orderBy: 'retryNum' });
  const letterOf = async (requestId: string) => (await letters.list({ requestId }, { limit: 1 })).rows[0];

  async function look(requestId: string): Promise<Known> {
    const rows = await rowsOf(requestId);
    const waits = await queue.find(requestId);
    const letter = await letterOf(requestId);
    const last = rows.at(-1);
    // Out of an instance since the records were read, or cut there long ago: the records know by now.
    const isStale = !waits?.leased && (!last || isOpen(stateOf(last)));
    return { requestId, rows: isStale ? await rowsOf(requestId) : rows, waits, letter };
  }

  async function find(requestId: string): Promise<Known> {
    const all = await look(requestId);
    if (all.rows.length === 0 && !all.waits && !all.letter) return fail('ResourceNotFound.Event', { requestId });
    return all;
  }

  /** A record alone is enough for what has ended; only a dead event may have been sent again. */
  async function known(row: InvocationRow): Promise<Known> {
    const { requestId } = row;
    const state = stateOf(row);
    if (isOpen(state)) {
      const all = await look(requestId);
      return all.rows.length > 0 ? all : { ...all, rows: [row] };
    }
    return {
      requestId,
      rows: [row],
      waits: state === 'dead' ? await queue.find(requestId) : undefined,
      letter: undefined,
    };
  }

  async function bytesOf({ requestId, waits, letter }: Known): Promise<KeptBytes> {
    const kept = await records.payload(requestId);
    const { body, routingKey = '' } = waits?.item.event ?? letter?.item.event ?? {};
    const event = kept?.event ?? body;
    return {
      ...(event && { event }),
      routingKey: kept?.routingKey || routingKey,
      replies: kept?.replies ?? new Map(),
    };
  }

  const verbs: Lives = {
    async list(query) {
      const rows = await records.recent(query);
      const events = (await Promise.all(rows.map(known))).map(viewOf);
      const before = rows.length < query.limit ? undefined : rows.at(-1)?.startedAt;
      return {
        // What the queue knows better may no longer be what was asked for.
        events: events.filter(({ state }) => !query.state || state === query.state),
        ...(before !== undefined && { before }),
      };
    },

    async show(requestId) {
      const all = await find(requestId);
      const { event, replies } = await bytesOf(all);
      const view = viewOf(all);
      const attempts = all.rows.filter(row => row.verdict !== 'accepted').map(attempted);
      const last = attempts.at(-1);
      const isRunning = view.state === 'running' && last?.verdict === 'running';
      return {
        event: view,
        attempts: isRunning ? [...attempts.slice(0, -1), { ...last, log: printed?.(requestId) ?? last.log }] : attempts,
        place: placeOf(all, view.state),
        kept: {
          ...(event && { eventBytes: event.length }),
          replyBytes: Object.fromEntries([...replies].map(([retryNum, reply]) => [retryNum, reply.length])),
        },
      };
    },

    payload: async requestId => bytesOf(await find(requestId)),
  };
  return { verbs, find };
}

const isOpen = (state: RequestState) => state === 'waiting' || state === 'running';

function stateNow({ rows, waits, letter }: Known): EventState {
  const row = rows.at(-1);
  const recorded = row && stateOf(row);
  const isOver = recorded !== undefined && !isOpen(recorded);
  // An attempt is recorded just before it leaves the queue. What waits has not left it, whatever was recorded.
  if (waits && !(waits.leased && isOver && row && row.retryNum >= waits.item.retryNum))
    return waits.leased ? 'running' : 'waiting';
  if (isOver) return recorded;
  return letter ? 'dead' : 'unknown';
}

function viewOf(all: Known): EventView {
  const { requestId, rows, waits, letter } = all;
  const state = stateNow(all);
  const row = rows.at(-1) ?? bareRow(all);
  const { region, namespace, name, qualifier, source, startedAt, version, durationMs, memoryBytes, verdict } = row;
  return {
    region,
    namespace,
    name,
    requestId,
    qualifier,
    source,
    mode: verdict === 'answered' ? 'sync' : 'async',
    state,
    tried: verdict === 'accepted' ? row.retryNum : row.retryNum + 1,
    acceptedAt: rows[0]?.acceptedAt ?? row.acceptedAt,
    startedAt,
    nextAt: state === 'waiting' ? (waits?.item.dueAt ?? row.nextAt) : 0,
    version,
    status: verdict === 'accepted' || verdict === 'running' ? 0 : row.status,
    durationMs,
    memoryBytes,
    why: row.why || (letter?.why ?? ''),
  };
}

/** What the queue or a letter still knows when the records are gone. */
function bareRow({ requestId, waits, letter }: Known): InvocationRow {
  const item = waits?.item ?? letter?.item;
  if (!item) return fail('ResourceNotFound.Event', { requestId });
  const { event, acceptedAt, retryNum } = item;
  const { target, qualifier, source } = event;
  const came = { ...target, requestId, qualifier, source, acceptedAt, startedAt: acceptedAt, retryNum };
  if (waits || !letter) return { ...NOT_RUN, ...came, verdict: 'accepted', status: 202 };
  return { ...NOT_RUN, ...came, verdict: 'dead', status: letter.status };
}

function placeOf(all: Known, state: EventState): Place {
  const { rows, waits, letter } = all;
  const row = rows.at(-1);
  if (waits && state === 'waiting') return { at: 'queue', dueAt: waits.item.dueAt };
  if (state === 'running') return { at: 'instance', ...(row?.verdict === 'running' && { since: row.startedAt }) };
  if (letter && state === 'dead') {
    const { to, why, diedAt } = letter;
    return { at: 'letters', to, why, diedAt };
  }
  return { at: 'end' };
}

function attempted(row: InvocationRow): Attempted {
  const { retryNum, version, instance, startedAt, queuedMs, waitMs, initMs, durationMs, memoryBytes, memoryMB } = row;
  const { status, verdict, why, nextAt, retMsg, errMsg, log } = row;
  const took = { startedAt, queuedMs, waitMs, initMs, durationMs, memoryBytes, memoryMB };
  return { retryNum, version, instance, ...took, status, verdict, why, nextAt, retMsg, errMsg, log };
}
