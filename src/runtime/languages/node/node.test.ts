// Real processes: what each kind of handler, and each way to fail, comes to.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import type { FunctionVersion } from '../../../core/function.ts';
import { type Bench, bench, type Files } from '../../testing.ts';

/** Follows the machine's own until a test turns it. */
const processClock = new TurnableClock();
let b: Bench & AsyncDisposable;
before(async () => {
  b = await bench({ processClock });
});
after(() => b[Symbol.asyncDispose]());

let count = 0;
async function version(source: string | Files, change: Partial<FunctionVersion> = {}): Promise<FunctionVersion> {
  const files = typeof source === 'string' ? { 'index.js': source } : source;
  return b.version(files, { name: `f${count++}`, ...change });
}

async function run(source: string | Files, event: unknown = {}, change: Partial<FunctionVersion> = {}) {
  const outcome = await b.run(await version(source, change), event);
  return { ...outcome, text: outcome.body.toString() };
}

/** Lets the time of a run be over. */
async function expire(v: FunctionVersion): Promise<void> {
  await processClock.advance(v.timeoutS * 1000);
  processClock.resume();
}

/** A run whose time is over once it has printed something. */
async function overTime(v: FunctionVersion, event: unknown) {
  const requestId = `late-${count++}`;
  let over = false;
  const run = b.run(v, event, { requestId }).finally(() => {
    over = true;
  });
  while (!over && !b.runtime.printed(requestId)?.includes('\n')) await new Promise(setImmediate);
  await expire(v);
  return run;
}

const handler = (body: string) => `exports.main_handler = (event, context, callback) => { ${body} };`;
const asyncHandler = (body: string) => `exports.main_handler = async (event, context) => { ${body} };`;

test('an async handler answers its value, and the event comes as it was sent', async () => {
  const outcome = await run(asyncHandler('return { event, 键: 1 }'), { a: ['é', 1.5, null] });
  assert.equal(outcome.status, 200);
  assert.equal(outcome.text, '{"event":{"a":["é",1.5,null]},"键":1}');
  assert.equal(outcome.errorMessage, '');
  assert.ok(outcome.initMs > 0);
  assert.ok(outcome.memoryBytes > 1024 * 1024 || process.platform !== 'linux');
  assert.match(outcome.instance, /^[a-z0-9]{12}$/);
});

test('values as JSON writes them', async () => {
  for (const [value, text] of [
    ['undefined', 'null'],
    ['"hi"', '"hi"'],
    ['[NaN, Infinity, () => 1]', '[null,null,null]'],
    ['new Date(0)', '"1970-01-01T00:00:00.000Z"'],
    ['Symbol("x")', 'null'],
  ]) {
    assert.equal((await run(asyncHandler(`return ${value}`))).text, text);
  }
});

test('a large event and a large result cross whole', async () => {
  const outcome = await run(asyncHandler('return event.text.toUpperCase()'), { text: 'é'.repeat(1_500_000) });
  assert.equal(outcome.status, 200);
  assert.equal(outcome.text, JSON.stringify('É'.repeat(1_500_000)));
});

test('a result over 6 MB is 407, and the instance goes on', async () => {
  const v = await version(asyncHandler('return "x".repeat(event.size)'), { memoryMB: 512 });
  const outcome = await b.run(v, { size: 6 * 1024 * 1024 });
  assert.equal(outcome.status, 407);
  assert.equal(outcome.errorMessage, 'The size of response exceeds the upper limit (6MB)');
  const next = await b.run(v, { size: 6 * 1024 * 1024 - 2 });
  assert.equal(next.status, 200);
  assert.equal(next.instance, outcome.instance);
});

test('the callback answers; the first one wins; what the handler returns does not count', async () => {
  assert.equal((await run(handler('callback(null, 1); callback(null, 2); return 3;'))).text, '1');
  assert.equal((await run(handler('setTimeout(() => callback(null, event), 20);'), { x: 1 })).text, '{"x":1}');
  assert.equal(
    (await run(handler('setImmediate(() => { callback(null, "a"); callback(new Error("late")); });'))).text,
    '"a"',
  );
  assert.equal((await run(handler('const o = {a: 1}; callback(null, o); o.a = 2;'))).text, '{"a":1}');
});

