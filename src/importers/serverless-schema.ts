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

const source = z.preprocess(
  value => (typeof value === 'string' ? { src: value } : value),
  z.strictObject({ src: z.string().default('.'), exclude: z.array(z.string()).default([]) }),
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
  asyncRunEnable: flag.optional(),
  traceEnable: flag.optional(),
  deadLetter: z
    .strictObject({ type: text.default(''), name: text.default(''), filterType: text.default('') })
    .optional(),
  // Not in the documents: the vendor's deployment library takes them.
  retryNum: whole.optional(),
  msgTTL: whole.optional(),
  role: text.optional(),
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
  ...['cfs', 'cls', 'eip', 'eipConfig', 'enableRoleAuth', 'l5Enable'],
  ...[
    'installDependency',
    'image',
    'bucket',
    'object',
    'key',
    'wsParams',
    'protocolType',
    'protocolParams',
    'instanceConcurrencyConfig',
  ],
  ...[
    'apiId',
    'apiName',
    'enableCORS',
    'responseType',
    'serviceTimeout',
    'param',
    'usagePlan',
    'auth',
    'isBase64Trigger',
  ],
  ...['base64EncodedTriggerRules', 'customDomains', 'oauthConfig'],
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

const endpoint = z.strictObject({
  path: z.string(),
  method: z.string().default('ANY'),
  description: text.optional(),
  isBase64Encoded: flag.optional(),
  // The values that mean what happens anyway.
  enableCORS: z.preprocess(value => (value === 'false' ? false : value), z.literal(false)).optional(),
  serviceTimeout: z.preprocess(value => (value === '15' ? 15 : value), z.literal(15)).optional(),
  function: z
    .strictObject({
      isIntegratedResponse: flag.default(false),
      isBase64Encoded: flag.optional(),
      functionQualifier: text.optional(),
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
