// multipart/form-data (RFC 7578) as it comes in: the fields before the file are read, the file is a stream.

import type { Readable } from 'node:stream';
import { Readable as Stream } from 'node:stream';
import { fail } from '../errors.ts';

export interface SentForm {
  /** Those before the file, in their order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly filename: string | undefined;
  /** Fails if the form breaks off, or has a second file. */
  readonly file: Readable;
}

const MAX_FIELDS = 200;
const MAX_HEAD_BYTES = 8 * 1024;
/** Of all fields together. */
const MAX_FIELD_BYTES = 128 * 1024;
const MAX_PREAMBLE_BYTES = 4096;
const LINE = Buffer.from('\r\n');
const BLANK = Buffer.from('\r\n\r\n');

const malformed = (reason: string): never => fail('MalformedPOSTRequest', { reason });

/** Reads up to the file's first byte. MalformedPOSTRequest, IncorrectNumberOfFilesInPostRequest. */
export async function readForm(source: Readable, boundary: string): Promise<SentForm> {
  const feed = new Feed(source);
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  await feed.through(delimiter, MAX_PREAMBLE_BYTES);
  const fields: [string, string][] = [];
  let left = MAX_FIELD_BYTES;
  for (;;) {
    const part = await nextPart(feed);
    if (!part) return fail('IncorrectNumberOfFilesInPostRequest');
    if (part.name === 'file') {
      const file = Stream.from(fileOf(feed, delimiter), { objectMode: false });
      return { fields, filename: part.filename, file };
    }
    const value = await feed.through(delimiter, left);
    left -= value.length;
    fields.push([part.name, value.toString()]);
    if (fields.length > MAX_FIELDS) malformed(`there are more than ${MAX_FIELDS} fields`);
  }
}

interface PartHead {
  readonly name: string;
  readonly filename: string | undefined;
}

/** Behind a delimiter; undefined at the end. */
async function nextPart(feed: Feed): Promise<PartHead | undefined> {
  if (await feed.startsWith('--')) return undefined;
  // Spaces may stand between a delimiter and its line break; a head without lines would be a part without a name.
  const line = await feed.through(LINE, MAX_HEAD_BYTES);
  if (line.toString('latin1').trim() !== '') malformed('there is text behind a boundary');
  const head = (await feed.through(BLANK, MAX_HEAD_BYTES)).toString();
  const [, disposition = ''] = /^content-disposition:\s*form-data\s*(;.*)$/im.exec(head) ?? [];
  const name = parameter(disposition, 'name') ?? malformed('a part has no name');
  return { name, filename: parameter(disposition, 'filename') };
}

/** Browsers write `"` as `%22`, others as `\"`. */
function parameter(disposition: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(disposition) ?? [];
  return quoted === undefined ? plain : quoted.replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
}

async function* fileOf(feed: Feed, delimiter: Buffer): AsyncGenerator<Buffer, void> {
  yield* feed.upTo(delimiter);
  // It is the last field; what comes behind it counts for nothing.
  for (let part = await nextPart(feed); part; part = await nextPart(feed)) {
    if (part.name === 'file') fail('IncorrectNumberOfFilesInPostRequest');
    await feed.through(delimiter, MAX_FIELD_BYTES);
  }
}

/** Bytes of a stream, taken piece by piece. */
class Feed {
  readonly #chunks: AsyncIterator<Buffer>;
  // The first boundary has no line break before it.
  #held: Buffer = LINE;

  constructor(source: Readable) {
    // A request that is destroyed gets no answer.
    this.#chunks = source.iterator({ destroyOnReturn: false });
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done) malformed('it does not end with its boundary');
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
  }

  #take(count: number): Buffer {
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  async startsWith(text: string): Promise<boolean> {
    while (this.#held.length < text.length) await this.#more();
    return this.#held.toString('latin1', 0, text.length) === text;
  }

  /** What stands before `end`, which is passed over. */
  async through(end: Buffer, limitBytes: number): Promise<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(end);
      if (at > limitBytes || (at < 0 && this.#held.length > limitBytes + end.length)) malformed('a part is too large');
      if (at >= 0) {
        const taken = this.#take(at);
        this.#take(end.length);
        return taken;
      }
      await this.#more();
    }
  }

  /** The same in pieces, without a limit. */
  async *upTo(end: Buffer): AsyncGenerator<Buffer, void> {
    for (;;) {
      const at = this.#held.indexOf(end);
      if (at > 0) yield this.#take(at);
      if (at >= 0) {
        this.#take(end.length);
        return;
      }
      // Its beginning may be here already.
      const safe = this.#held.length - end.length + 1;
      if (safe > 0) yield this.#take(safe);
      await this.#more();
    }
  }
}
