import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceOf, compareVersions, nearest, numbersOf } from './choose.ts';

const found = ['3.11.2', '2.7.18', '3.6.15', '3.9.18', '3.11.7', '3.13.0'].map(version => ({
  version,
  path: `/bin/${version}`,
}));
const pick = (runtime: string, places = 2) => nearest(numbersOf(runtime), found, places)?.version;

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
  assert.equal(nearest([3, 9], [], 2), undefined);
});

test('Node.js is chosen by its major version', () => {
  const nodes = ['20.20.2', '24.21.0'].map(version => ({ version, path: version }));
  const chosen = (runtime: string) => choiceOf(runtime, 'Node.js', nodes, 1);
  assert.equal(chosen('Nodejs20.19').interpreter.version, '20.20.2');
  assert.equal(chosen('Nodejs20.19').note, '');
  assert.equal(chosen('Nodejs18.15').interpreter.version, '20.20.2');
  assert.equal(
    chosen('Nodejs18.15').note,
    '[PLATFORM] Nodejs18.15 is not installed; the function runs on Node.js 20.20.2.',
  );
  assert.equal(chosen('Nodejs22.21').interpreter.version, '24.21.0');
  assert.throws(() => choiceOf('Nodejs22.21', 'Node.js', [], 1), /no interpreter of Node\.js/);
});

test('versions compare by number', () => {
  assert.ok(compareVersions([3, 9], [3, 10]) < 0);
  assert.ok(compareVersions([3, 9, 1], [3, 9]) > 0);
  assert.equal(compareVersions([3, 9, 0], [3, 9]), 0);
  assert.deepEqual(numbersOf('Nodejs18.15'), [18, 15]);
});
