// What can go wrong between a proxy and the server behind it.

/**
 * refused, unreachable, connect timeout: there was no connection. reset: it was closed before an answer began.
 * cut short: while one came. timeout: no answer, or none of it for too long. malformed, head too large: what came is no
 * answer that can be passed on. request cut short, request too large, invalid request: the request's own fault.
 * aborted: given up by whoever asked. closed: the proxy is.
 */
export type UpstreamFault =
  | 'refused'
  | 'unreachable'
  | 'connect timeout'
  | 'reset'
  | 'cut short'
  | 'timeout'
  | 'malformed'
  | 'head too large'
  | 'request cut short'
  | 'request too large'
  | 'invalid request'
  | 'aborted'
  | 'closed';

export class UpstreamError extends Error {
  readonly fault: UpstreamFault;

  constructor(fault: UpstreamFault, detail = '') {
    super(detail === '' ? fault : `${fault}: ${detail}`);
    this.name = 'UpstreamError';
    this.fault = fault;
  }
}

/** Of an attempt to connect. */
export function connectFault(error: NodeJS.ErrnoException): UpstreamError {
  const fault =
    error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ETIMEDOUT' ? 'connect timeout' : 'unreachable';
  return new UpstreamError(fault, error.message);
}
