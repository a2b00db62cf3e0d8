// `npm run soak`: longer campaigns with the tests' own code. `npm run soak -- cycles` runs one of them, `--record` writes
// docs/soak.md. OPENSCF_CYCLES says how many sandboxes start and end, OPENSCF_KILLS how often a server under load is killed,
// OPENSCF_ROUNDS how often everything else is repeated.

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { probeBwrap } from '../src/runtime/sandbox/bwrap/probe.ts';

const ROOT = join(import.meta.dirname, '..');
const CYCLES = Number(process.env.OPENSCF_CYCLES ?? 2000);
const KILLS = Number(process.env.OPENSCF_KILLS ?? 2000);
const ROUNDS = Number(process.env.OPENSCF_ROUNDS ?? 10);
/** Of one file: a campaign ends, whatever happens. */
const FILE_MS = 3_600_000;

interface Campaign {
  readonly name: string;
  readonly what: string;
  readonly files: readonly string[];
  readonly rounds: number;
}

const tests = (...globs: string[]) => globSync(globs, { cwd: ROOT }).toSorted();
/** Each run of a property draws values of its own, so that a repetition tries others. */
const drawn = tests('{src,test}/**/*.test.ts').filter(
  file => file.startsWith('test/fuzz/') || readFileSync(join(ROOT, file), 'utf8').includes("from 'fast-check'"),
);

const CAMPAIGNS: readonly Campaign[] = [
  { name: 'cycles', what: `${CYCLES} sandboxes`, files: tests('test/sandbox/cycles.test.ts'), rounds: 1 },
  { name: 'fuzz', what: `property tests and broken requests, ${ROUNDS} times`, files: drawn, rounds: ROUNDS },
  { name: 'endings', what: `all ends, ${ROUNDS} times`, files: tests('test/endings*.test.ts'), rounds: ROUNDS },
  { name: 'faults', what: `${KILLS} kills under load`, files: tests('test/faults/*.test.ts'), rounds: 1 },
];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { record: { type: 'boolean' } } });
if (
  positionals.some(name => !CAMPAIGNS.some(one => one.name === name)) ||
  !(CYCLES >= 1 && KILLS >= 2 && ROUNDS >= 1)
) {
  console.error(`usage: npm run soak [-- ${CAMPAIGNS.map(one => one.name).join('|')}] [--record]`);
  process.exit(2);
}

const bwrap = await probeBwrap();
const sandbox = 'missing' in bwrap ? 'process' : 'bwrap';
process.env.OPENSCF_TEST_SANDBOX = sandbox;
process.env.OPENSCF_CYCLES = String(CYCLES);
process.env.OPENSCF_KILLS = String(KILLS);

async function once({ files }: Campaign) {
  const counts = { passed: 0, failed: 0 };
  // One file after the other: what they count is the machine's.
  const stream = run({ files: files.map(file => join(ROOT, file)), concurrency: 1, timeout: FILE_MS, cwd: ROOT });
  const isLeaf = (data: { details?: { type?: string } }) => data.details?.type !== 'suite';
  stream.on('test:pass', data => {
    if (isLeaf(data) && data.skip === undefined) counts.passed++;
  });
  stream.on('test:fail', data => {
    if (!isLeaf(data)) return;
    counts.failed++;
    console.log(`✖ ${data.file}: ${data.name}\n${data.details.error.cause ?? data.details.error}`);
  });
  for await (const _ of stream);
  return counts;
}

console.log(`sandbox: ${sandbox}`);
const total = { passed: 0, failed: 0 };
const rows: string[] = [];
for (const campaign of CAMPAIGNS.filter(one => positionals.length === 0 || positionals.includes(one.name))) {
  const began = performance.now();
  const sum = { passed: 0, failed: 0 };
  for (let round = 0; round < campaign.rounds; round++) {
    const { passed, failed } = await once(campaign);
    sum.passed += passed;
    sum.failed += failed;
  }
  // All of it was skipped: that is no result.
  if (sum.passed === 0) sum.failed++;
  total.passed += sum.passed;
  total.failed += sum.failed;
  const seconds = Math.round((performance.now() - began) / 1000);
  rows.push(`| \`${campaign.name}\` | ${campaign.what} | ${sum.passed} | ${sum.failed} | ${seconds} |`);
  console.log(rows.at(-1));
}

if (values.record === true) {
  const head = '| campaign | what | passed | failed | seconds |\n|---|---|---|---|---|';
  const place = `${new Date().toISOString().slice(0, 10)}, ${process.platform} ${process.arch}, ${cpus().length} cores`;
  const text = `The last result of \`npm run soak -- --record\` (${place}, Node.js ${process.version}, sandbox \`${sandbox}\`):`;
  writeFileSync(join(ROOT, 'docs', 'soak.md'), `# Soak\n\n${text}\n\n${head}\n${rows.join('\n')}\n`);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
