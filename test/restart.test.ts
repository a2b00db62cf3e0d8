// What survives a restart: everything.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, deploy, invoke, type Scf, sdkOf, settled } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

const CODE = 'exports.main_handler = async () => process.env.STAGE ?? "none"';

/** All that an owner can read about the functions of a server, without what differs per answer or port. */
async function inventory(sdk: Scf): Promise<unknown> {
  const answers: object[] = [await sdk.ListNamespaces({})];
  const { Functions = [] } = await sdk.ListFunctions({ Limit: 100 });
  for (const { FunctionName = '' } of Functions) {
    answers.push(
      await sdk.GetFunction({ FunctionName, ShowCode: 'TRUE' }),
      await sdk.ListVersionByFunction({ FunctionName }),
      await sdk.ListAliases({ FunctionName }),
      await sdk.ListTriggers({ FunctionName }),
      await sdk.GetFunctionEventInvokeConfig({ FunctionName }),
      await sdk.GetFunctionLogs({ FunctionName, Limit: 100 }),
    );
  }
  const text = JSON.stringify(answers.map(answer => ({ ...answer, RequestId: '' })));
  return JSON.parse(text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1'));
}

describe('a server that is stopped and started again', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  test('has everything that it had', async () => {
    let sdk = sdkOf(server);
    const FunctionName = 'kept';
    await sdk.CreateNamespace({ Namespace: 'other', Description: 'kept as well' });
    await deploy(sdk, 'elsewhere', CODE, { Namespace: 'default', Description: 'one more' });
    await deploy(sdk, FunctionName, CODE, { Environment: { Variables: [{ Key: 'STAGE', Value: 'one' }] } });
    await sdk.PublishVersion({ FunctionName, Description: 'first' });
    await settled(sdk, FunctionName, '1');
    await sdk.CreateAlias({ FunctionName, Name: 'live', FunctionVersion: '1', Description: 'alias' });
    await sdk.UpdateFunctionConfiguration({
      FunctionName,
      Environment: { Variables: [{ Key: 'STAGE', Value: 'two' }] },
    });
    await settled(sdk, FunctionName);
    const retries = { RetryConfig: [{ RetryNum: 1 }], MsgTTL: 600 };
    await sdk.UpdateFunctionEventInvokeConfig({ FunctionName, AsyncTriggerConfig: retries });
    const trigger = { FunctionName, TriggerName: 'tick', Type: 'timer', TriggerDesc: '0 0 3 * * * *' };
    await sdk.CreateTrigger({ ...trigger, Enable: 'CLOSE', CustomArgument: 'hi' });
    const desc = { api: { requestConfig: { method: 'GET' } }, release: { environmentName: 'test' } };
    await sdk.CreateTrigger({
      FunctionName,
      TriggerName: 'http',
      Type: 'apigw',
      TriggerDesc: JSON.stringify(desc),
      Qualifier: 'live',
    });
    await invoke(sdk, FunctionName);

    const before = await inventory(sdk);
    const { credentials } = server;
    server = await server.restart();
    assert.deepEqual(server.credentials, credentials);
    sdk = sdkOf(server);
    assert.deepEqual(await inventory(sdk), before);
    assert.equal((await invoke(sdk, FunctionName)).RetMsg, '"two"');
    assert.equal((await sdk.InvokeFunction({ FunctionName, Qualifier: 'live' })).Result?.RetMsg, '"one"');
    const { functions } = await server.get<{ functions: { name: string; triggers: { urls: string[] }[] }[] }>('/urls');
    const urls = functions.find(one => one.name === FunctionName)?.triggers.flatMap(one => one.urls) ?? [];
    assert.equal((await ask(urls[0] ?? '')).body.toString(), '"one"', 'the URL leads to the alias as before');
    await sdk.PublishVersion({ FunctionName });
    assert.deepEqual((await sdk.ListVersionByFunction({ FunctionName })).FunctionVersion?.toSorted(), [
      '$LATEST',
      '1',
      '2',
    ]);
  });

  test('goes on with a timer that was on, from now', async () => {
    const sdk = sdkOf(server);
    await deploy(sdk, 'ticks', 'exports.main_handler = async event => console.log(event.Time)');
    const trigger = { FunctionName: 'ticks', TriggerName: 'tick', Type: 'timer' };
    await sdk.CreateTrigger({ ...trigger, TriggerDesc: '0 * * * * * *', Enable: 'OPEN' });
    await deploy(sdk, 'passing', 'exports.main_handler = async () => "passing"');
    await invoke(sdk, 'passing');
    await sdk.DeleteFunction({ FunctionName: 'passing' });
    server = await server.restart();
    const kept = await readdir(join(server.dataDir, 'code'));
    assert.equal(
      kept.length,
      2,
      `${kept.join(' ')}: one package of two functions and one of another: what was deleted is not kept`,
    );
    const { nowMs } = await server.post<{ nowMs: number }>('/clock', { action: 'freeze' });
    await server.post('/clock', { action: 'advance', ms: 180_000 });
    const { Data = [] } = await sdkOf(server).GetFunctionLogs({ FunctionName: 'ticks' });
    // A real minute may have begun meanwhile, before the restart or after it.
    const since = Data.map(row => Date.parse(/\d+-\d\d-\d\dT[\d:]+Z(?=\n)/.exec(row.Log ?? '')?.[0] ?? '')).filter(
      at => !(at <= nowMs),
    );
    const minute = Math.floor(nowMs / 60_000);
    assert.deepEqual(
      since.toSorted((a, b) => a - b),
      [1, 2, 3].map(n => (minute + n) * 60_000),
    );
  });
});
