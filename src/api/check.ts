// Holds a request against its schema; what does not fit is told by the field's full name.

import type { core, ZodObject } from 'zod';
import { fail } from '../core/errors.ts';
import { refuse } from './errors.ts';

export function check(schema: ZodObject, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return issue ? tell(issue, value) : refuse('NotAnObject');
}

function tell(issue: core.$ZodIssue, request: unknown): never {
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') return refuse('UnknownField', { name: issue.keys.join(', ') });
  if (name === '') return refuse('NotAnObject');
  if (isMissing(request, issue.path)) return fail('MissingParameter', { name });
  switch (issue.code) {
    case 'invalid_type':
      return refuse('WrongType', { name, expected: issue.expected });
    case 'invalid_union':
      return refuse('WrongType', { name, expected: expectedOf(issue) });
    case 'invalid_value':
      return refuse('NotOneOf', { name, values: issue.values.map(String).join(', ') });
    case 'too_small':
      return refuse('TooSmall', { name, minimum: String(issue.minimum) });
    case 'too_big':
      return refuse('TooBig', { name, maximum: String(issue.maximum) });
    case 'invalid_format':
      return refuse('WrongFormat', { name, format: issue.pattern ?? issue.format });
    default:
      return refuse('WrongValue', { name, reason: issue.message });
  }
}

function isMissing(request: unknown, path: readonly PropertyKey[]): boolean {
  let value: unknown = request;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value === undefined;
}

function expectedOf(issue: core.$ZodIssueInvalidUnion): string {
  const types = issue.errors.flat().flatMap(inner => (inner.code === 'invalid_type' ? [inner.expected] : []));
  return [...new Set(types)].join(' | ');
}
