import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchOf, Refusal } from './fixture.ts';

const ALLOCATED = {
  Qualifier: '2',
  AllocatedProvisionedConcurrencyNum: 3,
  AvailableProvisionedConcurrencyNum: 1,
  Status: 'InProgress',
  StatusReason: '1 of 3',
  TriggerActions: [
    {
      TriggerName: 'noon',
      TriggerProvisionedConcurrencyNum: 5,
      TriggerCronConfig: '0 0 12 * * * *',
      ProvisionedType: 'Default',
    },
  ],
};
const FAILED = {
  ...ALLOCATED,
  Qualifier: '10',
  Status: 'Failed',
  StatusReason: 'the machine is full',
  TriggerActions: [],
};

const shown = (ReservedMem: number | null, Allocated: readonly object[] = []) => ({
  GetReservedConcurrencyConfig: { ReservedMem },
  GetProvisionedConcurrencyConfig: { UnallocatedConcurrencyNum: 897, Allocated },
  PutReservedConcurrencyConfig: {},
  DeleteReservedConcurrencyConfig: {},
  PutProvisionedConcurrencyConfig: {},
  DeleteProvisionedConcurrencyConfig: {},
});
const NAME = { FunctionName: 'f', Namespace: 'default' };

test('shows what there is', async t => {
  const bench = await benchOf(t, shown(1024, [ALLOCATED, FAILED]));
  const { status, out } = await bench.run(['concurrency', 'f']);
  assert.equal(status, 0);
  assert.equal(
    out,
    [
      'reserved      1024 MB',
      'version 2     1 of 3 ready  InProgress',
      '  noon        0 0 12 * * * *  → 5',
      'version 10    1 of 3 ready  Failed: the machine is full',
      'can be given  897 more',
      '',
    ].join('\n'),
  );
  const json = await bench.run(['concurrency', 'f', '--json']);
  assert.deepEqual(JSON.parse(json.out), {
    ReservedMem: 1024,
    UnallocatedConcurrencyNum: 897,
    Allocated: [ALLOCATED, FAILED],
  });
});

test('no share of its own is told from a share of nothing', async t => {
  assert.match(
    (await (await benchOf(t, shown(null))).run(['concurrency', 'f'])).out,
    /^reserved +none: .*common share/,
  );
  assert.match((await (await benchOf(t, shown(0))).run(['concurrency', 'f'])).out, /^reserved +0 MB\n/);
  const zh = await (await benchOf(t, shown(null, [ALLOCATED]))).run(['concurrency', 'f', '--lang', 'zh']);
  assert.match(zh.out, /^独占配额 +无.*\n版本 2 +已就绪 1 个，共 3 个 {2}InProgress\n/);
});

test('sets both, and shows them then', async t => {
  const bench = await benchOf(t, shown(0));
  await bench.run([
    'concurrency',
    'f',
    '--reserved',
    '0',
    '--provisioned',
    '2',
    '--qualifier',
    '1',
    '--namespace',
    'n',
  ]);
  const name = { FunctionName: 'f', Namespace: 'n' };
  const version = { ...name, Qualifier: '1' };
  assert.deepEqual(
    bench.asked.map(({ what, params }) => [what, params]),
    [
      ['PutReservedConcurrencyConfig', { ...name, ReservedConcurrencyMem: 0 }],
      ['PutProvisionedConcurrencyConfig', { ...version, VersionProvisionedConcurrencyNum: 2 }],
      ['GetReservedConcurrencyConfig', name],
      ['GetProvisionedConcurrencyConfig', version],
    ],
  );
});

test('none removes', async t => {
  const bench = await benchOf(t, shown(null));
  await bench.run(['concurrency', 'f', '--reserved', 'none']);
  await bench.run(['concurrency', 'f', '--provisioned', 'none', '--qualifier', '3']);
  const [first, , , fourth] = bench.asked;
  assert.deepEqual([first?.what, first?.params], ['DeleteReservedConcurrencyConfig', NAME]);
  assert.deepEqual([fourth?.what, fourth?.params], ['DeleteProvisionedConcurrencyConfig', { ...NAME, Qualifier: '3' }]);
});

test('nothing is set when one of the flags is wrong', async t => {
  const bench = await benchOf(t, shown(null));
  const wrong = [
    [['--reserved', '-1'], /--reserved must be a whole number of at least 0, or none, not -1/],
    [['--reserved', '1.5'], /--reserved/],
    [['--reserved', '128', '--provisioned', 'two', '--qualifier', '1'], /--provisioned.*not two/],
    [['--reserved', '128', '--provisioned', '2'], /name it with --qualifier.*openscf concurrency f/],
  ] as const;
  for (const [flags, says] of wrong) {
    const { status, out, note } = await bench.run(['concurrency', 'f', ...flags]);
    assert.deepEqual([status, out], [1, '']);
    assert.match(note, says);
  }
  assert.deepEqual(bench.asked, []);
});

test('a refusal of the server is told', async t => {
  const PutReservedConcurrencyConfig = new Refusal('LimitExceeded.FunctionReservedConcurrencyMemory', 'too much');
  const bench = await benchOf(t, { ...shown(null), PutReservedConcurrencyConfig });
  const { status, note } = await bench.run(['concurrency', 'f', '--reserved', '999999']);
  assert.equal(status, 1);
  assert.match(note, /LimitExceeded\.FunctionReservedConcurrencyMemory: too much/);
});
