// The server's own log: one line of JSON each, or lines for people.

import pino from 'pino';
import type { Log } from '../core/log.ts';
import { prettyLine } from './pretty.ts';
import { redact } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** For people instead of machines. */
  readonly pretty?: boolean;
  /** Where lines go, each with its newline; standard error when left out. */
  readonly destination?: { write(line: string): unknown };
}

export function createLog(options: LogOptions): Log {
  const { level, pretty = false } = options;
  // Synchronous, so that the last line before a crash is there.
  const out = options.destination ?? pino.destination({ fd: process.stderr.fd, sync: true });
  const write = pretty ? (line: string) => void out.write(prettyLine(line)) : (line: string) => void out.write(line);
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'text',
      // Else an error under `err` would bypass the redaction below.
      serializers: { err: shown => shown },
      formatters: { level: label => ({ level: label }), log: redact },
    },
    { write },
  );
  return {
    debug: (fields, text) => log.debug(fields, text),
    info: (fields, text) => log.info(fields, text),
    warn: (fields, text) => log.warn(fields, text),
    error: (fields, text) => log.error(fields, text),
  };
}
