import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Acl, Permission } from '../model.ts';
import { aclOf, readAcl, rootId, writeAcl } from './acl.ts';
import { readXml } from './readxml.ts';
import { xmlDocument } from './xml.ts';

/** As objects are that are written down. */
const PLAIN = { noNullPrototype: true } as const;
const UIN = '100000000001';
const FRIEND = 'qcs::cam::uin/200000000002:uin/300000000003';
const of = (headers: Readonly<Record<string, string>>, kind: 'bucket' | 'object' = 'bucket') =>
  aclOf(name => headers[name], kind);
const read = (inner: string) =>
  readAcl(readXml(Buffer.from(`<AccessControlPolicy>${inner}</AccessControlPolicy>`), 'AccessControlPolicy'));
const grant = (grantee: string, permission = 'READ') =>
  `<AccessControlList><Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant></AccessControlList>`;

describe('headers', () => {
  test('that say nothing', () => assert.equal(of({}), undefined));

  for (const canned of ['private', 'public-read', 'public-read-write', 'authenticated-read'] as const)
    test(canned, () => assert.deepEqual(of({ 'x-cos-acl': canned }), { canned, grants: [] }));

  test('default is for objects alone, and so are the bucket’s owner’s', () => {
    assert.deepEqual(of({ 'x-cos-acl': 'default' }, 'object'), { canned: 'default', grants: [] });
    assert.deepEqual(of({ 'x-cos-acl': 'bucket-owner-read' }, 'object'), { canned: 'private', grants: [] });
    for (const text of ['default', 'bucket-owner-full-control', 'PUBLIC-READ', ' ', 'custom'])
      assert.throws(() => of({ 'x-cos-acl': text }), { code: 'InvalidArgument' }, text);
  });

  for (const [name, permission] of [
    ['x-cos-grant-read', 'READ'],
    ['x-cos-grant-write', 'WRITE'],
    ['x-cos-grant-read-acp', 'READ_ACP'],
    ['x-cos-grant-write-acp', 'WRITE_ACP'],
    ['x-cos-grant-full-control', 'FULL_CONTROL'],
  ] as const)
    test(name, () => {
      const grants = [
        { to: { id: FRIEND }, permission },
        { to: { id: rootId('7') }, permission },
        { to: { id: 'qcs::cam::uin/7:uin/8' }, permission },
        { to: { group: 'AllUsers' }, permission },
      ];
      const text = `id="${FRIEND}", uin=7 , id="7/8",id="qcs::cam::anyone:anyone"`;
      assert.deepEqual(of({ [name]: text }), { canned: 'private', grants });
      assert.deepEqual(of({ [name]: text, 'x-cos-acl': 'private' }), { canned: 'private', grants });
    });

  for (const text of [
    'me',
    'id=',
    'id="me"',
    'name="1"',
    'id="1" id="2"',
    'id="1",',
    'id="1/"',
    'id="1/2/3"',
    'id="/2"',
    'id="qcs::cam::uin/1"',
  ])
    test(`grants to ${text} are refused`, () =>
      assert.throws(() => of({ 'x-cos-grant-read': text }), { code: 'InvalidArgument' }));

  test('at most a hundred grants', () => {
    const grants = (count: number) => Array.from({ length: count }, (_, i) => `id="${i + 1}"`).join(',');
    assert.equal(of({ 'x-cos-grant-read': grants(100) })?.grants.length, 100);
    assert.throws(() => of({ 'x-cos-grant-read': grants(100), 'x-cos-grant-write': grants(1) }), {
      code: 'InvalidArgument',
    });
  });
});

describe('XML', () => {
  for (const [grantee, to] of [
    [`<ID>${FRIEND}</ID><DisplayName>x</DisplayName>`, { id: FRIEND }],
    ['<ID>qcs::cam::uin/7:root</ID>', { id: 'qcs::cam::uin/7:root' }],
    ['<Subaccount>7</Subaccount>', { id: rootId('7') }],
    ['<URI>http://cam.qcloud.com/groups/global/AllUsers</URI>', { group: 'AllUsers' }],
    ['<URI>http://cam.qcloud.com/groups/global/AuthenticatedUsers</URI>', { group: 'AuthenticatedUsers' }],
    ['<ID>qcs::cam::anyone:anyone</ID>', { group: 'AllUsers' }],
  ] as const)
    test(grantee, () =>
      assert.deepEqual(read(grant(grantee)), { canned: 'custom', grants: [{ to, permission: 'READ' }] }),
    );

  for (const [inner, code] of [
    ['', 'MalformedXML'],
    ['<AccessControlList><Grant/></AccessControlList>', 'MalformedXML'],
    ['<AccessControlList/><AccessControlList/>', 'MalformedXML'],
    [`${grant('<ID>1</ID>')}<More/>`, 'MalformedXML'],
    [grant('<ID>1</ID>', 'EVERYTHING'), 'MalformedXML'],
    [grant('<ID>1</ID>', ''), 'MalformedXML'],
    [grant(''), 'InvalidArgument'],
    [grant('<URI>http://example.com/me</URI>'), 'InvalidArgument'],
  ] as const)
    test(`${inner || 'nothing'} is ${code}`, () => assert.throws(() => read(inner), { code }));

  test("of headers without public rights is its grants; without grants it is the owner's", () => {
    const shown = (acl: Acl) => {
      const xml = Buffer.from(xmlDocument('AccessControlPolicy', writeAcl(acl, UIN)));
      return readAcl(readXml(xml, 'AccessControlPolicy')).grants.map(one => one.permission);
    };
    const grants = [{ to: { id: rootId('200') }, permission: 'READ' }] as const;
    assert.deepEqual(shown({ canned: 'private', grants }), ['READ']);
    assert.deepEqual(shown({ canned: 'private', grants: [] }), ['FULL_CONTROL']);
    assert.deepEqual(shown({ canned: 'public-read', grants }), ['FULL_CONTROL', 'READ', 'READ']);
  });

  test('is given back as it came', () => {
    const owner = { to: { id: rootId(UIN) }, permission: 'FULL_CONTROL' };
    assert.deepEqual(read(grant(`<ID>${rootId(UIN)}</ID>`, 'FULL_CONTROL')).grants, [owner]);
    assert.deepEqual(read('<AccessControlList/>').grants, []);
  });

  test('what is written means the same when it is read', () => {
    const permission = fc.constantFrom<Permission>('READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL');
    const to = fc.oneof(
      fc.integer({ min: 200, max: 299 }).map(uin => ({ id: rootId(String(uin)) })),
      fc.constantFrom({ group: 'AllUsers' } as const, { group: 'AuthenticatedUsers' } as const),
    );
    const grants = fc.array(fc.record({ to, permission }, PLAIN), { maxLength: 5 });
    const acl: fc.Arbitrary<Acl> = fc.record(
      {
        canned: fc.constantFrom('private', 'public-read', 'public-read-write', 'authenticated-read', 'custom'),
        grants,
      },
      PLAIN,
    );
    const again = (given: Acl) =>
      readAcl(readXml(Buffer.from(xmlDocument('AccessControlPolicy', writeAcl(given, UIN))), 'AccessControlPolicy'));
    fc.assert(
      fc.property(acl, given => {
        const once = again(given);
        assert.deepEqual(once.grants.slice(once.grants.length - given.grants.length), given.grants);
        assert.deepEqual(again(once), once);
      }),
    );
  });
});
