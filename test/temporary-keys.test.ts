// Keys from STS, by the vendor's Node.js SDK and in all its ways of signing: they do what their policy allows and no more.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { scf } from 'tencentcloud-sdk-nodejs-scf';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());

const VARIANTS = [
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'POST' },
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'GET' },
  { signMethod: 'HmacSHA256', reqMethod: 'POST' },
  { signMethod: 'HmacSHA1', reqMethod: 'GET' },
] as const;
type Variant = (typeof VARIANTS)[number];

interface Credential {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

const endpoint = server.endpoint.replace('http://', '');
const settings = (credential: Credential, { signMethod, reqMethod }: Variant = VARIANTS[0]) => ({
  ...{ credential, region: 'ap-guangzhou' },
  profile: { signMethod, language: 'en-US', httpProfile: { endpoint, protocol: 'http://', reqMethod } } as const,
});

const { Client } = scf.v20180416;
const sts = (credential: Credential, variant?: Variant) =>
  new CommonClient(endpoint, '2018-08-13', settings(credential, variant));

async function keysFrom(action: string, request: object, variant?: Variant): Promise<Credential> {
  const { Credentials } = await sts(server.credentials, variant).request(action, request);
  return { secretId: Credentials.TmpSecretId, secretKey: Credentials.TmpSecretKey, token: Credentials.Token };
}

const refused = (asked: Promise<unknown>, code: string) => assert.rejects(asked, { code });

const POLICY = JSON.stringify({
  version: '2.0',
  statement: [
    { effect: 'allow', action: ['name/scf:ListFunctions'], resource: '*' },
    {
      effect: 'allow',
      action: ['name/scf:*'],
      resource: 'qcs::scf:ap-guangzhou::namespace/default/function/mine*',
    },
  ],
});

for (const variant of VARIANTS) {
  test(`${variant.signMethod} by ${variant.reqMethod}: a federated user`, async () => {
    const request = { Name: 'bob', Policy: encodeURIComponent(POLICY), DurationSeconds: 600 };
    const bob = await keysFrom('GetFederationToken', request, variant);
    const sdk = new Client(settings(bob, variant));
    assert.equal((await sdk.ListFunctions({})).TotalCount, 0);
    await refused(sdk.GetFunction({ FunctionName: 'mine' }), 'ResourceNotFound.Function');
    await refused(sdk.GetFunction({ FunctionName: 'yours' }), 'AuthFailure.UnauthorizedOperation');
    await refused(sdk.GetFunction({ FunctionName: 'mine', Namespace: 'other' }), 'AuthFailure.UnauthorizedOperation');
    await refused(sdk.ListNamespaces({}), 'AuthFailure.UnauthorizedOperation');
    const copy = { FunctionName: 'mine', NewFunctionName: 'yours' };
    await refused(sdk.CopyFunction(copy), 'AuthFailure.UnauthorizedOperation');
    assert.match((await sts(bob, variant).request('GetCallerIdentity', {})).UserId, /^\d+:bob$/);
    await refused(sts(bob, variant).request('GetFederationToken', request), 'AuthFailure.UnauthorizedOperation');
    const other = await keysFrom('GetFederationToken', request, variant);
    for (const token of ['', 'x', other.token ?? '']) {
      await refused(new Client(settings({ ...bob, token }, variant)).ListFunctions({}), 'AuthFailure.TokenFailure');
    }
  });
}

test('a role, made and given policies by the same SDK', async () => {
  const cam = new CommonClient(endpoint, '2019-01-16', settings(server.credentials));
  const { OwnerUin } = await cam.request('GetUserAppId', {});
  const trust = {
    effect: 'allow',
    action: 'name/sts:AssumeRole',
    principal: { qcs: [`qcs::cam::uin/${OwnerUin}:root`] },
  };
  const PolicyDocument = JSON.stringify({ version: '2.0', statement: [trust] });
  const { RoleId } = await cam.request('CreateRole', { RoleName: 'reader', PolicyDocument });
  await cam.request('AttachRolePolicy', { AttachRoleId: RoleId, PolicyName: 'QcloudSCFReadOnlyAccess' });
  const { List } = await cam.request('DescribeRoleList', { Page: 1, Rp: 20 });
  const { RoleArn } = List[0];
  const sdk = new Client(settings(await keysFrom('AssumeRole', { RoleArn, RoleSessionName: 'me' })));
  assert.equal((await sdk.ListFunctions({})).TotalCount, 0);
  await refused(sdk.DeleteFunction({ FunctionName: 'mine' }), 'AuthFailure.UnauthorizedOperation');
  await cam.request('DeleteRole', { RoleId });
  await refused(sdk.ListFunctions({}), 'AuthFailure.SecretIdNotFound');
});
