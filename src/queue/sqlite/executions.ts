// Executions over the thread of the database.

import type { Execution, ExecutionQuery, Executions, Found } from '../../core/ports.ts';
import type { Lanes } from './lanes.ts';
import type { Link } from './link.ts';

/** Of one transaction: new events wait no longer than it takes. */
const CHUNK = 1_000;

export class SqliteExecutions implements Executions {
  readonly #link: Link;
  readonly #lanes: Lanes;

  constructor(link: Link, lanes: Lanes) {
    this.#link = link;
    this.#lanes = lanes;
  }

  get(requestId: string): Promise<Execution | undefined> {
    return this.#link.call('execution', [requestId]);
  }

  async list(query: ExecutionQuery): Promise<Found<Execution>> {
    const lane = this.#lanes.known(query.target);
    return lane ? this.#link.call('executions', [query, lane.number]) : { total: 0, rows: [] };
  }

  async prune(endedBefore: number): Promise<void> {
    while ((await this.#link.call('prune', [endedBefore, CHUNK])) === CHUNK);
  }
}
