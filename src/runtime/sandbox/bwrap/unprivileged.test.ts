// The same tests once more, as a server sees them that is not root.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asRoot } from './testing.ts';

/** Nobody's. */
const UID = '64123';
const SETPRIV = '/usr/bin/setpriv';
const skip = asRoot.skip || (!existsSync(SETPRIV) && 'needs setpriv of util-linux');

function asUser(args: readonly string[]): Promise<{ failed: boolean; out: string }> {
  const how = ['--reuid', UID, '--regid', UID, '--clear-groups', '--', process.execPath];
  // Not as a part of this test run: its results would be counted here.
  const env = { PATH: '/usr/bin:/bin', TMPDIR: '/tmp', HOME: '/' };
  return new Promise(resolve => {
    execFile(SETPRIV, [...how, ...args], { env, maxBuffer: 1 << 24, timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, out: stdout + stderr }),
    );
  });
}

for (const name of ['view', 'assign', 'life', 'network', 'limits', 'signal']) {
  test(`${name}, for a server that is not root`, { skip }, async t => {
    const file = fileURLToPath(new URL(`./${name}.test.ts`, import.meta.url));
    const { failed, out } = await asUser(['--test', '--test-reporter=tap', file]);
    if (/namespaces cannot be made|forbids user namespaces/.test(out)) {
      t.skip('ordinary users may not make namespaces here');
      return;
    }
    assert.ok(!failed, out);
    assert.ok(Number(/^# pass (\d+)$/m.exec(out)?.[1]) >= 2, out);
  });
}
