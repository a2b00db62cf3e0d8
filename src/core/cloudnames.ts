// The cloud's host names that this server stands for: what its certificates vouch for, and what calls from functions
// are led here for. A name that is not here is nobody's business: it keeps its real address.

/** Endings of host names, with the product that has them. */
export const CLOUD_SUFFIXES: readonly string[] = Object.freeze([
  // Cloud API 3.0: scf.tencentcloudapi.com, cls.ap-guangzhou.tencentcloudapi.com, sts.internal.tencentcloudapi.com
  '.tencentcloudapi.com',
  // Cloud API 2.0 and CMQ, public and within the cloud: cmq-queue-gz.api.qcloud.com, cmq-topic-gz.api.tencentyun.com
  '.api.qcloud.com',
  '.api.tencentyun.com',
  // COS: bucket-1250000000.cos.ap-guangzhou.myqcloud.com, service.cos.myqcloud.com. API Gateway's first default domains:
  // service-….ap-guangzhou.apigateway.myqcloud.com. CLS's first hosts: ap-guangzhou.cls.myqcloud.com
  '.myqcloud.com',
  // COS, where newer SDKs go
  '.tencentcos.cn',
  // CLS, public and within the cloud: ap-guangzhou.cls.tencentcs.com
  '.cls.tencentcs.com',
  '.cls.tencentyun.com',
  // API Gateway's second and third default domains
  '.apigw.tencentcs.com',
  '.tencentapigw.com',
  // API Gateway's WebSocket: the address to push to, set-websocket.cb-common.apigateway.tencentyun.com
  '.apigateway.tencentyun.com',
  // Function URLs, of 2023 and of now
  '.scf.tencentcs.com',
  '.tencentscf.com',
]);

/** `host`: lower case, without the port. */
export function isCloudName(host: string): boolean {
  return CLOUD_SUFFIXES.some(suffix => host.endsWith(suffix) && host.length > suffix.length);
}
