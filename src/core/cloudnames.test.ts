import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOUD_SUFFIXES, isCloudName } from './cloudnames.ts';

test("the default hosts of the vendor's clients are the cloud's names", () => {
  for (const host of [
    'scf.tencentcloudapi.com',
    'scf.ap-guangzhou.tencentcloudapi.com',
    'cls.internal.tencentcloudapi.com',
    'examplebucket-1250000000.cos.ap-beijing.myqcloud.com',
    'examplebucket-1250000000.cos.accelerate.myqcloud.com',
    'service.cos.myqcloud.com',
    'cos.ap-guangzhou.tencentcos.cn',
    'examplebucket-1250000000.cos-internal.ap-guangzhou.tencentcos.cn',
    'ap-guangzhou.cls.tencentcs.com',
    'ap-shanghai.cls.tencentyun.com',
    'cmq-queue-gz.api.qcloud.com',
    'cmq-topic-bj.api.tencentyun.com',
    'service-abcdefgh-1250000000.gz.apigw.tencentcs.com',
    'service-abcdefgh-1250000000.gz.tencentapigw.com',
    'service-abcdefgh-1250000000.ap-guangzhou.apigateway.myqcloud.com',
    'set-websocket.cb-common.apigateway.tencentyun.com',
    '1250000000-abcdefghij.ap-guangzhou.tencentscf.com',
    '1250000000-abcdefghij-ap-guangzhou.scf.tencentcs.com',
  ]) {
    assert.equal(isCloudName(host), true, host);
  }
});

test("a product of the cloud that is not played here, and anybody else's host, keep their addresses", () => {
  for (const host of [
    'tencentcloudapi.com',
    '.tencentcloudapi.com',
    'eviltencentcloudapi.com',
    'scf.tencentcloudapi.com.example.org',
    'cloud.tencent.com',
    'console.qcloud.com',
    'metadata.tencentyun.com',
    'mirrors.tencentyun.com',
    'ccr.ccs.tencentyun.com',
    'www.example.org',
    'localhost',
    '127.0.0.1',
    '',
  ]) {
    assert.equal(isCloudName(host), false, host);
  }
});

test('an ending begins with its dot, in lower case, so that no longer word ends in it', () => {
  for (const suffix of CLOUD_SUFFIXES) assert.match(suffix, /^(\.[a-z0-9-]+){2,}$/);
});
