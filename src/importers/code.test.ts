import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudError } from '../core/errors.ts';
import { sendCode } from './code.ts';
import type { Package, StoredPackage } from './project.ts';

const zip = Buffer.from('PK of a package');
const uploads: [Buffer, StoredPackage][] = [];
const upload = async (content: Buffer, to: StoredPackage) => {
  uploads.push([content, to]);
};

async function sent(code: Package, name = 'f'): Promise<unknown> {
  const all: unknown[] = [];
  await sendCode({ name, code }, { upload }, async one => all.push(one));
  assert.equal(all.length, 1);
  return all[0];
}

const refusing = (code: string) => () =>
  Promise.reject(new CloudError(code, { fault: 'caller', zh: '没有。', en: 'there is none.' }));

test('a package goes with the request', async () => {
  assert.deepEqual(await sent({ zip }), { ZipFile: zip.toString('base64') });
  assert.deepEqual(uploads, []);
});

test('one that is in a bucket is named', async () => {
  const stored = { bucket: 'code', object: '/a.zip' };
  assert.deepEqual(await sent(stored), { CosBucketName: 'code', CosObjectName: '/a.zip' });
  assert.deepEqual(uploads, []);
});

test('one that goes by way of a bucket is there first, under a key that tells its content', async () => {
  const first = await sent({ zip, bucket: 'code' });
  const [[content, to] = []] = uploads.splice(0);
  assert.ok(to);
  assert.equal(content, zip);
  assert.equal(to.bucket, 'code');
  assert.match(to.object, /^f-[0-9a-f]{16}\.zip$/);
  assert.deepEqual(first, { CosBucketName: 'code', CosObjectName: to.object });
  await sent({ zip: Buffer.from(zip), bucket: 'code' });
  await sent({ zip: Buffer.from('PK of another'), bucket: 'code' });
  await sent({ zip, bucket: 'code' }, 'g');
  const [same, other, another] = uploads.splice(0).map(([, { object }]) => object);
  assert.equal(same, to.object);
  assert.equal(new Set([same, other, another]).size, 3);
});

test('nothing is sent of what could not be uploaded', async () => {
  const send = () => assert.fail('sent');
  const broken = new Error('no room');
  const upload = () => Promise.reject(broken);
  await assert.rejects(sendCode({ name: 'f', code: { zip, bucket: 'b' } }, { upload }, send), broken);
  await assert.rejects(sendCode({ name: 'f', code: { zip, bucket: 'b' } }, {}, send), { code: 'Deploy.NoUpload' });
});

test('what the server says of the object is told with the names of the file', async () => {
  const code = { bucket: 'code', object: '/a.zip' };
  const about = ['ResourceNotFound.Cos', 'InvalidParameterValue.CosBucketRegion', 'InvalidParameterValue.ZipFile'];
  for (const one of about) {
    await assert.rejects(sendCode({ name: 'f', code }, {}, refusing(one)), error => {
      assert.ok(error instanceof CloudError);
      assert.equal(error.code, 'Deploy.Stored');
      assert.ok(
        error.text('en').includes(`function f could not be deployed from cos://code/a.zip: ${one}: there is none.`),
      );
      assert.ok(error.text('zh').includes(`cos://code/a.zip 部署函数 f：${one}：没有。`));
      for (const text of [error.text('en'), error.text('zh')]) {
        assert.doesNotMatch(text, /[{}]/);
        assert.match(text, /cos:\/\/code\/a\.zip/);
        assert.match(text, /openscf cos cp code\.zip cos:\/\/code\/a\.zip/);
      }
      return true;
    });
  }
  await assert.rejects(sendCode({ name: 'f', code }, {}, refusing('LimitExceeded.Function')), {
    code: 'LimitExceeded.Function',
  });
  await assert.rejects(sendCode({ name: 'f', code: { zip } }, {}, refusing('InvalidParameterValue.ZipFile')), {
    code: 'InvalidParameterValue.ZipFile',
  });
});
