import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { formSignature, signKey } from '../../../http/qsign.ts';
import { BUCKET, START } from '../testing.ts';
import { HOST, KEY_TIME, openShop, SECRET, type Shop, textIn } from './testing.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

type Fields = Readonly<Record<string, string>>;

function formOf(fields: Fields, content: Buffer | string = 'hello', filename = 'C:\\photos\\a b.png'): Buffer {
  const named = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: image/gif\r\n\r\n`;
  return Buffer.concat([Buffer.from(named.join('') + head), Buffer.from(content), Buffer.from('\r\n--b--\r\n')]);
}

const post = (body: Buffer, contentType = 'multipart/form-data; boundary=b') =>
  shop.ask('POST', '/', { body, unsigned: true, headers: { 'Content-Type': contentType } });

/** Fields with a policy that allows them, and more. */
function signedFields(fields: Fields, conditions: readonly unknown[] = [], change: Fields = {}): Fields {
  const policy = JSON.stringify({
    expiration: new Date(START + 3_600_000).toISOString(),
    conditions: [
      { 'q-sign-algorithm': 'sha1' },
      { 'q-ak': SECRET.secretId },
      { 'q-sign-time': KEY_TIME },
      { bucket: BUCKET },
      ...conditions,
    ],
  });
  return {
    ...fields,
    policy: Buffer.from(policy).toString('base64'),
    'q-sign-algorithm': 'sha1',
    'q-ak': SECRET.secretId,
    'q-key-time': KEY_TIME,
    'q-signature': formSignature(signKey(SECRET.secretKey, KEY_TIME), policy),
    ...change,
  };
}

const refused = async (asked: Promise<{ status: number; text: string }>, status: number, code: string) => {
  const got = await asked;
  assert.equal(got.status, status, got.text);
  assert.equal(textIn(got.text, 'Code'), code, got.text);
};

describe('a form', () => {
  test('is answered with 204, and its file is there', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the documents write it
    const fields = { key: 'up/${filename}', 'Content-Type': 'image/png', 'x-cos-meta-a': '腾', acl: 'public-read' };
    const got = await post(formOf(signedFields(fields, [['starts-with', '$key', 'up/']])));
    assert.equal(got.status, 204, got.text);
    assert.equal(got.headers.etag, `"${createHash('md5').update('hello').digest('hex')}"`);
    assert.ok(got.headers['x-cos-hash-crc64ecma']);
    assert.equal(got.headers.location, `http://${HOST}/up/a%20b.png`);
    const stored = await shop.ask('GET', '/up/a%20b.png', { unsigned: true });
    assert.equal(stored.text, 'hello');
    assert.equal(stored.headers['content-type'], 'image/png');
    assert.equal(Buffer.from(String(stored.headers['x-cos-meta-a']), 'latin1').toString(), '腾');
  });

  test('the type of the file’s part counts for nothing', async () => {
    await post(formOf(signedFields({ key: 'typeless' })));
    assert.equal((await shop.ask('GET', '/typeless')).headers['content-type'], 'application/octet-stream');
  });

  test('is answered as it wants', async () => {
    const to = (fields: Fields) => post(formOf(signedFields({ key: 'k&1', ...fields })));
    assert.equal((await to({ success_action_status: '200' })).status, 200);
    assert.equal((await to({ success_action_status: '500' })).status, 204);
    const made = await to({ success_action_status: '201' });
    assert.equal(made.status, 201);
    assert.equal(textIn(made.text, 'Location'), `http://${HOST}/k%261`);
    assert.deepEqual([textIn(made.text, 'Bucket'), textIn(made.text, 'Key')], [BUCKET, 'k&amp;1']);
    assert.ok(textIn(made.text, 'ETag'));
    const sent = await to({ success_action_redirect: 'https://example.com/done?x=1' });
    assert.equal(sent.status, 303);
    const target = new URL(String(sent.headers.location));
    assert.deepEqual([...target.searchParams.keys()], ['x', 'bucket', 'key', 'etag']);
    assert.equal(target.searchParams.get('key'), 'k&1');
    assert.equal((await to({ success_action_redirect: 'nowhere' })).status, 204);
  });

  test('of a large file', async () => {
    const content = Buffer.alloc(3_000_000, 'abcdefg\r\n--a');
    assert.equal((await post(formOf(signedFields({ key: 'large' }), content))).status, 204);
    assert.ok((await shop.house.read('large')).equals(content));
  });
});

describe('a form is refused', () => {
  const key = { key: 'refused' };

  test('of somebody unknown, or with another signature', async () => {
    await refused(post(formOf(key)), 403, 'AccessDenied');
    await refused(post(formOf(signedFields(key, [], { 'q-signature': '0'.repeat(40) }))), 403, 'SignatureDoesNotMatch');
    await refused(post(formOf(signedFields(key, [], { 'q-ak': 'nobody' }))), 403, 'InvalidAccessKeyId');
  });

  test('against its policy', async () => {
    const other = signedFields(key, [['starts-with', '$key', 'other/']]);
    await refused(post(formOf(other)), 403, 'AccessDenied');
    const small = signedFields(key, [['content-length-range', 1, 4]]);
    await refused(post(formOf(small)), 400, 'EntityTooLarge');
    const large = signedFields(key, [['content-length-range', 6, 10]]);
    await refused(post(formOf(large)), 403, 'AccessDenied');
    assert.equal((await post(formOf(signedFields(key, [['content-length-range', 5, 5]])))).status, 204);
    await shop.house.remove('refused');
  });

  test('that is none', async () => {
    await refused(post(formOf(key), 'text/plain'), 400, 'MalformedPOSTRequest');
    await refused(post(Buffer.from('x')), 400, 'MalformedPOSTRequest');
    await refused(post(Buffer.from('--b--')), 400, 'IncorrectNumberOfFilesInPostRequest');
    await refused(post(formOf(signedFields({}))), 400, 'InvalidArgument');
    await refused(post(formOf(signedFields({ key: '' }))), 400, 'InvalidObjectName');
    await refused(post(formOf(signedFields({ key: 'k'.repeat(851) }))), 400, 'KeyTooLong');
    await refused(post(formOf(signedFields({ ...key, KEY: 'other' }))), 400, 'MalformedPOSTRequest');
    await refused(post(formOf(signedFields({ ...key, 'Content-MD5': 'x' }))), 400, 'InvalidDigest');
    await refused(post(formOf(signedFields({ ...key, 'Pic-Operations': '{}' }))), 501, 'NotImplemented');
    await refused(
      post(formOf(signedFields({ ...key, 'x-cos-storage-class': 'GOLD' }))),
      400,
      'NotSupportedStorageClass',
    );
  });

  test('that breaks off, and keeps nothing', async () => {
    const body = formOf(signedFields(key), 'x'.repeat(100_000));
    await refused(post(body.subarray(0, body.length - 10)), 400, 'MalformedPOSTRequest');
    await assert.rejects(async () => shop.house.text('refused'), { code: 'NoSuchKey' });
  });
});
