import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import type { Holder } from '../../../core/policy.ts';
import { readPolicy } from '../../../core/policy-text.ts';
import { type SignedPairs, signHeader } from '../../../http/qsign.ts';
import type { Acl, Bucket, Permission } from '../model.ts';
import { AccountGuard, type Caller, type Deed, type ReceivedRequest } from './guard.ts';

const ACCOUNT = { appId: '1250000000', uin: '100000000001' };
const ROOT = 'qcs::cam::uin/100000000001:uin/100000000001';
const KEY = { secretId: 'AKIDEXAMPLE', secretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };
const NOW_S = 1_700_000_000;
const SPAN = `${NOW_S};${NOW_S + 900}` as const;
const ID = 'photos-1250000000';
const PRIVATE: Acl = { canned: 'private', grants: [] };

function bucket(change: Partial<Bucket> = {}): Bucket {
  return {
    ...{ id: ID, name: 'photos', appId: '1250000000', region: 'ap-guangzhou', createdAt: 0, versioning: 'never' },
    ...{ acl: PRIVATE, cors: undefined, lifecycle: undefined, policy: undefined, tags: [], plain: {}, inventories: {} },
    ...change,
  };
}

const limit = (...statement: object[]) => readPolicy(JSON.stringify({ version: '2.0', statement }));
const allow = { effect: 'allow', action: '*', resource: '*' };

function guarded(holder: Holder = { names: [ROOT], limits: [] }) {
  const wallClock = new TurnableClock(NOW_S * 1000);
  const secrets = { secretOf: (id: string) => (id === KEY.secretId ? { ...KEY, holder } : undefined) };
  return new AccountGuard({ secrets, wallClock, account: ACCOUNT });
}

interface Given {
  readonly signed?: boolean;
  readonly query?: SignedPairs;
  readonly headers?: SignedPairs;
  readonly sourceIp?: string;
  readonly tls?: string;
  readonly bucket?: string | undefined;
}

function request({ signed = true, query = [], headers = [], ...rest }: Given = {}): ReceivedRequest {
  const plain = { method: 'GET', path: '/a/b.png', query, headers, bucket: ID, inPath: false, region: 'ap-guangzhou' };
  const added = signed ? [['Authorization', signHeader({ ...plain, query: [], headers: [] }, KEY, SPAN)] as const] : [];
  return { ...plain, ...rest, headers: [...headers, ...added] };
}

interface Asked extends Given {
  readonly holder?: Holder;
  readonly action?: string;
  readonly permission?: Permission | undefined;
  readonly of?: Bucket | undefined;
  readonly key?: string;
  readonly acl?: Acl | undefined;
}

function may(asked: Asked): boolean {
  const guard = guarded(asked.holder);
  return guard.mayDo(guard.authorize(request(asked)), deed(asked));
}

function deed({ action = 'GetObject', key = 'a/b.png', acl, ...rest }: Asked): Deed {
  const permission = 'permission' in rest ? rest.permission : 'READ';
  return { action, permission, key, bucket: 'of' in rest ? rest.of : bucket(), acl: () => acl };
}

const nobody = { signed: false };

describe('who asks', () => {
  test('is told, with what they signed by', () => {
    const guard = guarded();
    const known = guard.authorize(request());
    assert.equal(known.anonymous, false);
    assert.match(known.authorization, /^q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE/);
    assert.deepEqual(
      [guard.authorize(request(nobody)).anonymous, guard.authorize(request(nobody)).authorization],
      [true, ''],
    );
    assert.throws(() => guard.authorize({ ...request(), path: '/other' }), { code: 'SignatureDoesNotMatch' });
  });

  test('cannot be made up', () => {
    const made: Caller = {
      anonymous: false,
      mayCopy: true,
      authorization: guarded().authorize(request()).authorization,
    };
    assert.equal(guarded().mayDo(made, deed({})), false);
  });

  test('by a form', () => {
    const guard = guarded();
    const form = (fields: Readonly<Record<string, string>>) =>
      guard.authorizeForm({ fields: new Map(Object.entries(fields)), key: 'a', request: request(nobody) });
    assert.equal(form({ key: 'a' }).anonymous, true);
    const signature = signHeader({ method: 'GET', path: '/a/b.png', query: [], headers: [] }, KEY, SPAN);
    const caller = form({ key: 'a', signature });
    assert.equal(caller.anonymous, false);
    assert.equal(caller.bytes, undefined);
    assert.ok(guard.mayDo(caller, deed({ action: 'PostObject' })));
  });
});

