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

export interface AccessLogOptions {
  readonly appId: string;
  readonly pid: number;
  /** Every line, as it is made. */
  readonly sink?: (line: string) => void;
}

export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #records: AccessRecord[] = [];
  /** Where the oldest is, once there are as many as are kept. */
  #next = 0;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  add(record: AccessRecord): void {
    if (this.#records.length < KEPT) this.#records.push(record);
    else {
      this.#records[this.#next] = record;
      this.#next = (this.#next + 1) % KEPT;
    }
    this.#options.sink?.(this.line(record));
  }

  /** Oldest first. */
  recent(): readonly AccessRecord[] {
    return [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)];
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
