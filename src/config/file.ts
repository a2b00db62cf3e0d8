// openscf.yml: a map of settings; `quota:` and `compat:` may be nested or written with a dot.

import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { fail } from './errors.ts';

export interface FileValue {
  readonly name: string;
  readonly value: unknown;
  readonly line: number;
}

export function readFileValues(path: string, text: string): FileValue[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) fail('Config.File', { path, reason: broken.message });
  if (document.contents === null) return [];
  if (!isMap(document.contents)) fail('Config.File', { path, reason: 'it is not a map of names to values' });

  const values: FileValue[] = [];
  const walk = (node: unknown, prefix: string) => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      const name = prefix + String(isScalar(key) ? key.value : key);
      if (isMap(value)) walk(value, `${name}.`);
      else values.push({ name, value: plain(value), line: lines.linePos((key as Node).range?.[0] ?? 0).line });
    }
  };
  walk(document.contents, '');
  return values;
}

function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value;
  return node === null ? null : String(node);
}
