// CreateNamespace, UpdateNamespace, DeleteNamespace, ListNamespaces.

import { z } from 'zod';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { int, PAGE, text } from './types.ts';
import { wireNamespace } from './wire.ts';

const KeyValue = z.object({ Key: text, Value: text });

const ResourceEnv = z.object({
  TKE: z
    .object({
      ClusterID: text,
      SubnetID: text,
      Namespace: text,
      DataPath: text.optional(),
      NodeSelector: z.array(KeyValue).optional(),
      Port: int.optional(),
      PodTemplatePatch: text.optional(),
    })
    .optional(),
  OFFLINE: z.boolean().optional(),
});

const CreateNamespace = action({
  request: z.object({ Namespace: text, Description: text.optional(), ResourceEnv: ResourceEnv.optional() }),
  async handle(request, { control, region }: ScfContext) {
    await control.namespaces.create(region, request.Namespace, { description: request.Description, wire: request });
    return {};
  },
});

const UpdateNamespace = action({
  request: z.object({ Namespace: text, Description: text }),
  async handle({ Namespace, Description }, { control, region }: ScfContext) {
    await control.namespaces.update(region, Namespace, { description: Description });
    return {};
  },
});

const DeleteNamespace = action({
  request: z.object({ Namespace: text }),
  async handle({ Namespace }, { control, region }: ScfContext) {
    await control.namespaces.delete(region, Namespace);
    return {};
  },
});

const ListNamespaces = action({
  request: z.object({ ...PAGE, Orderby: text.optional(), SearchKey: z.array(KeyValue).optional() }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.namespaces.list(region, {
      offset: request.Offset,
      limit: request.Limit,
      order: request.Order,
      orderBy: request.Orderby,
      search: request.SearchKey?.map(({ Key, Value }) => ({ key: Key, value: Value })),
    });
    return { Namespaces: rows.map(wireNamespace), TotalCount: total };
  },
});

export const NAMESPACE_ACTIONS = { CreateNamespace, UpdateNamespace, DeleteNamespace, ListNamespaces };
