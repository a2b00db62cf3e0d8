// One truth for each API that calls a function: what SCF shows as its trigger and what the gateway shows as its API agree,
// from whichever side it was made, changed or deleted.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ask, deploy, rawCall, sdkOf, settled, zipOf } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());

type Fields = Readonly<Record<string, unknown>>;
type Answer = Readonly<Record<string, unknown>>;

interface Shown {
  readonly api: {
    readonly apiId: string;
    readonly authType: string;
    readonly enableCORS: string;
    readonly isIntegratedResponse: string;
    readonly isBase64Encoded?: string;
    readonly IsBase64Encoded?: string;
    readonly requestConfig: { readonly method: string; readonly path: string };
  };
  readonly service: { readonly serviceId: string; readonly serviceName: string; readonly subDomain: string };
  readonly release: { readonly environmentName: string };
}

/** Both sides of one server. */
function sidesOf(server: TestServer) {
  const scf = sdkOf(server);

  async function gateway(action: string, fields: Fields): Promise<Answer> {
    const product = { service: 'apigateway', version: '2018-08-08' };
    const answer = await rawCall(server, { action, body: JSON.stringify(fields), ...product });
    if (answer.Error) throw Object.assign(new Error(answer.Error.Message), { code: answer.Error.Code });
    return (answer.Result ?? answer) as Answer;
  }

  async function triggers(FunctionName: string) {
    const { Triggers = [] } = await scf.ListTriggers({ FunctionName });
    return Triggers.map(one => ({ ...one, desc: JSON.parse(one.TriggerDesc ?? '') as Shown }));
  }

  async function urls(FunctionName: string): Promise<readonly string[]> {
    const { functions } = await server.get<{ functions: { name: string; triggers: { urls: string[] }[] }[] }>('/urls');
    return functions.find(one => one.name === FunctionName)?.triggers.flatMap(one => one.urls) ?? [];
  }

  /** The one trigger of a function, after every member of it has been held against the API. */
  async function agreed(FunctionName: string): Promise<Shown> {
    const [trigger, ...more] = await triggers(FunctionName);
    assert.ok(trigger, `${FunctionName} has a trigger`);
    assert.deepEqual(more, []);
    const { api, service, release } = trigger.desc;
    const ref = { ServiceId: service.serviceId, ApiId: api.apiId };
    const detail = await gateway('DescribeApi', ref);
    const { Path, Method } = detail.RequestConfig as { readonly Path: string; readonly Method: string };
    const upper = (value: unknown) => String(value).toUpperCase();
    assert.deepEqual(
      {
        function: FunctionName,
        qualifier: trigger.Qualifier,
        path: api.requestConfig.path,
        method: api.requestConfig.method,
        auth: api.authType,
        cors: api.enableCORS,
        integrated: api.isIntegratedResponse,
        base64: api.isBase64Encoded ?? api.IsBase64Encoded,
        service: service.serviceName,
      },
      {
        function: detail.ServiceScfFunctionName,
        qualifier: detail.ServiceScfFunctionQualifier,
        path: Path,
        method: Method,
        auth: detail.AuthType,
        cors: upper(detail.EnableCORS),
        integrated: upper(detail.ServiceScfIsIntegratedResponse),
        base64: upper(detail.IsBase64Encoded),
        service: detail.ServiceName,
      },
    );
    const environments = detail.Environments as readonly string[];
    if (environments.length > 0) assert.ok(environments.includes(release.environmentName), release.environmentName);
    assert.ok(trigger.ResourceId?.endsWith(`service/${ref.ServiceId}/API/${ref.ApiId}`), trigger.ResourceId);
    assert.deepEqual([trigger.Type, trigger.BindStatus, trigger.AvailableStatus], ['apigw', 'on', 'Available']);
    assert.equal((await urls(FunctionName))[0], service.subDomain);
    const { ApiIdStatusSet } = await gateway('DescribeApisStatus', { ServiceId: ref.ServiceId });
    assert.ok((ApiIdStatusSet as { ApiId: string }[]).some(({ ApiId }) => ApiId === ref.ApiId));
    return trigger.desc;
  }

  async function gone(ref: { readonly ServiceId: string; readonly ApiId: string }): Promise<void> {
    await assert.rejects(gateway('DescribeApi', ref), { code: 'ResourceNotFound.InvalidApi' });
  }

  return { scf, gateway, triggers, agreed, gone, urls };
}

const { scf, gateway, triggers, agreed, gone, urls } = sidesOf(server);
const CODE = 'exports.main_handler = async (event, context) => context.function_name + " " + context.function_version';

const refOf = ({ api, service }: Shown) => ({ ServiceId: service.serviceId, ApiId: api.apiId });
const statusOf = async (FunctionName: string) => (await ask((await urls(FunctionName))[0] ?? '')).status;

