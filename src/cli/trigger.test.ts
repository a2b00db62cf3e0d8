import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeant as isMeantThere, parseCos } from '../triggers/cos/desc.ts';
import { benchOf } from './fixture.ts';
import { quoted } from './quoted.ts';
import { bucketHost, isMeant, ruleDesc, ruleWords } from './trigger-cos.ts';

const HOST = 'pics-1250000000.cos.ap-guangzhou.myqcloud.com';
const STATUS = { 'GET /_openscf/v1/status': { appId: '1250000000' } };

const rule = (bucket: string, event: string, Prefix = '', Suffix = '') => ({
  Type: 'cos',
  TriggerName: `${bucket}-1250000000.cos.ap-guangzhou.myqcloud.com`,
  TriggerDesc: JSON.stringify({
    bucketUrl: `${bucket}-1250000000.cos.ap-guangzhou.myqcloud.com`,
    event,
    filter: { Prefix, Suffix },
  }),
  Qualifier: '$LATEST',
});
const ALL = [
  rule('pics', 'cos:ObjectCreated:Put', 'in/', '.jpg'),
  rule('pics', 'cos:ObjectCreated:Put', 'in/', '.png'),
  rule('pics', 'cos:ObjectRemove:Delete'),
  rule('docs', 'cos:ObjectRemove:Delete'),
];
const TIMER = { Type: 'timer', TriggerName: 't', TriggerDesc: '{"cron":"x"}', Qualifier: '$DEFAULT' };

test('a rule on a bucket is added by its flags, whatever way the bucket is named', async t => {
  const TriggerInfo = { Type: 'cos', TriggerName: HOST, TriggerDesc: '{}' };
  const bench = await benchOf(t, { ...STATUS, CreateTrigger: { TriggerInfo } });
  const event = ['--event', 'cos:ObjectCreated:*'];
  for (const bucket of ['pics', 'pics-1250000000', 'cos://pics', 'cos://pics-1250000000/', HOST]) {
    const { status, out } = await bench.run(['trigger', 'add', 'f', 'cos', '--bucket', bucket, ...event]);
    assert.deepEqual([status, out], [0, `Added cos ${HOST} {}\n`]);
  }
  await bench.run([
    'trigger',
    'add',
    'f',
    'cos',
    '--bucket',
    'pics',
    ...event,
    '--prefix',
    'a b/',
    '--suffix',
    '.x',
    '--region',
    'ap-tokyo',
  ]);
  await bench.run(['trigger', 'add', 'f', 'cos', '{"event":"e"}', '--bucket', 'pics']);
  await bench.run(['trigger', 'add', 'f', 'cos', '{"event":"e"}', '--name', 'x-1.any.host']);
  const calls = bench.asked
    .filter(one => one.what === 'CreateTrigger')
    .map(({ params }) => [params.TriggerName, params.TriggerDesc]);
  const plain = [HOST, '{"event":"cos:ObjectCreated:*","filter":{"Prefix":"","Suffix":""}}'];
  assert.deepEqual(calls, [
    ...Array.from({ length: 5 }, () => plain),
    [
      'pics-1250000000.cos.ap-tokyo.myqcloud.com',
      '{"event":"cos:ObjectCreated:*","filter":{"Prefix":"a b/","Suffix":".x"}}',
    ],
    [HOST, '{"event":"e"}'],
    ['x-1.any.host', '{"event":"e"}'],
  ]);
});

test('a rule that is said by halves, or twice, is refused with what to say', async t => {
  const bench = await benchOf(t, { ...STATUS, ListTriggers: { Triggers: [TIMER] } });
  const event = ['--event', 'cos:ObjectCreated:*'];
  const cases: [string[], RegExp, RegExp][] = [
    [['cos', '--bucket', 'pics'], /Say with --event what it is about/, /请用 --event/],
    [['cos', '--bucket', 'pics', '--prefix', 'a'], /Say with --event/, /请用 --event/],
    [['cos', ...event], /Name the bucket with --bucket, as in: openscf trigger add f cos --bucket/, /请用 --bucket/],
    [['cos', '--bucket', 'pics', ...event, '--name', 'x'], /--name and --bucket say the same/, /请只给出其一/],
    [['cos', '{}', '--bucket', 'pics', ...event], /TriggerDesc and --event say the same/, /请只给出其一/],
    [
      ['timer', '* * * * * * *', '--suffix', '.jpg'],
      /--suffix is for cos triggers; name a timer trigger/,
      /用于 cos 触发器/,
    ],
  ];
  for (const [args, en, zh] of cases) {
    assert.match((await bench.run(['trigger', 'add', 'f', ...args])).note, en);
    assert.match((await bench.run(['trigger', 'add', 'f', ...args, '--lang', 'zh'])).note, zh);
  }
  assert.match(
    (await bench.run(['trigger', 'rm', 'f', 'timer', '--bucket', 'b'])).note,
    /--bucket is for cos triggers/,
  );
  assert.deepEqual(
    bench.asked.filter(one => one.what !== 'ListTriggers'),
    [],
  );
});

