// The committed programs are those of the committed sources. `build.sh --check` proves it by building; this is quick.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FOLDER } from './testing.ts';

const sums = new Map(
  readFileSync(join(FOLDER, 'SHA256SUMS'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => [line.slice(66), line.slice(0, 64)] as const),
);
const PROGRAMS = ['linux-arm64', 'linux-x64'];
const hash = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(FOLDER, name)))
    .digest('hex');

test('programs and sources are those of the last build: after a change run build.sh', () => {
  for (const [name, sum] of sums) assert.equal(hash(name), sum, name);
});

test('no source is left out', () => {
  const sources = readdirSync(FOLDER).filter(name => /\.[ch]$|^build\.sh$|^zig\.txt$/.test(name));
  assert.deepEqual([...sums.keys()].sort(), [...sources, ...PROGRAMS].sort());
});

for (const [name, machine] of [
  ['linux-x64', 62],
  ['linux-arm64', 183],
] as const)
  test(`${name} is a small static program for its processor`, () => {
    const bytes = readFileSync(join(FOLDER, name));
    assert.equal(bytes.subarray(0, 5).toString('latin1'), '\x7fELF\x02');
    assert.equal(bytes.readUInt16LE(18), machine);
    assert.ok(bytes.length < 100 * 1024, `${bytes.length} bytes`);
    assert.ok((statSync(join(FOLDER, name)).mode & 0o111) === 0o111);
    // Segments: one that names an interpreter or libraries is of a dynamic program.
    const table = Number(bytes.readBigUInt64LE(32));
    const types = Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => bytes.readUInt32LE(table + i * 56));
    assert.ok(types.includes(1));
    assert.ok(!types.includes(2) && !types.includes(3), `segments ${types}`);
  });

test('nothing of the machine that built them is in them', () => {
  for (const name of PROGRAMS)
    assert.doesNotMatch(readFileSync(join(FOLDER, name), 'latin1'), /\/(home|tmp\/tmp|root|work)\b/);
});
