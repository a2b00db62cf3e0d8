import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Ask, decide, isWithin } from './policy.ts';
import { PolicyError, readPolicy } from './policy-text.ts';

const ME = 'qcs::cam::uin/100000000001:uin/100000000001';
const OBJECT = 'qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/a/b.png';

interface Given {
  readonly action?: string;
  readonly path?: string | undefined;
  readonly region?: string;
  readonly service?: string;
  readonly callers?: readonly string[];
  readonly values?: Readonly<Record<string, string | undefined>>;
}

function ask(given: Given = {}): Ask {
  const { action = 'cos:GetObject', region = 'ap-guangzhou', service = 'cos', callers = [ME], values = {} } = given;
  const path = 'path' in given ? given.path : 'photos-1250000000/a/b.png';
  const paths = path === undefined ? [] : [path, `prefix//${path}`];
  const accounts = ['uid/1250000000', 'uin/100000000001'];
  return { action, callers, resource: { service, region, accounts, paths }, values: new Map(Object.entries(values)) };
}

const read = (...statement: object[]) => readPolicy(JSON.stringify({ version: '2.0', statement }));
const allow = { effect: 'allow', action: '*', resource: '*' };
const deny = { ...allow, effect: 'deny' };
const says = (statement: object, given?: Given) => decide(read({ ...allow, ...statement }), ask(given));

describe('a statement', () => {
  test('speaks of actions', () => {
    for (const action of [
      'name/cos:GetObject',
      'cos:getobject',
      'name/cos:Get*',
      'cos:*',
      '*',
      ['scf:*', 'cos:GetObject'],
    ])
      assert.equal(says({ action }), 'allow', String(action));
    for (const action of ['cos:PutObject', 'scf:*', 'cos:GetObjectACL', 'cos:GetObj'])
      assert.equal(says({ action }), undefined, action);
  });

  test('speaks of resources: an empty part is any', () => {
    for (const resource of [
      OBJECT,
      OBJECT.replace('ap-guangzhou', ''),
      OBJECT.replace('ap-guangzhou', '*'),
      OBJECT.replace('uid/1250000000', ''),
      OBJECT.replace('uid/1250000000', 'uin/100000000001'),
      OBJECT.replace('a/b.png', '*'),
      'qcs::cos:::*',
      'qcs::cos:::prefix//photos-1250000000/a/*',
      'qcs:0:cos:ap-guangzhou:uid/*:photos-*/a/*.png',
      ['qcs::scf:::*', OBJECT],
    ])
      assert.equal(says({ resource }), 'allow', String(resource));
    for (const resource of [
      OBJECT.replace('ap-guangzhou', 'ap-tokyo'),
      OBJECT.replace('1250000000:', '1250000001:'),
      OBJECT.replace('b.png', 'b'),
      'qcs::scf:::*',
      'qcs::cos:::photos-1250000000/*.jpg',
    ])
      assert.equal(says({ resource }), undefined, resource);
    assert.equal(says({ resource: 'qcs::cos:::b-1/a:b' }, { path: 'b-1/a:b' }), 'allow');
  });

  test('of a resource that is not known, lets nothing pass but by a pattern of all, and refuses by any', () => {
    const unknown = { path: undefined };
    assert.equal(says({ resource: 'qcs::cos:::photos-1250000000/*' }, unknown), undefined);
    assert.equal(says({ resource: 'qcs::cos:::*' }, unknown), 'allow');
    assert.equal(says({ resource: '*' }, unknown), 'allow');
    assert.equal(says({ ...deny, resource: 'qcs::cos:::other/*' }, unknown), 'deny');
    assert.equal(says({ ...deny, resource: 'qcs::scf:::other/*' }, unknown), undefined);
  });

  test('speaks of callers, where it names any', () => {
    const named = (...qcs: string[]) => ({ principal: { qcs } });
    for (const statement of [{}, { principal: '*' }, named(ME), named('qcs::cam::uin/100000000001:uin/*')])
      assert.equal(says(statement), 'allow', JSON.stringify(statement));
    assert.equal(says(named('qcs::cam::uin/2:uin/2')), undefined);
    const nobody = { callers: [] };
    for (const statement of [named('qcs::cam::anyone:anyone'), named('*'), { principal: '*' }])
      assert.equal(says(statement, nobody), 'allow');
    assert.equal(says(named(ME), nobody), undefined);
    assert.equal(
      says({ principal: { service: ['scf.qcloud.com'] } }, { callers: ['service/scf.qcloud.com'] }),
      'allow',
    );
  });

  test('takes the callers of the whole policy where it names none', () => {
    const principal = { qcs: [ME] };
    const policy = readPolicy(JSON.stringify({ Principal: principal, Statement: allow }));
    assert.equal(decide(policy, ask()), 'allow');
    assert.equal(decide(policy, ask({ callers: [] })), undefined);
  });
});

