// A YAML text with the line of every key, and zod's findings told by that line.

import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { nearest } from '../config.ts';
import { fail } from './errors.ts';

type Path = readonly PropertyKey[];
/** One may stand in another. */
const VARIABLE = /\$\{((?:[^{}]|\$\{[^{}]*\})*)\}/g;

export class YamlText {
  readonly #path: string;
  readonly #lines = new LineCounter();
  readonly #document: Document<ParsedNode>;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const broken = this.#document.errors[0];
    if (broken) fail('Project.Yaml', { where: this.#at(broken.pos[0]), reason: broken.message });
  }

  get value(): unknown {
    try {
      return this.#document.toJS();
    } catch (error) {
      // An alias without an anchor, or far too many of them.
      return fail('Project.Yaml', { where: this.#at(0), reason: (error as Error).message }, error);
    }
  }

  /** Replaces every `${…}` in the values, those within others first; `find` gives undefined for a name that has none. */
  substitute(find: (name: string, where: string, keys: readonly string[]) => string | undefined): void {
    visit(this.#document, {
      Scalar: (key, node, parents) => {
        if (key === 'key' || typeof node.value !== 'string') return;
        const where = this.#at(node.range?.[0] ?? 0);
        const keys = parents.flatMap(one => (isPair(one) && isScalar(one.key) ? [String(one.key.value)] : []));
        const replace = (text: string): string =>
          text.replace(VARIABLE, (whole, name: string) => {
            const value = find(replace(name).trim(), where, keys);
            return value ?? fail('Project.Variable', { where, variable: whole });
          });
        node.value = replace(node.value);
      },
    });
  }

  /** `file:line` of a value's key, or of the nearest thing around it that is there. */
  where(path: Path): string {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = this.#offset(path.slice(0, depth));
      if (offset !== undefined) return this.#at(offset);
    }
    return this.#at(0);
  }

  #offset(path: Path): number | undefined {
    const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
    const last = path.at(-1);
    if (isMap(parent)) {
      const pair = parent.items.find(item => isScalar(item.key) && item.key.value === last);
      return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    }
    const node = this.#document.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  }

  #at(offset: number): string {
    return `${this.#path}:${this.#lines.linePos(offset).line}`;
  }

  /** What the schema makes of the value at `path`; fails with the line of the first fault. `known` are keys to offer instead. */
  read<T extends z.ZodType>(schema: T, value: unknown, path: Path, notBuilt: readonly string[] = []): z.output<T> {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const { issues } = result.error;
    // A misspelt key often explains a missing one.
    const issue = issues.find(one => one.code === 'unrecognized_keys') ?? issues[0];
    if (!issue) throw result.error;
    const full = [...path, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const key = issue.keys[0] ?? '';
      return this.#unknown(key, [...full, key], knownKeys(schema, issue.path), notBuilt);
    }
    const key = full.filter(part => typeof part === 'string').join('.') || 'the file';
    if (issue.code === 'invalid_type' && issue.input === undefined && lookUp(value, issue.path) === undefined) {
      return fail('Project.Needed', { where: this.where(full), key });
    }
    return fail('Project.Value', { where: this.where(full), key, expected: expectation(issue) });
  }

  #unknown(key: string, path: Path, known: readonly string[], notBuilt: readonly string[]): never {
    const where = this.where(path);
    if (notBuilt.includes(key)) return fail('Project.NotBuilt', { where, key });
    const near = nearest(key, known);
    if (near) return fail('Project.KeyNear', { where, key, near });
    return fail('Project.Key', { where, key, known: known.join(', ') });
  }
}

function lookUp(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}

type Shaped = { shape?: Record<string, z.ZodType>; element?: z.ZodType; unwrap?: () => z.ZodType; out?: z.ZodType };

/** The keys that the object at `path` inside a schema takes. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let inner = bare(schema);
  for (const key of path) inner = bare(typeof key === 'number' ? inner.element : inner.shape?.[String(key)]);
  return Object.keys(inner.shape ?? {});
}

/** Without `optional`, `default` and `preprocess` around it. */
function bare(schema: z.ZodType | undefined): Shaped {
  let inner = schema as Shaped | undefined;
  while (inner && !inner.shape && !inner.element && (inner.out || inner.unwrap))
    inner = (inner.out ?? inner.unwrap?.()) as Shaped;
  return inner ?? {};
}

/** In words that stand in both languages. */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' | ');
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code === 'too_small') return `≥ ${issue.minimum}`;
  if (issue.code === 'too_big') return `≤ ${issue.maximum}`;
  if (issue.code === 'invalid_format' && issue.pattern) return issue.pattern;
  return issue.message;
}
