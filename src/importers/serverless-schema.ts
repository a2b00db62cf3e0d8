// The keys of serverless.yml that are taken: the vendor's scf component (docs/configure.md of serverless-components/tencent-scf).

import { z } from 'zod';

/** `${env:MEM}` brings digits as text. */
const whole = z.preprocess(
  value => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
  z.int(),
);
const flag = z.preprocess(value => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());
const text = z.preprocess(value => (typeof value === 'number' ? String(value) : value), z.string());
/** Values of variables may be written as numbers or booleans. */
const scalar = z.preprocess(
  value => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
  z.string(),
);

/** Which keys go together is looked at where it is read. */
const source = z.preprocess(
  value => (typeof value === 'string' ? { src: value } : value),
  z.strictObject({
    src: z.string().optional(),
    exclude: z.array(z.string()).optional(),
    /** With or without the account's number. */
    bucket: z.preprocess(
      value => (typeof value === 'number' ? String(value) : value),
      z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
        .optional(),
    ),
    object: text.optional(),
  }),
);

const inputs = z.strictObject({
  name: text.optional(),
  namespace: text.optional(),
  region: text.optional(),
  src: source.optional(),
  type: z.preprocess(
    value =>
      typeof value === 'string' ? ({ event: 'Event', web: 'HTTP', http: 'HTTP' }[value.toLowerCase()] ?? value) : value,
    z.enum(['Event', 'HTTP']).optional(),
  ),
  runtime: z.string().optional(),
  handler: z.string().optional(),
  description: text.optional(),
  memorySize: whole.optional(),
  timeout: whole.optional(),
  initTimeout: whole.optional(),
  environment: z.strictObject({ variables: z.record(z.string(), scalar).default({}) }).optional(),
  layers: z.array(z.strictObject({ name: text, version: whole })).optional(),
  /** Native WebSocket of a web function. */
  protocolType: z.literal('WS').optional(),
  protocolParams: z.strictObject({ wsParams: z.strictObject({ idleTimeOut: whole.optional() }).optional() }).optional(),
  /** Several requests at once in one instance of a web function. */
  instanceConcurrencyConfig: z
    .strictObject({
      enable: flag.default(true),
      dynamicEnabled: z.preprocess(value => (value === 'false' ? false : value), z.literal(false)).optional(),
      maxConcurrency: whole.optional(),
    })
    .optional(),
  asyncRunEnable: flag.optional(),
  traceEnable: flag.optional(),
  deadLetter: z
    .strictObject({ type: text.default(''), name: text.default(''), filterType: text.default('') })
    .optional(),
  // Not in the documents: the vendor's deployment library takes them.
  retryNum: whole.optional(),
  msgTTL: whole.optional(),
  role: text.optional(),
  /**
   * Whether the vendor's tools make the role SCF_QcsRole, by which the cloud reads code and sets up triggers. Neither asks
   * for it here, and whoever names it as a role has it: both answers come true.
   */
  enableRoleAuth: flag.optional(),
  publicAccess: flag.optional(),
  vpcConfig: z.strictObject({ vpcId: text.default(''), subnetId: text.default('') }).optional(),
  tags: z.record(z.string(), scalar).optional(),
  events: z.array(z.record(z.string(), z.unknown())).optional(),
  triggers: z.array(z.record(z.string(), z.unknown())).optional(),
});

export const fileSchema = z.strictObject({
  component: z.string(),
  name: text.optional(),
  org: text.nullish(),
  app: text.nullish(),
  stage: text.nullish(),
  inputs: inputs.default({}),
});

/** Documented keys that are refused in these words until they are built. */
export const NOT_BUILT: readonly string[] = [
  ...['cfs', 'cls', 'eip', 'eipConfig', 'l5Enable', 'installDependency', 'image'],
  ...['apiId', 'responseType', 'usagePlan', 'auth'],
  ...['customDomains', 'oauthConfig'],
];

export const timerSchema = z.strictObject({
  name: text.optional(),
  cronExpression: text,
  enable: flag.default(true),
  qualifier: text.default('$DEFAULT'),
  /** Documented as an object, sent as a string. */
  argument: z
    .preprocess(value => (typeof value === 'object' && value ? JSON.stringify(value) : value), scalar)
    .default(''),
  description: text.default(''),
});