test('refusal comes before permission, in any order', () => {
  const other = { ...deny, action: 'cos:PutObject' };
  assert.equal(decide(read(allow, deny), ask()), 'deny');
  assert.equal(decide(read(deny, allow), ask()), 'deny');
  assert.equal(decide(read(allow, other), ask()), 'allow');
  assert.equal(decide(read(other), ask()), undefined);
});

test('every limit has to allow', () => {
  const get = read({ ...allow, action: 'cos:Get*' });
  assert.ok(isWithin([], ask()));
  assert.ok(isWithin([get, read(allow)], ask()));
  assert.ok(!isWithin([get, read(allow)], ask({ action: 'cos:PutObject' })));
  assert.ok(!isWithin([get, read(deny)], ask()));
});

describe('conditions', () => {
  const IP = { 'qcs:ip': '10.1.2.3' };
  /** Of a statement that allows, and of one that refuses. */
  const both = (condition: object, values: Readonly<Record<string, string | undefined>>) =>
    [allow, deny].map(statement => says({ ...statement, condition }, { values }) !== undefined);

  for (const [what, condition, values, met] of [
    ['net', { ip_equal: { 'qcs:ip': ['192.168.0.1', '10.0.0.0/8'] } }, IP, true],
    ['other net', { ip_equal: { 'qcs:ip': '11.0.0.0/8' } }, IP, false],
    ['IPv4 by IPv6', { ip_equal: { 'qcs:ip': '10.0.0.0/8' } }, { 'qcs:ip': '::ffff:10.1.2.3' }, true],
    ['IPv6', { ip_equal: { 'qcs:ip': '2001:db8::/32' } }, { 'qcs:ip': '2001:db8::7' }, true],
    ['not in any', { ip_not_equal: { 'qcs:ip': ['11.0.0.0/8', '12.0.0.0/8'] } }, IP, true],
    ['not in one', { ip_not_equal: { 'qcs:ip': ['11.0.0.0/8', '10.0.0.0/8'] } }, IP, false],
    ['text', { string_equal: { 'cos:prefix': ['a/', 'b/'] } }, { 'cos:prefix': 'b/' }, true],
    ['case', { string_equal: { 'cos:prefix': 'A/' } }, { 'cos:prefix': 'a/' }, false],
    ['any case', { string_equal_ignore_case: { 'COS:Prefix': 'A/' } }, { 'cos:prefix': 'a/' }, true],
    [
      'like',
      { string_like: { 'cos:referer': 'http?://*.example.com/*' } },
      { 'cos:referer': 'https://a.example.com/' },
      true,
    ],
    ['not like', { string_not_like: { 'cos:referer': '*.example.com' } }, { 'cos:referer': 'a.example.com' }, false],
    ['number', { numeric_less_than_equal: { 'cos:max-keys': 100 } }, { 'cos:max-keys': '100' }, true],
    ['larger', { numeric_less_than: { 'cos:max-keys': '100' } }, { 'cos:max-keys': '100' }, false],
    ['flag', { bool_equal: { 'cos:secure-transport': true } }, { 'cos:secure-transport': 'true' }, true],
    ['date', { date_less_than: { 'qcs:now': '2024-01-01T00:00:00Z' } }, { 'qcs:now': '2023-12-31T00:00:00Z' }, true],
    ['all of them', { ip_equal: { 'qcs:ip': '10.0.0.0/8' }, string_equal: { a: 'b' } }, { ...IP, a: 'c' }, false],
    ['set', { for_any_value: 1 }, {}, undefined],
    ['set', { 'for_any_value:string_equal': { a: ['x', 'b'] } }, { a: 'b' }, true],
    ['absence', { null_equal: { a: 'true' } }, { a: undefined }, true],
    ['presence', { null_equal: { a: 'true' } }, { a: '' }, false],
    ['if it is there', { string_equal_if_exist: { a: 'b' } }, { a: undefined }, true],
    ['if it is there', { string_equal_if_exist: { a: 'b' } }, { a: 'c' }, false],
  ] as const)
    test(`${what}: ${JSON.stringify(condition)} of ${JSON.stringify(values)}`, () => {
      if (met === undefined) assert.throws(() => both(condition, values), PolicyError);
      else assert.deepEqual(both(condition, values), [met, met]);
    });

  test('what cannot be told counts against the caller', () => {
    assert.deepEqual(both({ string_equal: { 'vpc:requester_vpc': 'vpc-1' } }, {}), [false, true]);
    assert.deepEqual(both({ string_equal_if_exist: { 'vpc:requester_vpc': 'vpc-1' } }, {}), [false, true]);
    assert.deepEqual(both({ string_equal: { a: 'b' } }, { a: undefined }), [false, false]);
    assert.deepEqual(both({ string_not_equal: { a: 'b' } }, { a: undefined }), [false, true]);
    for (const name of ['ip_equal', 'ip_not_equal'])
      assert.deepEqual(both({ [name]: { a: '10.0.0.0/8' } }, { a: 'unix' }), [false, true], name);
    for (const name of ['numeric_equal', 'numeric_not_equal', 'numeric_less_than', 'numeric_greater_than'])
      for (const a of ['1e1', `${'0'.repeat(20)}5`, '']) {
        assert.deepEqual(both({ [name]: { a: 4 } }, { a }), [false, true], `${name} ${a}`);
        assert.deepEqual(both({ [`${name}_if_exist`]: { a: 4 } }, { a }), [false, true], `${name} ${a}`);
      }
    assert.deepEqual(both({ date_less_than: { a: '2024-01-01' } }, { a: 'now' }), [false, true]);
  });
});

