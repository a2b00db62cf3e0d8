import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type LogOptions } from './log.ts';

function logged(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', ...options, destination: { write: line => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') };
}

test('a line of JSON with level, time, text and fields', () => {
  const { log, lines, last } = logged();
  log.warn({ file: '/a', ms: 3 }, 'slow');
  const { time, ...rest } = last();
  assert.deepEqual(rest, { level: 'warn', text: 'slow', file: '/a', ms: 3 });
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(lines[0] ?? '', /^[^\n]+\n$/);
});

test('levels below the set one are silent', () => {
  for (const [level, expected] of [
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ] as const) {
    const { log, lines } = logged({ level });
    for (const method of ['debug', 'info', 'warn', 'error'] as const) log[method]({}, method);
    assert.equal(lines.length, expected, level);
  }
});

test('secrets are masked by name, however they are written and however deep', () => {
  const { log, lines } = logged();
  const secret = 'hush-hush';
  const fields = {
    secretKey: secret,
    SecretKey: secret,
    Signature: secret,
    authorization: secret,
    headers: { Authorization: secret, 'X-TC-Token': secret, 'set-cookie': [secret] },
    list: [{ deep: { environment: { TENCENTCLOUD_SECRETKEY: secret, TENCENTCLOUD_SESSIONTOKEN: secret } } }],
    map: new Map([['Password', secret]]),
    secretId: 'AKID-shown',
    signatureMethod: 'shown',
  };
  log.info(fields, 'call');
  assert.ok(!lines[0]?.includes(secret), lines[0]);
  assert.equal(lines[0]?.match(/AKID-shown|"shown"/g)?.length, 2);
  assert.equal(fields.secretKey, secret, 'what was logged is not changed');
});

test('errors come with code, stack and cause, and without their other members', () => {
  const { log, last } = logged();
  const cause = new TypeError('deep');
  const error = Object.assign(new Error('broken', { cause }), { code: 'EFAIL', request: { body: 'x'.repeat(1000) } });
  log.error({ err: error, other: error }, 'failed');
  for (const shown of [last().err, last().other]) {
    assert.deepEqual([shown.type, shown.message, shown.code], ['Error', 'broken', 'EFAIL']);
    assert.match(shown.stack, /log\.test\.ts/);
    assert.deepEqual([shown.cause.type, shown.cause.message], ['TypeError', 'deep']);
    assert.equal(shown.request, undefined);
  }
});

test('what is endless or has no JSON is shown all the same', () => {
  const { log, last } = logged();
  const ring: Record<string, unknown> = { name: 'ring' };
  ring.self = ring;
  const loop = new Error('loop');
  loop.cause = loop;
  log.info({ ring, loop, big: 10n ** 20n, bytes: Buffer.alloc(9), set: new Set([1]), none: undefined, nil: null }, 'x');
  const { big, bytes, set, nil } = last();
  assert.deepEqual({ big, bytes, set, nil }, { big: '100000000000000000000', bytes: '<9 bytes>', set: [1], nil: null });
});

test('for people: time, level, text, fields, stacks below', () => {
  const { log, lines } = logged({ pretty: true });
  log.warn({ n: 1, who: 'me', key: { a: 2 } }, 'slow');
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} WARN {2}slow n=1 who=me key=\{"a":2\}\n$/);
  log.error({ err: new Error('broken', { cause: new Error('deep') }), id: 7, token: 'hush' }, 'failed');
  const [head, first, ...rest] = (lines[1] ?? '').split('\n');
  assert.match(head ?? '', /ERROR failed id=7 token=\[redacted\]$/);
  assert.equal(first, '  Error: broken');
  assert.ok(rest.some(line => line === '  caused by Error: deep'));
});
