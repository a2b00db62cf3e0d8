// The server's own log, as rooms see it (pino's shape; observe/log.ts makes one).

export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export const NO_LOG: Log = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} });
