// What environments serve: ReleaseService, UnReleaseService, UpdateService, and the lists of environments and versions.

import { z } from 'zod';
import type { Environment, Release, Service } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import type { GatewayContext } from './deps.ts';
import { fail } from './errors.ts';
import { int, PAGE, paged, text, texts, wireTime } from './types.ts';

/** In the order in which they are listed. */
const ENVIRONMENTS: readonly Environment[] = ['test', 'prepub', 'release'];
const SERVICE_QPS = 5000;

const ReleaseService = action({
  request: z.object({ ServiceId: text, EnvironmentName: text, ReleaseDesc: text, ApiIds: texts.optional() }),
  async handle({ ServiceId, EnvironmentName, ReleaseDesc, ApiIds }, { apis, region }: GatewayContext) {
    const release = await apis.release({
      region,
      serviceId: ServiceId,
      environment: EnvironmentName,
      description: ReleaseDesc,
      ...(ApiIds && ApiIds.length > 0 && { apiIds: ApiIds }),
    });
    return { Result: { ReleaseDesc: release.description, ReleaseVersion: release.version } };
  },
});

const UnReleaseService = action({
  request: z.object({ ServiceId: text, EnvironmentName: text, ApiIds: texts.optional() }),
  async handle({ ServiceId, EnvironmentName, ApiIds }, { gateway, apis, region }: GatewayContext) {
    if (ApiIds && ApiIds.length > 0)
      fail('UnsupportedOperation', {
        zh: 'ApiIds 为保留字段，请去掉；单个 API 请删除后重新发布',
        en: 'ApiIds is reserved; leave it out. To take off one API delete it and release the service again',
      });
    const ref = { region, serviceId: ServiceId };
    await gateway.releases.end(ref, EnvironmentName);
    await apis.retell(ref);
    return { Result: true };
  },
});

const UpdateService = action({
  request: z.object({ ServiceId: text, EnvironmentName: text, VersionName: text, UpdateDesc: text.optional() }),
  async handle({ ServiceId, EnvironmentName, VersionName }, { gateway, apis, region }: GatewayContext) {
    const ref = { region, serviceId: ServiceId };
    await gateway.releases.switchTo(ref, EnvironmentName, VersionName);
    await apis.retell(ref);
    return { Result: true };
  },
});

const LISTED = { ServiceId: text, ...PAGE };

const DescribeServiceEnvironmentList = action({
  request: z.object(LISTED),
  async handle(request, context: GatewayContext) {
    const { service, releases } = await loaded(request.ServiceId, context);
    const { total, rows } = paged(ENVIRONMENTS, request);
    return {
      Result: {
        TotalCount: total,
        EnvironmentList: rows.map(name => wireEnvironment(name, service, releases, context)),
      },
    };
  },
});

const DescribeServiceEnvironmentStrategy = action({
  request: z.object(LISTED),
  async handle(request, context: GatewayContext) {
    const { service, releases } = await loaded(request.ServiceId, context);
    const { total, rows } = paged(ENVIRONMENTS, request);
    const list = rows.map(name => {
      const { CreateTime: _unused, ...environment } = wireEnvironment(name, service, releases, context);
      return { ...environment, Strategy: service.qps[name] ?? SERVICE_QPS, MaxStrategy: SERVICE_QPS };
    });
    return { Result: { TotalCount: total, EnvironmentList: list } };
  },
});

const ModifyServiceEnvironmentStrategy = action({
  request: z.object({ ServiceId: text, Strategy: int, EnvironmentNames: texts.min(1) }),
  async handle({ ServiceId, Strategy, EnvironmentNames }, { gateway, region }: GatewayContext) {
    await gateway.services.limit({ region, serviceId: ServiceId }, EnvironmentNames, Strategy);
    return { Result: true };
  },
});

const DescribeApiEnvironmentStrategy = action({
  request: z.object({ ServiceId: text, EnvironmentNames: texts.optional(), ApiId: text.optional(), ...PAGE }),
  async handle(request, { gateway, region }: GatewayContext) {
    const { ServiceId, ApiId, EnvironmentNames } = request;
    const all = ApiId
      ? [await gateway.apis.get({ region, serviceId: ServiceId, apiId: ApiId })]
      : await gateway.apis.list(region, ServiceId);
    const environments = ENVIRONMENTS.filter(name => !EnvironmentNames?.length || EnvironmentNames.includes(name));
    const { total, rows } = paged(all, request);
    return {
      Result: {
        TotalCount: total,
        ApiEnvironmentStrategySet: rows.map(api => ({
          ApiId: api.id,
          ApiName: api.name,
          Path: api.path,
          Method: api.method,
          // -1: as many as the service takes.
          EnvironmentStrategySet: environments.map(name => ({ EnvironmentName: name, Quota: api.qps[name] ?? -1 })),
        })),
      },
    };
  },
});

const ModifyApiEnvironmentStrategy = action({
  request: z.object({ ServiceId: text, Strategy: int, EnvironmentName: text, ApiIds: texts.min(1) }),
  async handle({ ServiceId, Strategy, EnvironmentName, ApiIds }, { gateway, region }: GatewayContext) {
    const change = { apiIds: ApiIds, environment: EnvironmentName, qps: Strategy };
    await gateway.apis.limit({ region, serviceId: ServiceId }, change);
    return { Result: true };
  },
});

const DescribeServiceEnvironmentReleaseHistory = action({
  request: z.object({ ...LISTED, EnvironmentName: text.optional() }),
  async handle(request, { gateway, region }: GatewayContext) {
    const all = await gateway.releases.history({ region, serviceId: request.ServiceId });
    const { EnvironmentName } = request;
    const { total, rows } = paged(
      EnvironmentName ? all.filter(({ environment }) => environment === EnvironmentName) : all,
      request,
    );
    return {
      Result: {
        TotalCount: total,
        VersionList: rows.map(version => ({ ...wireVersion(version), ReleaseTime: wireTime(version.releasedAt) })),
      },
    };
  },
});

const DescribeServiceReleaseVersion = action({
  request: z.object(LISTED),
  async handle(request, { gateway, region }: GatewayContext) {
    const all = await gateway.releases.history({ region, serviceId: request.ServiceId });
    const { total, rows } = paged(all, request);
    return { Result: { TotalCount: total, VersionList: rows.map(wireVersion) } };
  },
});

async function loaded(serviceId: string, { gateway, region }: GatewayContext) {
  const service = await gateway.services.get(region, serviceId);
  return { service, releases: await gateway.releases.list(region, serviceId) };
}

function wireEnvironment(
  name: Environment,
  service: Service,
  releases: readonly Release[],
  { gateway }: GatewayContext,
) {
  const release = releases.find(({ environment }) => environment === name);
  return {
    EnvironmentName: name,
    // Without a scheme.
    Url: `${gateway.domain(service)}/${name}`,
    Status: release ? 1 : 0,
    VersionName: release?.version ?? '',
    CreateTime: release ? wireTime(release.releasedAt) : null,
  };
}

const wireVersion = ({ version, description }: Release) => ({ VersionName: version, VersionDesc: description });

export const RELEASE_ACTIONS = {
  ReleaseService,
  UnReleaseService,
  UpdateService,
  DescribeServiceEnvironmentList,
  DescribeServiceEnvironmentStrategy,
  ModifyServiceEnvironmentStrategy,
  DescribeApiEnvironmentStrategy,
  ModifyApiEnvironmentStrategy,
  DescribeServiceEnvironmentReleaseHistory,
  DescribeServiceReleaseVersion,
};
