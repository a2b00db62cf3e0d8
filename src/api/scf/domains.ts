// CreateCustomDomain, UpdateCustomDomain, GetCustomDomain, ListCustomDomains, DeleteCustomDomain.

import { z } from 'zod';
import type { DomainView } from '../../control/domains.ts';
import type { DomainEndpoint, PathRewrite } from '../../core/domain.ts';
import { fail } from '../../core/errors.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { Filters, filtersOf, namespaceOf, PAGE, Tag, text } from './types.ts';

const Endpoint = z.object({
  Namespace: text.optional(),
  FunctionName: text,
  Qualifier: text,
  PathMatch: text,
  PathRewrite: z
    .array(z.object({ Path: text, Type: text, Rewrite: text }))
    .nullable()
    .optional(),
});

const SETTINGS = {
  CertConfig: z.object({ CertificateId: text.optional() }).nullable().optional(),
  WafConfig: z.object({ WafOpen: text.optional(), WafInstanceId: text.optional() }).nullable().optional(),
};

function endpointOf(endpoint: z.output<typeof Endpoint>): DomainEndpoint {
  const { Namespace, FunctionName, Qualifier, PathMatch, PathRewrite } = endpoint;
  const rewrites = (PathRewrite ?? []).map(rewriteOf);
  return {
    pathMatch: PathMatch,
    namespace: namespaceOf(Namespace),
    name: FunctionName,
    qualifier: Qualifier,
    rewrites,
  };
}

function rewriteOf({ Path, Type, Rewrite }: { Path: string; Type: string; Rewrite: string }): PathRewrite {
  if (Type !== 'WildcardRules' && Type !== 'ExactRules')
    return fail('InvalidParameterValue', {
      name: 'PathRewrite.Type',
      reason: `"${Type}" (WildcardRules | ExactRules)`,
    });
  return { path: Path, type: Type, rewrite: Rewrite };
}

const CreateCustomDomain = action({
  request: z.object({
    Domain: text,
    Protocol: text,
    EndpointsConfig: z.array(Endpoint),
    ...SETTINGS,
    Tags: z.array(Tag).optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    await control.domains.create(region, request.Domain, {
      protocol: request.Protocol,
      certificateId: request.CertConfig?.CertificateId ?? '',
      endpoints: request.EndpointsConfig.map(endpointOf),
      waf: request.WafConfig ?? null,
      tags: request.Tags ?? [],
    });
    return {};
  },
});

const UpdateCustomDomain = action({
  request: z.object({
    Domain: text,
    Protocol: text.optional(),
    EndpointsConfig: z.array(Endpoint).optional(),
    ...SETTINGS,
  }),
  async handle(request, { control, region }: ScfContext) {
    const { Protocol, CertConfig, EndpointsConfig, WafConfig } = request;
    await control.domains.update(region, request.Domain, {
      ...(Protocol !== undefined && { protocol: Protocol }),
      ...(CertConfig?.CertificateId !== undefined && { certificateId: CertConfig.CertificateId }),
      ...(EndpointsConfig && { endpoints: EndpointsConfig.map(endpointOf) }),
      ...(WafConfig && { waf: WafConfig }),
    });
    return {};
  },
});

const DeleteCustomDomain = action({
  request: z.object({ Domain: text.optional() }),
  async handle({ Domain = '' }, { control, region }: ScfContext) {
    await control.domains.delete(region, Domain);
    return {};
  },
});

const GetCustomDomain = action({
  request: z.object({ Domain: text.optional() }),
  async handle({ Domain = '' }, { control, region }: ScfContext) {
    return wireDomain(await control.domains.get(region, Domain));
  },
});

const ListCustomDomains = action({
  request: z.object({ ...PAGE, OrderBy: text.optional(), Filters }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.domains.list(region, {
      offset: request.Offset,
      limit: request.Limit,
      order: request.Order,
      orderBy: request.OrderBy,
      filters: filtersOf(request.Filters),
    });
    return { Total: total, Domains: rows.map(wireDomain) };
  },
});

const NO_WAF = { WafOpen: 'CLOSE', WafInstanceId: '' };

function wireDomain({ domain, tags }: DomainView): object {
  return {
    Domain: domain.domain,
    Protocol: domain.protocol,
    EndpointsConfig: domain.endpoints.map(({ namespace, name, qualifier, pathMatch, rewrites }) => ({
      Namespace: namespace,
      FunctionName: name,
      Qualifier: qualifier,
      PathMatch: pathMatch,
      PathRewrite: rewrites.map(({ path, type, rewrite }) => ({ Path: path, Type: type, Rewrite: rewrite })),
    })),
    CertConfig: { CertificateId: domain.certificateId },
    WafConfig: { ...NO_WAF, ...(domain.waf ?? {}) },
    Tags: tags,
  };
}

export const DOMAIN_ACTIONS = {
  CreateCustomDomain,
  UpdateCustomDomain,
  DeleteCustomDomain,
  GetCustomDomain,
  ListCustomDomains,
};