test('no callback and nothing left to do is null', async () => {
  assert.equal((await run(handler('setTimeout(() => {}, 10); return 5;'))).text, 'null');
  assert.equal((await run(asyncHandler('await new Promise(() => {})'))).text, 'null');
});

test('a callback run that is over at once is reported whole', async () => {
  const v = await version(handler('console.log("one"); callback(null, 1);'));
  for (let i = 0; i < 3; i++) {
    const outcome = await b.run(v);
    assert.equal(outcome.ended, undefined);
    assert.match(outcome.log, /\tone\n$/);
    assert.ok(outcome.memoryBytes > 0 || process.platform !== 'linux');
  }
});

test('the caller is answered while other things go on; the log covers the whole run', async t => {
  const { promise: met, resolve: meet } = Promise.withResolvers<Socket>();
  const server = createServer(meet).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const v = await version(
    handler(
      'require("net").connect(event, "127.0.0.1").on("close", () => setTimeout(() => console.log("later"), 300)).resume(); console.log("first"); callback(null, "early");',
    ),
  );
  const outcome = await b.run(v, address.port);
  assert.equal(outcome.body.toString(), '"early"');
  assert.equal(outcome.log, '');
  assert.equal(outcome.durationMs, 0);
  assert.ok(outcome.ended);
  (await met).end();
  const ended = await outcome.ended;
  assert.equal(ended.status, 200);
  assert.equal(ended.body.toString(), '"early"');
  assert.match(ended.log, /\tfirst\n.*\tlater\n$/s);
  assert.ok(ended.durationMs >= 299, String(ended.durationMs));
  assert.equal((await b.run(v, 0)).instance, outcome.instance);
});

test('a loop that never drains: the caller has its answer, the run ends with 433', async () => {
  const v = await version(handler('setInterval(() => {}, 50); callback(null, 1);'));
  const outcome = await b.run(v);
  assert.equal(outcome.status, 200);
  await expire(v);
  const ended = await outcome.ended;
  assert.equal(ended?.status, 433);
  assert.notEqual((await b.run(v)).instance, outcome.instance);
});

test('callbackWaitsForEmptyEventLoop = false ends the run with the callback', async () => {
  const source = handler(
    'context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); callback(null, 1); console.log("after");',
  );
  const outcome = await run(source);
  assert.equal(outcome.text, '1');
  assert.equal(outcome.ended, undefined);
  assert.match(outcome.log, /after/);
  const late = await run(
    handler(
      'context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); setTimeout(() => callback(null, 2), 10);',
    ),
  );
  assert.equal(late.text, '2');
});

test('done, succeed and fail of the context', async () => {
  assert.equal((await run(handler('setInterval(() => {}, 1000); context.done(null, 1);'))).text, '1');
  assert.equal(
    (await run(handler('setTimeout(() => context.succeed({a: 1}), 5); setInterval(() => {}, 1000);'))).text,
    '{"a":1}',
  );
  const failed = await run(handler('context.fail(new TypeError("no"));'));
  assert.equal(failed.status, 430);
  assert.match(failed.stackTrace, /^TypeError: no\n {4}at .*\/var\/user\/index\.js:1:/);
});

test('a thenable decides, a callback beside it does not count', async () => {
  assert.equal(
    (await run(handler('callback(null, 1); return { then(ok) { setTimeout(() => ok(2), 5); } };'))).text,
    '2',
  );
  assert.equal((await run('exports.main_handler = async (e, c, cb) => { cb(null, 1); return 2; };')).text, '2');
});

test('what a handler throws is 430 with its stack, free of the runtime', async () => {
  for (const source of [
    handler('throw new Error("boom")'),
    asyncHandler('throw new Error("boom")'),
    handler('return Promise.reject(new Error("boom"))'),
    handler('callback(new Error("boom"))'),
    handler('setTimeout(() => callback(new Error("boom")), 5)'),
  ]) {
    const outcome = await run(source);
    assert.equal(outcome.status, 430);
    assert.equal(outcome.errorMessage, 'user code exception caught');
    assert.match(outcome.stackTrace, /^Error: boom\n {4}at .*\/var\/user\/index\.js:1:\d+/);
    assert.doesNotMatch(outcome.stackTrace, /bootstrap/);
    assert.equal(outcome.text, '');
  }
});

