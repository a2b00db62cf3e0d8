// What has been answered, one line for each request in the documented form: the newest are kept in memory, and all of them
// written where somebody wants them.

export interface AccessRecord {
  /** ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** When the backend was asked; 0 if it was not. */
  readonly askedAt: number;
  readonly region: string;
  readonly environment: string;
  readonly serviceId: string;
  readonly apiId: string;
  readonly host: string;
  readonly method: string;
  readonly uri: string;
  readonly scheme: string;
  readonly status: number;
  /** 0: nothing behind the gateway was asked. */
  readonly upstreamStatus: number;
  readonly clientAddress: string;
  /** undefined: not known. */
  readonly responseBytes: number | undefined;
  readonly requestBytes: number | undefined;
  /** What the gateway itself had to say. */
  readonly message: string;
  readonly requestId: string;
}

const KEPT = 10_000;
const BLOCK_BYTES = 64 * 1024;
/** Of requests with very long paths fewer are kept. */
const BLOCKS = 128;
const TEXT_CHARS = 2048;

export interface AccessLogOptions {
  readonly appId: string;
  readonly pid: number;
  /** Every line, as it is made. */
  readonly sink?: (line: string) => void;
}

interface Block {
  readonly bytes: Buffer;
  used: number;
  count: number;
}

/**
 * Records as bytes in blocks, the oldest block dropped as a whole: as objects they would live just long enough to be
 * carried from one generation of the collector's to the next, which costs a fifth of a whole request.
 */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #blocks: Block[] = [];
  #count = 0;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  add(record: AccessRecord): void {
    const text = written(record);
    let block = this.#blocks.at(-1);
    if (!block || block.used + text.length > BLOCK_BYTES) block = this.#next();
    block.used += block.bytes.write(text, block.used, 'latin1');
    block.count++;
    this.#count++;
    this.#options.sink?.(this.line(record));
  }

  #next(): Block {
    const [oldest] = this.#blocks;
    const spare = oldest && (this.#blocks.length >= BLOCKS || this.#count - oldest.count >= KEPT);
    if (spare) {
      this.#blocks.shift();
      this.#count -= oldest.count;
    }
    const bytes = spare ? oldest.bytes : Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const block: Block = { bytes, used: 0, count: 0 };
    this.#blocks.push(block);
    return block;
  }

  /** Oldest first. */
  recent(): readonly AccessRecord[] {
    return this.#blocks
      .flatMap(({ bytes, used }) => bytes.toString('latin1', 0, used).split(END).slice(0, -1).map(read))
      .slice(-KEPT);
  }

  line(record: AccessRecord): string {
    const { startedAt, endedAt, askedAt, status, upstreamStatus, responseBytes, requestBytes } = record;
    const asked = askedAt > 0;
    const fields = [
      this.#options.appId,
      record.environment,
      record.serviceId,
      record.host,
      record.apiId,
      record.uri,
      record.scheme,
      `rsp_st:${status}`,
      `ups_st:${upstreamStatus || '-'}`,
      `cip:${record.clientAddress}`,
      'uip:-',
      'vip:-',
      `rsp_len:${responseBytes ?? '-'}`,
      `req_len:${requestBytes ?? '-'}`,
      `req_t:${seconds(endedAt - startedAt)}`,
      `ups_rsp_t:${asked ? seconds(endedAt - askedAt) : '-'}`,
      'ups_conn_t:-',
      'ups_head_t:-',
      `err_msg:${record.message || '-'}`,
      'tcp_rtt:-',
      String(this.#options.pid),
      localTime(endedAt),
      `req_id:${record.requestId}`,
    ];
    return fields.map(field => `[${field || '-'}]`).join('');
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As nginx writes it, in UTC. */
function localTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}

/** Neither stands in a target, a host or a text of the gateway's. */
const FIELD = '\n';
const END = '\0';

const cut = (text: string): string => (text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text);

function written(record: AccessRecord): string {
  const { startedAt, endedAt, askedAt, region, environment, serviceId, apiId, method, scheme, status } = record;
  return (
    `${startedAt}\n${endedAt}\n${askedAt}\n${region}\n${environment}\n${serviceId}\n${apiId}\n${cut(record.host)}\n` +
    `${method}\n${cut(record.uri)}\n${scheme}\n${status}\n${record.upstreamStatus}\n${record.clientAddress}\n` +
    `${record.responseBytes ?? ''}\n${record.requestBytes ?? ''}\n${cut(record.message)}\n${record.requestId}${END}`
  );
}

function read(text: string): AccessRecord {
  const fields = text.split(FIELD);
  const at = (index: number) => fields[index] ?? '';
  const bytesAt = (index: number) => (at(index) === '' ? undefined : Number(at(index)));
  return {
    startedAt: Number(at(0)),
    endedAt: Number(at(1)),
    askedAt: Number(at(2)),
    region: at(3),
    environment: at(4),
    serviceId: at(5),
    apiId: at(6),
    host: at(7),
    method: at(8),
    uri: at(9),
    scheme: at(10),
    status: Number(at(11)),
    upstreamStatus: Number(at(12)),
    clientAddress: at(13),
    responseBytes: bytesAt(14),
    requestBytes: bytesAt(15),
    message: at(16),
    requestId: at(17),
  };
}
