// Rows as a database holds them: booleans as 0 and 1, JSON as text.

import type { Row, TableName } from '../core/rows.ts';
import { type ColumnKind, kindOf, type Table } from './schema.ts';

export type Cell = string | number | Uint8Array;

export function encode(kind: ColumnKind, value: unknown, name: string): Cell {
  switch (kind) {
    case 'text':
      if (typeof value === 'string') return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value ? 1 : 0;
      break;
    case 'integer':
      if (Number.isSafeInteger(value)) return value as number;
      break;
    case 'real':
      if (Number.isFinite(value)) return value as number;
      break;
    case 'blob':
      if (value instanceof Uint8Array) return value;
      break;
    case 'json': {
      const text = JSON.stringify(value);
      if (text !== undefined) return text;
    }
  }
  // A missing value in a condition would match rows that nobody meant.
  throw new TypeError(`column ${name} (${kind}) cannot hold ${String(value)}`);
}

export function decode(kind: ColumnKind, cell: unknown): unknown {
  if (kind === 'json') return JSON.parse(String(cell));
  if (kind === 'boolean') return cell === 1 || cell === true;
  if (kind === 'blob') return asBuffer(cell);
  return cell;
}

/** Cells in the order of the table's columns; a row with a column too many or too few is refused. */
export function encodeRow(table: Table, row: object): Cell[] {
  const cells: Cell[] = [];
  encodeInto(cells, 0, table, row);
  return cells;
}

/** The same into `cells` from `start` on, for rows by the thousand; gives the place after the last one. */
export function encodeInto(cells: Cell[], start: number, table: Table, row: object): number {
  const values = row as Readonly<Record<string, unknown>>;
  const { names, kinds } = table;
  let place = start;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    cells[place++] = encode(kinds[i] as ColumnKind, values[name], name);
  }
  const given = Object.keys(row);
  if (given.length !== names.length) for (const column of given) kindOf(table, column);
  return place;
}

export function decodeRow<T extends TableName>(table: Table, cells: Readonly<Record<string, unknown>>): Row<T> {
  const row: Record<string, unknown> = {};
  for (const [column, kind] of table.columns) row[column] = decode(kind, cells[column]);
  return Object.freeze(row) as unknown as Row<T>;
}

/** The same bytes, not a copy of them. */
function asBuffer(cell: unknown): Buffer {
  if (!(cell instanceof Uint8Array)) throw new TypeError('a blob column holds no bytes');
  return Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength);
}
