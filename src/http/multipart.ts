// multipart/form-data (RFC 7578) of a body that is already in memory; bounded, without nesting.

export interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  /** A view on the body, not a copy. */
  readonly content: Buffer;
}

export class MultipartError extends Error {
  constructor(reason: string) {
    super(`the multipart body is not well formed: ${reason}`);
    this.name = 'MultipartError';
  }
}

const MAX_PARTS = 1000;
const MAX_HEAD_BYTES = 8 * 1024;
/** RFC 2046 §5.1.1. */
const MAX_BOUNDARY_CHARS = 70;

/** Content-Type → boundary; undefined if it names none. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  return boundary !== undefined && boundary.length <= MAX_BOUNDARY_CHARS ? boundary : undefined;
}

export function parseMultipart(body: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const parts: Part[] = [];
  // The first delimiter has no line break before it, unless there is a preamble.
  let at = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))
    ? delimiter.length - 2
    : after(body, delimiter, 0);
  for (;;) {
    if (body.subarray(at, at + 2).toString('latin1') === '--') return parts;
    if (parts.length === MAX_PARTS) throw new MultipartError(`more than ${MAX_PARTS} parts`);
    // Spaces may stand between a delimiter and its line break.
    while (body[at] === 0x20 || body[at] === 0x09) at++;
    if (body[at] !== 0x0d || body[at + 1] !== 0x0a) throw new MultipartError('a delimiter without a line break');
    const end = body.indexOf(delimiter, at);
    if (end < 0) throw new MultipartError('it does not end with its boundary');
    parts.push(parsePart(body.subarray(at, end)));
    at = end + delimiter.length;
  }
}

function after(body: Buffer, delimiter: Buffer, from: number): number {
  const found = body.indexOf(delimiter, from);
  if (found < 0) throw new MultipartError('the boundary does not occur');
  return found + delimiter.length;
}

/** `piece` begins with the line break behind the delimiter, so an empty head is `\r\n\r\n` too. */
function parsePart(piece: Buffer): Part {
  const blank = piece.indexOf('\r\n\r\n');
  if (blank < 0) throw new MultipartError('a part without a blank line');
  if (blank > MAX_HEAD_BYTES) throw new MultipartError('a part with a head that is too large');
  const headers = new Map<string, string>();
  for (const line of piece.toString('utf8', 2, Math.max(2, blank)).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = headers.get('content-disposition') ?? '';
  const name = /^form-data\b/i.test(disposition) ? parameter(disposition, 'name') : undefined;
  if (name === undefined) throw new MultipartError('a part without a name');
  return {
    name,
    filename: parameter(disposition, 'filename'),
    contentType: headers.get('content-type'),
    content: piece.subarray(blank + 4),
  };
}

/** Browsers write `"` as `%22`, others as `\"`. */
function parameter(disposition: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(disposition) ?? [];
  return quoted === undefined ? plain : quoted.replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
}
