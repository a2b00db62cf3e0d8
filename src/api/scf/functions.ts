// CreateFunction, GetFunction and the other actions on functions as a whole.

import { z } from 'zod';
import type { Wire } from '../../control/control.ts';
import { fail } from '../../control/errors.ts';
import { type FunctionKey, LATEST } from '../../core/function.ts';
import { TRIGGERS_PER_FUNCTION } from '../../core/limits.ts';
import { action } from '../action.ts';
import { type CodeFields, codeBytes, inlineBytes, sourcesOf } from './code.ts';
import type { ScfContext } from './deps.ts';
import { checkSwitches, SETTINGS, settingsOf } from './settings.ts';
import { Code, Filters, FUNCTION, filtersOf, isTrue, keyOf, namespaceOf, PAGE, Tag, text } from './types.ts';
import { wireFunction, wireListed } from './wire.ts';

const CreateFunction = action({
  request: z.object({
    ...FUNCTION,
    ...SETTINGS,
    Code: Code.optional(),
    CodeSource: text.optional(),
    Handler: text.optional(),
    Type: text.optional(),
    Tags: z.array(Tag).optional(),
    AutoDeployClsTopicIndex: text.optional(),
    AutoCreateClsTopic: text.optional(),
    ProtocolType: text.optional(),
  }),
  async handle(request, context: ScfContext) {
    const { control, region } = context;
    checkSwitches(request);
    const zip = await codeBytes(request.Code ?? {}, request.CodeSource, sourcesOf(context));
    await control.functions.create({
      ...keyOf(request, region),
      ...settingsOf(request),
      handler: request.Handler,
      tags: request.Tags,
      zip,
      wire: zip ? withoutCode(request) : request,
    });
    return {};
  },
});

const DeleteFunction = action({
  request: z.object({ ...FUNCTION, Qualifier: text.optional() }),
  async handle(request, { control, region }: ScfContext) {
    await control.functions.delete(keyOf(request, region), request.Qualifier || undefined);
    return {};
  },
});

const GetFunction = action({
  request: z.object({ ...FUNCTION, Qualifier: text.optional(), ShowCode: text.optional() }),
  async handle(request, { control, region, runtimeNote }: ScfContext) {
    const key = keyOf(request, region);
    const qualifier = request.Qualifier || LATEST;
    const showCode = isTrue('ShowCode', request.ShowCode);
    const view = await control.functions.get(key, qualifier);
    const filters = [{ name: 'Qualifier', values: [qualifier] }];
    const triggers = await control.triggers.query({ ...key, filters, limit: TRIGGERS_PER_FUNCTION });
    const { version } = view;
    return wireFunction(view, {
      triggers: triggers.rows,
      layers: version.layers.length > 0 ? await control.layers.bound(version) : [],
      codeText: showCode ? await control.functions.entryText(key, qualifier) : '',
      note: (await runtimeNote?.(version.runtime)) ?? '',
    });
  },
});

const ListFunctions = action({
  request: z.object({
    ...PAGE,
    Orderby: text.optional(),
    SearchKey: text.optional(),
    Namespace: text.optional(),
    Description: text.optional(),
    Filters,
  }),
  async handle(request, { control, region }: ScfContext) {
    const { total, rows } = await control.functions.list({
      region,
      namespace: namespaceOf(request.Namespace),
      offset: request.Offset,
      limit: request.Limit,
      order: request.Order,
      orderBy: request.Orderby,
      searchKey: request.SearchKey,
      description: request.Description,
      filters: filtersOf(request.Filters),
    });
    return { Functions: rows.map(wireListed), TotalCount: total };
  },
});

