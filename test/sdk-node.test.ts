// The vendor's Node.js SDK, unmodified, with all its ways of signing: the whole life of a function.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { scf } from 'tencentcloud-sdk-nodejs-scf';
import { type Scf, settled, until, zipOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());

const VARIANTS = [
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'POST' },
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'GET' },
  { signMethod: 'HmacSHA256', reqMethod: 'POST' },
  { signMethod: 'HmacSHA1', reqMethod: 'GET' },
] as const;

const { Client } = scf.v20180416;

function client(variant: (typeof VARIANTS)[number], secretKey = server.credentials.secretKey, language?: 'en-US'): Scf {
  return new Client({
    credential: { secretId: server.credentials.secretId, secretKey },
    region: 'ap-guangzhou',
    profile: {
      signMethod: variant.signMethod,
      ...(language && { language }),
      httpProfile: {
        endpoint: server.endpoint.replace('http://', ''),
        protocol: 'http://',
        reqMethod: variant.reqMethod,
      },
    },
  });
}

async function active(sdk: Scf, FunctionName: string, Qualifier = '$LATEST') {
  const answer = await settled(sdk, FunctionName, Qualifier);
  assert.equal(answer.Status, 'Active', JSON.stringify(answer.StatusReasons));
  return answer;
}

async function gone(sdk: Scf, FunctionName: string) {
  const error = await until(`${FunctionName} is gone`, () =>
    sdk.GetFunction({ FunctionName }).then(
      () => undefined,
      (error: { code: string }) => error,
    ),
  );
  assert.equal(error.code, 'ResourceNotFound.Function');
}

const CODE = `exports.main_handler = async (event, context) =>
  ({ hello: event.name, stage: process.env.STAGE, version: context.function_version });`;

for (const [index, variant] of VARIANTS.entries()) {
  test(`${variant.signMethod} by ${variant.reqMethod}: the life of a function`, async () => {
    const sdk = client(variant);
    const FunctionName = `node-sdk-${index}`;
    const ZipFile = (await zipOf({ 'index.js': CODE })).toString('base64');

    await sdk.CreateFunction({
      FunctionName,
      Code: { ZipFile },
      Runtime: 'Nodejs18.15',
      Handler: 'index.main_handler',
      MemorySize: 128,
      Timeout: 60,
      Environment: { Variables: [{ Key: 'STAGE', Value: 'one' }] },
    });
    const made = await active(sdk, FunctionName);
    assert.equal(made.MemorySize, 128);
    assert.deepEqual(made.Environment, { Variables: [{ Key: 'STAGE', Value: 'one' }] });

    const { Result } = await sdk.Invoke({ FunctionName, ClientContext: '{"name":"you"}', LogType: 'Tail' });
    assert.deepEqual(JSON.parse(Result?.RetMsg ?? ''), { hello: 'you', stage: 'one', version: '$LATEST' });
    assert.match(Result?.Log ?? '', new RegExp(`^START RequestId:${Result?.FunctionRequestId}\n`));
    assert.equal(Result?.InvokeResult, 0);

    const published = await sdk.PublishVersion({ FunctionName, Description: 'first' });
    assert.equal(published.FunctionVersion, '1');
    await active(sdk, FunctionName, '1');
    await sdk.CreateAlias({ FunctionName, Name: 'live', FunctionVersion: '1' });
    await sdk.UpdateFunctionConfiguration({
      FunctionName,
      Environment: { Variables: [{ Key: 'STAGE', Value: 'two' }] },
    });
    await active(sdk, FunctionName);
    for (const [Qualifier, stage] of [
      ['live', 'one'],
      ['1', 'one'],
      ['$LATEST', 'two'],
      ['$DEFAULT', 'two'],
    ] as const) {
      const answer = await sdk.InvokeFunction({ FunctionName, Qualifier, Event: '{}' });
      assert.equal(JSON.parse(answer.Result?.RetMsg ?? '').stage, stage, Qualifier);
    }

    const { TriggerInfo } = await sdk.CreateTrigger({
      FunctionName,
      TriggerName: 'tick',
      Type: 'timer',
      TriggerDesc: '0 0 3 * * * *',
      Enable: 'OPEN',
      CustomArgument: 'hi',
    });
    assert.equal(TriggerInfo?.TriggerDesc, '{"cron":"0 0 3 * * * *"}');
    await sdk.UpdateTriggerStatus({ FunctionName, TriggerName: 'tick', Type: 'timer', Enable: 'CLOSE' });
    const listed = await sdk.ListTriggers({ FunctionName });
    assert.deepEqual(
      listed.Triggers?.map(one => [one.TriggerName, one.Enable, one.CustomArgument]),
      [['tick', 0, 'hi']],
    );
    await sdk.DeleteTrigger({ FunctionName, TriggerName: 'tick', Type: 'timer' });

    const aliases = await sdk.ListAliases({ FunctionName });
    assert.deepEqual(aliases.Aliases?.map(one => one.Name).sort(), ['$DEFAULT', 'live']);
    assert.deepEqual((await sdk.ListVersionByFunction({ FunctionName })).FunctionVersion?.toSorted(), ['$LATEST', '1']);
    const functions = await sdk.ListFunctions({ SearchKey: FunctionName });
    assert.deepEqual(
      functions.Functions?.map(one => one.FunctionName),
      [FunctionName],
    );

    await assert.rejects(sdk.DeleteFunctionVersion({ FunctionName, Qualifier: '1' }), {
      code: 'UnsupportedOperation.AliasBind',
    });
    await sdk.DeleteAlias({ FunctionName, Name: 'live' });
    await sdk.DeleteFunctionVersion({ FunctionName, Qualifier: '1' });
    await sdk.DeleteFunction({ FunctionName });
    await gone(sdk, FunctionName);
  });

  test(`${variant.signMethod} by ${variant.reqMethod}: a wrong key is seen as one`, async () => {
    await assert.rejects(client(variant, 'wrong-secret-key').ListFunctions({}), {
      code: 'AuthFailure.SignatureFailure',
    });
  });
}

