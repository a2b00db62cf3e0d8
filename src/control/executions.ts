// The asynchronous executions of functions that were made with AsyncRunEnable: listed, shown and broken off.
// The queue writes them; here is what may be asked of them, and when they are forgotten.

import { keyText, LATEST } from '../core/function.ts';
import type { Execution, Executions } from '../core/ports.ts';
import type { Terminated } from '../core/settle.ts';
import type { LiveCatalog } from './catalog.ts';
import type { ExecutionVerbs, Interval } from './control.ts';
import { fail } from './errors.ts';
import { isDescending, limitOf, offsetOf } from './paging.ts';
import { resolve } from './room.ts';
import { isPublished, keyOf } from './validate.ts';

/** Breaks off an execution that waits or runs. */
export type Terminate = (requestId: string, graceful: boolean) => Promise<Terminated>;

/** Documented: rows of one page of ListAsyncEvents. */
const PAGE_MAX = 100;

const STATES: readonly Execution['state'][] = ['RUNNING', 'FINISHED', 'FAILED', 'ABORTED'];

const ORDERS: ReadonlyMap<string, 'startedAt' | 'endedAt'> = new Map([
  ['StartTime', 'startedAt'],
  ['EndTime', 'endedAt'],
]);

/** Where no queue keeps any. */
export const NO_EXECUTIONS: Executions = Object.freeze({
  get: async () => undefined,
  list: async () => ({ total: 0, rows: [] }),
  prune: async () => {},
});

export function executionsIn(deps: {
  readonly executions: Executions;
  readonly terminate: Terminate;
  readonly catalog: LiveCatalog;
}): ExecutionVerbs {
  const { executions, terminate, catalog } = deps;

  async function known(requestId: string, isMeant: (row: Execution) => boolean): Promise<Execution> {
    const row = await executions.get(requestId);
    return row && isMeant(row) ? row : fail('ResourceNotFound.AsyncEvent', { requestId });
  }

  return {
    async list(query) {
      const { requestId, started, ended } = query;
      const offset = offsetOf(query);
      const limit = limitOf(query, PAGE_MAX);
      const descending = isDescending(query.order, true);
      const orderBy = ORDERS.get(query.orderBy || 'StartTime');
      if (!orderBy)
        fail('InvalidParameterValue.Orderby', { value: query.orderBy ?? '', allowed: [...ORDERS.keys()].join(', ') });
      const states = given(query.states)?.map(stateOf);
      const sources = given(query.sources)?.map(source => source.toLowerCase());
      checkInterval('StartTimeInterval', started);
      checkInterval('EndTimeInterval', ended);
      const held = catalog.held(query);
      const version = query.qualifier ? versionOf(held, query.qualifier) : undefined;
      if (!held.entry.versions.get(LATEST)?.asyncRun) return { total: 0, rows: [] };
      return executions.list({
        target: keyOf(query),
        ...(requestId && { requestId }),
        ...(version !== undefined && { version }),
        ...(sources && { sources }),
        ...(states && { states }),
        ...(started && { started }),
        // One that runs has ended at 0: it is in no interval.
        ...(ended && { ended: { ...ended, from: Math.max(1, ended.from) } }),
        orderBy,
        descending,
        offset,
        limit,
      });
    },

    get: (requestId, region) => known(requestId, ({ target }) => region === undefined || target.region === region),

    async terminate(key, requestId, graceful) {
      const isOurs = ({ target }: Execution) => keyText(target) === keyText(key);
      // An execution may outlive its function: whether that is still there is only asked when nothing was found.
      const row = await executions.get(requestId);
      if (!row || !isOurs(row)) catalog.held(key);
      checkRunning(await known(requestId, isOurs));
      const done = await terminate(requestId, graceful);
      if (done !== 'absent') return;
      // It may have ended meanwhile.
      checkRunning(await known(requestId, isOurs));
      fail('FailedOperation.AsyncEventStatus', {
        requestId,
        state: 'RUNNING',
        zh: '它既不在队列中，也不在本服务器上运行，请稍后重试。',
        en: 'it is neither in the queue nor running on this server; try again in a while.',
      });
    },
  };
}

/** A list of nothing but empty texts asks for nothing. */
function given(values: readonly string[] | undefined): readonly string[] | undefined {
  const list = values?.filter(value => value !== '') ?? [];
  return list.length > 0 ? list : undefined;
}

function stateOf(value: string): Execution['state'] {
  const state = STATES.find(one => one === value.toUpperCase());
  return state ?? fail('InvalidParameterValue.Status', { name: 'Status', value, allowed: STATES.join(', ') });
}

function checkInterval(name: string, interval: Interval | undefined): void {
  if (!interval || interval.from < interval.before) return;
  fail('InvalidParameterValue.DateTime', {
    zh: `${name} 的 End 必须晚于 Start。`,
    en: `End of ${name} has to be later than its Start.`,
  });
}

/** A version that has been deleted may still have executions. */
function versionOf(held: ReturnType<LiveCatalog['held']>, qualifier: string): string {
  if (qualifier === LATEST || isPublished(qualifier)) return qualifier;
  return resolve(held, qualifier).version;
}

function checkRunning({ requestId, state }: Execution): void {
  if (state === 'RUNNING') return;
  fail('FailedOperation.AsyncEventStatus', {
    requestId,
    state,
    zh: '只有 RUNNING 状态的异步事件可以终止。',
    en: 'only one that is RUNNING can be terminated.',
  });
}
