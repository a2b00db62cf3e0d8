// What custom configuration can say about a balancer of layer 7, and what holds where it says nothing.

/** What a variable of `proxy_set_header` is read from. */
export interface Variables {
  readonly vip: string;
  readonly vport: number;
  readonly path: string;
  readonly query: string;
  readonly method: string;
  readonly host: string;
  readonly scheme: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly requestId: string;
  readonly loadBalancerId: string;
}

export interface SetHeader {
  readonly name: string;
  readonly value: (variables: Variables) => string;
}

export interface Settings {
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly bodyBytes: number;
  /** 0: a connection ends with its first answer. */
  readonly keepAliveMs: number;
  readonly requestsPerConnection: number;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** For what stands behind rules. */
  readonly setHeaders: readonly SetHeader[];
  /** Name, value, name, value … for clients: added to answers with certain status codes. */
  readonly addedHeaders: readonly string[];
  /** The same, in the place of what the answer says. */
  readonly replacedHeaders: readonly string[];
  readonly gzip: boolean;
  readonly gzipTypes: ReadonlySet<string>;
  readonly gzipAboveBytes: number;
}

const MB = 1024 * 1024;

export const DEFAULT_SETTINGS: Settings = Object.freeze({
  headerTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  bodyBytes: 60 * MB,
  keepAliveMs: 75_000,
  requestsPerConnection: 100,
  connectTimeoutMs: 4_000,
  readTimeoutMs: 60_000,
  setHeaders: [],
  addedHeaders: [],
  replacedHeaders: [],
  gzip: true,
  gzipTypes: new Set([
    'text/html',
    'text/plain',
    'text/css',
    'text/xml',
    'text/javascript',
    'text/x-component',
    'application/javascript',
    'application/x-javascript',
    'application/json',
    'application/xml',
    'application/xhtml+xml',
    'application/atom+xml',
    'application/rss+xml',
    'application/vnd.ms-fontobject',
    'application/x-font-ttf',
    'application/x-web-app-manifest+json',
    'font/opentype',
    'image/svg+xml',
    'image/x-icon',
  ]),
  gzipAboveBytes: 1024,
});

/** Documented: the balancer's own, nobody overrides them. */
export const MANAGED: ReadonlySet<string> = new Set([
  'x-stgw-time',
  'host',
  'x-client-proto',
  'x-forwarded-proto',
  'x-client-proto-ver',
  'x-client-spdy',
  'x-real-ip',
  'x-forwarded-for',
  'upgrade',
  'connection',
]);