/** One or several, as a list or divided by commas. */
const list = z.preprocess(
  value => (typeof value === 'string' ? value.split(',').map(one => one.trim()) : value),
  z.array(text),
);

/** The function's own URL. */
export const urlSchema = z.strictObject({
  name: text.optional(),
  qualifier: text.default('$DEFAULT'),
  enable: flag.default(true),
  authType: z.enum(['NONE', 'CAM']).default('NONE'),
  netConfig: z
    .strictObject({ enableIntranet: flag.default(false), enableExtranet: flag.default(true) })
    .default({ enableIntranet: false, enableExtranet: true }),
  corsConfig: z
    .strictObject({
      enable: flag.default(true),
      origins: list.optional(),
      methods: list.optional(),
      headers: list.optional(),
      exposeHeaders: list.optional(),
      credentials: flag.optional(),
      maxAge: whole.optional(),
    })
    .optional(),
});

/** A rule of a load balancer; `loadBalanceId` is how the vendor's tools spell it. */
export const clbSchema = z.strictObject({
  name: text.optional(),
  qualifier: text.default('$DEFAULT'),
  enable: flag.default(true),
  loadBalanceId: text.optional(),
  /** Not the vendor's: a load balancer of this name is made when there is none. */
  loadBalanceName: text.optional(),
  protocol: z.preprocess(
    value => (typeof value === 'string' ? value.toUpperCase() : value),
    z.enum(['HTTP', 'HTTPS']).default('HTTP'),
  ),
  port: whole.default(80),
  domain: text,
  url: text.default('/'),
  weight: whole.default(10),
});

/** A rule on a bucket, which is named by its host. */
export const cosSchema = z.strictObject({
  /** Only for the reader: such a trigger goes by the name of its bucket. */
  name: text.optional(),
  qualifier: text.default('$DEFAULT'),
  enable: flag.default(true),
  bucket: text,
  events: text,
  filter: z.strictObject({ prefix: text.default(''), suffix: text.default('') }).default({ prefix: '', suffix: '' }),
});

const endpoint = z.strictObject({
  path: z.string(),
  method: z.string().default('ANY'),
  protocol: z.enum(['HTTP', 'HTTPS', 'WEBSOCKET']).default('HTTP'),
  apiName: text.optional(),
  description: text.optional(),
  isBase64Encoded: flag.optional(),
  isBase64Trigger: flag.optional(),
  base64EncodedTriggerRules: z.array(z.strictObject({ name: text, value: z.array(text) })).optional(),
  enableCORS: flag.default(false),
  serviceTimeout: whole.default(15),
  param: z
    .array(
      z.strictObject({
        name: text,
        position: z.preprocess(
          value => (typeof value === 'string' ? value.toUpperCase() : value),
          z.enum(['PATH', 'QUERY', 'HEADER', 'BODY']),
        ),
        required: flag.default(false),
        type: text.default('string'),
        defaultValue: text.optional(),
        desc: text.default(''),
      }),
    )
    .default([]),
  function: z
    .strictObject({
      isIntegratedResponse: flag.default(false),
      isBase64Encoded: flag.optional(),
      functionQualifier: text.optional(),
      /** Of a WebSocket: the function of this file is the one for messages, unless another is named. */
      transportFunctionName: text.optional(),
      registerFunctionName: text.optional(),
      cleanupFunctionName: text.optional(),
    })
    .optional(),
});

export const apigwSchema = z.strictObject({
  name: text.optional(),
  serviceId: text.optional(),
  serviceName: text.optional(),
  description: text.default(''),
  environment: z.enum(['release', 'test', 'prepub']).default('release'),
  /** A gateway service made here serves both. */
  protocols: z.array(z.enum(['http', 'https'])).optional(),
  netTypes: z.array(z.literal('OUTER')).optional(),
  qualifier: text.default('$DEFAULT'),
  enable: flag.default(true),
  endpoints: z.array(endpoint).min(1),
});
