// The source tree as the tests of its own shape read it: files, lines, imports, and code without its texts.

import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Files that no product file may import: tests, contract suites, and what they share. */
const FOR_TESTS = /(\.test|\.contract)\.ts$|\/(fixture|samples|testing(-[a-z]+)?)\.ts$/;

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly forTests: boolean;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the root for relative ones, else the specifier. */
  readonly target: string;
  readonly line: number;
  /** Gone at run time. */
  readonly typeOnly: boolean;
}

export function sourceFiles(): SourceFile[] {
  return globSync('src/**/*.{ts,mts,cts,js,mjs,cjs}', { cwd: ROOT })
    .map(path => path.replaceAll('\\', '/'))
    .sort()
    .map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8'), forTests: FOR_TESTS.test(path) }));
}

/** All that `text` imports, statically or not; `path` is what relative specifiers start from. */
export function importsOf(path: string, text: string): Import[] {
  const { code, bare } = views(text);
  const found: Import[] = [];
  const note = (index: number, specifier: string, typeOnly: boolean) =>
    found.push({
      specifier,
      target: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier,
      line: lineAt(text, index),
      typeOnly,
    });
  const statement = /^[ \t]*(?:import|export)\b(?<what>[^'"`;=()]*?(?:\bfrom)?)\s*(['"])(?<specifier>[^'"\n]+)\2/gm;
  for (const match of code.matchAll(statement)) {
    const { what = '', specifier = '' } = match.groups ?? {};
    // In a text of the file it is no statement, and `export` without `from` takes nothing in.
    if (!/import|export/.test(bare.slice(match.index, match.index + match[0].length))) continue;
    if (match[0].trimStart().startsWith('export') && !what.endsWith('from')) continue;
    note(match.index, specifier, /^\s+type\b(?!\s*(,|from\b))/.test(what));
  }
  for (const match of code.matchAll(/\b(?<type>typeof\s+)?import\(\s*(['"])(?<specifier>[^'"\n]+)\2\s*\)/g)) {
    const { type, specifier = '' } = match.groups ?? {};
    if (bare.slice(match.index).startsWith(match[0].slice(0, 6))) note(match.index, specifier, type !== undefined);
  }
  return found.sort((a, b) => a.line - b.line);
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

export interface Views {
  /** Comments blanked. */
  readonly code: string;
  /** Comments, strings and templates' texts blanked; the expressions inside templates stay. */
  readonly bare: string;
}

/** After these a slash begins a regular expression, not a division. */
const BEFORE_REGEXP = /(^|[([{},;:=!&|?+\-*%<>~^]|\b(return|typeof|case|of|in|yield|await))\s*$/;

/** Both views have the length and the lines of `text`. */
export function views(text: string): Views {
  const code = text.split('');
  const bare = text.split('');
  const blank = (target: string[], from: number, to: number) => {
    for (let i = from; i < to; i++) if (target[i] !== '\n') target[i] = ' ';
  };
  /** Where open template expressions end: the depth of braces outside. */
  const templates: number[] = [];
  let depth = 0;

  /** From after an opening backtick or the end of an expression to the next expression or the end. */
  function template(from: number): number {
    let i = from;
    for (; i < text.length && text[i] !== '`'; i++) {
      if (text[i] === '\\') i++;
      else if (text.startsWith('${', i)) {
        blank(bare, from, i);
        templates.push(depth++);
        return i + 2;
      }
    }
    blank(bare, from, i);
    return i + 1;
  }

  function quoted(from: number, quote: string): number {
    let i = from + 1;
    for (; i < text.length && text[i] !== quote && text[i] !== '\n'; i++) if (text[i] === '\\') i++;
    blank(bare, from + 1, i);
    return i + 1;
  }

  function regexp(from: number): number {
    let inClass = false;
    let i = from + 1;
    for (; i < text.length && text[i] !== '\n' && (inClass || text[i] !== '/'); i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === '[') inClass = true;
      else if (text[i] === ']') inClass = false;
    }
    blank(bare, from + 1, i);
    return i + 1;
  }

  function comment(from: number, end: string): number {
    const at = text.indexOf(end, from + 2);
    const to = at < 0 ? text.length : at + (end === '\n' ? 0 : end.length);
    blank(code, from, to);
    blank(bare, from, to);
    return to;
  }

  for (let i = 0; i < text.length; ) {
    const char = text[i] ?? '';
    if (text.startsWith('//', i)) i = comment(i, '\n');
    else if (text.startsWith('/*', i)) i = comment(i, '*/');
    else if (char === "'" || char === '"') i = quoted(i, char);
    else if (char === '`') i = template(i + 1);
    else if (char === '/' && BEFORE_REGEXP.test(bare.slice(Math.max(0, i - 40), i).join(''))) i = regexp(i);
    else if (char === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop() ?? 0;
      i = template(i + 1);
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      i++;
    }
  }
  return { code: code.join(''), bare: bare.join('') };
}
