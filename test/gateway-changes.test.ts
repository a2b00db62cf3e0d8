// The gateway's routes change while requests are on their way: those in flight end as they began, and none that comes meanwhile fails.

import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { ask, deploy, rawCall, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);

const held: ServerResponse[] = [];
const latch = createServer((_, response) => void held.push(response)).listen(0, '127.0.0.1');
after(() => latch.close());
const { port } = await new Promise<AddressInfo>(resolve =>
  latch.once('listening', () => resolve(latch.address() as AddressInfo)),
);

const HELD = `exports.main_handler = async event => {
  if (event.queryString.hold) await (await fetch('http://127.0.0.1:${port}')).text();
  return { isBase64Encoded: false, statusCode: 200, headers: {}, body: 'held' };
}`;
await deploy(sdk, 'held', HELD);
await deploy(sdk, 'other', HELD.replace("'held'", "'other'"));

async function gateway(action: string, body: object): Promise<unknown> {
  const answer = await rawCall(server, {
    service: 'apigateway',
    version: '2018-08-08',
    action,
    body: JSON.stringify(body),
  });
  assert.equal(answer.Error, undefined, action);
  return answer.Result;
}

interface Place {
  readonly ServiceId: string;
  readonly ApiId: string;
  readonly url: string;
}

let count = 0;

async function api(): Promise<Place> {
  const name = `api${count++}`;
  const desc = {
    api: { isIntegratedResponse: 'TRUE', requestConfig: { method: 'ANY', path: `/${name}` } },
    service: { serviceName: name },
  };
  const { TriggerInfo } = await sdk.CreateTrigger({
    FunctionName: 'held',
    TriggerName: name,
    Type: 'apigw',
    TriggerDesc: JSON.stringify(desc),
    Enable: 'OPEN',
  });
  const { api, service } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as {
    api: { apiId: string };
    service: { serviceId: string; subDomain: string };
  };
  return { ServiceId: service.serviceId, ApiId: api.apiId, url: service.subDomain };
}

const release = ({ ServiceId }: Place) =>
  gateway('ReleaseService', { ServiceId, EnvironmentName: 'release', ReleaseDesc: 'again' });

async function modify({ ServiceId, ApiId }: Place, change: object): Promise<void> {
  const described = (await gateway('DescribeApi', { ServiceId, ApiId })) as object;
  await gateway('ModifyApi', { ...described, ServiceId, ApiId, ...change });
}

const CHANGES: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  'another function': async place => {
    await modify(place, { ServiceScfFunctionName: 'other' });
    await release(place);
  },
  'another path': async place => {
    await modify(place, { RequestConfig: { Path: '/moved', Method: 'ANY' } });
    await release(place);
  },
  'the environment is taken off': ({ ServiceId }) =>
    gateway('UnReleaseService', { ServiceId, EnvironmentName: 'release' }),
  'the API is deleted': ({ ServiceId, ApiId }) => gateway('DeleteApi', { ServiceId, ApiId }),
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`requests in flight end as they began: ${what}`, async () => {
    const place = await api();
    const flying = Array.from({ length: 4 }, () => ask(`${place.url}?hold=1`));
    await until('all are in flight', async () => held.length === flying.length);
    await change(place);
    for (const response of held.splice(0)) response.end();
    for (const { status, body } of await Promise.all(flying)) assert.deepEqual([status, String(body)], [200, 'held']);
    const { status, body } = await ask(place.url);
    assert.ok(status === 404 || String(body) === 'other', `${status} ${body}`);
  });
}

test('none that comes while an API is changed and released again fails', async () => {
  const place = await api();
  let done = false;
  const seen = new Map<string, number>();
  const worker = async () => {
    while (!done) {
      const { status, body } = await ask(place.url);
      const key = `${status} ${body}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  };
  const workers = Array.from({ length: 4 }, worker);
  for (let round = 0; round < 5; round++) {
    await modify(place, { ServiceTimeout: 50 + round, ServiceScfFunctionName: round % 2 ? 'held' : 'other' });
    await release(place);
    await api();
  }
  done = true;
  await Promise.all(workers);
  assert.deepEqual([...seen.keys()].toSorted(), ['200 held', '200 other']);
});