test('errors that are none', async () => {
  assert.equal((await run(handler('callback("bad")'))).stackTrace, 'bad(callback err is not instance of Error)');
  assert.equal((await run(handler('throw "bad"'))).stackTrace, 'bad');
  assert.equal((await run(asyncHandler('throw undefined'))).stackTrace, 'undefined');
  assert.equal(
    (await run(handler('const e = new Error("x"); delete e.stack; e.stack = ""; callback(e)'))).stackTrace,
    'null',
  );
});

test('values that are no JSON are 430', async () => {
  for (const value of [
    '10n',
    '(() => { const a = {}; a.a = a; return a; })()',
    '({ toJSON() { throw new Error("x"); } })',
  ]) {
    const outcome = await run(asyncHandler(`return ${value}`));
    assert.equal(outcome.status, 430);
    assert.match(outcome.stackTrace, /cannot be written as JSON/);
  }
});

test('an event that is no JSON is 400', async () => {
  const outcome = await b.run(await version(asyncHandler('return 1')), Buffer.from('{'));
  assert.equal(outcome.status, 400);
  assert.match(outcome.errorMessage, /not JSON/);
});

test('over time is 433; the next run has a fresh instance', async () => {
  for (const body of ['if (event.stuck) for (;;);', 'if (event.stuck) await new Promise(r => setTimeout(r, 1e6));']) {
    const v = await version(asyncHandler(`console.log("in"); ${body} return 1;`));
    const outcome = await overTime(v, { stuck: true });
    assert.equal(outcome.status, 433);
    assert.equal(outcome.errorMessage, 'Invoking task timed out after 60 seconds');
    assert.match(outcome.log, /\tin\n/);
    assert.ok(outcome.durationMs >= 60_000, String(outcome.durationMs));
    const next = await b.run(v, {});
    assert.equal(next.status, 200);
    assert.notEqual(next.instance, outcome.instance);
  }
});

test('memory over the limit is 434, by V8 or by us', async () => {
  const onHeap = await run(handler('const a = []; for (;;) a.push(new Array(1000).fill({}));'), {}, { memoryMB: 64 });
  assert.equal(onHeap.status, 434);
  assert.match(onHeap.errorMessage, /64 MB/);
  const outside = await run(
    asyncHandler('const a = []; for (;;) { a.push(Buffer.alloc(4e6, 1)); await new Promise(setImmediate); }'),
  );
  assert.equal(outside.status, 434);
  // Where the kernel holds the limit, it is never seen above it.
  assert.ok(outside.memoryBytes > 100 * 1024 * 1024, `${outside.memoryBytes}`);
});

test('a process that ends is 439, with what it said', async () => {
  const exit = await run(handler('console.log("bye"); process.exit(0);'));
  assert.equal(exit.status, 439);
  assert.equal(exit.errorMessage, 'User process exit when running');
  assert.match(exit.log, /\tbye\n$/);
  assert.equal((await run(handler('process.kill(process.pid, "SIGSEGV"); setTimeout(() => {}, 1000);'))).status, 439);
  assert.equal((await run(handler('process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 1000);'))).status, 439);
  const thrown = await run(handler('setTimeout(() => { throw new Error("outside"); }, 5);'));
  assert.equal(thrown.status, 439);
  assert.match(thrown.stackTrace, /^Error: outside\n {4}at .*\/var\/user\/index\.js/);
  assert.match(thrown.log, /outside/);
  const rejected = await run(handler('Promise.reject(new Error("unheard")); setTimeout(() => callback(null, 1), 50);'));
  assert.equal(rejected.status, 439);
  assert.match(rejected.stackTrace, /unheard/);
});

test('a handler, file or form that is not there is 437', async () => {
  assert.match((await run('exports.other = 1')).errorMessage, /index\.js does not export a function "main_handler"/);
  assert.match((await run('', {}, { handler: 'app.main' })).errorMessage, /Cannot find app\.js/);
  assert.match((await run('', {}, { handler: 'index' })).errorMessage, /file\.method/);
  assert.match((await run('', {}, { handler: '../x.main' })).errorMessage, /leads out/);
  for (const change of [{ handler: 'app.main' }, { handler: 'index.main' }]) {
    assert.equal((await run('', {}, change)).status, 437);
  }
});

