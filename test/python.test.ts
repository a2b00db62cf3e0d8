// Python functions through the whole product: what they return, print and throw, and how they end.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { deploy, invoke, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';
import { openLatch } from './latch.ts';

const skip = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3';

describe('Python functions', { skip }, () => {
  let server: TestServer;
  let sdk: Scf;
  before(async () => {
    server = await startTestServer();
    sdk = sdkOf(server);
  });
  after(() => server.close());

  let made = 0;
  type More = Parameters<typeof deploy>[3];

  async function prepared(code: string, more: More = {}): Promise<string> {
    const FunctionName = `python-${made++}`;
    await deploy(sdk, FunctionName, code, { Runtime: 'Python3.9', ...more });
    return FunctionName;
  }

  async function run(code: string, event: unknown = {}, more: More = {}) {
    const answer = await invoke(sdk, await prepared(code, more), event);
    return { ...answer, value: JSON.parse(answer.RetMsg) };
  }

  /** What the function itself printed. */
  const printed = (log: string) =>
    log
      .split('\n')
      .filter(line => line !== '' && !/^(START|END|Report|Response|ERROR) RequestId:|^\[PLATFORM\]/.test(line));

  test('event, context and environment are the documented ones', async () => {
    const code = `
import os
def main_handler(event, context):
    return {
        'event': event, 'name': context['function_name'], 'version': context['function_version'],
        'memory': context['memory_limit_in_mb'], 'time': context['time_limit_in_ms'], 'id': context['request_id'],
        'stage': os.environ['STAGE'], 'runtime': os.environ['SCF_RUNTIME'], 'zone': os.environ['TZ'] }`;
    const more = { Environment: { Variables: [{ Key: 'STAGE', Value: '测试' }] }, Timeout: 57, MemorySize: 256 };
    const { value, FunctionRequestId } = await run(code, { text: '中 𝄞', list: [1, 1.5, null, true] }, more);
    assert.deepEqual(value, {
      event: { text: '中 𝄞', list: [1, 1.5, null, true] },
      name: 'python-0',
      version: '$LATEST',
      memory: 256,
      time: 57_000,
      id: FunctionRequestId,
      stage: '测试',
      runtime: 'Python3.9',
      zone: 'UTC',
    });
  });

  test('the log says on which version it runs when that is another than the one asked for', async () => {
    const FunctionName = await prepared('import sys\ndef main_handler(e, c):\n    return list(sys.version_info[:2])');
    const { RetMsg, Log } = await invoke(sdk, FunctionName);
    const [major, minor] = JSON.parse(RetMsg) as [number, number];
    assert.equal(major, 3);
    assert.equal(/\[PLATFORM\] Python3\.9 is not installed; the function runs on Python 3\.\d+/.test(Log), minor !== 9);
  });

  test('what JSON does not know', async () => {
    const values: readonly (readonly [code: string, value: unknown])[] = [
      ['None', null],
      ['decimal.Decimal("1.10")', '1.10'],
      ['(1, 2)', [1, 2]],
      ['{1: "a"}', { 1: 'a' }],
      ['10 ** 20', 1e20],
      ['"\\u4e2d"', '中'],
    ];
    const cases = values.map(([code]) => `lambda: ${code}`).join(',\n  ');
    const code = `import decimal\nCASES = [\n  ${cases}\n]\ndef main_handler(e, c):\n    return CASES[e]()`;
    const FunctionName = await prepared(code);
    for (const [at, [text, value]] of values.entries()) {
      assert.deepEqual(JSON.parse((await invoke(sdk, FunctionName, at)).RetMsg), value, text);
    }
  });

  test("a value that cannot be JSON is the function's mistake", async () => {
    const { value, InvokeResult } = await run('def main_handler(e, c):\n    return object()');
    assert.deepEqual([InvokeResult, value.statusCode], [1, 430]);
    assert.match(`${value.errorMessage} ${value.stackTrace}`, /not JSON serializable/);
  });

  test('an exception: the stack of the user alone, under the path of the cloud', async () => {
    const code = `
import helper
def main_handler(event, context):
    return helper.divide(1, 0)`;
    const FunctionName = `python-${made++}`;
    await deploy(
      sdk,
      FunctionName,
      { 'index.py': code, 'helper.py': 'def divide(a, b):\n    return a / b\n' },
      { Runtime: 'Python3.9' },
    );
    const { RetMsg, InvokeResult, ErrMsg, Log } = await invoke(sdk, FunctionName);
    const error = JSON.parse(RetMsg);
    assert.deepEqual([InvokeResult, error.statusCode, error.errorMessage], [1, 430, 'user code exception caught']);
    assert.match(error.stackTrace, /File "\/var\/user\/index\.py", line 4, in main_handler/);
    assert.match(error.stackTrace, /File "\/var\/user\/helper\.py", line 2, in divide/);
    assert.match(error.stackTrace, /ZeroDivisionError: division by zero/);
    assert.equal(ErrMsg, error.stackTrace);
    for (const text of [RetMsg, Log]) assert.ok(!/bootstrap|openscf|\.openscf|\/tmp\//.test(text), text);
  });

  test('what is printed stands in the order in which it was printed', async () => {
    const code = `
import sys, os, logging
def main_handler(event, context):
    print('one')
    sys.stderr.write('two\\n')
    print('three', end='\\n', flush=False)
    logging.getLogger().warning('four')
    os.write(1, b'five\\n')
    print('六')`;
    const { Log } = await run(code);
    const lines = printed(Log);
    const order = ['one', 'two', 'three', 'four', 'five', '六'].map(word =>
      lines.findIndex(line => line.includes(word)),
    );
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5], Log);
  });

  test('what is kept between two runs, and each log is its own', async () => {
    const FunctionName = await prepared(
      'runs = 0\ndef main_handler(e, c):\n    global runs\n    runs += 1\n    print("run %d" % runs)\n    return runs',
    );
    for (const expected of [1, 2, 3]) {
      const { RetMsg, Log } = await invoke(sdk, FunctionName);
      assert.equal(RetMsg, String(expected));
      assert.deepEqual(printed(Log), [`run ${expected}`]);
    }
  });

  test('out of time, with what was printed before; the next run has a new process', async () => {
    using latch = await openLatch();
    const code = `
from urllib.request import urlopen
def main_handler(event, context):
    print("began")
    if event.get("latch"):
        urlopen(event["latch"]).read()
    return 1`;
    const FunctionName = await prepared(code, { Timeout: 60 });
    const running = invoke(sdk, FunctionName, { latch: latch.url });
    await until('it has begun', async () => latch.held === 1);
    await server.passForFunctions(60_000);
    const slow = await running;
    const error = JSON.parse(slow.RetMsg);
    assert.deepEqual([error.statusCode, error.errorMessage], [433, 'Invoking task timed out after 60 seconds']);
    assert.match(slow.Log, /began/);
    // What it took before the clock was turned, and what the rest of the turn took, come on top.
    assert.ok((slow.Duration ?? 0) >= 60_000 && (slow.Duration ?? 0) < 160_000, String(slow.Duration));
    assert.equal((await invoke(sdk, FunctionName)).RetMsg, '1');
  });

  test('too much memory', async () => {
    const code =
      'def main_handler(event, context):\n    hoard = []\n    while True:\n        hoard.append(bytearray(4000000))';
    const { value } = await run(code, {}, { MemorySize: 128 });
    assert.equal(value.statusCode, 434);
    assert.match(value.errorMessage, /128 MB/);
  });

  for (const [what, exit] of [
    ['sys.exit', 'import sys\n    sys.exit(3)'],
    ['os._exit', 'import os\n    os._exit(3)'],
    ['a signal', 'import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)'],
  ] as const) {
    test(`${what} ends the process: 439, and the next run has a new one`, async () => {
      const FunctionName = await prepared(
        `def main_handler(event, context):\n    if event.get("stay"):\n        return "stayed"\n    print("going")\n    ${exit}`,
      );
      const { RetMsg, Log } = await invoke(sdk, FunctionName);
      assert.equal(JSON.parse(RetMsg).statusCode, 439, RetMsg);
      assert.match(Log, /going/);
      assert.ok(!/bootstrap/.test(RetMsg), RetMsg);
      assert.equal((await invoke(sdk, FunctionName, { stay: true })).RetMsg, '"stayed"');
    });
  }

  test('as a target of API Gateway', async () => {
    const FunctionName = await prepared(`
import json
def main_handler(event, context):
    return {'isBase64Encoded': False, 'statusCode': 202, 'headers': {'Content-Type': 'text/plain'}, 'body': event['body'].upper()}`);
    const TriggerDesc = JSON.stringify({ api: { isIntegratedResponse: 'TRUE', requestConfig: { method: 'POST' } } });
    const { TriggerInfo } = await sdk.CreateTrigger({
      FunctionName,
      TriggerName: 'http',
      Type: 'apigw',
      TriggerDesc,
      Enable: 'OPEN',
    });
    const { service } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as { service: { subDomain: string } };
    const answer = await fetch(service.subDomain, { method: 'POST', body: 'loud' });
    assert.deepEqual([answer.status, await answer.text()], [202, 'LOUD']);
  });
});
