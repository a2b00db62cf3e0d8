import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { choiceOf, compareVersions, isExact, nearest, numbersOf } from './choose.ts';

const interpreters = (...versions: string[]) => versions.map(version => ({ version, path: `/bin/${version}` }));
const found = interpreters('3.11.2', '2.7.18', '3.6.15', '3.9.18', '3.11.7', '3.13.0');
const pick = (runtime: string, among = found) => nearest(numbersOf(runtime), among)?.version;

test('the asked version, in its newest patch', () => {
  assert.equal(pick('Python3.11'), '3.11.7');
  assert.equal(pick('Python3.9'), '3.9.18');
  assert.equal(pick('Python2.7'), '2.7.18');
});

test('else the next higher, else the highest', () => {
  assert.equal(pick('Python3.7'), '3.9.18');
  assert.equal(pick('Python3.10'), '3.11.7');
  assert.equal(pick('Python3.14'), '3.13.0');
  assert.equal(pick('Python3.1'), '3.6.15');
  assert.equal(nearest([3, 9], []), undefined);
});

test('its own major version goes before the others', () => {
  const nodes = interpreters('18.12.1', '20.20.2', '20.20.1', '20.9.0', '24.21.0');
  assert.equal(pick('Nodejs18.15', nodes), '18.12.1');
  assert.equal(pick('Nodejs20.19', nodes), '20.20.2');
  assert.equal(pick('Nodejs20.2', nodes), '20.9.0');
  assert.equal(pick('Nodejs22.21', nodes), '24.21.0');
  assert.equal(pick('Nodejs16.13', nodes), '18.12.1');
  assert.equal(pick('Nodejs99.1', nodes), '24.21.0');
});

test('what is not the asked version is said', () => {
  const nodes = interpreters('18.20.4', '24.21.0');
  const note = (runtime: string) => choiceOf(runtime, 'Node.js', nodes).note;
  assert.equal(note('Nodejs24.21'), '');
  assert.equal(note('Nodejs18.15'), '[PLATFORM] Nodejs18.15 is not installed; the function runs on Node.js 18.20.4.');
  assert.throws(() => choiceOf('Nodejs22.21', 'Node.js', []), /no interpreter of Node\.js/);
});

test('exact is major and minor', () => {
  assert.ok(isExact([18, 15], '18.15.0'));
  assert.ok(isExact([18, 15], '18.15.3'));
  assert.ok(!isExact([18, 15], '18.16.0'));
  assert.ok(!isExact([18, 1], '18.15.0'));
});

test('versions compare by number', () => {
  assert.ok(compareVersions([3, 9], [3, 10]) < 0);
  assert.ok(compareVersions([3, 9, 1], [3, 9]) > 0);
  assert.equal(compareVersions([3, 9, 0], [3, 9]), 0);
  assert.deepEqual(numbersOf('Nodejs18.15'), [18, 15]);
});

test('whatever there is: something of it is chosen, and the asked version if it is among it', () => {
  const version = fc.tuple(fc.nat(3), fc.nat(4), fc.nat(3));
  fc.assert(
    fc.property(fc.array(version, { minLength: 1 }), version, (versions, asked) => {
      const all = interpreters(...versions.map(one => one.join('.')));
      const chosen = nearest(asked, all);
      assert.ok(chosen && all.includes(chosen));
      const head = asked.slice(0, 2);
      assert.equal(
        isExact(head, chosen.version),
        all.some(one => isExact(head, one.version)),
      );
      const sameMajor = all.some(one => numbersOf(one.version)[0] === asked[0]);
      if (sameMajor) assert.equal(numbersOf(chosen.version)[0], asked[0]);
    }),
  );
});