/** From SCF's side. */
async function bind(FunctionName: string, desc: object = {}, Qualifier = '$DEFAULT'): Promise<Shown> {
  const named = { FunctionName, TriggerName: 'web', Type: 'apigw', Qualifier };
  await scf.CreateTrigger({ ...named, TriggerDesc: JSON.stringify(desc), Enable: 'OPEN' });
  return agreed(FunctionName);
}

const calling = (ServiceId: string, FunctionName: string, path: string, more: Fields = {}): Fields => ({
  ServiceId,
  ServiceType: 'SCF',
  ServiceTimeout: 15,
  Protocol: 'HTTP',
  ApiName: 'api',
  RequestConfig: { Path: path, Method: 'GET' },
  ServiceScfFunctionName: FunctionName,
  ServiceScfFunctionQualifier: '$LATEST',
  ...more,
});

const release = (ServiceId: string, EnvironmentName = 'release') =>
  gateway('ReleaseService', { ServiceId, EnvironmentName, ReleaseDesc: '' });

async function serviceOf(ServiceName: string): Promise<string> {
  return String((await gateway('CreateService', { ServiceName, Protocol: 'http&https' })).ServiceId);
}

describe('a trigger made by SCF', () => {
  test('is an API of the gateway, and follows what is changed there', async () => {
    await deploy(scf, 'first', CODE);
    await deploy(scf, 'second', CODE);
    const made = await bind('first', { api: { isIntegratedResponse: 'FALSE', requestConfig: { method: 'GET' } } });
    const ref = refOf(made);
    assert.equal(await statusOf('first'), 200);
    const { EnvironmentList } = await gateway('DescribeServiceEnvironmentList', { ServiceId: ref.ServiceId });
    const on = (EnvironmentList as { EnvironmentName: string; Status: number }[]).filter(one => one.Status === 1);
    assert.deepEqual(
      on.map(one => one.EnvironmentName),
      ['release'],
    );

    const change = (FunctionName: string, path: string, more: Fields = {}) =>
      gateway('ModifyApi', { ...calling(ref.ServiceId, FunctionName, path, more), ApiId: ref.ApiId });
    await change('first', '/moved', { EnableCORS: true, ServiceScfIsIntegratedResponse: true, IsBase64Encoded: true });
    const moved = await agreed('first');
    assert.equal(moved.api.requestConfig.path, '/moved');
    assert.equal(moved.api.enableCORS, 'TRUE');
    // Until it is released, the former path serves.
    assert.equal(await statusOf('first'), 404);
    assert.equal((await ask(made.service.subDomain)).status, 200);
    await release(ref.ServiceId);
    assert.equal((await ask(made.service.subDomain)).status, 404);

    await change('second', '/moved');
    assert.deepEqual(await triggers('first'), []);
    assert.deepEqual(refOf(await agreed('second')), ref);
    await change('second', '/moved', { AuthType: 'SECRET' });
    assert.equal((await agreed('second')).api.authType, 'SECRET');
    await gateway('ModifyService', { ServiceId: ref.ServiceId, ServiceName: 'called_else' });
    assert.equal((await agreed('second')).service.serviceName, 'called_else');

    // An API that calls no function any more has no trigger, and has one again when it does.
    const mock = { ServiceType: 'MOCK', ServiceMockReturnMessage: 'mock', ServiceScfFunctionName: undefined };
    await change('second', '/moved', mock);
    assert.deepEqual(await triggers('second'), []);
    await change('first', '/moved');
    assert.deepEqual(refOf(await agreed('first')), ref);
    await gateway('DeleteApi', ref);
    assert.deepEqual(await triggers('first'), []);
  });

  test('changes and takes away the API', async () => {
    await deploy(scf, 'mine', CODE);
    const ref = refOf(await bind('mine'));
    const named = { FunctionName: 'mine', TriggerName: 'web', Type: 'apigw', Qualifier: '$DEFAULT' };
    const TriggerDesc = JSON.stringify({
      api: { requestConfig: { path: '/new', method: 'POST' }, enableCORS: 'TRUE' },
    });
    await scf.UpdateTrigger({ ...named, TriggerDesc, Enable: 'OPEN' });
    const changed = await agreed('mine');
    assert.deepEqual([changed.api.requestConfig, refOf(changed)], [{ method: 'POST', path: '/new' }, ref]);
    assert.equal((await ask(changed.service.subDomain, { method: 'POST' })).status, 200);
    await scf.UpdateTriggerStatus({ ...named, Enable: 'CLOSE' });
    assert.equal((await ask(changed.service.subDomain, { method: 'POST' })).status, 404);
    assert.equal((await triggers('mine'))[0]?.Enable, 0);
    await agreed('mine');
    await scf.UpdateTriggerStatus({ ...named, Enable: 'OPEN' });
    assert.equal((await ask(changed.service.subDomain, { method: 'POST' })).status, 200);
    const [listed] = await triggers('mine');
    await scf.DeleteTrigger({ ...named, TriggerDesc: listed?.TriggerDesc ?? '' });
    // Its service was made for it, and went with it.
    await assert.rejects(gateway('DescribeApi', ref), { code: 'ResourceNotFound.InvalidService' });
    assert.equal((await ask(changed.service.subDomain, { method: 'POST' })).status, 404);
  });

  test('goes with its function; a copy has none', async () => {
    await deploy(scf, 'source', CODE);
    const serviceId = await serviceOf('kept');
    const ref = refOf(await bind('source', { service: { serviceId } }));
    await scf.CopyFunction({ FunctionName: 'source', NewFunctionName: 'copy' });
    await settled(scf, 'copy');
    assert.deepEqual(await triggers('copy'), []);
    await agreed('source');
    await scf.DeleteFunction({ FunctionName: 'source' });
    await gone(ref);
    assert.equal((await gateway('DescribeService', { ServiceId: serviceId })).ApiTotalCount, 0);
    await scf.DeleteFunction({ FunctionName: 'copy' });
    await gateway('UnReleaseService', { ServiceId: serviceId, EnvironmentName: 'release' });
    await gateway('DeleteService', { ServiceId: serviceId });
  });
});

