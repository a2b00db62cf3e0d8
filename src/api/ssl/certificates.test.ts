import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { openCertificates } from '../../control/certificates.ts';
import { TagTable } from '../../control/tags.ts';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import { SeededIds } from '../../core/ids.ts';
import { NO_LOG } from '../../core/log.ts';
import { type Made, makeCertificate } from '../../http/testing-certificates.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import { bindService } from '../service.ts';
import { SSL_ACTIONS } from './index.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

async function scene() {
  const wallClock = new TurnableClock(NOW);
  const store = await openSqliteStore({ file: ':memory:', clock: wallClock, log: NO_LOG });
  const certificates = await openCertificates({ store, clock: wallClock, ids: new SeededIds() });
  const tags = await TagTable.open(store);
  const account = { appId: '1250000000', uin: '100000000001' };
  const ssl = bindService('ssl', SSL_ACTIONS, { certificates, tags, account, wallClock });
  const context = { requestId: 'r', region: '', language: 'en', secretId: 'AKID' } as const;
  const call = async (action: string, value: object, more: object = {}) =>
    (await ssl.call(action, { form: 'json', value }, { ...context, ...more } as never)) as Record<string, unknown>;
  const upload = async (made: Made, more: object = {}) =>
    String((await call('UploadCertificate', { ...request(made), ...more })).CertificateId);
  const ids = async (query: object) => {
    const { TotalCount, Certificates } = await call('DescribeCertificates', query);
    const listed = (Certificates as { CertificateId: string }[]).map(one => one.CertificateId);
    return [TotalCount, ...listed];
  };
  return { call, upload, ids, certificates, tags, wallClock };
}

const request = ({ certificatePem, privateKeyPem }: Made) => ({
  CertificatePublicKey: certificatePem,
  CertificatePrivateKey: privateKeyPem,
});

const code =
  (expected: string, words = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, expected);
    assert.match(error.text('en'), words);
    return true;
  };

