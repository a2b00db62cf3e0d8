// Limits of the platform, with the vendor's page that states them. Settable ones are in config.ts.

const KB = 1024;
const MB = 1024 * KB;

/** Quota limits: synchronous event and response; asynchronous event. */
export const SYNC_EVENT_BYTES = 6 * MB;
export const RESPONSE_BYTES = 6 * MB;
export const ASYNC_EVENT_BYTES = 128 * KB;
/** API Invoke: how long a synchronous call waits for its answer; the run itself goes on. */
export const API_WAIT_MS = 300_000;
/** API Invoke: LogType=Tail. */
export const LOG_TAIL_BYTES = 4 * KB;
/** Log management: a Response line. */
export const RESPONSE_LINE_BYTES = 8 * KB;
/** What one run may print before it is cut with a mark (not documented). */
export const LOG_BYTES = 1 * MB;
/** API Invoke: RoutingKey. */
export const ROUTING_KEY_BYTES = 1024;

/** Quota limits: counts. */
export const NAMESPACES_PER_REGION = 5;
export const FUNCTIONS_PER_NAMESPACE = 50;
export const VERSIONS_PER_FUNCTION = 1000;
export const TRIGGERS_PER_TYPE = 10;
export const TRIGGERS_PER_FUNCTION = 110;
export const LAYERS_PER_REGION = 20;
export const VERSIONS_PER_LAYER = 200;
export const LAYERS_PER_VERSION = 5;
export const RUNTIMES_PER_LAYER = 5;
export const ENVIRONMENT_BYTES = 4 * KB;
export const DESCRIPTION_CHARS = 1000;

/** API PublishLayerVersion: LicenseInfo (not documented). */
export const LICENSE_BYTES = 64 * KB;

/** Quota limits: code in a request; unpacked, of a function together with its layers. */
export const ZIP_BYTES = 50 * MB;
export const UNZIPPED_BYTES = 500 * MB;

/** Quota limits, API CreateFunction: memory and time. */
export const MEMORY_MB = { min: 64, max: 3072, step: 128, default: 128 };
export const TIMEOUT_S = { min: 1, max: 900, default: 3 };
/** The same of a function with asynchronous execution. */
export const ASYNC_RUN_TIMEOUT_S = { min: 1, max: 86_400 };
/** Web functions by WebSocket: the pages say 1–1800 and 10–7200; a connection is a run, and no run is shorter than its idle time. */
export const WS_IDLE_S = { min: 1, max: 7200, default: 15 };
export const WS_TIMEOUT_S = { min: 1, max: 7200 };
/** API InstanceConcurrencyConfig: requests that one instance of a web function takes at a time. */
export const INSTANCE_REQUESTS = { min: 1, max: 100 };
export const INIT_TIMEOUT_S = { min: 3, max: 300, default: 65 };
export const OPEN_FILES = 1024;

/** API GetAccount, type NamespaceLimit. */
export const RETRY_NUM_MAX = 2;
export const MSG_TTL_S = { min: 60, max: 21600 };
/** Retry policies (2025-06): every retry of an asynchronous event waits this long. */
export const RETRY_GAP_MS = 60_000;
/** Retry policies: asynchronous events waiting per function. */
export const PENDING_EVENTS = 100_000;

/** Concurrency quota, in MB of configured memory, by region. */
export const BIG_REGIONS: readonly string[] = [
  'ap-guangzhou',
  'ap-shanghai',
  'ap-beijing',
  'ap-chengdu',
  'ap-hongkong',
];
/** Concurrency management: of the quota this much is never a function's own; Provisioned concurrency: nor kept ready. */
export const COMMON_QUOTA_MB = 12_800;
export const regionQuotaMB = (region: string): number => (BIG_REGIONS.includes(region) ? 128_000 : 64_000);
