// PublishVersion, ListVersionByFunction, DeleteFunctionVersion.

import { z } from 'zod';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';
import { FUNCTION, keyOf, PAGE, text } from './types.ts';
import { wireVersion } from './wire.ts';

const PublishVersion = action({
  request: z.object({ ...FUNCTION, Description: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    const key = keyOf(request, region);
    const version = await control.versions.publish(key, { description: request.Description });
    return {
      FunctionVersion: version.version,
      CodeSize: version.code.bytes,
      MemorySize: version.memoryMB,
      Description: version.description,
      Handler: version.handler,
      Timeout: version.timeoutS,
      Runtime: version.runtime,
      Namespace: version.namespace,
    };
  },
});

const ListVersionByFunction = action({
  request: z.object({ ...FUNCTION, ...PAGE, OrderBy: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.versions.list(keyOf(request, region), {
      offset: request.Offset,
      limit: request.Limit,
      order: request.Order,
      orderBy: request.OrderBy,
    });
    return { FunctionVersion: rows.map(row => row.version), Versions: rows.map(wireVersion), TotalCount: total };
  },
});

const DeleteFunctionVersion = action({
  request: z.object({ ...FUNCTION, Qualifier: text, ForceDelete: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    await control.versions.delete(keyOf(request, region), request.Qualifier, request);
    return {};
  },
});

export const VERSION_ACTIONS = { PublishVersion, ListVersionByFunction, DeleteFunctionVersion };
