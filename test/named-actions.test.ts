// Every action that the vendor's clients call of the products that are built: done, or refused for a reason that stands here.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { API_SERVICES } from '../src/api/index.ts';
import { rawCall } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Of the official SDKs, the vendor's deployment toolkit and its command line. */
const NAMED = {
  scf: words(`
    CreateFunction GetFunction ListFunctions UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction CopyFunction
    GetFunctionAddress GetFunctionLogs Invoke InvokeFunction GetRequestStatus ListAsyncEvents GetAsyncEventStatus
    TerminateAsyncEvent UpdateFunctionEventInvokeConfig GetFunctionEventInvokeConfig PublishVersion ListVersionByFunction
    DeleteFunctionVersion CreateAlias GetAlias UpdateAlias DeleteAlias ListAliases CreateNamespace UpdateNamespace
    DeleteNamespace ListNamespaces CreateTrigger UpdateTrigger UpdateTriggerStatus DeleteTrigger ListTriggers
    PublishLayerVersion GetLayerVersion DeleteLayerVersion ListLayers ListLayerVersions PutReservedConcurrencyConfig
    GetReservedConcurrencyConfig DeleteReservedConcurrencyConfig PutProvisionedConcurrencyConfig
    GetProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig PutTotalConcurrencyConfig GetAccount
    CreateCustomDomain GetCustomDomain UpdateCustomDomain DeleteCustomDomain ListCustomDomains GetDemoAddress
  `),
  apigateway: words(`
    CreateService DescribeService DescribeServiceForApiApp DescribeServicesStatus ModifyService DeleteService
    CreateApi ModifyApi ModifyApiIncrement DescribeApi DescribeApiForApiApp DescribeApisStatus DeleteApi ImportOpenApi
    ReleaseService UnReleaseService UpdateService DescribeServiceEnvironmentList DescribeServiceReleaseVersion
    DescribeServiceEnvironmentReleaseHistory DescribeServiceEnvironmentStrategy ModifyServiceEnvironmentStrategy
    DescribeApiEnvironmentStrategy ModifyApiEnvironmentStrategy DescribeLogSearch
    CreateApiKey DescribeApiKey DescribeApiKeysStatus EnableApiKey DisableApiKey UpdateApiKey DeleteApiKey
    CreateUsagePlan DescribeUsagePlan DescribeUsagePlansStatus ModifyUsagePlan DeleteUsagePlan
    DescribeUsagePlanSecretIds DescribeUsagePlanEnvironments DescribeApiUsagePlan DescribeServiceUsagePlan
    BindSecretIds UnBindSecretIds BindEnvironment UnBindEnvironment DemoteServiceUsagePlan
    BindSubDomain ModifySubDomain UnBindSubDomain DescribeServiceSubDomains DescribeServiceSubDomainMappings
    DeleteServiceSubDomainMapping
    CreateApiApp DescribeApiApp DescribeApiAppsStatus ModifyApiApp UpdateApiAppKey DeleteApiApp
    BindApiApp UnbindApiApp DescribeApiBindApiAppsStatus DescribeApiAppBindApisStatus
    CreateIPStrategy ModifyIPStrategy DescribeIPStrategy DescribeIPStrategysStatus DescribeIPStrategyApisStatus
    DeleteIPStrategy BindIPStrategy UnBindIPStrategy
    CreatePlugin ModifyPlugin DescribePlugin DescribePlugins DescribePluginApis DescribePluginsByApi
    DescribeAllPluginApis DeletePlugin AttachPlugin DetachPlugin
    CreateAPIDoc DescribeAPIDocs DescribeAPIDocDetail ModifyAPIDoc BuildAPIDoc DeleteAPIDoc ResetAPIDocPassword
    CreateUpstream DescribeUpstreams ModifyUpstream DeleteUpstream DescribeUpstreamBindApis
    CreateExclusiveInstances DescribeExclusiveInstances DescribeExclusiveInstanceDetail
    DescribeExclusiveInstanceRegions DescribeExclusiveInstancesStatus ModifyExclusiveInstance
    DescribeInstancesNetworkConfig
  `),
  tag: words(`
    CreateTag CreateTags DeleteTag DeleteTags DescribeTags DescribeTagKeys DescribeTagValues GetTags GetTagKeys
    GetTagValues AttachResourcesTag DetachResourcesTag ModifyResourcesTagValue ModifyResourceTags TagResources
    UnTagResources GetResources DescribeResourceTags DescribeResourceTagsByResourceIds DescribeResourcesByTags
  `),
  ssl: words('UploadCertificate DescribeCertificates DeleteCertificate'),
} as const;

const DOCS = 'there are no pages for callers of APIs; a client reads what an API takes from DescribeApi';
const UPSTREAMS = 'a backend stands in the API that calls it (ServiceConfig)';
const INSTANCES = 'there are no instances to be rented: this server is one';

const REFUSED: Readonly<Record<string, string>> = {
  'scf:GetDemoAddress': 'the vendor’s templates are not here; examples come with the source',
  'apigateway:ImportOpenApi': 'OpenAPI documents are not read; APIs are made one by one',
  ...Object.fromEntries(
    words(
      'CreateAPIDoc DescribeAPIDocs DescribeAPIDocDetail ModifyAPIDoc BuildAPIDoc DeleteAPIDoc ResetAPIDocPassword',
    ).map(name => [`apigateway:${name}`, DOCS]),
  ),
  ...Object.fromEntries(
    words('CreateUpstream DescribeUpstreams ModifyUpstream DeleteUpstream DescribeUpstreamBindApis').map(name => [
      `apigateway:${name}`,
      UPSTREAMS,
    ]),
  ),
  ...Object.fromEntries(
    words(`
      CreateExclusiveInstances DescribeExclusiveInstances DescribeExclusiveInstanceDetail
      DescribeExclusiveInstanceRegions DescribeExclusiveInstancesStatus ModifyExclusiveInstance
      DescribeInstancesNetworkConfig
    `).map(name => [`apigateway:${name}`, INSTANCES]),
  ),
};

for (const [service, actions] of Object.entries(NAMED)) {
  test(`${service}: each of ${actions.length} actions is done or refused for a reason`, async () => {
    const { version } = API_SERVICES[service as keyof typeof NAMED];
    for (const action of actions) {
      const { Error: error } = await rawCall(server, { action, service, version });
      const code = error?.Code ?? 'done';
      // Without a field it is told what is missing, or it lists something: either way the action is there.
      if (Object.hasOwn(REFUSED, `${service}:${action}`)) assert.equal(code, 'UnsupportedOperation', action);
      else assert.match(code, /^(done$|MissingParameter|InvalidParameter)/, `${action}: ${error?.Message}`);
    }
  });
}

test('nothing else is refused as not built', () => {
  const later = Object.keys(NAMED).flatMap(service =>
    API_SERVICES[service as keyof typeof NAMED].later.map(action => `${service}:${action}`),
  );
  // Of these two no client here calls the rest.
  const rest = later.filter(name => !/^(tag|ssl):/.test(name));
  assert.deepEqual(rest.sort(), Object.keys(REFUSED).sort());
});
