// The query as the event shows it: one value is a text, several are a list, a key without `=` is true.

export type QueryValue = string | true | (string | true)[];
export type Query = ReadonlyMap<string, QueryValue>;

const NO_QUERY: Query = new Map();

export function parseQuery(text: string): Query {
  if (text === '') return NO_QUERY;
  const query = new Map<string, QueryValue>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = decode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? true : decode(part.slice(equals + 1));
    const before = query.get(key);
    if (before === undefined) query.set(key, value);
    else if (Array.isArray(before)) before.push(value);
    else query.set(key, [before, value]);
  }
  return query;
}

export function queryJson(query: Query): string {
  let text = '';
  for (const [key, value] of query) text += `${text && ','}${JSON.stringify(key)}:${JSON.stringify(value)}`;
  return `{${text}}`;
}

/** Once, as UTF-8; what is not well-formed stays as it was sent. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
