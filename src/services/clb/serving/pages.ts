// Answers that the balancer gives itself.

import { STATUS_CODES } from 'node:http';
import type { Reply } from '../../../http/reply.ts';

const HTML: readonly string[] = Object.freeze(['Content-Type', 'text/html']);

/** A short page, as balancers built on nginx give it. */
export function page(status: number, headers: readonly string[] = []): Reply {
  const title = `${status} ${STATUS_CODES[status] ?? ''}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: [...HTML, ...headers], body };
}