const UpdateFunctionCode = action({
  request: z.object({
    ...FUNCTION,
    Handler: text.optional(),
    CosBucketName: text.optional(),
    CosObjectName: text.optional(),
    CosBucketRegion: text.optional(),
    ZipFile: text.optional(),
    InstallDependency: text.optional(),
    EnvId: text.optional(),
    Publish: text.optional(),
    Code: Code.optional(),
    CodeSource: text.optional(),
  }),
  async handle(request, context: ScfContext) {
    const { control, region } = context;
    checkSwitches(request);
    const key = keyOf(request, region);
    const handler = request.Handler || undefined;
    const fields = codeFields(request);
    const zip =
      request.CodeSource === 'Inline'
        ? await inlineZip(fields, handler, key, context)
        : await codeBytes(fields, request.CodeSource, sourcesOf(context));
    await control.functions.updateCode({
      ...key,
      zip,
      handler,
      publish: isTrue('Publish', request.Publish),
      wire: zip ? withoutCode(request) : request,
    });
    return {};
  },
});

/** The source has become a zip: control sees no more of how it came. */
function withoutCode(request: Wire): Wire {
  const gone = new Set(['Code', 'CodeSource', 'ZipFile', 'CosBucketName', 'CosObjectName', 'CosBucketRegion']);
  return Object.fromEntries(Object.entries(request).filter(([name]) => !gone.has(name)));
}

/** The new form wins where both are given; the flat fields are the older one. */
function codeFields(request: { readonly Code?: CodeFields | undefined } & CodeFields): CodeFields {
  if (request.Code) return request.Code;
  const { ZipFile, CosBucketName, CosObjectName, CosBucketRegion } = request;
  return { ZipFile, CosBucketName, CosObjectName, CosBucketRegion };
}

async function inlineZip(
  fields: CodeFields,
  handler: string | undefined,
  key: FunctionKey,
  { control, entryFile }: ScfContext,
): Promise<Buffer> {
  const { version } = await control.functions.get(key);
  const file = entryFile(handler === undefined ? version : { ...version, handler });
  return inlineBytes(file, fields.ZipFile ?? fail('MissingParameter.Code'));
}

const UpdateFunctionConfiguration = action({
  request: z.object({
    ...FUNCTION,
    ...SETTINGS,
    Publish: text.optional(),
    ProtocolType: text.optional(),
    L5Enable: text.optional(),
    IgnoreSysLog: z.boolean().optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    checkSwitches(request);
    await control.functions.updateConfiguration({
      ...keyOf(request, region),
      ...settingsOf(request),
      publish: isTrue('Publish', request.Publish),
      wire: request,
    });
    return {};
  },
});

const CopyFunction = action({
  request: z.object({
    ...FUNCTION,
    NewFunctionName: text,
    TargetNamespace: text.optional(),
    TargetRegion: text.optional(),
    Description: text.optional(),
    Override: z.boolean().optional(),
    CopyConfiguration: z.boolean().optional(),
  }),
  async handle(request, { control, region }: ScfContext) {
    await control.functions.copy({
      from: keyOf(request, region),
      to: {
        region: request.TargetRegion || region,
        namespace: namespaceOf(request.TargetNamespace),
        name: request.NewFunctionName,
      },
      description: request.Description,
      override: request.Override,
      copyConfiguration: request.CopyConfiguration,
    });
    return {};
  },
});

const GetFunctionAddress = action({
  request: z.object({ ...FUNCTION, Qualifier: text.optional() }),
  async handle(request, { control, region, codeUrl }: ScfContext) {
    const { version } = await control.functions.get(keyOf(request, region), request.Qualifier || LATEST);
    if (!codeUrl) return fail('UnsupportedOperation', NO_DOWNLOADS);
    return { Url: await codeUrl(version), CodeSha256: version.code.sha256 };
  },
});

const NO_DOWNLOADS = {
  zh: '本服务器未开放代码下载地址。',
  en: 'this server gives no download addresses for code.',
};

export const FUNCTION_ACTIONS = {
  CreateFunction,
  DeleteFunction,
  GetFunction,
  ListFunctions,
  UpdateFunctionCode,
  UpdateFunctionConfiguration,
  CopyFunction,
  GetFunctionAddress,
};
