// Runs everything that `npm test` stands for: types, lint, and all tests that need no server of their own.
// Arguments are globs of test files; with none, all of them. The last line says `N passed, M failed, K skipped`.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

const CHECKS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint', 'biome', 'check', '--error-on-warnings', '.'],
];

const globs = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

if (globs.length === 0) {
  for (const [name, command, ...args] of CHECKS) {
    const { status } = spawnSync(command, args, { stdio: 'inherit', shell: false });
    if (status === 0) counts.passed++;
    else counts.failed++;
    console.log(`${status === 0 ? '✔' : '✖'} ${name}`);
  }
}

// A file that hangs is a failure with a name, not a CI run that never ends. One that is asked for may install, or kill a server
// a hundred times.
const testMs = globs.length > 0 ? 600_000 : 300_000;
const deadline = pathToFileURL(join(import.meta.dirname, 'deadline.ts'));
deadline.searchParams.set('ms', String(testMs + 30_000));

/**
 * Node.js can wait for ever for its own threads when a process exits, and then no timer of that process fires: whoever is here long
 * after all time is over is ended from outside.
 */
function endStuck(before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const path = `/proc/self/task/${process.pid}/children`;
  const pids = existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean) : [];
  const now = performance.now();
  const seen = new Map(pids.map(pid => [pid, before.get(pid) ?? now]));
  for (const [pid, since] of seen) {
    if (now - since < testMs + STUCK_MS) continue;
    console.error(`process ${pid} does not exit and is killed`);
    process.kill(Number(pid), 'SIGKILL');
  }
  return seen;
}
const STUCK_MS = 60_000;
let seen: ReadonlyMap<string, number> = new Map();
setInterval(() => {
  seen = endStuck(seen);
}, 5_000).unref();

const tests = run({
  globPatterns:
    globs.length > 0 ? globs : ['src/**/*.test.ts', 'test/*.test.ts', 'examples/**/*.test.ts', 'bench/*.test.ts'],
  // The runner's own choice leaves a core to itself, which on two of them is half of the machine.
  concurrency: Math.max(2, availableParallelism()),
  // Forced to exit, a file's process may take results with it that nobody has read: they would be missing, and not fail. One that
  // is kept by a handle fails by its time.
  timeout: testMs,
  execArgv: ['--import', deadline.href],
});
const isLeaf = (data: { details?: { type?: string } }) => data.details?.type !== 'suite';
tests.on('test:pass', data => {
  if (!isLeaf(data)) return;
  if (data.skip === undefined) counts.passed++;
  else counts.skipped++;
});
tests.on('test:fail', data => {
  if (isLeaf(data)) counts.failed++;
});
tests.compose(new spec()).pipe(process.stdout);
await new Promise(resolve => tests.once('end', resolve));

process.on('exit', () => {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
});
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