test('code that does not load is 443, tried afresh each time', async () => {
  const syntax = await run('exports.main_handler = () => {');
  assert.equal(syntax.status, 443);
  assert.match(syntax.errorMessage, /\/var\/user\/index\.js:1\n.*SyntaxError/s);
  const missing = await run('require("not-there")');
  assert.equal(missing.status, 443);
  assert.match(missing.errorMessage, /Cannot find module 'not-there'/);
  const v = await version('console.log("loading"); throw new Error("at load");');
  const first = await b.run(v);
  const second = await b.run(v);
  assert.deepEqual([first.status, second.status], [443, 443]);
  assert.notEqual(first.instance, second.instance);
  assert.match(second.log, /\tloading\n/);
  assert.match(second.errorMessage, /^Error: at load\n {4}at .*\/var\/user\/index\.js/);
  assert.equal((await run({ 'index.mjs': 'import "nope"; export const main_handler = 1;' })).status, 443);
});

test('a process that ends while loading is 405, one that never ends loading is 450', async () => {
  const exited = await run('process.exit(3)');
  assert.equal(exited.status, 405);
  assert.match(exited.errorMessage, /exit code 3/);
  const stuck = await run('for (;;);', {}, { initTimeoutS: 1 });
  assert.equal(stuck.status, 450);
  assert.equal(stuck.errorMessage, 'Initializing the function timed out after 1 seconds');
});

test('ES modules', async () => {
  assert.equal(
    (await run({ 'index.mjs': 'await null; export const main_handler = async () => import.meta.url.length > 0;' }))
      .text,
    'true',
  );
  const typed = {
    'package.json': '{"type":"module"}',
    'index.js': 'export async function main_handler() { return 1; }',
  };
  assert.equal((await run(typed)).text, '1');
  assert.equal((await run({ 'index.mjs': 'export default { main_handler: async () => 2 };' })).text, '2');
});

test('a handler in a folder, with modules beside it', async () => {
  const files = {
    'src/app.js':
      'const x = require("../lib/x"); exports.go = async () => [x, require("dep"), process.cwd() === require("path").dirname(__dirname)];',
    'lib/x.js': 'module.exports = 1',
    'node_modules/dep/index.js': 'module.exports = 2',
  };
  assert.equal((await run(files, {}, { handler: 'src/app.go' })).text, '[1,2,true]');
});

test('environment and context', async () => {
  const change = { environment: { KEY: 'v=1;2', TZ: 'Asia/Shanghai' }, version: '3', namespace: 'ns', timeoutS: 800 };
  const source = asyncHandler(
    'return { env: process.env, context, left: context.getRemainingTimeInMillis(), same: context.getContext() === context, zone: new Date(0).getHours(), umask: process.pid > 0 };',
  );
  const v = await version(source, change);
  const outcome = await b.run(v, {}, { requestId: '11111111-2222-4333-8444-555555555555' });
  const { env, context, left, same, zone } = JSON.parse(outcome.body.toString());
  assert.equal(context.request_id, '11111111-2222-4333-8444-555555555555');
  assert.equal(context.memory_limit_in_mb, 128);
  assert.equal(context.time_limit_in_ms, 800_000);
  assert.equal(context.function_name, v.name);
  assert.equal(context.function_version, '3');
  assert.equal(context.namespace, 'ns');
  assert.equal(context.tencentcloud_region, 'ap-guangzhou');
  assert.equal(context.tencentcloud_appid, '1250000000');
  assert.equal(context.tencentcloud_uin, '100000000001');
  assert.equal(context.callbackWaitsForEmptyEventLoop, true);
  assert.deepEqual(JSON.parse(context.environment), { SCF_NAMESPACE: 'ns', KEY: 'v=1;2', TZ: 'Asia/Shanghai' });
  assert.equal(context.environ, 'SCF_NAMESPACE=ns;KEY=v=1;2;TZ=Asia/Shanghai');
  assert.ok(left > 700_000 && left <= 800_000, String(left));
  assert.equal(same, true);
  assert.equal(zone, 8);
  assert.equal(env.KEY, 'v=1;2');
  assert.equal(env.SCF_FUNCTIONNAME, v.name);
  assert.equal(env.TENCENTCLOUD_RUNENV, 'SCF');
  assert.equal(env.HOSTNAME === undefined, false);
  assert.equal(env.TRIGGER_SRC, undefined);
  assert.equal(env.NODE_ENV, undefined, 'nothing of the server leaks in');
  assert.ok(!Object.keys(env).some(name => name.startsWith('npm_') || name === 'NODE_TEST_CONTEXT'));
});

