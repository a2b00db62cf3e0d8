// Custom configuration of layer 7: nginx-like lines of a fixed set of directives. Names, ranges and defaults are those of the
// page "Layer-7 Custom Configuration"; what has no effect here is refused and not read and forgotten.

import { failClb } from '../errors.ts';
import { DEFAULT_SETTINGS, MANAGED, type SetHeader, type Settings, type Variables } from './settings.ts';

const VARIABLES: Readonly<Record<string, (from: Variables) => string>> = {
  vip: from => from.vip,
  server_addr: from => from.vip,
  vport: from => String(from.vport),
  server_port: from => String(from.vport),
  uri: from => from.path,
  request_uri: from => (from.query === '' ? from.path : `${from.path}?${from.query}`),
  args: from => from.query,
  query_string: from => from.query,
  request_method: from => from.method,
  host: from => from.host,
  scheme: from => from.scheme,
  remote_addr: from => from.clientAddress,
  remote_port: from => String(from.clientPort),
  stgw_request_id: from => from.requestId,
  clb_lbid: from => from.loadBalancerId,
};

/** A change of these would say something else of the body than what is there. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'keep-alive', 'te', 'trailer']);

const MB = 1024 * 1024;

type Draft = { -readonly [K in keyof Settings]: Settings[K] };
type Apply = (draft: Draft, words: readonly string[], line: string) => void;

const DIRECTIVES: Readonly<Record<string, Apply>> = {
  client_header_timeout: (draft, words, line) => {
    draft.headerTimeoutMs = seconds(words, line, 30, 120);
  },
  client_body_timeout: (draft, words, line) => {
    draft.bodyTimeoutMs = seconds(words, line, 30, 120);
  },
  client_max_body_size: (draft, words, line) => {
    draft.bodyBytes = megabytes(words, line, 1, 10_240);
  },
  keepalive_timeout: (draft, words, line) => {
    draft.keepAliveMs = seconds(words, line, 0, 3600);
  },
  keepalive_requests: (draft, words, line) => {
    draft.requestsPerConnection = whole(one(words, line), line, 1, 10_000);
  },
  proxy_connect_timeout: (draft, words, line) => {
    draft.connectTimeoutMs = seconds(words, line, 4, 120);
  },
  proxy_read_timeout: (draft, words, line) => {
    draft.readTimeoutMs = seconds(words, line, 30, 3600);
  },
  proxy_set_header: (draft, words, line) => {
    const [name = '', value = ''] = pair(words, line);
    refuseManaged(name, line);
    draft.setHeaders = [
      ...draft.setHeaders.filter(other => !same(other.name, name)),
      { name, value: templateOf(value, line) },
    ];
  },
  add_header: (draft, words, line) => {
    const [name = '', value = ''] = pair(words, line);
    refuseManaged(name, line);
    draft.addedHeaders = [...draft.addedHeaders, name, value];
  },
  more_set_headers: (draft, words, line) => {
    for (const word of words) {
      const [, name = '', value = ''] = /^([^:\s]+):\s*(.*)$/.exec(word) ?? [];
      if (name === '') wrong(line, '格式为 "名称: 值"', 'write "name: value"');
      checkHeader(name, value, line);
      refuseManaged(name, line);
      draft.replacedHeaders = [...draft.replacedHeaders, name, value];
    }
  },
  // Requests go on to servers as they come in; nothing is kept back until it is whole.
  proxy_request_buffering: (_draft, words, line) => {
    if (one(words, line) !== 'off')
      wrong(line, '请求体边收边转，只支持 off', 'bodies are passed on as they come: off alone');
  },
  gzip: (draft, words, line) => {
    const word = one(words, line);
    if (word !== 'on' && word !== 'off') wrong(line, '取值 on 或 off', 'on or off');
    draft.gzip = word === 'on';
  },
  gzip_types: (draft, words, line) => {
    if (words.length === 0) wrong(line, '缺少取值', 'a value is missing');
    draft.gzipTypes = new Set(['text/html', ...words.map(word => word.toLowerCase())]);
  },
  gzip_min_length: (draft, words, line) => {
    draft.gzipAboveBytes = bytes(one(words, line), line) - 1;
  },
};

const CONTENT_BYTES = 64 * 1024;

/** Fails with the line that is wrong. */
export function parseSettings(content: string): Settings {
  if (Buffer.byteLength(content) > CONTENT_BYTES) {
    failClb('InvalidParameterValue.Length', { name: 'ConfigContent', min: 1, max: CONTENT_BYTES });
  }
  const draft: Draft = { ...DEFAULT_SETTINGS };
  for (const { words, line } of statements(content)) {
    const [name = '', ...values] = words;
    const apply = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined;
    if (!apply) {
      const known = Object.keys(DIRECTIVES).join(', ');
      wrong(line, `不支持指令 ${name}，可用 ${known}`, `the directive ${name} is not supported; there are ${known}`);
    } else apply(draft, values, line);
  }
  return Object.freeze(draft);
}

