// Where a function's code comes from: at most one source, turned into the bytes of a zip.

import type { z } from 'zod';
import { fail as failFunction } from '../../control/errors.ts';
import { checkZipBytes } from '../../control/packages.ts';
import { ZIP_BYTES } from '../../core/limits.ts';
import { fail } from './errors.ts';
import { type CodePlace, type CodeStore, objectBytes } from './objects.ts';
import type { Code } from './types.ts';
import { zipOf } from './zip.ts';

export type CodeFields = z.output<typeof Code>;

/** Packages of examples by DemoId; undefined for an unknown one. */
export type Templates = (demoId: string) => Promise<Buffer | undefined>;

export interface CodeSources {
  readonly templates: Templates;
  readonly objects: CodePlace;
}

interface Context {
  readonly templates: Templates;
  readonly objects: CodeStore;
  readonly control: { readonly accounts: { readonly appId: string } };
  readonly region: string;
}

/** What the code of a request can come from. */
export function sourcesOf({ templates, objects, control, region }: Context): CodeSources {
  return { templates, objects: { store: objects, appId: control.accounts.appId, region } };
}

/** CodeSource's name of a source, and the field that carries it. */
const SOURCES = [
  ['ZipFile', 'ZipFile'],
  ['Cos', 'CosObjectName'],
  ['Demo', 'DemoId'],
  ['TempCos', 'TempCosObjectName'],
  ['Git', 'GitUrl'],
  ['Image', 'ImageConfig'],
] as const satisfies readonly (readonly [source: string, field: keyof CodeFields])[];

/** The zip that `code` stands for; undefined for no code, and for a source that control refuses. */
export async function codeBytes(
  code: CodeFields,
  codeSource: string | undefined,
  { templates, objects }: CodeSources,
): Promise<Buffer | undefined> {
  const given = SOURCES.filter(([, field]) => isGiven(code[field]));
  if (given.length > 1) {
    const fields = given.map(([, field]) => field).join(', ');
    failFunction('InvalidParameterValue.Code', {
      zh: `同时提供了 ${fields}，只能提供其中一个。`,
      en: `${fields} are given; give one of them.`,
    });
  }
  const [source, field] = given[0] ?? [];
  if (source && codeSource && codeSource.toLowerCase() !== source.toLowerCase()) {
    fail('InvalidParameterValue.CodeSource', { value: codeSource, source: field });
  }
  if (source === 'Demo') return demoBytes(code.DemoId ?? '', templates);
  if (source === 'Cos' || (source === undefined && isGiven(code.CosBucketName))) return objectBytes(code, objects);
  return source === 'ZipFile' ? zipBytes(code.ZipFile ?? '') : undefined;
}

/** Clients fill in the fields of the sources they don't use with empty texts. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '';
}

async function demoBytes(demo: string, templates: Templates): Promise<Buffer> {
  return (await templates(demo)) ?? fail('ResourceNotFound.Demo', { demo });
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Line breaks, as base64 programs put them. */
const BREAKS = /[\r\n]/g;

/** Whether they are a zip is control's question. */
function zipBytes(base64: string): Buffer {
  const joined = base64.replace(BREAKS, '');
  if (!BASE64.test(joined) || joined.length % 4 !== 0) {
    failFunction('InvalidParameterValue.ZipFileBase64BinasciiError');
  }
  const zip = Buffer.from(joined, 'base64');
  checkZipBytes(zip.length, ZIP_BYTES);
  return zip;
}

/** What every zip looks like in Base64. */
const ZIP_IN_BASE64 = /^UEsD/;

/** CodeSource Inline: the text of the entry file is the whole package. */
export async function inlineBytes(entryFile: string | undefined, source: string): Promise<Buffer> {
  if (entryFile === undefined) {
    fail('InvalidParameterValue.InlineZipFile', {
      zh: '该运行环境没有文本入口文件，请使用 ZipFile 上传代码包。',
      en: 'this runtime has no entry file of text; upload a package as ZipFile.',
    });
  }
  if (ZIP_IN_BASE64.test(source)) {
    fail('InvalidParameterValue.InlineZipFile', {
      zh: '内容是 zip 文件，请将 CodeSource 改为 ZipFile。',
      en: 'this is a zip file; set CodeSource to ZipFile.',
    });
  }
  return zipOf(entryFile, source);
}