describe('keys of the account', () => {
  test('may do anything', () => {
    assert.ok(may({}));
    assert.ok(may({ permission: undefined, action: 'PutBucketCORS' }));
    assert.ok(may({ of: undefined, bucket: undefined, action: 'GetService' }));
  });

  test('that are limited may do what all limits allow', () => {
    const objects = { ...allow, action: 'name/cos:Get*', resource: `qcs::cos:ap-guangzhou:uid/1250000000:${ID}/a/*` };
    const holder = { names: [ROOT], limits: [limit(objects), limit(allow)] };
    assert.ok(may({ holder }));
    assert.ok(!may({ holder, key: 'b/b.png' }));
    assert.ok(!may({ holder, action: 'PutObject' }));
    assert.ok(!may({ holder, of: bucket({ region: 'ap-tokyo' }) }));
    assert.ok(!may({ holder, of: bucket({ id: 'other-1250000000' }) }));
    assert.ok(!may({ holder, of: bucket({ acl: { canned: 'public-read-write', grants: [] } }), action: 'PutObject' }));
    const older = { ...objects, resource: 'qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/photos/a/*' };
    assert.ok(may({ holder: { names: [ROOT], limits: [limit(older)] } }));
  });

  test('by limits on what lists begin with', () => {
    const holder = { names: [ROOT], limits: [limit({ ...allow, resource: `qcs::cos:::${ID}/a/*` })] };
    const list = (action: string, prefix?: string) =>
      may({ holder, action, key: '', query: prefix === undefined ? [] : [['Prefix', prefix]] });
    for (const action of ['GetBucket', 'GetBucketObjectVersions', 'ListMultipartUploads']) {
      assert.deepEqual(
        [list(action, 'a/'), list(action, 'a/b'), list(action, 'a'), list(action, ''), list(action)],
        [true, true, false, false, false],
        action,
      );
    }
    assert.ok(!list('DeleteBucket', 'a/'), 'nothing else asks for a prefix');
  });

  test('by limits on buckets that are not there yet, and on the service', () => {
    const making = (resource: string) => ({ names: [ROOT], limits: [limit({ ...allow, resource })] });
    const put = { of: undefined, key: '', action: 'PutBucket', permission: undefined } as const;
    assert.ok(may({ ...put, holder: making(`qcs::cos::uid/1250000000:${ID}/*`) }));
    assert.ok(!may({ ...put, holder: making('qcs::cos::uid/1250000000:other-1250000000/*') }));
    const service = { ...put, action: 'GetService', bucket: undefined };
    assert.ok(may({ ...service, holder: making('qcs::cos::uid/1250000000:*') }));
    assert.ok(!may({ ...service, holder: making(`qcs::cos::uid/1250000000:${ID}/*`) }));
  });
});

