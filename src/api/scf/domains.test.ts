// The actions over a real control: what is created is shown in the shapes of the documents.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scene as controlScene, KEY } from '../../control/fixture.ts';
import { refused, scene } from './fixture.ts';

const Domain = 'www.example.com';
const EndpointsConfig = [
  {
    Namespace: 'default',
    FunctionName: KEY.name,
    Qualifier: '$LATEST',
    PathMatch: '/api/*',
    PathRewrite: [{ Path: '/api/*', Type: 'WildcardRules', Rewrite: '/$1' }],
  },
];

async function house() {
  const { control, clock, made } = await controlScene();
  await made();
  return scene({ deps: { control, clock } });
}

test('a domain is made, shown, listed, changed and deleted', async () => {
  const { call } = await house();
  const Tags = [{ Key: 'k', Value: 'v' }];
  assert.deepEqual(await call('CreateCustomDomain', { Domain, Protocol: 'HTTP', EndpointsConfig, Tags }), {});
  const shown = {
    Domain,
    Protocol: 'HTTP',
    EndpointsConfig,
    CertConfig: { CertificateId: '' },
    WafConfig: { WafOpen: 'CLOSE', WafInstanceId: '' },
    Tags,
  };
  assert.deepEqual(await call('GetCustomDomain', { Domain }), shown);
  assert.deepEqual(await call('ListCustomDomains', {}), { Total: 1, Domains: [shown] });
  const [first] = EndpointsConfig;
  const { Namespace: _, ...bare } = { ...first, PathMatch: '/', PathRewrite: null };
  await call('UpdateCustomDomain', { Domain, WafConfig: { WafOpen: 'OPEN' }, EndpointsConfig: [bare] });
  assert.deepEqual(await call('GetCustomDomain', { Domain }), {
    ...shown,
    EndpointsConfig: [{ ...first, PathMatch: '/', PathRewrite: [] }],
    WafConfig: { WafOpen: 'OPEN', WafInstanceId: '' },
  });
  await call('DeleteCustomDomain', { Domain });
  assert.deepEqual(await call('ListCustomDomains', { Limit: 5, OrderBy: 'ModTime' }), { Total: 0, Domains: [] });
});

test('what cannot be is refused', async () => {
  const { call } = await house();
  const create = (change: object) =>
    call('CreateCustomDomain', { Domain, Protocol: 'HTTP', EndpointsConfig, ...change });
  await assert.rejects(create({ Domain: '*.example.com' }), refused('InvalidParameterValue'));
  await assert.rejects(create({ Protocol: 'HTTPS' }), refused('InvalidParameterValue'));
  await assert.rejects(
    create({ Protocol: 'HTTPS', CertConfig: { CertificateId: 'none' } }),
    refused('InvalidParameterValue'),
  );
  const rewrite = [{ Path: '/', Type: 'Rules', Rewrite: '/' }];
  await assert.rejects(
    create({ EndpointsConfig: [{ ...EndpointsConfig[0], PathRewrite: rewrite }] }),
    refused('InvalidParameterValue'),
  );
  await assert.rejects(call('GetCustomDomain', {}), refused('MissingParameter'));
  await assert.rejects(call('DeleteCustomDomain', { Domain }), refused('ResourceNotFound'));
});
