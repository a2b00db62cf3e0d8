// Writing XML: text that stands in elements, escaped, without namespaces.

/** XML that has been written. */
export interface Written {
  readonly xml: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

// Clients would read a line break as another one, and refuse the other control characters as they are.
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold control characters
const SPECIAL = /[&<>"'\u0000-\u001f\u007f\ufffe\uffff]/g;

export function escapeXml(text: string): string {
  return text.replace(SPECIAL, char => ESCAPES[char] ?? `&#${char.charCodeAt(0)};`);
}

/** What stands in an element: a text, or others. */
export type Inner = string | number | boolean | readonly (Written | undefined)[];

/** An element of a text, or of others; what is undefined is left out, and so is an element whose text is. */
export function element(name: string, content: Inner | undefined, attributes = ''): Written | undefined {
  if (content === undefined) return undefined;
  const inner = typeof content === 'object' ? joined(content) : escapeXml(String(content));
  return { xml: inner === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${inner}</${name}>` };
}

function joined(parts: readonly (Written | undefined)[]): string {
  let text = '';
  for (const part of parts) if (part) text += part.xml;
  return text;
}

export const XML_HEAD = `<?xml version='1.0' encoding='utf-8' ?>\n`;

/** A whole document. */
export function xmlDocument(name: string, content: Inner): string {
  return XML_HEAD + (element(name, content)?.xml ?? '');
}