describe('access control lists', () => {
  const rights =
    (acl: Acl, object?: Acl) =>
    (asked: Asked = nobody) =>
      (['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'] as const)
        .filter(permission => may({ ...asked, of: bucket({ acl }), permission, acl: object }))
        .join(' ');
  const canned = (name: Acl['canned']): Acl => ({ canned: name, grants: [] });

  test('in a word', () => {
    assert.equal(rights(PRIVATE)(), '');
    assert.equal(rights(canned('public-read'))(), 'READ');
    assert.equal(rights(canned('public-read-write'))(), 'READ WRITE');
    assert.equal(rights(canned('authenticated-read'))(), '');
    assert.equal(rights(canned('custom'))(), '');
  });

  test('of an object come before its bucket’s, but for default', () => {
    assert.equal(rights(canned('public-read'), canned('private'))(), '');
    assert.equal(rights(PRIVATE, canned('public-read'))(), 'READ');
    assert.equal(rights(canned('public-read'), canned('default'))(), 'READ');
    assert.equal(rights(PRIVATE, canned('default'))(), '');
  });

  test('as grants', () => {
    const grant = (permission: Permission): Acl => ({
      canned: 'custom',
      grants: [{ to: { group: 'AllUsers' }, permission }],
    });
    assert.equal(rights(grant('WRITE_ACP'))(), 'WRITE_ACP');
    assert.equal(rights(grant('FULL_CONTROL'))(), 'READ WRITE READ_ACP WRITE_ACP');
    const other: Acl = { canned: 'private', grants: [{ to: { id: ROOT }, permission: 'READ' }] };
    assert.equal(rights(other)(), '');
  });

  test('say nothing of what is the owner’s alone', () => {
    const open = bucket({
      acl: { canned: 'public-read-write', grants: [{ to: { group: 'AllUsers' }, permission: 'FULL_CONTROL' }] },
    });
    assert.ok(!may({ ...nobody, of: open, permission: undefined, action: 'PutBucketCORS' }));
    const guard = guarded();
    assert.ok(
      !guard.mayDo(guard.authorize(request(nobody)), {
        ...deed({ of: undefined }),
        action: 'GetService',
        permission: 'READ',
      }),
    );
  });
});