test('TRIGGER_SRC is timer for a timer and gone afterwards', async () => {
  const v = await version(asyncHandler('return process.env.TRIGGER_SRC'));
  assert.equal((await b.run(v, {}, { source: 'timer' })).body.toString(), '"timer"');
  assert.equal((await b.run(v)).body.toString(), 'null');
});

test('console lines hold time and request id; stdout and stderr keep their order', async () => {
  const id = '11111111-2222-4333-8444-555555555555';
  const v = await version(
    asyncHandler(
      'console.log("a %s", 1); process.stdout.write("raw\\n"); console.error("b", {x: 1}); process.stderr.write("err\\n"); console.info("c\\nd"); console.table; return 1;',
    ),
  );
  const { log } = await b.run(v, {}, { requestId: id });
  const plain = log.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME');
  assert.equal(plain, `TIME\t${id}\ta 1\nraw\nTIME\t${id}\tb { x: 1 }\nerr\nTIME\t${id}\tc\nd\n`);
});

test('each run has its own log, whole; init output is in the first', async () => {
  const v = await version(
    `console.log("init"); ${asyncHandler('for (let i = 0; i < event.n; i++) console.log("line " + event.k + " " + i); return 1;')}`,
  );
  const first = await b.run(v, { n: 1, k: 'a' });
  assert.match(first.log, /\tinit\n.*\tline a 0\n$/s);
  const second = await b.run(v, { n: 3000, k: 'b' });
  assert.equal(second.log.split('\n').length, 3001);
  assert.match(second.log, /line b 2999\n$/);
  assert.equal((await b.run(v, { n: 0 })).log, '');
});

test('a log over its limit is cut, and the run is not held up', async () => {
  const outcome = await run(
    asyncHandler('for (let i = 0; i < 30000; i++) process.stdout.write("x".repeat(99) + "\\n"); return 1;'),
  );
  assert.equal(outcome.status, 200);
  assert.match(outcome.log, /\n\[PLATFORM\] The log of this run was cut at 1048576 bytes\.\n$/);
  assert.ok(outcome.log.length < 1_050_000);
});

test('a function that closes its stdout is answered nevertheless', async () => {
  const v = await version(asyncHandler('console.log("x"); require("fs").closeSync(1); return 1;'));
  assert.equal((await b.run(v)).status, 200);
});

test('programs that a function starts print into its log and do not hold the channel', async () => {
  const outcome = await run(
    asyncHandler(
      'return require("child_process").execSync("ls /proc/self/fd; echo out >&2", { stdio: ["ignore", "pipe", "inherit"] }).toString().split("\\n").length < 7;',
    ),
  );
  assert.match(outcome.log, /out\n/);
  assert.equal(outcome.text, 'true');
});

test('junk on the channel ends the instance and nothing else', async () => {
  const v = await version(
    asyncHandler('if (event.junk) require("fs").writeSync(3, Buffer.from(event.junk, "hex")); return 1;'),
  );
  for (const junk of ['ffffffffff', '0000000011', '0000000063', '0000000010', '00000001120a']) {
    assert.equal((await b.run(v, { junk })).status, 439);
  }
  assert.equal((await b.run(v, {})).status, 200);
});

test('globals that user code replaces do not break the runtime', async () => {
  const v =
    await version(`JSON.parse = JSON.stringify = null; global.setTimeout = null; global.Date = null; global.Buffer = null;
    Promise.prototype.catch = null; ${asyncHandler('return event.a;')}`);
  assert.equal((await b.run(v, { a: 1 })).status, 200);
  assert.equal((await b.run(v, { a: 1 })).body.toString(), '1');
});

test('another version than the asked one is told in the log of the cold start', async () => {
  const v = await version(asyncHandler('return 1'), { runtime: 'Nodejs99.1' });
  const [first, second] = [await b.run(v), await b.run(v)];
  assert.match(
    first.log,
    /^\[PLATFORM\] Nodejs99\.1 is not installed; the function runs on Node\.js \d+\.\d+\.\d+\.\n$/,
  );
  assert.equal(second.log, '');
});
