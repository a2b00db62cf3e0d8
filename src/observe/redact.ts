// Fields as they may stand in a log: no secret, no raw bytes, nothing endless.

/** Names without case, hyphens and underscores. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'secretkey',
  'tmpsecretkey',
  'tencentcloudsecretkey',
  'privatekey',
  'password',
  'signature',
  'xcossignature',
  'authorization',
  'proxyauthorization',
  'token',
  'sessiontoken',
  'tencentcloudsessiontoken',
  'xtctoken',
  'xcossecuritytoken',
  'cookie',
  'setcookie',
]);

const MASK = '[redacted]';
const DEEPEST = 6;

export function redact(fields: object): Record<string, unknown> {
  return members(fields, 0);
}

function members(value: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const isSecret = SECRET_NAMES.has(name.toLowerCase().replace(/[-_]/g, ''));
    shown[name] = isSecret && member !== undefined ? MASK : visible(member, depth + 1);
  }
  return shown;
}

function visible(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return depth > DEEPEST ? String(value) : errorFields(value, depth);
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Date) return value;
  if (depth > DEEPEST) return '…';
  if (value instanceof Map) return members(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, item => visible(item, depth + 1));
  return members(value, depth);
}

/** Not its other members: an error of a client may carry a whole request with its headers. */
function errorFields(error: Error, depth: number): object {
  const code = 'code' in error && error.code !== undefined ? { code: visible(error.code, depth + 1) } : {};
  const cause = error.cause === undefined ? {} : { cause: visible(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}
