import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { CloudError } from '../core/errors.ts';
import { EchoRequest } from './fixture.ts';
import { parsePairs, unflatten } from './form.ts';
import { shapeJson, shapeText } from './shape.ts';

const Text = z.object({
  S: z.string().optional(),
  N: z.number().nullable().optional(),
  I: z.number().int().default(1),
  B: z.boolean().optional(),
  Big: z.bigint().optional(),
  L: z.array(z.number()).optional(),
  LL: z.array(z.array(z.boolean())).optional(),
  O: z.object({ A: z.number(), B: z.string().optional() }).optional(),
  R: z.record(z.string(), z.number()).optional(),
  U: z.union([z.number(), z.array(z.number())]).optional(),
  T: z.union([z.string(), z.number()]).optional(),
  Any: z.unknown().optional(),
  Loose: z.looseObject({ A: z.number() }).optional(),
  Piped: z.string().transform(Number).optional(),
});

const text = (query: string) => shapeText(Text, unflatten(parsePairs(query)));

test('text becomes what the schema has at that place', () => {
  const cases: [string, object][] = [
    ['S=1&N=1&I=-2&B=true', { S: '1', N: 1, I: -2, B: true }],
    ['N=1.5e3&B=False', { N: 1500, B: false }],
    ['B=1', { B: true }],
    ['Big=123456789012345678901', { Big: 123456789012345678901n }],
    ['L.0=1&L.2=3&L.1=2', { L: [1, 2, 3] }],
    ['L.1=1&L.9=2', { L: [1, 2] }],
    ['L.10=3&L.9=2', { L: [2, 3] }],
    ['L=', { L: [] }],
    ['L=[1,2]', { L: [1, 2] }],
    ['O={"A":1,"C":2,"B":null}', { O: { A: 1 } }],
    ['O=', {}],
    ['LL.0.0=true&LL.1.0=false', { LL: [[true], [false]] }],
    ['O.A=1&O.B=2&O.C=3', { O: { A: 1, B: '2' } }],
    ['R.x=1&R.y=2', { R: { x: 1, y: 2 } }],
    ['U=3', { U: 3 }],
    ['U.0=3', { U: [3] }],
    ['T=3', { T: '3' }],
    ['Any.a=1&Any.b.0=2', { Any: { a: '1', b: ['2'] } }],
    ['Loose.A=1&Loose.B=2&Loose.C.0=3', { Loose: { A: 1, B: '2', C: ['3'] } }],
    ['Piped=7', { Piped: '7' }],
    ['Unknown=1&Unknown2.a=1', {}],
  ];
  for (const [query, expected] of cases) assert.deepEqual(text(query), expected, query);
});

test('what cannot be turned is left for the schema to refuse', () => {
  const cases: [string, object][] = [
    ['N=', { N: '' }],
    ['N=0x10', { N: '0x10' }],
    ['N=Infinity', { N: 'Infinity' }],
    ['N=NaN', { N: 'NaN' }],
    ['N=1e9999', { N: '1e9999' }],
    ['B=yes', { B: 'yes' }],
    ['L=1', { L: 1 }],
    ['O=[', { O: '[' }],
    ['S.0=x', { S: ['x'] }],
    ['O.0=x', { O: {} }],
  ];
  for (const [query, expected] of cases) {
    assert.deepEqual(text(query), expected, query);
    if (query !== 'O=') assert.equal(Text.safeParse(text(query)).success, false, query);
  }
});

test('an index that is none is told', () => {
  for (const index of ['x', '-1', '01', '1.5', '9999999999', '__proto__']) {
    const tree = new Map([['L', new Map([[index, '1']])]]);
    assert.throws(() => shapeText(Text, tree), { code: 'InvalidParameter' }, index);
  }
});

test('JSON keeps its types, loses nulls and what the schema does not know', () => {
  assert.deepEqual(
    shapeJson(Text, { S: 1, N: '1', O: { A: null, B: 'b', C: 1 }, L: [1, null], X: 1, R: { a: 1, b: null } }),
    { S: 1, N: '1', O: { B: 'b' }, L: [1, undefined], R: { a: 1 } },
  );
  assert.deepEqual(shapeJson(Text, { U: [1], T: 3, Any: { x: null }, Loose: { A: 1, Z: null } }), {
    ...{ U: [1], T: 3, Any: { x: null } },
    Loose: { A: 1, Z: null },
  });
  assert.deepEqual(shapeJson(Text, { O: [], L: {} }), { O: [], L: {} });
});

test('only own fields count, and no name reaches the prototype', () => {
  const Odd = z.object({ toString: z.string().optional(), R: z.record(z.string(), z.unknown()).optional() });
  assert.deepEqual(Object.keys(shapeJson(Odd, JSON.parse('{"R":{"__proto__":{"x":1},"a":1}}')) as object), ['R']);
  const shaped = shapeJson(Odd, JSON.parse('{"R":{"__proto__":{"x":1},"a":1}}')) as { R: { x?: number } };
  assert.equal(shaped.R.x, undefined);
  assert.equal(Object.getPrototypeOf(shaped.R), Object.prototype);
});

test('a schema without end meets a value without end', () => {
  const Node: z.ZodObject = z.object({ Next: z.lazy(() => Node).optional() });
  let deep: object = {};
  for (let level = 0; level < 10_000; level++) deep = { Next: deep };
  assert.throws(() => shapeJson(Node, deep), { code: 'InvalidParameter' });
  assert.deepEqual(shapeJson(Node, { Next: { Next: {} } }), { Next: { Next: {} } });
});

/** As the vendor's clients flatten. */
function flatten(value: unknown, path: string, out: [string, string][]): [string, string][] {
  if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) flatten(inner, path ? `${path}.${name}` : name, out);
  } else if (value !== undefined) out.push([path, String(value)]);
  return out;
}

const requests = fc.record(
  {
    Name: fc.string({ unit: 'grapheme' }).map(name => name.toWellFormed()),
    Count: fc.integer(),
    Ratio: fc.double({ noNaN: true, noDefaultInfinity: true }).filter(ratio => !Object.is(ratio, -0)),
    On: fc.boolean(),
    Filters: fc.array(fc.record({ Name: fc.string(), Values: fc.array(fc.string(), { minLength: 1 }) }), {
      minLength: 1,
    }),
    Code: fc.record({ ZipFile: fc.base64String(), Size: fc.integer({ min: 1, max: 9 }) }),
    Kind: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: ['Name'] },
);

test('what goes out flattened comes in as it was', () => {
  fc.assert(
    fc.property(requests, request => {
      const query = new URLSearchParams(flatten(request, '', [])).toString();
      const shaped = shapeText(EchoRequest, unflatten(parsePairs(query)));
      assert.deepEqual(EchoRequest.parse(shaped), EchoRequest.parse(request));
    }),
  );
});

test('no tree and no JSON whatever do more than be refused', () => {
  const step = fc.constantFrom('Name', 'Filters', 'Values', 'Code', 'Count', '0', '1', '__proto__', 'x', 'R', 'L', 'U');
  const name = fc.array(step, { minLength: 1, maxLength: 6 }).map(steps => steps.join('.'));
  const calm = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof CloudError, String(error));
    }
    assert.equal(({} as Record<string, unknown>).x, undefined);
  };
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), fc.jsonValue(), (fields, value) => {
      calm(() => shapeText(EchoRequest, unflatten(Object.entries(fields))));
      calm(() => shapeText(Text, unflatten(Object.entries(fields))));
      calm(() => shapeJson(Text, value));
    }),
  );
});
