// Keys of a role with real processes: where functions find them, and that no instance keeps dead ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../core/invocation.ts';
import type { RoleKeys } from './keys.ts';
import { bench, type Files } from './testing.ts';
import { bootstrap, webBench } from './web/testing.ts';

const NAMES = ['TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY', 'TENCENTCLOUD_SESSIONTOKEN'] as const;
const HOUR_MS = 3_600_000;

/** What the process has at its start, and what a run has. */
const FUNCTIONS: Readonly<Record<'Nodejs18.15' | 'Python3.10', Files>> = {
  'Nodejs18.15': {
    'index.js': `
      const seen = () => ${JSON.stringify(NAMES)}.map(name => process.env[name] ?? null);
      const atStart = seen();
      exports.main_handler = async (event, context) => ({ atStart, now: seen(), context: JSON.stringify(context) });`,
  },
  'Python3.10': {
    'index.py': `
import json, os
def seen():
    return [os.environ.get(name) for name in ${JSON.stringify(NAMES)}]
at_start = seen()
def main_handler(event, context):
    return {'atStart': at_start, 'now': seen(), 'context': json.dumps(context)}
`,
  },
};

interface Seen {
  readonly atStart: readonly (string | null)[];
  readonly now: readonly (string | null)[];
  readonly context: string;
}

function seen(outcome: Outcome): Seen {
  assert.equal(outcome.status, 200, outcome.log);
  return JSON.parse(outcome.body.toString()) as Seen;
}

/** Keys that live so long, each with a number. */
function numbered(lifeMs: number) {
  let count = 0;
  const keysOf = (_: unknown, nowMs: number): RoleKeys => {
    const number = ++count;
    const [secretId, secretKey, token] = [`id${number}`, `key${number}`, `token${number}`];
    return { secretId, secretKey, token, expiresAt: nowMs + lifeMs };
  };
  return { keysOf, count: () => count };
}

for (const [runtime, files] of Object.entries(FUNCTIONS)) {
  test(`${runtime}: a function with a role has keys from its first line on, another one has none`, async () => {
    const { keysOf, count } = numbered(HOUR_MS);
    await using b = await bench({ keysOf });
    const plain = await b.version(files, { runtime });
    const none = seen(await b.run(plain));
    assert.deepEqual([none.atStart, none.now, count()], [[null, null, null], [null, null, null], 0]);
    const role = { ...plain, name: 'with-role', role: 'reader' };
    const keys = ['id1', 'key1', 'token1'];
    for (let i = 0; i < 2; i++) {
      const { atStart, now, context } = seen(await b.run(role));
      assert.deepEqual([atStart, now], [keys, keys]);
      assert.doesNotMatch(context, /key1|token1/);
    }
    assert.equal(count(), 1, 'asked for with the instance, and not with each event');
  });

  test(`${runtime}: an instance whose keys are no longer fresh is not used again`, async () => {
    // Half of their life is over with the run.
    const { keysOf } = numbered(0);
    await using b = await bench({ keysOf });
    const version = await b.version(files, { runtime, role: 'reader' });
    const first = seen(await b.run(version));
    const second = seen(await b.run(version));
    assert.deepEqual([first.now[0], second.now[0]], ['id1', 'id2']);
  });
}

test('a role that has gone leaves a function without keys, which its log says', async () => {
  const keysOf = () => ({ zh: '角色不存在', en: 'there is no role reader' });
  await using b = await bench({ keysOf });
  const outcome = await b.run(await b.version(FUNCTIONS['Nodejs18.15'], { role: 'reader' }));
  assert.deepEqual(seen(outcome).now, [null, null, null]);
  assert.match(outcome.log, /^\[PLATFORM\] No keys of the role: there is no role reader/);
});

test('the process of a web function has them', { skip: process.platform !== 'linux' && 'needs Linux' }, async () => {
  const { keysOf } = numbered(HOUR_MS);
  await using b = await webBench({ keysOf });
  const app = `require('http').createServer((_, response) => {
    response.end(JSON.stringify(${JSON.stringify(NAMES)}.map(name => process.env[name] ?? null)));
  }).listen(9000, '0.0.0.0');`;
  const files = { scf_bootstrap: bootstrap('exec node app.js'), 'app.js': app };
  await b.serve(files, { role: 'reader' });
  assert.deepEqual(await (await fetch(b.url)).json(), ['id1', 'key1', 'token1']);
  await b.serve(files, { name: 'plain' });
  assert.deepEqual(await (await fetch(b.url)).json(), [null, null, null]);
});
