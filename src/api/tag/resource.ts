// Resources as the tag API names them: in six parts, or part by part.

import { z } from 'zod';
import type { TaggedResource } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import type { TagContext } from './deps.ts';
import { fail } from './errors.ts';

const RESOURCES_PER_REQUEST = 50;
const SIX = /^qcs:[^:]*:([^:]+):([^:]*):([^:]*):([^:]+(?::.*)?)$/;
const SERVICE = /^[a-z][a-z0-9_-]*$/;

/** `qcs::scf:ap-guangzhou:uin/100000000001:lam/lam-xxxxxxxx` */
export function parseResource(text: string, { uin, appId }: Account): TaggedResource {
  const [, service = '', region = '', owner = '', rest = ''] =
    SIX.exec(text) ?? fail('InvalidParameterValue.ResourceDescriptionError', { resource: text, uin });
  checkService(service);
  if (owner !== '' && owner !== `uin/${uin}` && owner !== `uid/${appId}`)
    fail('InvalidParameterValue.UinInvalid', { resource: text, uin });
  // A bucket has no prefix: `examplebucket-1250000000/`.
  const slash = rest.endsWith('/') ? -1 : rest.indexOf('/');
  const id = (slash < 0 ? rest : rest.slice(slash + 1)).replace(/\/$/, '');
  const prefix = slash < 0 ? '' : rest.slice(0, slash);
  if (id === '' || (prefix === '' && service !== 'cos'))
    fail('InvalidParameterValue.ResourceDescriptionError', { resource: text, uin });
  return { service, region, prefix, id };
}

export function formatResource({ service, region, prefix, id }: TaggedResource, { uin, appId }: Account): string {
  if (prefix === '') return `qcs::${service}:${region}:uid/${appId}:${id}/`;
  return `qcs::${service}:${region}:uin/${uin}:${prefix}/${id}`;
}

/** The fields that name several resources of one kind. */
export const RESOURCES = {
  ServiceType: z.string(),
  ResourcePrefix: z.string().optional(),
  ResourceRegion: z.string().optional(),
  ResourceIds: z.array(z.string()).min(1),
};

export function resourcesOf(request: z.output<z.ZodObject<typeof RESOURCES>>): TaggedResource[] {
  const { ServiceType: service, ResourcePrefix: prefix = '', ResourceRegion: region = '', ResourceIds } = request;
  checkService(service);
  if (prefix === '' && service !== 'cos') fail('InvalidParameterValue.ResourcePrefixInvalid');
  checkCount(ResourceIds, RESOURCES_PER_REQUEST);
  return ResourceIds.map(id => ({ service, region, prefix, id }));
}

export function checkCount(resources: readonly unknown[], limit: number): void {
  if (resources.length > limit) fail('LimitExceeded.ResourceNumPerRequest', { limit });
}

/** Refused when it is known not to exist. */
export function keptOf(resource: TaggedResource, { kept }: TagContext): TaggedResource {
  return kept(resource) ?? fail('InvalidParameterValue.ResourceIdInvalid', { id: resource.id });
}

function checkService(service: string): void {
  if (!SERVICE.test(service)) fail('InvalidParameterValue.ServiceTypeInvalid', { service });
}
