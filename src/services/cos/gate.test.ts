import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Gate } from './gate.ts';

/** Work that ends when it is told. */
function work(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = async () => {
    log.push(`${name} begins`);
    await promise;
    log.push(`${name} ends`);
  };
  return { run, end: resolve };
}

const turn = () => new Promise(setImmediate);

describe('a gate', () => {
  test('lets many pass and one alone, in the order of their coming', async () => {
    const gate = new Gate();
    const log: string[] = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => work(log, name));
    assert.ok(a && b && c && d);
    const all = [gate.pass('k', a.run), gate.pass('k', b.run), gate.alone('k', c.run), gate.pass('k', d.run)];
    await turn();
    assert.deepEqual(log, ['a begins', 'b begins']);
    a.end();
    d.end();
    await turn();
    assert.deepEqual(log.slice(2), ['a ends']);
    b.end();
    await turn();
    assert.deepEqual(log.slice(3), ['b ends', 'c begins']);
    c.end();
    await Promise.all(all);
    assert.deepEqual(log.slice(5), ['c ends', 'd begins', 'd ends']);
    assert.equal(gate.busy, 0);
  });

  test('keeps other keys out of it, and a failure opens it', async () => {
    const gate = new Gate();
    await assert.rejects(
      gate.alone('k', () => Promise.reject(new Error('no'))),
      /no/,
    );
    const never = work([], 'x');
    const held = gate.alone('k', never.run);
    assert.equal(await gate.alone('other', async () => 1), 1);
    never.end();
    await held;
    assert.equal(gate.busy, 0);
  });

  test('whatever comes, nobody is beside one that is alone, and all get through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ alone: fc.boolean(), turns: fc.nat(3) }), { maxLength: 30 }),
        async coming => {
          const gate = new Gate();
          let passing = 0;
          let alone = 0;
          await Promise.all(
            coming.map(one =>
              gate[one.alone ? 'alone' : 'pass']('k', async () => {
                if (one.alone) alone++;
                else passing++;
                assert.ok(alone === 0 || (alone === 1 && passing === 0));
                for (let i = 0; i < one.turns; i++) await turn();
                if (one.alone) alone--;
                else passing--;
              }),
            ),
          );
          assert.equal(gate.busy, 0);
        },
      ),
      { numRuns: 50 },
    );
  });
});
