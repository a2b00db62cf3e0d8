// What the API gateway's actions need from the rest of the program; the composer gives it.

import type { Tag, TaggedResource, Tags } from '../../core/ports.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import type { FunctionApis } from '../../services/apigateway/verbs/functions.ts';
import type { ActionContext } from '../action.ts';

export interface GatewayDeps {
  readonly gateway: ApiGateway;
  /** APIs together with the functions that they call. */
  readonly apis: FunctionApis;
  readonly tags: Tags;
}

export type GatewayContext = ActionContext<GatewayDeps>;

/** Clients of the tag API name the gateway's things so: `qcs::apigw:<region>:uin/<uin>:service/service-xxxxxxxx`. */
export function tagged(
  prefix: 'service' | 'api' | 'usagePlan' | 'apiKey' | 'plugin',
  region: string,
  id: string,
): TaggedResource {
  return { service: 'apigw', region, prefix, id };
}

/** Of what has just been made, and is taken back where it may not have them. */
export async function tagMade(
  tags: Tags,
  resource: TaggedResource,
  wanted: readonly Tag[] | undefined,
  takeBack: () => Promise<unknown>,
): Promise<void> {
  if (!wanted?.length) return;
  await tags.set(resource, wanted).catch(async error => {
    await takeBack();
    throw error;
  });
}

export function wireTags(tags: Tags, resource: TaggedResource): Tag[] {
  return tags.of(resource).map(({ Key, Value }) => ({ Key, Value }));
}