interface Statement {
  readonly words: readonly string[];
  readonly line: string;
}

/** Words, quoted ones too, up to a semicolon; `#` begins a comment. */
const TOKEN = /\s+|#[^\n]*|(;)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"'{}#][^\s;{}]*)/y;

function statements(content: string): Statement[] {
  const found: Statement[] = [];
  let words: string[] = [];
  let from = 0;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < content.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(content);
    const line = content.slice(from, token ? TOKEN.lastIndex : at + 20).trim();
    if (!token) return wrong(line, '无法识别', 'this cannot be read');
    const [, end, double, single, bare] = token;
    if (end === undefined) {
      const word = bare ?? (double ?? single)?.replace(/\\(.)/g, '$1');
      if (word !== undefined) words.push(word);
      continue;
    }
    if (words.length > 0) found.push({ words, line });
    words = [];
    from = TOKEN.lastIndex;
  }
  const rest = content.slice(from).trim();
  return words.length > 0 ? wrong(rest, '行尾缺少分号', 'a semicolon is missing at its end') : found;
}

function wrong(line: string, zh: string, en: string): never {
  const short = line.slice(0, 200);
  return failClb('InvalidParameter.FormatError', {
    name: 'ConfigContent',
    zh: `${short}：${zh}`,
    en: `${short}: ${en}`,
  });
}

function one(words: readonly string[], line: string): string {
  const [word] = words;
  if (words.length !== 1 || word === undefined) return wrong(line, '需要一个取值', 'it takes one value');
  return word;
}

function pair(words: readonly string[], line: string): readonly string[] {
  if (words.length !== 2) wrong(line, '需要名称与取值各一个', 'it takes a name and a value');
  checkHeader(words[0] ?? '', words[1] ?? '', line);
  return words;
}

function checkHeader(name: string, value: string, line: string): void {
  const fits = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
  if (!fits)
    wrong(line, '头部名称或取值含有不允许的字符', 'the name or value has characters that a header may not have');
}

function refuseManaged(name: string, line: string): void {
  const low = name.toLowerCase();
  if (!MANAGED.has(low) && !FRAMING.has(low)) return;
  wrong(line, `${name} 由负载均衡管理，不能设置`, `${name} is the load balancer's own`);
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function whole(text: string, line: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) return wrong(line, `应在 ${min} 与 ${max} 之间`, `use ${min} to ${max}`);
  return value;
}

function seconds(words: readonly string[], line: string, min: number, max: number): number {
  return whole(one(words, line).replace(/s$/, ''), line, min, max) * 1000;
}

/** `60M`, `1G`; without a unit bytes. */
function megabytes(words: readonly string[], line: string, min: number, max: number): number {
  const value = bytes(one(words, line), line);
  if (value < min * MB || value > max * MB) wrong(line, `应在 ${min}M 与 ${max}M 之间`, `use ${min}M to ${max}M`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: MB, g: 1024 * MB };

function bytes(text: string, line: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? [];
  if (digits === '') return wrong(line, '应为带 k、M 或 G 的数', 'use a number with k, M or G');
  return Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
}

/** Text with variables in it. */
function templateOf(text: string, line: string): SetHeader['value'] {
  const parts = text.split(/\$(?:\{(\w+)\}|(\w+))/);
  const readers: ((from: Variables) => string)[] = [];
  for (let i = 0; i < parts.length; i += 3) {
    const literal = parts[i] ?? '';
    if (literal !== '') readers.push(() => literal);
    const name = parts[i + 1] ?? parts[i + 2];
    if (name === undefined) continue;
    const read = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
    if (!read) {
      const known = Object.keys(VARIABLES)
        .map(word => `$${word}`)
        .join(', ');
      return wrong(line, `没有变量 $${name}，可用 ${known}`, `there is no variable $${name}; there are ${known}`);
    }
    readers.push(read);
  }
  const [first] = readers;
  if (readers.length === 1 && first) return first;
  return from => readers.map(read => read(from)).join('');
}
