// Cutting text at a number of bytes, never through a character.

/** A byte that continues a character of UTF-8. */
const continues = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** The first `limit` bytes; one to three fewer where a character would be torn. */
export function headText(content: Buffer, limit: number): string {
  let end = Math.min(limit, content.length);
  if (end < content.length) while (end > 0 && continues(content[end])) end--;
  return content.toString('utf8', 0, end);
}

export function cutHead(text: string, limit: number): string {
  // No character of UTF-16 takes more than three bytes.
  return text.length * 3 <= limit ? text : headText(Buffer.from(text), limit);
}

export function cutTail(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text;
  // The end in UTF-16 units holds the end in bytes: far less to encode than a whole log.
  const content = Buffer.from(text.slice(Math.max(0, text.length - limit)));
  let start = Math.max(0, content.length - limit);
  if (start > 0) while (continues(content[start])) start++;
  return content.toString('utf8', start);
}
