import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { before, type Place, Window } from './window.ts';

const at = (dueAt: number, seq: number): Place => ({ dueAt, seq });
const NONE = () => false;

/** What is waiting in all, and of it what the window holds. */
function filled(places: readonly Place[], upTo?: Place): Window<Place> {
  const window = new Window<Place>(upTo);
  for (const place of places) if (window.covers(place)) window.add(place);
  return window;
}

describe('the order of places', () => {
  test('by due time, then by number', () => {
    assert.ok(before(at(1, 9), at(2, 1)));
    assert.ok(before(at(1, 1), at(1, 2)));
    assert.ok(!before(at(1, 1), at(1, 1)));
    assert.ok(!before(at(2, 1), at(1, 9)));
  });
});

describe('a window', () => {
  test('an empty one has neither front nor bound', () => {
    const window = new Window<Place>();
    assert.equal(window.front, undefined);
    assert.equal(window.bound, undefined);
    assert.ok(window.covers(at(1e15, 1)));
  });

  test('with all on disk it has a bound and no front', () => {
    const window = new Window<Place>(at(5, 0));
    assert.equal(window.front, undefined);
    assert.deepEqual(window.bound, at(5, 0));
    assert.ok(window.covers(at(4, 99)) && !window.covers(at(5, 1)));
  });

  test('entries come out in order, however they went in', () => {
    const places = [at(3, 1), at(1, 4), at(2, 2), at(1, 3), at(9, 5)];
    const window = filled(places);
    const out = [];
    for (let front = window.front; front; front = window.front) {
      out.push(front);
      assert.ok(window.remove(front));
    }
    assert.deepEqual(out, [at(1, 3), at(1, 4), at(2, 2), at(3, 1), at(9, 5)]);
  });

  test('what is not here cannot be removed, though its place is', () => {
    const window = filled([at(1, 1)]);
    assert.equal(window.remove(at(1, 1)), false);
    assert.equal(window.remove(at(0, 1)), false);
    assert.equal(window.remove(at(2, 1)), false);
    assert.equal(window.size, 1);
  });

  test('shortened, it forgets the last ones and knows that there are more', () => {
    const window = filled([at(1, 1), at(2, 2), at(3, 3), at(4, 4)]);
    assert.deepEqual(window.shorten(4, NONE), []);
    assert.equal(window.upTo, undefined);
    assert.deepEqual(window.shorten(2, NONE), [at(4, 4), at(3, 3)]);
    assert.deepEqual(window.upTo, at(2, 2));
    assert.ok(window.covers(at(2, 1)) && !window.covers(at(2, 3)));
  });

  test('pinned ones stay, and are no front while others may be before them', () => {
    const pinned = at(4, 4);
    const window = filled([at(1, 1), at(3, 3), pinned]);
    assert.deepEqual(
      window.shorten(1, entry => entry === pinned),
      [at(3, 3)],
    );
    const first = window.front;
    assert.ok(first && window.remove(first));
    assert.equal(window.front, undefined);
    assert.deepEqual(window.bound, at(1, 1));
    window.extend(at(3, 3));
    assert.equal(window.front, undefined);
    window.extend(undefined);
    assert.equal(window.front, pinned);
  });

  test('a cut behind what it covers changes nothing', () => {
    const window = filled([at(1, 1), at(2, 2)]);
    window.cut(at(1, 5), NONE);
    const { upTo } = window;
    assert.deepEqual(window.cut(at(3, 1), NONE), []);
    assert.equal(window.upTo, upTo, 'the same place: what is being read after it still counts');
  });

  test('whatever is done to it, its front is the first of all that wait', () => {
    const place = fc.record({ dueAt: fc.nat({ max: 9 }), seq: fc.nat({ max: 999 }) });
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), place }),
      fc.record({ do: fc.constant('take' as const) }),
      fc.record({ do: fc.constant('cut' as const), place }),
      fc.record({ do: fc.constant('shorten' as const), size: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ do: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const window = new Window<Place>();
        let waiting: Place[] = [];
        for (const one of steps) {
          if (one.do === 'add' && !waiting.some(({ seq }) => seq === one.place.seq)) {
            waiting = [...waiting, one.place].sort((a, b) => (before(a, b) ? -1 : 1));
            if (window.covers(one.place)) window.add(one.place);
          } else if (one.do === 'take' && window.front) {
            const { front } = window;
            assert.equal(front, waiting.shift());
            assert.ok(window.remove(front));
          } else if (one.do === 'cut') window.cut({ ...one.place }, NONE);
          else if (one.do === 'shorten') assert.ok(window.shorten(one.size, NONE) && window.size <= one.size);
          else if (one.do === 'read' && window.upTo) {
            const after = window.upTo;
            const rows = waiting.filter(other => before(after, other)).slice(0, one.limit);
            window.extend(rows.length === one.limit ? rows.at(-1) : undefined);
            for (const row of rows) window.add(row);
          }
          const [first] = waiting;
          if (window.front) assert.equal(window.front, first);
          else if (first) assert.ok(window.bound && !before(first, window.bound), 'the bound is no later than it');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
