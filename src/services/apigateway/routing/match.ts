// Which API answers a path. Highest first: `=/exact`, `^~/prefix`, `/with/{parameter}`, regular expression, `/plain`
// (exact, or a prefix by string), `/`; within a class the longer literal start wins. (Documented in the gateway's
// questions about the console: "API hit priority".)

import { userPattern } from '../../../http/pattern.ts';
import { failGateway } from '../errors.ts';

export type PathClass = 'exact' | 'strong' | 'template' | 'regex' | 'plain' | 'root';

const RANK: Readonly<Record<PathClass, number>> = { exact: 0, strong: 1, template: 2, regex: 3, plain: 4, root: 5 };

export type PathParameters = Readonly<Record<string, string>>;

export interface PathPattern {
  readonly text: string;
  readonly class: PathClass;
  /** How much of it is literal from the start. */
  readonly literal: string;
  /** Names in braces, in order. */
  readonly names: readonly string[];
  /** The parameters if the decoded path matches. */
  match(path: string): PathParameters | undefined;
  /** How many characters of a decoded path that matches it stands for. */
  covered(path: string): number;
}

const NONE: PathParameters = Object.freeze({});
const BRACES = /\{([A-Za-z_][\w-]*)(\+?)\}/g;
const META = /[*?+()[\]|\\^$]/;

/** Reads the path of an API, or fails with InvalidParameterValue.InvalidApiRequestConfig. */
export function parsePath(text: string): PathPattern {
  if (text.startsWith('=/')) return exact(text, text.slice(1));
  if (text.startsWith('^~/')) return prefix(text, 'strong', text.slice(2));
  if (!text.startsWith('/'))
    return refuse(
      text,
      '应以 / 开头（=/ 为精确匹配，^~/ 为前缀匹配）',
      'it must begin with / (or =/ for exact, ^~/ for prefix)',
    );
  if (text === '/') return prefix(text, 'root', '/');
  if (/[{}]/.test(text)) return template(text);
  if (META.test(text)) return regex(text);
  return prefix(text, 'plain', text);
}

function exact(text: string, literal: string): PathPattern {
  return Object.freeze({
    text,
    class: 'exact',
    literal,
    names: [],
    match: (path: string) => (path === literal ? NONE : undefined),
    covered: () => literal.length,
  });
}

function prefix(text: string, pathClass: PathClass, literal: string): PathPattern {
  return Object.freeze({
    text,
    class: pathClass,
    literal,
    names: [],
    match: (path: string) => (path.startsWith(literal) ? NONE : undefined),
    covered: () => literal.length,
  });
}

function template(text: string): PathPattern {
  const names: string[] = [];
  let source = '^';
  let done = 0;
  for (const found of text.matchAll(BRACES)) {
    const [whole, name = '', many] = found;
    if (names.includes(name)) refuse(text, `参数 {${name}} 重复`, `{${name}} stands in it twice`);
    names.push(name);
    source += `${literalSource(text, text.slice(done, found.index))}${many ? '(.+)' : '([^/]+)'}`;
    done = found.index + whole.length;
  }
  const pattern = userPattern(source + literalSource(text, text.slice(done)), 's');
  return Object.freeze({
    text,
    class: 'template',
    literal: text.slice(0, text.indexOf('{')),
    names: Object.freeze(names),
    match: (path: string) => {
      const found = pattern.exec(path);
      if (!found) return undefined;
      const parameters: Record<string, string> = Object.create(null);
      for (let i = 0; i < names.length; i++) parameters[names[i] ?? ''] = found[i + 1] ?? '';
      return parameters;
    },
    covered: (path: string) => pattern.exec(path)?.[0].length ?? 0,
  });
}

/** A literal part of a template; a brace that is left over there is a mistake. */
function literalSource(text: string, literal: string): string {
  if (/[{}]/.test(literal)) refuse(text, '参数应写作 {name} 或 {name+}', 'parameters look like {name} or {name+}');
  return literal.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
}

function regex(text: string): PathPattern {
  let pattern: RegExp;
  try {
    pattern = userPattern(`^(?:${text})`, 's');
  } catch {
    return refuse(text, '不是合法的正则表达式', 'it is not a regular expression');
  }
  return Object.freeze({
    text,
    class: 'regex',
    literal: text.slice(0, sureChars(text)),
    names: [],
    match: (path: string) => (pattern.test(path) ? NONE : undefined),
    covered: (path: string) => pattern.exec(path)?.[0].length ?? 0,
  });
}

/** A character that may be absent is not literal. */
function sureChars(expression: string): number {
  const special = expression.search(/[.*?+()[\]|\\^$]/);
  return /[*?]/.test(expression.charAt(special)) ? special - 1 : special;
}

function refuse(path: string, zh: string, en: string): never {
  return failGateway('InvalidParameterValue.InvalidApiRequestConfig', { path, zh, en });
}

/** Order of trial. */
export function comparePatterns(a: PathPattern, b: PathPattern): number {
  const longerFirst = b.literal.length - a.literal.length || b.text.length - a.text.length;
  return RANK[a.class] - RANK[b.class] || longerFirst || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
}

/** Paths are matched decoded; one that cannot be decoded is matched as it is. */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What stands in a path as sent behind the first `count` characters of it decoded. */
export function behind(sent: string, count: number): string {
  if (!sent.includes('%') || decodePath(sent) === sent) return sent.slice(count);
  let at = 0;
  for (let left = count; left > 0 && at < sent.length; left--) {
    if (sent[at] !== '%') {
      at++;
      continue;
    }
    // The first byte of UTF-8 tells how many there are; four of them are two characters.
    const first = Number.parseInt(sent.slice(at + 1, at + 3), 16);
    const bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    at += bytes * 3;
    if (bytes === 4) left--;
  }
  return sent.slice(at);
}
