// The headers of a request as members of a JSON object: each name once.

/** How a name (in lower case) is written; undefined leaves it out. */
export type NameAs = (lowerName: string) => string | undefined;

/** `"name":"value","name":"value",` – each with its comma, without the braces. */
export function headerMembers(rawHeaders: readonly string[], nameAs: NameAs): string {
  let text = '';
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (seen.has(name)) return joinedMembers(rawHeaders, nameAs);
    seen.add(name);
    const written = nameAs(name);
    if (written !== undefined) text += `"${written}":${headerText(rawHeaders[i + 1] ?? '')},`;
  }
  return text;
}

/** The rare case: a name that was sent more than once has its values joined. */
function joinedMembers(rawHeaders: readonly string[], nameAs: NameAs): string {
  const values = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const before = values.get(name);
    const value = rawHeaders[i + 1] ?? '';
    values.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  let text = '';
  for (const [name, value] of values) {
    const written = nameAs(name);
    if (written !== undefined) text += `"${written}":${headerText(value)},`;
  }
  return text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a tab may stand in a header value and must be escaped
const NEEDS_CARE = /["\\\u0000-\u001f\u007f-\uffff]/;

/** A value as JSON text. Bytes above ASCII come from node as Latin-1; what clients mean is UTF-8. */
export function headerText(value: string): string {
  return NEEDS_CARE.test(value) ? JSON.stringify(Buffer.from(value, 'latin1').toString()) : `"${value}"`;
}