test('of several rules the one that is described is meant', async t => {
  const bench = await benchOf(t, {
    ListTriggers: { Triggers: [TIMER, ...ALL] },
    UpdateTriggerStatus: {},
    DeleteTrigger: {},
  });
  const [jpg, png, gone, docs] = ALL;
  const cases: [string[], (typeof ALL)[number] | undefined][] = [
    [['--suffix', '.png'], png],
    [['--suffix', '.jpg', '--bucket', 'pics'], jpg],
    [['--prefix', '', '--bucket', 'pics'], gone],
    [['--bucket', 'docs'], docs],
    [['--bucket', 'docs-1250000000'], docs],
    [['--name', 'docs-1250000000.cos.ap-guangzhou.tencentcos.cn'], docs],
    [['--name', HOST, '--event', 'cos:ObjectRemove:Delete'], gone],
  ];
  for (const [flags, one] of cases) {
    const { status, out, note } = await bench.run(['trigger', 'disable', 'f', 'cos', ...flags]);
    assert.deepEqual([status, note], [0, ''], flags.join(' '));
    assert.equal(out, `Disabled cos ${one?.TriggerName} ${one?.TriggerDesc}\n`);
    const { params } = bench.asked.at(-1) ?? assert.fail();
    assert.deepEqual(
      [params.TriggerName, params.TriggerDesc, params.Qualifier, params.Enable],
      [one?.TriggerName, one?.TriggerDesc, '$LATEST', 'CLOSE'],
    );
  }
});

test('rules that cannot be told apart by what was said are listed, each as it can be named', async t => {
  const bench = await benchOf(t, { ListTriggers: { Triggers: [TIMER, ...ALL] }, DeleteTrigger: {} });
  const some = await bench.run(['trigger', 'rm', 'f', 'cos', '--bucket', 'pics', '--prefix', 'in/']);
  assert.equal(
    some.note,
    [
      'error: The function f has several cos triggers; name one of them:',
      '  --bucket pics-1250000000 --event cos:ObjectCreated:Put --prefix in/ --suffix .jpg',
      '  --bucket pics-1250000000 --event cos:ObjectCreated:Put --prefix in/ --suffix .png',
      '',
    ].join('\n'),
  );
  const all = await bench.run(['trigger', 'rm', 'f', 'cos', '--lang', 'zh']);
  assert.match(all.note, /有多个 cos 触发器/);
  assert.equal(all.note.match(/--bucket/g)?.length, 4);
  const none = await bench.run(['trigger', 'rm', 'f', 'cos', '--bucket', 'other']);
  assert.match(none.note, /has no such cos trigger\. It has:\n {2}--bucket/);
  assert.ok(!bench.asked.some(one => one.what === 'DeleteTrigger'));
  // Each of these lines names one.
  for (const one of ALL) {
    const words = ruleWords(one).replaceAll("''", '').split(' ');
    const { out } = await bench.run(['trigger', 'rm', 'f', 'cos', ...words]);
    assert.equal(out, `Removed cos ${one.TriggerName} ${one.TriggerDesc}\n`);
  }
});

test('the only rule needs no description, and a function without one says so', async t => {
  const bench = await benchOf(t, { ListTriggers: { Triggers: [rule('pics', 'e')] }, DeleteTrigger: {} });
  assert.equal((await bench.run(['trigger', 'rm', 'f', 'cos'])).status, 0);
  const empty = await benchOf(t, { ListTriggers: { Triggers: [TIMER] } });
  assert.match(
    (await empty.run(['trigger', 'rm', 'f', 'cos', '--bucket', 'b'])).note,
    /no cos trigger\. It has: timer t/,
  );
});

test('property: what the flags say is what the server takes for the same rule', () => {
  const text = fc.string({ maxLength: 8 });
  const suffix = fc.oneof(
    fc.constant(''),
    text.map(end => `.${end}`),
  );
  const event = fc.constantFrom('cos:ObjectCreated:*', 'cos:ObjectCreated:Put', 'cos:ObjectRemove:Delete');
  fc.assert(
    fc.property(event, text, suffix, (event, prefix, suffix) => {
      const given = ruleDesc({ event, prefix, suffix }) ?? assert.fail();
      const desc = { ...parseCos(given, {}, false), bucketUrl: bucketHost('pics', '1250000000', 'ap-guangzhou') };
      assert.deepEqual([desc.event, desc.prefix, desc.suffix, desc.bucketUrl], [event, prefix, suffix, HOST]);
      const one = rule('pics', event, prefix, suffix);
      assert.ok(isMeantThere(desc, one.TriggerDesc));
      assert.ok(isMeant(one, { bucket: 'pics', event, prefix, suffix }));
      assert.ok(!isMeant(one, { suffix: `${suffix}x` }) && !isMeant(one, { prefix: `${prefix}x` }));
    }),
  );
});

test('words for a shell', () => {
  const cases = [
    ['/a/b-c_d.e', '/a/b-c_d.e'],
    ['cos:A:*', "'cos:A:*'"],
    ['', "''"],
    ["it's", "'it'\\''s'"],
    ['a b', "'a b'"],
  ] as const;
  for (const [text, word] of cases) assert.equal(quoted(text), word);
});
