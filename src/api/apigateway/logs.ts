// DescribeLogSearch: the newest lines of the access log, from memory.

import { z } from 'zod';
import { action } from '../action.ts';
import type { GatewayContext } from './deps.ts';
import { fail } from './errors.ts';
import { Filters, int, text, timeOf } from './types.ts';

const LIMIT = { default: 10, max: 100 };

type AccessRecord = ReturnType<GatewayContext['gateway']['accessRecords']>[number];
type Test = (record: AccessRecord, value: string) => boolean;

const LogQuery = z.object({ Name: text, Operator: text, Value: text });

const status =
  (compare: (a: number, b: number) => boolean): Test =>
  (record, value) =>
    compare(record.status, Number(value));
const taken = ({ startedAt, endedAt }: AccessRecord): number => (endedAt - startedAt) / 1000;

/** As documented: field, then operator; `:` is "contains". */
const QUERIES: Readonly<Record<string, Readonly<Record<string, Test>>>> = {
  req_id: { '=': (record, value) => record.requestId === value },
  api_id: { '=': (record, value) => record.apiId === value },
  cip: { '=': (record, value) => record.clientAddress === value },
  // The address of a backend is not known here: nothing has it.
  uip: { ':': () => false },
  err_msg: { ':': (record, value) => record.message.includes(value) },
  rsp_st: {
    '=': status((a, b) => a === b),
    '!=': status((a, b) => a !== b),
    ':': (record, value) => String(record.status).includes(value),
    '>': status((a, b) => a > b),
    '<': status((a, b) => a < b),
  },
  req_t: {
    '>=': (record, value) => taken(record) >= Number(value),
    '<=': (record, value) => taken(record) <= Number(value),
  },
};

const DescribeLogSearch = action({
  request: z.object({
    StartTime: text,
    EndTime: text,
    ServiceId: text,
    Filters,
    Limit: int.optional(),
    ConText: text.optional(),
    Sort: text.optional(),
    Query: text.optional(),
    LogQuerys: z.array(LogQuery).optional(),
  }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.services.get(region, request.ServiceId);
    const { Limit = LIMIT.default, Sort = 'desc', ConText = '' } = request;
    if (Limit < 1 || Limit > LIMIT.max)
      fail('InvalidParameterValue.RangeExceeded', { name: 'Limit', min: 1, max: LIMIT.max });
    if (Sort !== 'asc' && Sort !== 'desc')
      fail('InvalidParameterValue.NotInOptions', { name: 'Sort', value: Sort, options: 'asc, desc' });
    if (request.Query || request.Filters?.length)
      fail('UnsupportedOperation', {
        zh: 'Query 与 Filters 为保留字段，请使用 LogQuerys',
        en: 'Query and Filters are reserved; use LogQuerys',
      });
    const from = timeOf('StartTime', request.StartTime);
    const to = timeOf('EndTime', request.EndTime);
    const tests = (request.LogQuerys ?? []).map(testOf);
    const found = gateway
      .accessRecords()
      .filter(one => one.serviceId === request.ServiceId && one.region === region)
      .filter(({ endedAt }) => endedAt >= from && endedAt <= to)
      .filter(record => tests.every(test => test(record)));
    const sorted = Sort === 'desc' ? found.toReversed() : found;
    const offset = offsetOf(ConText);
    const rows = sorted.slice(offset, offset + Limit);
    const next = offset + rows.length;
    return {
      TotalCount: found.length,
      LogSet: rows.map(gateway.accessLine),
      // Where the next page begins; empty on the last one.
      ConText: next < found.length ? String(next) : '',
    };
  },
});

function testOf({ Name, Operator, Value }: z.output<typeof LogQuery>): (record: AccessRecord) => boolean {
  const operators = Object.hasOwn(QUERIES, Name) ? QUERIES[Name] : undefined;
  if (!operators) {
    const options = Object.keys(QUERIES).join(', ');
    return fail('InvalidParameterValue.NotInOptions', { name: 'LogQuerys.Name', value: Name, options });
  }
  const test = Object.hasOwn(operators, Operator) ? operators[Operator] : undefined;
  if (!test) {
    const options = Object.keys(operators).join(' ');
    return fail('InvalidParameterValue.NotInOptions', {
      name: `LogQuerys.Operator (${Name})`,
      value: Operator,
      options,
    });
  }
  return record => test(record, Value);
}

function offsetOf(context: string): number {
  if (context === '') return 0;
  if (/^\d{1,9}$/.test(context)) return Number(context);
  return fail('InvalidParameterValue.NotInOptions', {
    name: 'ConText',
    value: context,
    options: 'ConText of the answer before',
  });
}

export const LOG_ACTIONS = { DescribeLogSearch };