describe('an API made at the gateway', () => {
  test('is a trigger of its function, wherever it serves', async () => {
    await deploy(scf, 'behind', CODE);
    const ServiceId = await serviceOf('environments');
    await gateway('CreateApi', calling(ServiceId, 'behind', '/b'));
    // Not released yet: shown where it will be, and nobody answers there.
    assert.equal((await agreed('behind')).release.environmentName, 'release');
    assert.equal(await statusOf('behind'), 404);
    await release(ServiceId, 'test');
    assert.equal((await agreed('behind')).release.environmentName, 'test');
    const { ReleaseVersion } = await gateway('ReleaseService', {
      ServiceId,
      EnvironmentName: 'release',
      ReleaseDesc: '',
    });
    assert.equal((await agreed('behind')).release.environmentName, 'test', 'where it serves already');
    await gateway('UnReleaseService', { ServiceId, EnvironmentName: 'test' });
    assert.equal((await agreed('behind')).release.environmentName, 'release');
    assert.equal(await statusOf('behind'), 200);
    await gateway('UpdateService', { ServiceId, EnvironmentName: 'prepub', VersionName: ReleaseVersion });
    await gateway('UnReleaseService', { ServiceId, EnvironmentName: 'release' });
    assert.equal((await agreed('behind')).release.environmentName, 'prepub');
    await gateway('UnReleaseService', { ServiceId, EnvironmentName: 'prepub' });
    assert.equal(await statusOf('behind'), 404);
    const shown = await agreed('behind');
    await assert.rejects(gateway('DeleteService', { ServiceId }), {
      code: 'UnsupportedOperation.UnsupportedDeleteService',
    });
    await gateway('DeleteApi', refOf(shown));
    assert.deepEqual(await triggers('behind'), []);
    await gateway('DeleteService', { ServiceId });
  });

  test('calls a version or an alias, and goes with it', async () => {
    await deploy(scf, 'versions', CODE);
    await scf.PublishVersion({ FunctionName: 'versions' });
    await settled(scf, 'versions', '1');
    await scf.CreateAlias({ FunctionName: 'versions', Name: 'live', FunctionVersion: '1' });
    const ServiceId = await serviceOf('qualified');
    const make = async (qualifier: string) =>
      (await gateway(
        'CreateApi',
        calling(ServiceId, 'versions', `/${qualifier.replace('$', '')}`, {
          ServiceScfFunctionQualifier: qualifier,
        }),
      )) as { readonly ApiId: string };
    const ids = { latest: await make('$LATEST'), version: await make('1'), alias: await make('live') };
    await release(ServiceId);
    const qualifiers = async () => (await triggers('versions')).map(one => one.Qualifier).sort();
    assert.deepEqual(await qualifiers(), ['$LATEST', '1', 'live']);
    const said = async (path: string) =>
      (await ask(`${(await triggers('versions'))[0]?.desc.service.subDomain.replace(/[^/]+$/, path)}`)).body.toString();
    assert.deepEqual(
      [await said('LATEST'), await said('1'), await said('live')],
      ['"versions $LATEST"', '"versions 1"', '"versions 1"'],
    );
    const [latest] = (await triggers('versions')).filter(one => one.Qualifier === '$LATEST');
    assert.equal(latest?.desc.api.apiId, ids.latest.ApiId);

    await scf.DeleteAlias({ FunctionName: 'versions', Name: 'live' });
    await gone({ ServiceId, ApiId: ids.alias.ApiId });
    assert.deepEqual(await qualifiers(), ['$LATEST', '1']);
    await scf.DeleteFunction({ FunctionName: 'versions', Qualifier: '1' });
    await gone({ ServiceId, ApiId: ids.version.ApiId });
    assert.equal((await agreed('versions')).api.apiId, ids.latest.ApiId);
    // What another version says is not its concern.
    const ZipFile = (await zipOf({ 'index.js': CODE.replace('" "', '"-"') })).toString('base64');
    await scf.UpdateFunctionCode({ FunctionName: 'versions', ZipFile });
    await settled(scf, 'versions');
    await agreed('versions');
    assert.equal(await said('LATEST'), '"versions-$LATEST"');
  });

  test('of WebSocket is a trigger of each of its functions', async () => {
    for (const name of ['join', 'talk', 'leave']) await deploy(scf, name, CODE);
    const ServiceId = await serviceOf('sockets');
    const part = (name: string, fn: string) => ({
      [`ServiceWebsocket${name}FunctionName`]: fn,
      [`ServiceWebsocket${name}FunctionNamespace`]: 'default',
      [`ServiceWebsocket${name}FunctionQualifier`]: '$LATEST',
    });
    const fields = calling(ServiceId, '', '/ws', {
      Protocol: 'WEBSOCKET',
      ...part('Register', 'join'),
      ...part('Transport', 'talk'),
      ...part('Cleanup', 'leave'),
    });
    const { ApiId } = (await gateway('CreateApi', fields)) as { ApiId: string };
    const ref = { ServiceId, ApiId };
    await release(ServiceId);
    const shownBy = async (name: string) => (await triggers(name)).map(one => one.desc.api.apiId);
    for (const name of ['join', 'talk', 'leave']) assert.deepEqual(await shownBy(name), [ApiId], name);
    // Where clients connect, and, by the function that pushes, where it pushes.
    const { InternalDomain } = await gateway('DescribeApi', ref);
    const [desc] = await triggers('talk');
    assert.match(desc?.desc.service.subDomain ?? '', /^ws:\/\//);
    const addresses = await urls('talk');
    assert.deepEqual([addresses[0], addresses.at(-1)], [desc?.desc.service.subDomain, InternalDomain]);
    assert.deepEqual([await urls('join'), await urls('leave')], [[], []]);

    // Without its register and cleanup functions it goes on; without the one for messages it could not.
    const { Triggers: [joining] = [] } = await scf.ListTriggers({ FunctionName: 'join' });
    await scf.DeleteTrigger({
      FunctionName: 'join',
      Type: 'apigw',
      TriggerName: joining?.TriggerName ?? '',
      TriggerDesc: joining?.TriggerDesc ?? '',
      Qualifier: '$LATEST',
    });
    const without = await gateway('DescribeApi', ref);
    assert.deepEqual(
      [without.ServiceWebsocketRegisterFunctionName, without.ServiceWebsocketTransportFunctionName],
      [null, 'talk'],
    );
    await gateway('ModifyApi', { ...fields, ApiId });
    assert.deepEqual(await shownBy('join'), [ApiId]);
    await scf.DeleteFunction({ FunctionName: 'leave' });
    assert.equal((await gateway('DescribeApi', ref)).ServiceWebsocketCleanupFunctionName, null);
    await gateway('DeleteApi', ref);
    assert.deepEqual([await shownBy('join'), await shownBy('talk')], [[], []]);
  });
});

test('both sides agree after another start', async () => {
  let one = await startTestServer();
  try {
    const before = sidesOf(one);
    await deploy(before.scf, 'kept', CODE);
    await deploy(before.scf, 'made', CODE);
    await before.scf.CreateTrigger({
      FunctionName: 'kept',
      TriggerName: 'web',
      Type: 'apigw',
      TriggerDesc: '{}',
      Enable: 'OPEN',
    });
    const { ServiceId } = await before.gateway('CreateService', { ServiceName: 'there', Protocol: 'http' });
    await before.gateway('CreateApi', calling(String(ServiceId), 'made', '/made'));
    const ids = [refOf(await before.agreed('kept')), refOf(await before.agreed('made'))];
    one = await one.restart();
    const after = sidesOf(one);
    assert.deepEqual([refOf(await after.agreed('kept')), refOf(await after.agreed('made'))], ids);
  } finally {
    await one.close();
  }
});