test('of a role may leave its resources out', () => {
  const trust = JSON.stringify({
    statement: { effect: 'allow', action: 'name/sts:AssumeRole', principal: { qcs: [ME] } },
  });
  assert.equal(decide(readPolicy(trust, 'role'), ask({ action: 'sts:AssumeRole' })), 'allow');
  assert.throws(() => readPolicy(trust), { reason: 'resource' });
});

test('what is no policy says which element is wrong', () => {
  const one = (change: object) => ({ version: '2.0', statement: [{ ...allow, ...change }] });
  for (const [document, reason] of [
    ['', 'JSON'],
    ['[]', 'policy'],
    [{ version: '1.0', statement: [allow] }, 'version'],
    [{ version: '2.0' }, 'statement'],
    [{ statement: [] }, 'statement'],
    [{ statement: [1] }, 'statement'],
    [{ statement: allow, rules: [] }, 'rules'],
    [{ statement: allow, Statement: deny }, 'Statement'],
    [one({ effect: 'maybe' }), 'effect'],
    [one({ action: [] }), 'action'],
    [one({ action: 'GetObject' }), 'action'],
    [one({ action: [1] }), 'action'],
    [one({ notaction: 'cos:*' }), 'notaction'],
    [one({ resource: undefined }), 'resource'],
    [one({ resource: 'photos/*' }), 'resource'],
    [one({ resource: 'qcs::cos:ap-guangzhou:uid/1' }), 'resource'],
    [one({ principal: 'me' }), 'principal'],
    [one({ principal: {} }), 'principal'],
    [one({ principal: { qcs: ['me'] } }), 'principal'],
    [one({ principal: { aws: '*' } }), 'aws'],
    [one({ condition: [] }), 'condition'],
    [one({ condition: { string_alike: { a: 'b' } } }), 'string_alike'],
    [one({ condition: { string_equal: { a: {} } } }), 'a'],
    [one({ condition: { string_equal: { a: [] } } }), 'a'],
    [one({ condition: { ip_equal: { 'qcs:ip': ['10.0.0.0/33'] } } }), 'qcs:ip'],
    [one({ condition: { ip_equal: { 'qcs:ip': 'here' } } }), 'qcs:ip'],
    [one({ condition: { numeric_greater_than: { 'cos:content-length': '10MB' } } }), 'cos:content-length'],
    [one({ condition: { numeric_not_equal_if_exist: { 'cos:max-keys': [1, true] } } }), 'cos:max-keys'],
    [one({ condition: { date_less_than: { a: 'tomorrow' } } }), 'a'],
    [one({ condition: { bool_equal: { 'cos:secure-transport': 'no' } } }), 'cos:secure-transport'],
    [one({ condition: { null_equal: { 'cos:versionid': 1 } } }), 'cos:versionid'],
  ] as const) {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    assert.throws(() => readPolicy(text), { name: 'PolicyError', reason }, text);
  }
});

test('whatever a policy is, it is read or refused; and what is read decides', () => {
  const word = fc.constantFrom(
    '*',
    'cos:*',
    'qcs::cos:::*',
    'allow',
    'deny',
    'qcs:ip',
    '10.0.0.0/8',
    ME,
    'string_equal',
    '',
  );
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.constant(null),
      fc.integer(),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'statement',
          'Effect',
          'action',
          'resource',
          'principal',
          'qcs',
          'condition',
          'ip_equal',
          'qcs:ip',
        ),
        tie('tree'),
        { maxKeys: 5 },
      ),
    ),
  }));
  const statement = fc.record({ effect: word, action: tree, resource: tree, condition: tree }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.oneof(tree, fc.record({ statement })), document => {
      try {
        const policy = readPolicy(JSON.stringify(document));
        assert.ok([undefined, 'allow', 'deny'].includes(decide(policy, ask())));
      } catch (error) {
        assert.ok(error instanceof PolicyError, String(error));
      }
    }),
    { numRuns: 400 },
  );
});
