// Rows of the database as the nouns of the ports, and back.

import type { SQLInputValue } from 'node:sqlite';
import type { DeadLetter, Execution, QueuedEvent } from '../../core/ports.ts';
import type { Counts } from './counts.ts';
import type { EventCells, LaneNumber } from './protocol.ts';

export type Cells = Readonly<Record<string, unknown>>;

export const EVENT_COLUMNS =
  'function, dueAt, acceptedAt, requestId, qualifier, source, routingKey, retryNum, runErrors, version, traced';

/** A parameter for bytes: Node.js 22 binds no bytes as NULL. */
export const BLOB = "coalesce(?, x'')";

/** In the order of EVENT_COLUMNS, with the function's number in the database. */
export function eventValues(event: EventCells, functionId: number): SQLInputValue[] {
  return [functionId, ...event.slice(2)] as SQLInputValue[];
}

export function eventCells(item: QueuedEvent, seq: number, lane: LaneNumber): EventCells {
  const { event, acceptedAt, dueAt, retryNum, runErrors, execution } = item;
  const { requestId, qualifier, source, routingKey = null } = event;
  const version = execution ? execution.version : null;
  const traced = execution ? Number(execution.traced) : null;
  return [seq, lane, dueAt, acceptedAt, requestId, qualifier, source, routingKey, retryNum, runErrors, version, traced];
}

export function itemOf(row: Cells, counts: Counts): QueuedEvent {
  return {
    event: {
      requestId: String(row.requestId),
      target: counts.key(Number(row.function)),
      qualifier: String(row.qualifier),
      source: String(row.source),
      body: row.body as Buffer,
      ...(row.routingKey !== null && { routingKey: String(row.routingKey) }),
    },
    acceptedAt: Number(row.acceptedAt),
    dueAt: Number(row.dueAt),
    retryNum: Number(row.retryNum),
    runErrors: Number(row.runErrors),
    ...(row.version !== null && { execution: { version: String(row.version), traced: row.traced === 1 } }),
  };
}

export function letterOf(row: Cells, counts: Counts): DeadLetter {
  return {
    item: itemOf(row, counts),
    to: { type: row.type as DeadLetter['to']['type'], name: String(row.name) },
    why: row.why as DeadLetter['why'],
    status: Number(row.status),
    errorMessage: String(row.errorMessage),
    diedAt: Number(row.diedAt),
    message: row.message as Buffer,
  };
}

export function executionOf(row: Cells, counts: Counts): Execution {
  return Object.freeze({
    requestId: String(row.requestId),
    target: counts.key(Number(row.function)),
    version: String(row.version),
    source: String(row.source),
    traced: row.traced === 1,
    state: row.state as Execution['state'],
    status: Number(row.status),
    startedAt: Number(row.startedAt),
    endedAt: Number(row.endedAt),
  });
}

/** Bytes that came from the other thread are a Buffer no more. */
export function revived(item: QueuedEvent): QueuedEvent {
  return Object.freeze({ ...item, event: Object.freeze({ ...item.event, body: bufferOf(item.event.body) }) });
}

export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
