// The server's own log: JSON lines on stderr, or for people when a terminal reads it.

import { type DestinationStream, pino } from 'pino';
import type { Log } from '../core/log.ts';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly destination?: DestinationStream;
}

/** Never written, at whatever depth callers put them. */
const SECRETS = ['secretKey', 'SecretKey', 'Signature', 'Authorization', 'authorization', 'token', 'Token'];

export function createLog({ level, destination = pino.destination({ fd: 2, sync: true }) }: LogOptions): Log {
  const paths = SECRETS.flatMap(name => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    { level, base: null, redact: { paths, censor: '…' }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
}
