import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addressOf, decodePath, hostParts, isBucketId, isCloudHost } from './address.ts';

const B = 'pics-1250000000';
const gz = 'ap-guangzhou';

describe('a host', () => {
  for (const [host, bucket, region] of [
    [`${B}.cos.ap-guangzhou.myqcloud.com`, B, gz],
    [`${B}.cos.ap-guangzhou.tencentcos.cn`, B, gz],
    [`${B}.cos-internal.ap-guangzhou.tencentcos.cn`, B, gz],
    [`${B}.cos.ap-beijing-1.myqcloud.com`, B, 'ap-beijing-1'],
    [`${B}.cos.accelerate.myqcloud.com`, B, undefined],
    [`${B}.cn-south.myqcloud.com`, B, gz],
    [`${B}.ap-shanghai.myqcloud.com`, B, 'ap-shanghai'],
    [`${B}.cos.gz.myqcloud.com`, B, 'gz'],
    [`${B}.localhost`, B, undefined],
    [`${B}.cos.example.com`, B, undefined],
    [`${B}`, undefined, undefined],
    ['service.cos.myqcloud.com', undefined, undefined],
    ['service.cos.tencentcos.cn', undefined, undefined],
    ['cos.ap-guangzhou.myqcloud.com', undefined, gz],
    ['127.0.0.1', undefined, undefined],
    ['localhost', undefined, undefined],
    ['', undefined, undefined],
    ['[::1]', undefined, undefined],
    ['pics.cos.ap-guangzhou.myqcloud.com', undefined, undefined],
  ] as const) {
    test(host || 'none', () => assert.deepEqual(hostParts(host), { bucket, region }));
  }

  test('that is an endpoint names no bucket, whatever it looks like', () => {
    assert.equal(hostParts('ip-10-0-0-1.ec2.internal').bucket, 'ip-10-0-0-1');
    assert.equal(hostParts('ip-10-0-0-1.ec2.internal', ['ip-10-0-0-1.ec2.internal']).bucket, undefined);
  });

  test('of the cloud is known from others', () => {
    for (const host of [`${B}.cos.ap-guangzhou.myqcloud.com`, 'service.cos.tencentcos.cn', 'cos.ap-x.myqcloud.com'])
      assert.ok(isCloudHost(host), host);
    for (const host of ['ap-guangzhou.cls.myqcloud.com', 'service-1.ap-x.apigateway.myqcloud.com', 'localhost'])
      assert.ok(!isCloudHost(host), host);
  });
});

test('names of buckets', () => {
  for (const name of ['a-1', 'a-b-c-1250000000', '1-1']) assert.ok(isBucketId(name), name);
  for (const name of ['a', 'A-1', '-a-1', 'a-', 'a-1-', 'a--', 'a.b-1', '-1', '']) assert.ok(!isBucketId(name), name);
});

describe('the path', () => {
  const host = `${B}.cos.ap-guangzhou.myqcloud.com`;
  for (const [path, key] of [
    ['/', ''],
    ['/a.txt', 'a.txt'],
    ['//a', '/a'],
    ['/a/../b', 'a/../b'],
    ['/./a/', './a/'],
    ['/a+b%20c%2Fd', 'a+b c/d'],
    ['/%E8%85%BE%E8%AE%AF', '腾讯'],
    [`/${Buffer.from('腾讯').toString('latin1')}`, '腾讯'],
    ['/%EF%BB%BFa', '\ufeffa'],
    ['/%00', '\0'],
  ] as const) {
    test(path, () => assert.deepEqual(addressOf(host, path), { bucket: B, region: gz, key, pathStyle: false }));
  }

  test('names the bucket where the host does not', () => {
    assert.deepEqual(addressOf('127.0.0.1', `/${B}/a/b`), {
      bucket: B,
      region: undefined,
      key: 'a/b',
      pathStyle: true,
    });
    assert.deepEqual(addressOf('127.0.0.1', `/${B}`), { bucket: B, region: undefined, key: '', pathStyle: true });
    assert.deepEqual(addressOf('127.0.0.1', `/${B}/`).key, '');
    assert.deepEqual(addressOf('127.0.0.1', `/${B}//a`).key, '/a');
    assert.equal(addressOf('cos.ap-guangzhou.myqcloud.com', `/${B}/a`).region, gz);
    assert.equal(addressOf('localhost', '/').bucket, undefined);
  });

  test('that is none is refused', () => {
    for (const path of ['/%', '/%zz', '/%e8%85', '/%ff'])
      assert.throws(() => addressOf(host, path), { code: 'InvalidURI' }, path);
    assert.throws(() => addressOf(`${B}.cos-website.ap-x.myqcloud.com`, '/a'), { code: 'NotImplemented' });
    assert.ok(isCloudHost(`${B}.cos-website.ap-x.myqcloud.com`));
    assert.throws(() => addressOf('localhost', '/favicon.ico'), { code: 'InvalidBucketName' });
    assert.equal(addressOf(host, `/${'a'.repeat(850)}`).key.length, 850);
    assert.throws(() => addressOf(host, `/${'a'.repeat(851)}`), { code: 'KeyTooLong' });
    assert.throws(() => addressOf(host, `/${encodeURIComponent('腾'.repeat(284))}`), { code: 'KeyTooLong' });
  });

  test("on hosts of what is beside the store is nobody's key", () => {
    for (const name of [
      `${B}.ci.ap-x.myqcloud.com`,
      `${B}.ci.ap-x.tencentcos.cn`,
      `${B}.ci-internal.ap-x.myqcloud.com`,
      `${B}.pic.ap-x.myqcloud.com`,
      'ci.ap-x.myqcloud.com',
      '100000000001.cos-control.ap-x.myqcloud.com',
      'ap-x.migration.myqcloud.com',
    ])
      for (const path of ['/', '/queue/1', `/${B}/`])
        assert.throws(() => addressOf(name, path), { code: 'NotImplemented', message: new RegExp(name) }, name);
    // A bucket's own name, and a domain that is not the cloud's.
    assert.equal(addressOf('ci-1.cos.ap-x.myqcloud.com', '/a').bucket, 'ci-1');
    assert.equal(addressOf(`${B}.ci.ap-x.example.com`, '/a').bucket, B);
  });

  test('gives back every key that was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), key => {
        assert.equal(decodePath(encodeURIComponent(key)), key);
      }),
    );
  });
});
