import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { benchOf, Refusal } from './fixture.ts';

const SHOP = {
  CertificateId: 'abcd1234',
  CertificateType: 'SVR',
  SubjectAltName: ['www.example.com', '*.example.com'],
  CACommonNames: [],
  CertEndTime: '2030-01-01 08:00:00',
  Status: 1,
  Alias: 'shop',
};
const CA = {
  ...SHOP,
  CertificateId: 'ca000001',
  CertificateType: 'CA',
  SubjectAltName: [],
  CACommonNames: ['root'],
  Status: 3,
  Alias: '',
};

test('cert add sends both files to the ssl service', async t => {
  const bench = await benchOf(t, { UploadCertificate: { CertificateId: 'abcd1234', RepeatCertId: '' } });
  await writeFile(join(bench.cwd, 'a.pem'), 'the certificate');
  await writeFile(join(bench.cwd, 'a.key'), 'the key');
  const { status, out } = await bench.run(['cert', 'add', 'a.pem', 'a.key', '--alias', 'shop']);
  assert.deepEqual([status, out], [0, 'Uploaded abcd1234\n']);
  const [asked] = bench.asked;
  assert.deepEqual(asked?.params, {
    CertificatePublicKey: 'the certificate',
    CertificatePrivateKey: 'the key',
    Alias: 'shop',
  });
  assert.equal(asked?.headers['x-tc-version'], '2019-12-05');
  assert.match(String(asked?.headers.authorization), /\/ssl\/tc3_request/);
  const json = await bench.run(['cert', 'add', 'a.pem', '--ca', '--json']);
  assert.deepEqual(JSON.parse(json.out), { CertificateId: 'abcd1234' });
  assert.deepEqual(bench.asked[1]?.params, { CertificatePublicKey: 'the certificate', CertificateType: 'CA' });
});

test('cert add says what is missing and what the server refuses', async t => {
  const bench = await benchOf(t, {
    UploadCertificate: new Refusal('FailedOperation.CertificateInvalid', 'it expired'),
  });
  const none = await bench.run(['cert', 'add', 'none.pem', 'none.key']);
  assert.equal(none.status, 1);
  assert.match(none.note, /none\.pem cannot be read: /);
  assert.equal(bench.asked.length, 0);
  await writeFile(join(bench.cwd, 'a.pem'), 'x');
  assert.match((await bench.run(['cert', 'add', 'a.pem', 'b.key'])).note, /b\.key cannot be read/);
  const refused = await bench.run(['cert', 'add', 'a.pem', 'a.pem']);
  assert.equal(refused.status, 1);
  assert.match(refused.note, /FailedOperation\.CertificateInvalid: it expired/);
  assert.equal((await bench.run(['cert', 'add'])).status, 2);
});

test('cert ls shows what each is for and until when', async t => {
  const bench = await benchOf(t, { DescribeCertificates: { TotalCount: 2, Certificates: [SHOP, CA] } });
  assert.equal(
    (await bench.run(['cert', 'ls'])).out,
    [
      'abcd1234  SVR  www.example.com,*.example.com  2030-01-01 08:00:00            shop',
      'ca000001  CA   root                           2030-01-01 08:00:00 (expired)',
      '',
    ].join('\n'),
  );
  assert.match((await bench.run(['cert', 'ls', '--lang', 'zh'])).out, /（已过期）/);
  assert.deepEqual(JSON.parse((await bench.run(['cert', 'ls', '--json'])).out), [SHOP, CA]);
  assert.deepEqual(bench.asked[0]?.params, { Limit: 1000 });
});

test('cert ls of an empty server says what to do', async t => {
  const bench = await benchOf(t, { DescribeCertificates: { TotalCount: 0, Certificates: [] } });
  const { status, out, note } = await bench.run(['cert', 'ls']);
  assert.deepEqual([status, out], [0, '']);
  assert.match(note, /openscf cert add/);
});

test('cert rm names one', async t => {
  const bench = await benchOf(t, { DeleteCertificate: { DeleteResult: true } });
  assert.equal((await bench.run(['cert', 'rm', 'abcd1234'])).out, 'Removed abcd1234\n');
  assert.deepEqual(bench.asked[0]?.params, { CertificateId: 'abcd1234' });
  assert.deepEqual(JSON.parse((await bench.run(['cert', 'rm', 'x', '--json'])).out), { CertificateId: 'x' });
  const used = await benchOf(t, { DeleteCertificate: new Refusal('FailedOperation.DeleteResourceFailed', 'used') });
  assert.equal((await used.run(['cert', 'rm', 'abcd1234'])).status, 1);
});
