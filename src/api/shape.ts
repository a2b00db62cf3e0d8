// Bringing a request into the shape of its schema, before the schema checks it: unknown fields are dropped, a null is
// absent, and where everything came as text, text becomes what the schema has at that place. What cannot be brought
// into shape is left as it is, for the schema to refuse.

import type { core, ZodObject } from 'zod';
import { refuse } from './errors.ts';
import type { Tree } from './form.ts';

type Def = core.$ZodTypeDef & {
  readonly shape?: Readonly<Record<string, core.$ZodType>>;
  readonly element?: core.$ZodType;
  readonly valueType?: core.$ZodType;
  readonly innerType?: core.$ZodType;
  readonly options?: readonly core.$ZodType[];
  readonly catchall?: core.$ZodType;
  readonly getter?: () => core.$ZodType;
  readonly in?: core.$ZodType;
};

const MAX_DEPTH = 32;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
const INDEX = /^(0|[1-9]\d{0,8})$/;

/** A JSON object → the fields that the schema knows, without nulls. Numbers and booleans stay what they are. */
export function shapeJson(schema: ZodObject, value: unknown): unknown {
  return fromJson(schema, value, 0);
}

/** A tree of texts → typed values. */
export function shapeText(schema: ZodObject, tree: Tree): unknown {
  return fromText(schema, tree, '', 0);
}

function fromJson(schema: core.$ZodType, value: unknown, depth: number): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) refuse('TooDeep', { name: '…', limit: MAX_DEPTH });
  const def = definition(schema);
  if (def.type === 'array' && def.element && Array.isArray(value)) {
    const { element } = def;
    return value.map(item => fromJson(element, item, depth + 1));
  }
  if (def.type === 'union') return fromJson(pick(def, value) ?? schema, value, depth + 1);
  if (Array.isArray(value)) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if (def.type === 'record' && def.valueType) {
    const { valueType } = def;
    return collect(Object.keys(fields), name => fromJson(valueType, fields[name], depth + 1));
  }
  if (def.type !== 'object' || !def.shape) return value;
  const { shape } = def;
  const rest = isLoose(def) ? Object.keys(fields).filter(name => !Object.hasOwn(shape, name)) : [];
  return collect([...Object.keys(shape), ...rest], name => {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!Object.hasOwn(fields, name)) return undefined;
    return field ? fromJson(field, fields[name], depth + 1) : fields[name];
  });
}

function fromText(schema: core.$ZodType, value: Tree | string, path: string, depth: number): unknown {
  if (depth > MAX_DEPTH) refuse('TooDeep', { name: path, limit: MAX_DEPTH });
  const def = definition(schema);
  if (typeof value === 'string') return scalar(schema, def, value, depth);
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  switch (def.type) {
    case 'array': {
      const { element } = def;
      return element ? listOf(value, path, item => fromText(element, item, path, depth + 1)) : value;
    }
    case 'record': {
      const { valueType } = def;
      return collect(value.keys(), name => each(valueType, value.get(name), at(name), depth));
    }
    case 'union':
      return fromText(def.options?.find(option => isStructure(definition(option))) ?? schema, value, path, depth + 1);
    case 'object': {
      const shape = def.shape ?? {};
      const rest = isLoose(def) ? [...value.keys()].filter(name => !Object.hasOwn(shape, name)) : [];
      return collect([...Object.keys(shape), ...rest], name =>
        each(Object.hasOwn(shape, name) ? shape[name] : undefined, value.get(name), at(name), depth),
      );
    }
    default:
      return plain(value);
  }
}

function each(
  schema: core.$ZodType | undefined,
  value: Tree | string | undefined,
  path: string,
  depth: number,
): unknown {
  if (value === undefined) return undefined;
  if (schema) return fromText(schema, value, path, depth + 1);
  return typeof value === 'string' ? value : plain(value);
}

function scalar(schema: core.$ZodType, def: Def, text: string, depth: number): unknown {
  switch (def.type) {
    case 'number':
      return NUMBER.test(text.trim()) ? Number(text) : text;
    case 'bigint':
      return /^-?\d{1,40}$/.test(text) ? BigInt(text) : text;
    case 'boolean': {
      const word = text.toLowerCase();
      return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : text;
    }
    case 'array':
    case 'object':
    case 'record':
      return structure(schema, text);
    case 'union': {
      if (def.options?.some(option => ['string', 'enum', 'literal'].includes(definition(option).type))) return text;
      const option = def.options?.[0];
      return option && depth < MAX_DEPTH ? scalar(option, definition(option), text, depth + 1) : text;
    }
    default:
      return text;
  }
}

/** Lists and objects may come as one JSON text, as multipart has them; no text at all is an empty list. */
function structure(schema: core.$ZodType, text: string): unknown {
  if (text === '') return definition(schema).type === 'array' ? [] : undefined;
  try {
    return fromJson(schema, JSON.parse(text), 0);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** In the order of the indexes; a gap, where a client left out a null, closes. */
function listOf(tree: Tree, path: string, item: (value: Tree | string) => unknown): unknown[] {
  const entries = [...tree].map(([index, value]) => {
    if (!INDEX.test(index)) refuse('BadIndex', { name: path, index });
    return [Number(index), value] as const;
  });
  return entries.sort((a, b) => a[0] - b[0]).map(([, value]) => item(value));
}

/** A tree nobody has a schema for: lists where all names are indexes, else objects. */
function plain(tree: Tree): unknown {
  const value = (node: Tree | string) => (typeof node === 'string' ? node : plain(node));
  const names = [...tree.keys()];
  if (names.length > 0 && names.every(name => INDEX.test(name))) return listOf(tree, '', value);
  return collect(names, name => {
    const node = tree.get(name);
    return node === undefined ? undefined : value(node);
  });
}

function collect(names: Iterable<string>, value: (name: string) => unknown): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of names) {
    // Would set what the object inherits from.
    if (name === '__proto__') continue;
    const found = value(name);
    if (found !== undefined) out[name] = found;
  }
  return out;
}

/** The definition below wrappers such as `optional`. */
function definition(schema: core.$ZodType): Def {
  let def = schema._zod.def as Def;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const inner = def.innerType ?? (def.type === 'pipe' ? def.in : def.type === 'lazy' ? def.getter?.() : undefined);
    if (!inner) break;
    def = inner._zod.def as Def;
  }
  return def;
}

function isLoose(def: Def): boolean {
  return def.catchall !== undefined && def.catchall._zod.def.type !== 'never';
}

function isStructure(def: Def): boolean {
  return def.type === 'object' || def.type === 'array' || def.type === 'record';
}

/** The option of a union that a JSON structure can be meant for. */
function pick(def: Def, value: object): core.$ZodType | undefined {
  return def.options?.find(option => {
    const { type } = definition(option);
    return Array.isArray(value) ? type === 'array' : type === 'object' || type === 'record';
  });
}