const [tc3] = VARIANTS;

test('code can be replaced, and what a function returns and throws reaches the caller', async () => {
  const sdk = client(tc3);
  const FunctionName = 'node-sdk-code';
  const zip = async (code: string) => (await zipOf({ 'index.js': code })).toString('base64');
  await sdk.CreateFunction({
    FunctionName,
    Runtime: 'Nodejs18.15',
    Timeout: 60,
    Code: { ZipFile: await zip('exports.main_handler = async () => 1') },
  });
  await active(sdk, FunctionName);
  assert.equal((await sdk.Invoke({ FunctionName })).Result?.RetMsg, '1');
  await sdk.UpdateFunctionCode({
    FunctionName,
    Code: { ZipFile: await zip('exports.main_handler = async () => { throw new Error("boom") }') },
  });
  await active(sdk, FunctionName);
  const { Result } = await sdk.Invoke({ FunctionName, ClientContext: '{}' });
  const error = JSON.parse(Result?.RetMsg ?? '');
  assert.deepEqual([error.statusCode, error.errorCode, error.requestId], [430, -1, Result?.FunctionRequestId]);
  assert.match(error.stackTrace, /boom/);
  assert.equal(Result?.InvokeResult, 1);
  const status = await sdk.GetRequestStatus({ FunctionName, FunctionRequestId: Result?.FunctionRequestId ?? '' });
  assert.deepEqual(
    status.Data?.map(one => [one.RetCode, one.RetryNum]),
    [[-1, 0]],
  );
  await sdk.DeleteFunction({ FunctionName });
});

test('an asynchronous call is answered at once and runs', async () => {
  const sdk = client(tc3);
  const FunctionName = 'node-sdk-async';
  const ZipFile = (await zipOf({ 'index.js': 'exports.main_handler = async e => console.log("saw " + e.n)' })).toString(
    'base64',
  );
  await sdk.CreateFunction({ FunctionName, Runtime: 'Nodejs18.15', Code: { ZipFile }, Timeout: 60 });
  await active(sdk, FunctionName);
  const { Result } = await sdk.Invoke({ FunctionName, InvocationType: 'Event', ClientContext: '{"n":7}' });
  assert.deepEqual([Result?.RetMsg, Result?.Log, Result?.InvokeResult], ['', '', 0]);
  const row = await until('the run is in the logs', async () => {
    const { Data } = await sdk.GetFunctionLogs({ FunctionName, FunctionRequestId: Result?.FunctionRequestId ?? '' });
    return Data?.find(one => one.InvokeFinished === 1);
  });
  assert.match(row.Log ?? '', /saw 7/);
  assert.equal(row.RetCode, 0);
  await sdk.DeleteFunction({ FunctionName });
});

test('errors are in the language that was asked for', async () => {
  const asked = (language?: 'en-US') => client(tc3, undefined, language).GetFunction({ FunctionName: 'not-there' });
  await assert.rejects(asked(), { code: 'ResourceNotFound.Function', message: /\p{Script=Han}/u });
  await assert.rejects(asked('en-US'), { code: 'ResourceNotFound.Function', message: /^[\x20-\x7e]+$/ });
  await assert.rejects(client(tc3).GetAlias({ FunctionName: 'not-there', Name: 'x' }), { message: /未找到指定的/ });
});

test('an action that is not built says so, and is counted', async () => {
  await assert.rejects(client(tc3, undefined, 'en-US').request('GetDemoAddress', {}), { code: 'UnsupportedOperation' });
  const doctor = await server.get<{ missed: { action: string; calls: number }[] }>('/doctor');
  assert.ok(doctor.missed.some(one => one.action === 'GetDemoAddress' && one.calls === 1));
});
