// What a function prints: cut at a limit, and told apart by runs through an end mark.

/** Collects one run's output up to `limit` bytes. */
export class LogBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #cut = false;
  /** Lines of the platform that came after the cut. */
  #after = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    const room = this.#limit - this.#bytes;
    if (chunk.length > room) this.#cut = true;
    if (room <= 0 || chunk.length === 0) return;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    // Many tiny chunks would hold a large read buffer each.
    if (this.#chunks.length >= 256) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  /** A line of the platform's own, which is never cut. */
  addLine(text: string): void {
    if (this.#cut) {
      this.#after += `${text}\n`;
      return;
    }
    const last = this.#chunks.at(-1)?.at(-1);
    const line = Buffer.from(`${last === undefined || last === 0x0a ? '' : '\n'}${text}\n`);
    this.#chunks.push(line);
    this.#bytes += line.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  text(): string {
    if (this.#bytes === 0) return this.#cut ? this.#mark() : '';
    const all =
      this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#bytes);
    if (!this.#cut) return all.toString('utf8');
    return all.toString('utf8', 0, wholeCharacters(all)) + this.#mark();
  }

  #mark(): string {
    return `\n[PLATFORM] The log of this run was cut at ${this.#limit} bytes.\n${this.#after}`;
  }
}

/** Where the last whole UTF-8 character ends, for a text that was cut anywhere. */
function wholeCharacters(bytes: Buffer): number {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  const lead = bytes[start] ?? 0;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? start : bytes.length;
}

/** First byte of every mark: record separator, which no text prints by accident. */
const MARK_START = 0x1e;

const TURN_DIGITS = 8;
const TURN = /^[0-9a-f]{8}\n$/;

/** A mark is not awaited longer: a function that has put a file in the place of its stdout writes it there. */
export const MARK_MS = 1000;

/** The mark that ends the output of a turn; bootstraps print the same. */
export function markOf(token: string, turn: number): Buffer {
  return Buffer.from(`\x1e${token}${turn.toString(16).padStart(TURN_DIGITS, '0')}\n`, 'latin1');
}

/** Finds end marks in a stream of chunks; hands on everything else, in order. */
export class MarkScanner {
  readonly #head: Buffer;
  readonly #length: number;
  readonly #text: (chunk: Buffer) => void;
  readonly #marked: (turn: number) => void;
  /** What may be a mark at the end of the last chunk. */
  #carry: Buffer | undefined;

  constructor(token: string, text: (chunk: Buffer) => void, marked: (turn: number) => void) {
    this.#head = Buffer.from(`\x1e${token}`, 'latin1');
    this.#length = this.#head.length + TURN_DIGITS + 1;
    this.#text = text;
    this.#marked = marked;
  }

  push(chunk: Buffer): void {
    let rest = this.#carry ? Buffer.concat([this.#carry, chunk]) : chunk;
    this.#carry = undefined;
    for (
      let at = rest.indexOf(this.#head);
      at >= 0 && at + this.#length <= rest.length;
      at = rest.indexOf(this.#head)
    ) {
      const turn = rest.toString('latin1', at + this.#head.length, at + this.#length);
      if (!TURN.test(turn)) {
        // Printed by the function itself; a mark may begin within it.
        this.#text(rest.subarray(0, at + 1));
        rest = rest.subarray(at + 1);
        continue;
      }
      if (at > 0) this.#text(rest.subarray(0, at));
      rest = rest.subarray(at + this.#length);
      this.#marked(Number.parseInt(turn, 16));
    }
    const start = this.#beginning(rest);
    if (start >= 0) {
      this.#carry = Buffer.from(rest.subarray(start));
      rest = rest.subarray(0, start);
    }
    if (rest.length > 0) this.#text(rest);
  }

  /** Where a mark begins that is not whole yet; -1 if none does. */
  #beginning(rest: Buffer): number {
    const start = rest.lastIndexOf(MARK_START);
    if (start < 0 || rest.length - start >= this.#length) return -1;
    const part = rest.subarray(start, start + this.#head.length);
    return this.#head.subarray(0, part.length).equals(part) ? start : -1;
  }

  /** No more will come: what looked like a mark was none. */
  flush(): void {
    const carry = this.#carry;
    this.#carry = undefined;
    if (carry) this.#text(carry);
  }
}
