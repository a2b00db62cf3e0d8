// PublishLayerVersion, GetLayerVersion, ListLayers, ListLayerVersions, DeleteLayerVersion.

import { z } from 'zod';
import { action } from '../action.ts';
import { codeBytes, sourcesOf } from './code.ts';
import type { ScfContext } from './deps.ts';
import { Code, int, Tag, text } from './types.ts';
import { wireLayer, wireLayerVersion } from './wire.ts';

const LAYER_VERSION = { LayerName: text, LayerVersion: int };

const PublishLayerVersion = action({
  request: z.object({
    LayerName: text,
    CompatibleRuntimes: z.array(text),
    Content: Code,
    Description: text.optional(),
    LicenseInfo: text.optional(),
    Tags: z.array(Tag).optional(),
  }),
  async handle(request, context: ScfContext) {
    const { control, region } = context;
    const { Content, ...rest } = request;
    const zip = await codeBytes(Content, undefined, sourcesOf(context));
    const { version } = await control.layers.publish({
      region,
      name: request.LayerName,
      zip,
      runtimes: request.CompatibleRuntimes,
      description: request.Description,
      license: request.LicenseInfo,
      tags: request.Tags,
      // The source has become a zip: control sees no more of how it came.
      wire: zip ? rest : request,
    });
    return { LayerVersion: version };
  },
});

const GetLayerVersion = action({
  request: z.object(LAYER_VERSION),
  async handle({ LayerName, LayerVersion }, { control, region, layerUrl }: ScfContext) {
    const row = await control.layers.get(region, { name: LayerName, version: LayerVersion });
    return wireLayerVersion(row, layerUrl ? await layerUrl(row) : '');
  },
});

const ListLayers = action({
  request: z.object({
    CompatibleRuntime: text.optional(),
    Offset: int.optional(),
    Limit: int.optional(),
    SearchKey: text.optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.layers.list(region, {
      runtime: request.CompatibleRuntime,
      offset: request.Offset,
      limit: request.Limit,
      search: request.SearchKey,
    });
    return { Layers: rows.map(wireLayer), TotalCount: total };
  },
});

const ListLayerVersions = action({
  request: z.object({ LayerName: text, CompatibleRuntime: z.array(text).optional() }),
  async handle({ LayerName, CompatibleRuntime }, { control, region }: ScfContext) {
    const rows = await control.layers.versions(region, LayerName, CompatibleRuntime);
    return { LayerVersions: rows.map(wireLayer) };
  },
});

const DeleteLayerVersion = action({
  request: z.object(LAYER_VERSION),
  async handle({ LayerName, LayerVersion }, { control, region }: ScfContext) {
    await control.layers.delete(region, { name: LayerName, version: LayerVersion });
    return {};
  },
});

export const LAYER_ACTIONS = {
  PublishLayerVersion,
  GetLayerVersion,
  ListLayers,
  ListLayerVersions,
  DeleteLayerVersion,
};