describe('the ssl actions', () => {
  let server: Made;
  let wild: Made;
  let ca: Made;
  before(async () => {
    ca = await makeCertificate({ commonName: 'root', ca: true });
    server = await makeCertificate({ names: ['www.example.com', 'example.com'], issuer: ca });
    wild = await makeCertificate({ names: ['*.example.org'], notAfter: NOW + 20 * DAY_MS, rsaBits: 2048 });
  });

  test('a certificate is uploaded, shown, renamed and deleted', async () => {
    const { call, upload, ids, tags } = await scene();
    const chained = { ...server, certificatePem: server.certificatePem + ca.certificatePem };
    const Tags = [{ TagKey: 'team', TagValue: 'a' }];
    const id = await upload(chained, { Alias: 'shop', ProjectId: 3, Tags });
    assert.match(id, /^[a-z0-9]{8}$/);
    const shown = await call('DescribeCertificate', { CertificateId: id });
    const expected = {
      OwnerUin: '100000000001',
      ProjectId: '3',
      From: 'upload',
      CertificateType: 'SVR',
      Domain: 'www.example.com',
      SubjectAltName: ['www.example.com', 'example.com'],
      Alias: 'shop',
      Status: 1,
      StatusName: 'Issued',
      ValidityPeriod: '12',
      CertificateId: id,
      IsWildcard: false,
      Deployable: true,
      Tags,
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(shown[name], value, name);
    assert.match(String(shown.CertEndTime), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.doesNotMatch(JSON.stringify(shown), /PRIVATE KEY/);

    const detail = await call('DescribeCertificateDetail', { CertificateId: id });
    assert.equal(detail.CertificatePublicKey, chained.certificatePem);
    assert.equal(detail.CertificatePrivateKey, server.privateKeyPem);
    assert.deepEqual(
      [detail.Domain, detail.SubjectAltName, detail.DomainType],
      ['www.example.com', ['example.com'], 2],
    );
    assert.match(String(detail.CertFingerprint), /^[0-9a-f]{40}$/);
    assert.deepEqual(detail.RootCert, { Sign: '', Encrypt: '', Standard: ca.certificatePem });
    const chain = detail.CertChainInfo as { Subject: string; Issuer: string }[];
    assert.deepEqual(
      chain.map(one => [one.Subject, one.Issuer]),
      [
        ['CN=test', 'CN=root'],
        ['CN=root', 'CN=root'],
      ],
    );

    assert.deepEqual(await call('ModifyCertificateAlias', { CertificateId: id, Alias: '商店' }), { CertificateId: id });
    assert.equal((await call('DescribeCertificate', { CertificateId: id })).Alias, '商店');
    assert.deepEqual(await call('DeleteCertificate', { CertificateId: id }), { DeleteResult: true, TaskId: '' });
    assert.deepEqual(await ids({}), [0]);
    assert.deepEqual(tags.tagged(), []);
    for (const action of [
      'DescribeCertificate',
      'DescribeCertificateDetail',
      'ModifyCertificateAlias',
      'DeleteCertificate',
    ])
      await assert.rejects(call(action, { CertificateId: id }), code('FailedOperation.CertificateNotFound'));
  });

  test('the same one comes twice unless that is not wanted', async () => {
    const { call, upload, ids, tags } = await scene();
    const id = await upload(server);
    const again = { ...request(server), Repeatable: false, Tags: [{ TagKey: 'a', TagValue: 'b' }] };
    assert.deepEqual(await call('UploadCertificate', again), { CertificateId: id, RepeatCertId: id });
    assert.deepEqual(tags.tagged(), [], 'nothing was changed');
    const twin = await call('UploadCertificate', request(server));
    assert.notEqual(twin.CertificateId, id);
    assert.deepEqual(twin.RepeatCertId, '');
    assert.equal((await ids({}))[0], 2);
  });

  test('a CA has no key and no domain, and tells of each certificate in it', async () => {
    const { call, upload, certificates } = await scene();
    const both = { ...ca, certificatePem: ca.certificatePem + wild.certificatePem };
    const id = await upload(both, { CertificateType: 'CA', CertificatePrivateKey: undefined });
    const shown = await call('DescribeCertificate', { CertificateId: id });
    assert.deepEqual(
      [shown.CertificateType, shown.Domain, shown.Deployable, shown.CACommonNames, shown.CAEncryptAlgorithms],
      ['CA', '', false, ['root', 'test'], ['ECC prime256v1', 'RSA 2048']],
    );
    assert.equal((shown.CAEndTimes as string[]).length, 2);
    assert.equal(certificates.find(id)?.privateKeyPem, '');
    const kept = await upload(ca, { CertificateType: 'CA' });
    assert.equal(certificates.find(kept)?.privateKeyPem, '', 'a key that came with it is not kept');
  });

  test('lists are filtered, sorted and paged', async () => {
    const { upload, ids, call, wallClock } = await scene();
    const a = await upload(server, { Alias: 'Shop', Tags: [{ TagKey: 'team', TagValue: 'x' }] });
    await wallClock.advance(1000);
    const b = await upload(wild, { ProjectId: 7 });
    await wallClock.advance(1000);
    const c = await upload(ca, { CertificateType: 'CA' });
    assert.deepEqual(await ids({}), [3, c, b, a]);
    assert.deepEqual(await ids({ Offset: 1, Limit: 1 }), [3, b]);
    assert.deepEqual(await ids({ Limit: 5000 }), [3, c, b, a]);
    assert.deepEqual(await ids({ SearchKey: 'shop' }), [1, a]);
    assert.deepEqual(await ids({ SearchKey: 'example.org' }), [1, b]);
    assert.deepEqual(await ids({ CertificateType: 'SVR' }), [2, b, a]);
    assert.deepEqual(await ids({ CertificateType: 'CA' }), [1, c]);
    assert.deepEqual(await ids({ CertificateType: '' }), [3, c, b, a]);
    assert.deepEqual(await ids({ ProjectId: 7 }), [1, b]);
    assert.deepEqual(await ids({ CertIds: [a, c] }), [2, c, a]);
    assert.deepEqual(await ids({ Deployable: 0 }), [1, c]);
    assert.deepEqual(await ids({ Deployable: 1 }), [2, b, a]);
    assert.deepEqual(await ids({ FilterExpiring: 1 }), [1, b]);
    assert.deepEqual(await ids({ ExpirationSort: 'ASC', Limit: 1 }), [3, b]);
    assert.deepEqual(await ids({ Tags: [{ TagKey: 'team', TagValue: 'x' }] }), [1, a]);
    assert.deepEqual(await ids({ Tags: [{ TagKey: 'team', TagValue: 'y' }] }), [0]);
    for (const none of [{ FilterSource: 'buy' }, { IsSM: 1 }, { Renew: 1 }, { Hostable: 1 }, { ServiceId: 's' }])
      assert.deepEqual(await ids(none), [0], JSON.stringify(none));
    assert.deepEqual(await ids({ FilterSource: 'upload', IsSM: 0, ServiceId: '' }), [3, c, b, a]);
    assert.deepEqual(await ids({ CertificateStatus: [3] }), [0]);
    await wallClock.advance(25 * DAY_MS);
    assert.deepEqual(await ids({ CertificateStatus: [3] }), [1, b]);
    assert.deepEqual(await ids({ FilterExpiring: 1 }), [0]);
    const { Certificates } = await call('DescribeCertificates', { CertIds: [b] }, { language: 'zh' });
    const [expired] = Certificates as Record<string, unknown>[];
    assert.deepEqual(
      [expired?.Status, expired?.StatusName, expired?.IsWildcard, expired?.EncryptAlgorithm, expired?.IsExpiring],
      [3, '已过期', true, 'RSA 2048', false],
    );
    assert.doesNotMatch(JSON.stringify(Certificates), /PRIVATE KEY/);
  });

  test('what is used stays', async () => {
    const { call, upload, certificates } = await scene();
    const id = await upload(server);
    certificates.askBeforeRemoval(() => 'apigw example.com');
    const refused = code('FailedOperation.DeleteResourceFailed', /apigw example\.com/);
    await assert.rejects(call('DeleteCertificate', { CertificateId: id, IsCheckResource: false }), refused);
  });

  test('bad requests are refused with the documented codes, and nothing is kept', async () => {
    const { call, ids } = await scene();
    const good = request(server);
    for (const [change, expected] of [
      [{ CertificatePublicKey: undefined }, 'MissingParameter'],
      [{ CertificatePrivateKey: undefined }, 'MissingParameter'],
      [{ CertificatePrivateKey: ' ' }, 'MissingParameter'],
      [{ CertificatePublicKey: 'text' }, 'FailedOperation.CertificateInvalid'],
      [{ CertificatePrivateKey: 'text' }, 'FailedOperation.CertificateInvalid'],
      [{ CertificatePrivateKey: wild.privateKeyPem }, 'FailedOperation.CertificateMismatch'],
      [{ CertificateType: 'X' }, 'InvalidParameterValue'],
      [{ Alias: 'x'.repeat(201) }, 'FailedOperation.InvalidParam'],
      [{ Tags: [{ TagKey: 'qcloud', TagValue: 'x' }] }, 'InvalidParameterValue.ReservedTagKey'],
      [{ Repeatable: 'maybe' }, 'InvalidParameter'],
    ] as const)
      await assert.rejects(call('UploadCertificate', { ...good, ...change }), code(expected), JSON.stringify(change));
    assert.deepEqual(await ids({}), [0]);
    for (const query of [{ Offset: -1 }, { Limit: 0 }, { ExpirationSort: 'UP' }, { CertificateType: 'X' }])
      await assert.rejects(call('DescribeCertificates', query), /InvalidParameterValue/);
  });
});
