// Domains of users' own: BindSubDomain, ModifySubDomain, UnBindSubDomain and what is told of them.

import { z } from 'zod';
import type { SubDomain } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import type { GatewayContext } from './deps.ts';
import { flag, PAGE, paged, text } from './types.ts';

const REF = { ServiceId: text, SubDomain: text };
const Mappings = z.array(z.object({ Path: text, Environment: text })).optional();

const refOf = (
  region: string,
  { ServiceId, SubDomain: host }: { readonly ServiceId: string; readonly SubDomain: string },
) => ({
  region,
  serviceId: ServiceId,
  host,
});

/** Clients send an empty set beside the default mapping. */
const mappingsOf = (isDefault: boolean, mappings: z.output<typeof Mappings>) =>
  isDefault ? undefined : (mappings ?? []).map(({ Path, Environment }) => ({ path: Path, environment: Environment }));

const BindSubDomain = action({
  request: z.object({
    ...REF,
    Protocol: text,
    NetType: text,
    IsDefaultMapping: flag,
    NetSubDomain: text,
    CertificateId: text.optional(),
    PathMappingSet: Mappings,
    IsForcedHttps: flag.optional(),
  }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.domains.bind({
      ...refOf(region, request),
      protocol: request.Protocol,
      netType: request.NetType,
      defaultDomain: request.NetSubDomain,
      certificateId: request.CertificateId,
      forcedHttps: request.IsForcedHttps,
      mappings: mappingsOf(request.IsDefaultMapping, request.PathMappingSet),
    });
    return {};
  },
});

const ModifySubDomain = action({
  request: z.object({
    ...REF,
    IsDefaultMapping: flag,
    CertificateId: text.optional(),
    Protocol: text.optional(),
    PathMappingSet: Mappings,
    NetType: text.optional(),
    IsForcedHttps: flag.optional(),
  }),
  async handle(request, { gateway, region }: GatewayContext) {
    const { CertificateId, Protocol, NetType, IsForcedHttps } = request;
    await gateway.domains.modify(refOf(region, request), {
      mappings: mappingsOf(request.IsDefaultMapping, request.PathMappingSet),
      ...(CertificateId !== undefined && { certificateId: CertificateId }),
      ...(Protocol && { protocol: Protocol }),
      ...(NetType && { netType: NetType }),
      ...(IsForcedHttps !== undefined && { forcedHttps: IsForcedHttps }),
    });
    return { Result: true };
  },
});

const UnBindSubDomain = action({
  request: z.object(REF),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.domains.unbind(refOf(region, request));
    return { Result: true };
  },
});

const DescribeServiceSubDomains = action({
  request: z.object({ ServiceId: text, ...PAGE }),
  async handle(request, { gateway, region }: GatewayContext) {
    const all = await gateway.domains.list({ region, serviceId: request.ServiceId });
    const { total, rows } = paged(all, request);
    return { Result: { TotalCount: total, DomainSet: rows.map(wireDomain) } };
  },
});

const DescribeServiceSubDomainMappings = action({
  request: z.object(REF),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.services.get(region, request.ServiceId);
    const { mappings } = gateway.domains.get(refOf(region, request));
    const PathMappingSet = (mappings ?? []).map(({ path, environment }) => ({ Path: path, Environment: environment }));
    return { Result: { IsDefaultMapping: mappings === undefined, PathMappingSet } };
  },
});

const DeleteServiceSubDomainMapping = action({
  request: z.object({ ...REF, Environment: text }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.domains.unmap(refOf(region, request), request.Environment);
    return { Result: true };
  },
});

function wireDomain(domain: SubDomain): object {
  return {
    DomainName: domain.host,
    // What a name resolves to is asked nowhere: 1, as for one that resolves.
    Status: 1,
    CertificateId: domain.certificateId,
    IsDefaultMapping: domain.mappings === undefined,
    Protocol: domain.protocol,
    NetType: domain.netType,
    IsForcedHttps: domain.forcedHttps,
    RegistrationStatus: true,
  };
}

export const DOMAIN_ACTIONS = {
  BindSubDomain,
  ModifySubDomain,
  UnBindSubDomain,
  DescribeServiceSubDomains,
  DescribeServiceSubDomainMappings,
  DeleteServiceSubDomainMapping,
};
