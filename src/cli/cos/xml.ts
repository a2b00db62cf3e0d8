// Reads the XML of the object store's answers: elements and text, no attributes of interest.

export interface XmlNode {
  readonly name: string;
  readonly children: readonly XmlNode[];
  /** Its own, decoded; '' of what has elements in it. */
  readonly text: string;
}

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/y;

/** undefined of what is not well formed. */
export function readXml(text: string): XmlNode | undefined {
  interface Open {
    readonly name: string;
    readonly children: XmlNode[];
    text: string;
  }
  const root: Open = { name: '', children: [], text: '' };
  const open: Open[] = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const [whole, close, name, empty, run] = TOKEN.exec(text) ?? [];
    const inner = open.at(-1);
    if (whole === undefined || !inner) return undefined;
    if (run !== undefined) inner.text += run;
    if (name === undefined) continue;
    if (empty) inner.children.push({ name, children: [], text: '' });
    else if (!close) open.push({ name, children: [], text: '' });
    else {
      open.pop();
      if (inner.name !== name) return undefined;
      const own = inner.children.length > 0 ? '' : unescaped(inner.text);
      open.at(-1)?.children.push({ name, children: inner.children, text: own });
    }
  }
  const [only, ...more] = root.children;
  return open.length === 1 && more.length === 0 ? only : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const LAST_CODE_POINT = 0x10ffff;

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code <= LAST_CODE_POINT ? String.fromCodePoint(code) : whole;
  });
}

export const childrenOf = (node: XmlNode, name: string): readonly XmlNode[] =>
  node.children.filter(child => child.name === name);

/** '' if there is none. */
export const textOf = (node: XmlNode | undefined, name: string): string =>
  node?.children.find(child => child.name === name)?.text ?? '';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** For text in an element; control characters as numbers, since a line break would be read as another one. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold control characters
  return text.replace(/[&<>\u0000-\u001f\u007f]/g, char => ESCAPES[char] ?? `&#${char.charCodeAt(0)};`);
}
