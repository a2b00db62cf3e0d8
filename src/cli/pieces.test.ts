import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadConfig } from '../config.ts';
import { parseDuration, parseInstant } from './duration.ts';
import { sayer, table } from './io.ts';
import { type RunningServer, welcome } from './start.ts';

test('lengths of time', () => {
  const cases: [string, number][] = [
    ['90s', 90_000],
    ['3h', 10_800_000],
    ['1d12h', 129_600_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['0s', 0],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
  for (const text of ['', '3', 'h', '3 h', '-3h', '3y', '1h!'])
    assert.throws(() => parseDuration(text), { code: 'Cli.Duration' }, text);
});

test('property: a sum of parts is the sum of its parts', () => {
  const parts = fc.array(fc.tuple(fc.nat(99), fc.constantFrom('d', 'h', 'm', 's', 'ms')), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(parts, list => {
      const texts = list.map(([count, unit]) => `${count}${unit}`);
      assert.equal(
        parseDuration(texts.join('')),
        texts.reduce((sum, text) => sum + parseDuration(text), 0),
      );
    }),
  );
});

test('instants', () => {
  assert.equal(parseInstant('2030-01-01T08:00:00+08:00'), Date.UTC(2030, 0, 1));
  assert.equal(parseInstant('2030-01-01'), Date.UTC(2030, 0, 1));
  for (const text of ['', 'tomorrow', '5', '2030-13-01'])
    assert.throws(() => parseInstant(text), { code: 'Cli.Instant' }, text);
});

test('columns line up, wide letters too', () => {
  assert.equal(
    table([
      ['a', 'b'],
      ['名字', 'c'],
      ['', 'd', 'e'],
    ]),
    'a     b\n名字  c\n      d  e',
  );
  assert.equal(table([]), '');
});

const server = (urls: RunningServer['urls']): RunningServer => ({
  endpoint: 'http://127.0.0.1:9700',
  cosEndpoint: 'http://127.0.0.1:9701',
  credentials: { secretId: 'AKIDx', secretKey: 'keykey' },
  dataDir: '/d/.openscf',
  driver: 'process',
  notes: ['the queue is in memory'],
  urls,
  example: urls.length > 0 ? 'hello-node' : undefined,
  close: async () => undefined,
});

test('the welcome says where, with which keys, and three commands to try', () => {
  const { config } = loadConfig({ flags: {}, env: {}, cwd: '/', freeMemoryMB: 500 });
  const text = welcome(
    server([{ name: 'page-node', url: 'http://127.0.0.1:9702/p' }]),
    config,
    sayer('en'),
    words => `npm run -s openscf -- ${words}`,
  );
  for (const part of [
    'http://127.0.0.1:9700',
    'AKIDx',
    'keykey',
    '/d/.openscf',
    'process',
    '* the queue is in memory',
    'page-node  http://127.0.0.1:9702/p',
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.match(
    text,
    /npm run -s openscf -- ls\n.*npm run -s openscf -- invoke hello-node -d .*\n {2}curl http:\/\/127\.0\.0\.1:9702\/p\n/,
  );
  const bare = welcome(server([]), config, sayer('zh'), words => `openscf ${words}`);
  assert.match(bare, /openscf new hello-node/);
});
