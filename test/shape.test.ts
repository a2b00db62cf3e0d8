// The size rule: half of the files under 100 lines, nine tenths under 300, none over 500.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceFiles } from './source.ts';

const SMALL = 100;
const MIDDLE = 300;
const LARGE = 500;

/** Files over 500 lines, each with the reason why it is one job all the same. */
const MAY_BE_LARGE: Readonly<Record<string, string>> = {};

const sizes = sourceFiles()
  .filter(file => !file.forTests)
  .map(({ path, text }) => ({ path, room: path.split('/')[1] ?? '', lines: text.trimEnd().split('\n').length }))
  .sort((a, b) => a.lines - b.lines);

type Sizes = readonly { readonly path: string; readonly lines: number }[];

const shareUpTo = (files: Sizes, limit: number) => files.filter(file => file.lines <= limit).length / files.length;
const median = (files: Sizes) => files[Math.floor(files.length / 2)]?.lines ?? 0;
const listed = (files: Sizes) => files.map(({ path, lines }) => `${path}: ${lines} lines`);
const percent = (share: number) => `${Math.round(share * 100)} %`;

describe('the shape of src', () => {
  test(`at least half of the files have at most ${SMALL} lines`, () => {
    assert.ok(shareUpTo(sizes, SMALL) >= 0.5, `only ${percent(shareUpTo(sizes, SMALL))}`);
  });

  test(`nine tenths have at most ${MIDDLE}`, () => {
    const over = listed(sizes.filter(file => file.lines > MIDDLE));
    assert.ok(
      shareUpTo(sizes, MIDDLE) >= 0.9,
      `only ${percent(shareUpTo(sizes, MIDDLE))}; over it:\n${over.join('\n')}`,
    );
  });

  test(`none has more than ${LARGE} without a written reason`, () => {
    const over = sizes.filter(file => file.lines > LARGE && !Object.hasOwn(MAY_BE_LARGE, file.path));
    assert.deepEqual(listed(over), []);
  });

  test('every written reason is still needed', () => {
    const large = new Set(sizes.filter(file => file.lines > LARGE).map(file => file.path));
    assert.deepEqual(
      Object.keys(MAY_BE_LARGE).filter(path => !large.has(path)),
      [],
    );
  });

  test('the composer stays a composer', () => {
    // Every tree loses this fight in the file that may know everything: it wires rooms and does nothing else.
    const composer = sizes.find(file => file.path === 'src/server.ts');
    assert.ok((composer?.lines ?? 0) <= MIDDLE, `src/server.ts has ${composer?.lines} lines`);
  });

  test('report', t => {
    assert.ok(sizes.length > 0);
    const shares = `${percent(shareUpTo(sizes, SMALL))} ≤ ${SMALL}, ${percent(shareUpTo(sizes, MIDDLE))} ≤ ${MIDDLE}`;
    t.diagnostic(`${sizes.length} files, median ${median(sizes)} lines, ${shares}`);
    const rooms = Map.groupBy(sizes, file => file.room);
    for (const [room, files] of rooms)
      if (files.length >= 3 && (shareUpTo(files, SMALL) < 0.5 || shareUpTo(files, MIDDLE) < 0.9))
        t.diagnostic(
          `${room} outgrows: ${files.length} files, median ${median(files)}, largest ${listed(files.slice(-1))}`,
        );
  });
});
