// Executions in memory, for the queue in memory.

import { keyText } from '../core/function.ts';
import type { Execution, ExecutionEnd, ExecutionQuery, Executions, Found, QueuedEvent } from '../core/ports.ts';

export class MemoryExecutions implements Executions {
  readonly #rows = new Map<string, Execution>();

  has(requestId: string): boolean {
    return this.#rows.has(requestId);
  }

  begin({ event, execution, acceptedAt }: QueuedEvent): void {
    if (!execution) return;
    const { requestId, target, source } = event;
    const times = { startedAt: acceptedAt, endedAt: 0 };
    this.#rows.set(requestId, { requestId, target, source, ...execution, state: 'RUNNING', status: 0, ...times });
  }

  end(requestId: string, end: ExecutionEnd): void {
    const row = this.#rows.get(requestId);
    if (row) this.#rows.set(requestId, { ...row, ...end });
  }

  async get(requestId: string): Promise<Execution | undefined> {
    return this.#rows.get(requestId);
  }

  async list(query: ExecutionQuery): Promise<Found<Execution>> {
    const { target, requestId, version, sources, states, started, ended, orderBy, descending, offset, limit } = query;
    const within = (instant: number, range?: { readonly from: number; readonly before: number }) =>
      !range || (instant >= range.from && instant < range.before);
    const sign = descending ? -1 : 1;
    const all = [...this.#rows.values()]
      .filter(
        row =>
          row.traced &&
          keyText(row.target) === keyText(target) &&
          (requestId === undefined || row.requestId === requestId) &&
          (version === undefined || row.version === version) &&
          (!sources || sources.includes(row.source)) &&
          (!states || states.includes(row.state)) &&
          within(row.startedAt, started) &&
          within(row.endedAt, ended),
      )
      .sort((a, b) => sign * (a[orderBy] - b[orderBy] || (a.requestId < b.requestId ? -1 : 1)));
    return { total: all.length, rows: all.slice(offset, offset + limit) };
  }

  async prune(endedBefore: number): Promise<void> {
    for (const [id, row] of this.#rows) if (row.state !== 'RUNNING' && row.endedAt < endedBefore) this.#rows.delete(id);
  }
}
