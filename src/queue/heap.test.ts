import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heap, type Placed } from './heap.ts';

interface Item extends Placed {
  rank: number;
  readonly order: number;
}

const before = (a: Item, b: Item) => a.rank < b.rank || (a.rank === b.rank && a.order < b.order);

test('an empty heap', () => {
  const heap = new Heap<Item>(before);
  assert.equal(heap.peek(), undefined);
  assert.equal(heap.pop(), undefined);
  assert.equal(heap.size, 0);
});

test('pushes, removals and moves in any order leave the members sorted', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), rank: fc.nat(20) }),
    fc.record({ do: fc.constant('pop' as const), rank: fc.nat(20) }),
    fc.record({ do: fc.constant('remove' as const), rank: fc.nat(1000) }),
    fc.record({ do: fc.constant('move' as const), rank: fc.nat(1000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const heap = new Heap<Item>(before);
      let model: Item[] = [];
      for (const [order, { do: what, rank }] of steps.entries()) {
        const one = model[rank % Math.max(1, model.length)];
        if (what === 'push') {
          const item = { rank, order, place: -1 };
          heap.push(item);
          model.push(item);
        } else if (what === 'pop') {
          const first = model.toSorted((a, b) => (before(a, b) ? -1 : 1))[0];
          assert.equal(heap.pop(), first);
          model = model.filter(item => item !== first);
          if (first) assert.equal(first.place, -1);
        } else if (one && what === 'remove') {
          heap.remove(one);
          assert.equal(one.place, -1);
          model = model.filter(item => item !== one);
        } else if (one) {
          one.rank = rank % 21;
          heap.moved(one);
        }
        assert.equal(heap.size, model.length);
      }
      const drained: Item[] = [];
      for (let item = heap.pop(); item; item = heap.pop()) drained.push(item);
      assert.deepEqual(
        drained,
        model.toSorted((a, b) => (before(a, b) ? -1 : 1)),
      );
    }),
    { numRuns: 2000 },
  );
});
