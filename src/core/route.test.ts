import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { anAlias, anEntry, aVersion } from './fixture.ts';
import type { MatchRule, Routing } from './function.ts';
import { parseRange, route } from './route.ts';

const never = () => assert.fail('no draw is needed');

function entryWith(routing: Routing) {
  return anEntry({
    versions: [aVersion(), aVersion({ version: '1' }), aVersion({ version: '2' }), aVersion({ version: '3' })],
    aliases: [anAlias(), anAlias({ alias: 'live', version: '1', routing })],
  });
}

const plain = entryWith({ by: 'none' });
const picked = (routing: Routing, routingKey?: string, draw: () => number = never) =>
  route(entryWith(routing), 'live', routingKey, draw)?.version;

describe('a qualifier', () => {
  test('$LATEST and numbers name versions', () => {
    assert.equal(route(plain, '$LATEST', undefined, never)?.version, '$LATEST');
    assert.equal(route(plain, '2', undefined, never)?.version, '2');
  });

  test('anything else names an alias', () => {
    assert.equal(route(plain, '$DEFAULT', undefined, never)?.version, '$LATEST');
    assert.equal(route(plain, 'live', undefined, never)?.version, '1');
  });

  for (const qualifier of ['4', '0', '02', '-1', '1.0', '', 'LATEST', 'none', '__proto__', 'constructor'])
    test(`${JSON.stringify(qualifier)} names nothing`, () =>
      assert.equal(route(plain, qualifier, undefined, never), undefined));

  test('an alias whose version is gone names nothing', () => {
    const entry = anEntry({ aliases: [anAlias({ alias: 'old', version: '9' })] });
    assert.equal(route(entry, 'old', undefined, never), undefined);
  });
});

describe('weights', () => {
  const routing: Routing = { by: 'weight', version: '2', weight: 0.3 };

  test('a draw below the weight takes the additional version', () => {
    assert.equal(
      picked(routing, undefined, () => 0),
      '2',
    );
    assert.equal(
      picked(routing, undefined, () => 0.299),
      '2',
    );
    assert.equal(
      picked(routing, undefined, () => 0.3),
      '1',
    );
    assert.equal(
      picked(routing, undefined, () => 0.999),
      '1',
    );
  });

  test('0 sends nothing there, 1 everything', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), drawn => {
        assert.equal(
          picked({ ...routing, weight: 0 }, undefined, () => drawn),
          '1',
        );
        assert.equal(
          picked({ ...routing, weight: 1 }, undefined, () => drawn),
          '2',
        );
      }),
    );
  });

  test('a routing key changes nothing', () => {
    assert.equal(
      picked(routing, '{"User":"Tom"}', () => 0.5),
      '1',
    );
  });
});

const exact = (expression: string, key = 'User', version = '2'): MatchRule => ({
  version,
  key,
  method: 'exact',
  expression,
});
const range = (expression: string, key = 'User', version = '2'): MatchRule => ({
  version,
  key,
  method: 'range',
  expression,
});
const match = (...rules: MatchRule[]): Routing => ({ by: 'match', rules });
const hits = (rule: MatchRule, value: unknown) => picked(match(rule), JSON.stringify({ User: value })) === '2';

describe('rules', () => {
  test('exact is equality of strings; a number counts as its text', () => {
    assert.equal(hits(exact('Tom'), 'Tom'), true);
    for (const value of ['tom', 'Tom ', '', 'Tommy']) assert.equal(hits(exact('Tom'), value), false, value);
    assert.equal(hits(exact('42'), 42), true);
    assert.equal(hits(exact('42'), '42'), true);
    assert.equal(hits(exact('42'), '042'), false);
  });

  test('only strings and numbers are looked at', () => {
    for (const value of [true, null, ['1'], { a: 1 }]) {
      assert.equal(hits(exact(String(value)), value), false);
      assert.equal(hits(range('[0,9]'), value), false);
    }
  });

  test('[a,b] takes its ends, (a,b) does not', () => {
    const inside = (expression: string) => [0, 1, 2, 9, 10, 11].filter(value => hits(range(expression), value));
    assert.deepEqual(inside('[1,10]'), [1, 2, 9, 10]);
    assert.deepEqual(inside('(1,10)'), [2, 9]);
    assert.deepEqual(inside('[2,2]'), [2]);
    assert.deepEqual(inside('(2,2)'), []);
  });

  test('numbers may come as text, with a sign', () => {
    assert.equal(hits(range('[-5,5]'), '-5'), true);
    assert.equal(hits(range('(-5,5)'), '-5'), false);
    assert.equal(hits(range('[ -5 , 5 ]'), '3'), true);
  });

  test('what is no integer is in no range', () => {
    for (const value of ['', ' ', 'x', '1.5', 1.5, '0x3', '3e0', '3 ', 'Infinity', '३'])
      assert.equal(hits(range('[0,9]'), value), false, String(value));
  });

  for (const bad of ['[1,10)', '(1,10]', '1,10', '[1]', '[1,2,3]', '[a,b]', '[10,1]', '[1.5,2]', '', '[,]', '[1,10]x'])
    test(`${JSON.stringify(bad)} is no range and takes nothing`, () => {
      assert.equal(parseRange(bad), undefined);
      assert.equal(hits(range(bad), 2), false);
    });

  test('the first rule that takes the call wins', () => {
    const routing = match(exact('Ann', 'User', '3'), range('[1,9]', 'Age', '2'), exact('Tom', 'User', '3'));
    assert.equal(picked(routing, '{"User":"Tom","Age":"5"}'), '2');
    assert.equal(picked(routing, '{"User":"Tom","Age":"50"}'), '3');
    assert.equal(picked(routing, '{"User":"Bob","Age":"50"}'), '1');
  });

  test('no routing key, or one without the rule’s key: the main version', () => {
    assert.equal(picked(match(exact('Tom'))), '1');
    assert.equal(picked(match(exact('Tom')), '{"user":"Tom"}'), '1');
  });
});

describe('hostile routing keys', () => {
  const texts = [
    '',
    '{',
    'null',
    '42',
    '"User"',
    '[]',
    '["Tom"]',
    '{"User":',
    '\u0000',
    '{"__proto__":{"User":"Tom"}}',
  ];
  for (const text of texts)
    test(`${JSON.stringify(text)} goes to the main version`, () =>
      assert.equal(picked(match(exact('Tom'), exact('Tom', '0')), text), '1'));

  test('what every object inherits is not in the key', () => {
    for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      assert.equal(picked(match(exact('function Object() { [native code] }', key)), '{}'), '1');
    assert.equal(picked(match(exact('1', 'length')), '["x"]'), '1');
  });

  test('an own key of such a name is an ordinary key', () => {
    assert.equal(picked(match(exact('x', '__proto__')), '{"__proto__":"x"}'), '2');
    assert.equal(picked(match(exact('x', 'hasOwnProperty')), '{"hasOwnProperty":"x"}'), '2');
  });

  test('no text throws or leads outside the alias', () => {
    const rules = match(exact('Tom'), range('[0,9]', 'Age', '3'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        assert.ok(['1', '2', '3'].includes(picked(rules, text) ?? ''));
      }),
    );
  });

  test('parseRange gives low ≤ high or nothing, for any text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[[(]-?[0-9]{1,3},-?[0-9]{1,3}[\])]$/));
    fc.assert(
      fc.property(texts, text => {
        const found = parseRange(text);
        if (found) assert.ok(found.low <= found.high && found.closed === text.startsWith('['));
      }),
    );
  });
});
