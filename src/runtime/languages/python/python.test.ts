// Real processes on every Python of this machine that matters: the oldest kinds and the newest.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import type { FunctionVersion } from '../../../core/function.ts';
import { type Bench, bench, type Files } from '../../testing.ts';
import { pythonLanguage } from './language.ts';

const found = await pythonLanguage().found();
const minors = new Set(found.map(one => one.version.split('.').slice(0, 2).join('.')));
const chosen = ['2.7', '3.6', '3.13'].filter(minor => minors.has(minor));
const newest = [...minors]
  .filter(minor => minor.startsWith('3.'))
  .sort((a, b) => Number(b.slice(2)) - Number(a.slice(2)))[0];
if (newest && !chosen.includes(newest)) chosen.push(newest);

if (chosen.length === 0) test('Python functions', { skip: 'skipped: no python3' });

for (const minor of chosen) describe(`Python ${minor}`, () => suite(minor));

function suite(minor: string): void {
  const old = minor === '2.7';
  /** Follows the machine's own until a test turns it. */
  const processClock = new TurnableClock();
  let b: Bench & AsyncDisposable;
  before(async () => {
    b = await bench({ processClock });
  });
  after(() => b[Symbol.asyncDispose]());

  let count = 0;
  async function version(source: string | Files, change: Partial<FunctionVersion> = {}): Promise<FunctionVersion> {
    const files = typeof source === 'string' ? { 'index.py': `# -*- coding: utf-8 -*-\n${source}\n` } : source;
    return b.version(files, { name: `f${count++}`, runtime: `Python${minor}`, ...change });
  }
  async function run(source: string | Files, event: unknown = {}, change: Partial<FunctionVersion> = {}) {
    const outcome = await b.run(await version(source, change), event);
    return { ...outcome, text: outcome.body.toString() };
  }
  const handler = (body: string, head = '') =>
    `${head}\ndef main_handler(event, context):\n    ${body.replaceAll('\n', '\n    ')}\n`;

  test('runs on the version that was asked for', async () => {
    const outcome = await run(handler('return "%d.%d" % sys.version_info[:2]', 'import sys'));
    assert.equal(outcome.text, JSON.stringify(minor));
    assert.equal(outcome.log, '');
  });

  test('event and result are JSON, as text', async () => {
    const outcome = await run(handler('return {"event": event, u"键": None}'), { a: ['é', 1.5, null, true] });
    assert.equal(outcome.status, 200);
    assert.deepEqual(JSON.parse(outcome.text), { event: { a: ['é', 1.5, null, true] }, 键: null });
    assert.ok(outcome.text.includes('键'));
    assert.equal((await run(handler('return "héllo"'))).text, '"héllo"');
    assert.equal((await run(handler('pass'))).text, 'null');
    assert.ok(outcome.initMs > 0);
    assert.ok(outcome.memoryBytes > 1024 * 1024 || process.platform !== 'linux');
  });

  test('a Decimal is a string, a lone surrogate is escaped', async () => {
    assert.equal((await run(handler('return {"d": decimal.Decimal("1.10")}', 'import decimal'))).text, '{"d": "1.10"}');
    assert.equal((await run(handler('return u"\\ud800"'))).status, 200);
  });

  test('values that are no JSON are 430', async () => {
    for (const value of ['set([1])', 'float("nan")', 'object()', 'b"\\xff"']) {
      const outcome = await run(handler(`return ${value}`));
      assert.equal(outcome.status, 430);
      assert.match(outcome.stackTrace, /cannot be written as JSON/);
    }
    assert.equal((await run(handler('a = []\na.append(a)\nreturn a'))).status, 430);
  });

  test('a large event and a large result cross whole; over 6 MB is 407', async () => {
    const v = await version(handler('return event["text"].upper() * event["n"]'), { memoryMB: 512 });
    const text = 'é'.repeat(1_500_000);
    assert.equal((await b.run(v, { text, n: 1 })).body.toString(), JSON.stringify(text.toUpperCase()));
    assert.equal((await b.run(v, { text, n: 3 })).status, 407);
    assert.equal((await b.run(v, { text: 'a', n: 1 })).status, 200);
  });

  test('an exception is 430 with a traceback of the user alone', async () => {
    const outcome = await run(handler('raise ValueError("boom")'));
    assert.equal(outcome.status, 430);
    assert.equal(outcome.errorMessage, 'user code exception caught');
    assert.match(
      outcome.stackTrace,
      /^Traceback \(most recent call last\):\n {2}File "\/var\/user\/index\.py", line 4, in main_handler\n {4}raise ValueError\("boom"\)\n(.*\n)?ValueError: boom$/,
    );
    assert.match(
      (await run(handler(`raise ValueError(u"错误")`))).stackTrace,
      old ? /ValueError/ : /ValueError: 错误$/,
    );
    assert.equal((await run(handler('raise KeyboardInterrupt()'))).status, 430);
  });

  test('an event that is no JSON is 400', async () => {
    const outcome = await b.run(await version(handler('return 1')), Buffer.from('{'));
    assert.equal(outcome.status, 400);
  });

  test('a process that ends is 439, with what it printed', async () => {
    const exit = await run(handler('print("bye")\nsys.exit("last words")', 'import sys'));
    assert.equal(exit.status, 439);
    assert.equal(exit.log, 'bye\nlast words\n');
    assert.equal((await run(handler('os._exit(0)', 'import os'))).status, 439);
    assert.equal((await run(handler('os.kill(os.getpid(), 11)', 'import os'))).status, 439);
  });

  test('over time is 433; memory over the limit is 434', async () => {
    const v = await version(handler('print("in")\nif event.get("stuck"):\n    while True: pass\nreturn 1'));
    let over = false;
    const stuck = b.run(v, { stuck: true }, { requestId: 'stuck' }).finally(() => {
      over = true;
    });
    while (!over && !b.runtime.printed('stuck')?.includes('\n')) await new Promise(setImmediate);
    await processClock.advance(v.timeoutS * 1000);
    processClock.resume();
    const outcome = await stuck;
    assert.equal(outcome.status, 433);
    assert.equal(outcome.log, 'in\n');
    assert.equal((await b.run(v)).status, 200);
    const big = await run(
      handler(
        'a = []\nwhile True:\n    a.append(b"x" * 4000000 + str(len(a)).encode())\n    time.sleep(0.001)',
        'import time',
      ),
    );
    assert.equal(big.status, 434);
  });

  test('a handler, file or form that is not there is 437', async () => {
    assert.match((await run('x = 1')).errorMessage, /index\.py has no function "main_handler"/);
    assert.match((await run('', {}, { handler: 'app.main' })).errorMessage, /Cannot find app\.py/);
    for (const name of ['app.main', 'index', '../x.main', 'index.']) {
      assert.equal((await run('', {}, { handler: name })).status, 437);
    }
  });

  test('code that does not load is 443; exit while loading is 405; no end of loading is 450', async () => {
    const syntax = await run('def main_handler(:');
    assert.equal(syntax.status, 443);
    assert.match(syntax.errorMessage, /File "\/var\/user\/index\.py", line 2\n[^$]*SyntaxError/);
    const missing = await run('print("loading")\nimport not_there');
    assert.equal(missing.status, 443);
    assert.match(missing.errorMessage, /^Traceback.*\n {2}File "\/var\/user\/index\.py", line 3, in <module>\n/);
    assert.match(missing.errorMessage, /(ModuleNotFound|Import)Error: No module named '?not_there'?$/);
    assert.equal(missing.log, 'loading\n');
    assert.equal((await run('import sys\nsys.exit(1)')).status, 405);
    assert.equal((await run('while True: pass', {}, { initTimeoutS: 1 })).status, 450);
  });

  test('a handler in a folder, with modules and packages beside it', async () => {
    const files = {
      'src/app-main.py':
        'import helper, lib.x, os\ndef go(event, context):\n    return [helper.y, lib.x.z, os.getcwd() == os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]\n',
      'src/helper.py': 'y = 1\n',
      'lib/__init__.py': '',
      'lib/x.py': 'z = 2\n',
    };
    assert.equal((await run(files, {}, { handler: 'src/app-main.go' })).text, '[1, 2, true]');
  });

  test('each run has its own log, in order, with init output in the first', async () => {
    const source = handler(
      'for i in range(event["n"]):\n    print("line %s %d" % (event["k"], i))\nsys.stderr.write("err %s\\n" % event["k"])\nsys.stdout.write("no end")',
      'from __future__ import print_function\nimport sys\nprint("init")',
    );
    const v = await version(source);
    const first = await b.run(v, { n: 2, k: 'a' });
    assert.equal(first.log, 'init\nline a 0\nline a 1\nerr a\nno end');
    const second = await b.run(v, { n: 3000, k: '键' });
    assert.equal(second.log.split('\n').length, 3002);
    assert.match(second.log, /line 键 2999\nerr 键\nno end$/);
    assert.equal((await run(handler('return 1'))).log, '');
  });

  test('logging and started programs print into the log', async () => {
    const outcome = await run(
      handler(
        'logging.getLogger().warning("warned")\nsubprocess.check_call("echo sub; echo sub2 >&2; ls /proc/self/fd | wc -l > /dev/null", shell=True)\nreturn 1',
        'import logging, subprocess, sys\nlogging.basicConfig(level=logging.INFO, stream=sys.stdout)',
      ),
    );
    assert.equal(outcome.log, 'WARNING:root:warned\nsub\nsub2\n');
  });

  test('environment and context', async () => {
    const source = handler('return {"env": dict(os.environ), "context": context, "order": list(context)}', 'import os');
    const v = await version(source, { environment: { KEY: 'v' }, timeoutS: 800 });
    const outcome = await b.run(v, {}, { source: 'timer', requestId: '11111111-2222-4333-8444-555555555555' });
    const { env, context, order } = JSON.parse(outcome.body.toString());
    assert.equal(context.request_id, '11111111-2222-4333-8444-555555555555');
    assert.equal(context.time_limit_in_ms, 800_000);
    assert.deepEqual(JSON.parse(context.environment), { SCF_NAMESPACE: 'default', KEY: 'v' });
    assert.equal(env.KEY, 'v');
    assert.equal(env.TRIGGER_SRC, 'timer');
    assert.equal(env.PYTHONDONTWRITEBYTECODE, 'x');
    assert.equal(env.TZ, 'UTC');
    assert.equal(order.length, 11);
    const next = JSON.parse((await b.run(v)).body.toString());
    assert.equal(next.env.TRIGGER_SRC, undefined);
    assert.notEqual(next.context.request_id, context.request_id);
  });

  test('a context that the handler changes is fresh again for the next run', async () => {
    const v = await version(handler('seen = context.get("mine")\ncontext["mine"] = 1\nreturn seen'));
    assert.equal((await b.run(v)).body.toString(), 'null');
    assert.equal((await b.run(v)).body.toString(), 'null');
  });
}