describe('bucket policies', () => {
  const anyone = {
    principal: { qcs: ['qcs::cam::anyone:anyone'] },
    effect: 'allow',
    action: ['name/cos:GetObject'],
    resource: [`qcs::cos:ap-guangzhou:uid/1250000000:${ID}/a/*`],
  };
  const of = (...statements: object[]) => bucket({ policy: JSON.stringify({ version: '2.0', Statement: statements }) });

  test('let others do what they name', () => {
    assert.ok(may({ ...nobody, of: of(anyone) }));
    assert.ok(!may({ ...nobody, of: of(anyone), key: 'b' }));
    assert.ok(!may({ ...nobody, of: of(anyone), action: 'PutObject' }));
    assert.ok(!may({ ...nobody, of: of({ ...anyone, principal: { qcs: [ROOT] } }) }));
  });

  test('refuse, before lists and before the owner', () => {
    const deny = { ...anyone, effect: 'deny' };
    const open = { ...of(deny), acl: { canned: 'public-read', grants: [] } as const };
    assert.ok(!may({ ...nobody, of: open }));
    assert.ok(may({ ...nobody, of: open, key: 'b' }));
    assert.ok(!may({ of: open }));
    assert.ok(!may({ ...nobody, of: of(anyone, deny) }));
  });

  test('never shut the owner out of the policy itself, nor let in whom a limit keeps out', () => {
    const shut = of({ ...anyone, effect: 'deny', action: '*', resource: '*' });
    const asked = { of: shut, key: '', permission: undefined };
    for (const action of ['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy']) {
      assert.ok(may({ ...asked, action }), action);
      assert.ok(!may({ ...asked, ...nobody, action }), action);
    }
    assert.ok(!may({ ...asked, action: 'PutBucketACL' }));
    const holder = { names: [ROOT], limits: [limit({ ...allow, action: 'cos:GetBucket' })] };
    assert.ok(!may({ holder, of: shut, action: 'PutBucketPolicy' }));
    assert.ok(!may({ holder, of: of(anyone) }));
  });

  test('are not taken away by those whom they shut out', () => {
    const name = 'qcs::cam::uin/100000000001:roleName/worker';
    const shut = of({ effect: 'deny', principal: { qcs: [name] }, action: '*', resource: '*' });
    const asked = { key: '', permission: undefined, holder: { names: [name], limits: [limit(allow)] } };
    for (const action of ['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy']) {
      assert.ok(!may({ ...asked, of: shut, action }), action);
      assert.ok(may({ ...asked, of: bucket(), action }), action);
    }
  });

  test('by address, referer and what is asked for', () => {
    const when = (condition: object) => of({ ...anyone, condition });
    const net = when({ ip_equal: { 'qcs:ip': ['10.0.0.0/8'] } });
    assert.ok(may({ ...nobody, of: net, sourceIp: '10.1.2.3' }));
    assert.ok(!may({ ...nobody, of: net, sourceIp: '11.1.2.3' }));
    assert.ok(!may({ ...nobody, of: net }));
    const page = when({ string_like: { 'qcs:referer': 'https://example.com/*' } });
    assert.ok(may({ ...nobody, of: page, headers: [['Referer', 'https://example.com/x']] }));
    assert.ok(!may({ ...nobody, of: page }));
    const type = when({ string_equal: { 'cos:response-content-type': 'text/html' } });
    assert.ok(may({ ...nobody, of: type, query: [['response-content-type', 'text/html']] }));
    assert.ok(
      !may({
        ...nobody,
        of: type,
        query: [
          ['response-content-type', 'a'],
          ['Response-Content-Type', 'text/html'],
        ],
      }),
    );
    const secure = when({ bool_equal: { 'cos:secure-transport': 'true' } });
    assert.ok(may({ ...nobody, of: secure, tls: 'TLSv1.2' }));
    assert.ok(!may({ ...nobody, of: secure, tls: '' }));
    assert.ok(!may({ ...nobody, of: secure }));
    const recent = when({ numeric_greater_than_equal: { 'cos:tls-version': '1.2' } });
    assert.ok(may({ ...nobody, of: recent, tls: 'TLSv1.3' }));
    assert.ok(!may({ ...nobody, of: recent, tls: 'TLSv1.1' }));
    assert.ok(!may({ ...nobody, of: recent, tls: '' }));
    assert.ok(!may({ ...nobody, of: when({ string_equal: { 'vpc:requester_vpc': 'vpc-1' } }) }));
  });

  test('by fields of a form', () => {
    const guard = guarded();
    const policy = of({ ...anyone, action: '*', condition: { string_equal: { 'cos:x-cos-acl': 'private' } } });
    const post = (acl: string) => {
      const fields = new Map([['acl', acl]]);
      const caller = guard.authorizeForm({
        fields,
        key: 'a/b.png',
        request: request({ ...nobody, headers: [['x-cos-acl', 'private']] }),
      });
      return guard.mayDo(caller, deed({ of: policy, action: 'PostObject' }));
    };
    assert.deepEqual([post('private'), post('public-read')], [true, false]);
  });

  test('are refused when they say no whom they are about', () => {
    const guard = guarded();
    const bad = (text: string) => () => guard.mayDo(guard.authorize(request()), deed({ of: bucket({ policy: text }) }));
    assert.throws(bad(JSON.stringify({ statement: allow })), { code: 'MalformedPolicy' });
    assert.throws(bad('{'), { code: 'MalformedPolicy' });
    assert.throws(bad(JSON.stringify({ statement: anyone, pad: 'x'.repeat(20 * 1024) })), { code: 'MalformedPolicy' });
  });
});

test('pages of others may be kept from showing objects, unless the request is signed', () => {
  const referer =
    '<RefererConfiguration><Status>Enabled</Status><RefererType>White-List</RefererType><DomainList><Domain>*.example.com</Domain></DomainList></RefererConfiguration>';
  const open = bucket({ acl: { canned: 'public-read-write', grants: [] }, plain: { referer } });
  const from = (page: string) => ({ of: open, headers: [['Referer', page]] as const });
  assert.ok(may({ ...nobody, ...from('https://a.example.com/x') }));
  assert.ok(!may({ ...nobody, ...from('https://evil.com/') }));
  assert.ok(!may({ ...nobody, of: open }));
  assert.ok(may(from('https://evil.com/')));
  assert.ok(may({ ...nobody, of: open, key: '', action: 'GetBucket' }), 'lists are no objects');
  assert.ok(may({ ...nobody, of: open, permission: 'WRITE', action: 'PutObject' }));
  const policy = JSON.stringify({ statement: { ...allow, principal: '*' } });
  assert.ok(!may({ ...nobody, of: { ...open, policy } }));
});
