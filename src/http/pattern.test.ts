import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import { userPattern } from './pattern.ts';

const MODULE = JSON.stringify(new URL('./pattern.ts', import.meta.url).href);
const NEVER_MS = 120_000;

/** In a process of its own: while an expression is tried nothing else runs, no time-out either. */
function answers(source: string, text: string): string {
  const script = `const { userPattern } = await import(${MODULE});
    console.log(JSON.stringify(userPattern(${JSON.stringify(source)}, 's').exec(${text})));`;
  const args = ['--input-type=module', '--eval', script];
  return execFileSync(process.execPath, args, { timeout: NEVER_MS, encoding: 'utf8' }).trim();
}

it('reads as regular expressions do', () => {
  assert.deepEqual([...(userPattern('^/(a|b)c?', 'i').exec('/Bc/d') ?? [])], ['/Bc', 'B']);
  assert.throws(() => userPattern('('), SyntaxError);
});

for (const [source, text] of [
  ['^(?:/(a+)+$)', "'/' + 'a'.repeat(200) + '!'"],
  ['^(?:/(a|a)*b)', "'/' + 'a'.repeat(200)"],
  ['^/([^/]+)x([^/]+)x([^/]+)x([^/]+)x([^/]+)/end', "'/' + 'x'.repeat(2000)"],
] as const) {
  it(`${source} is soon through with what does not match`, () => assert.equal(answers(source, text), 'null'));
}

it('finds the same by either engine', () => {
  const [found] = JSON.parse(answers('^/(a+)+(b|ab)?(.*)$', "'/' + 'a'.repeat(100) + 'b!'")) as string[];
  assert.equal(found, `/${'a'.repeat(100)}b!`);
  const greedy = JSON.parse(answers('^/([^/]+)x([^/]+)x([^/]+)y', "'/' + 'x'.repeat(600) + 'y'")) as string[];
  assert.deepEqual(
    greedy.slice(1).map(part => part.length),
    [596, 1, 1],
  );
});
