// Sources on the loopback address, and configurations that name them; for tests alone.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Source extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly name: string;
  readonly asked: readonly IncomingMessage[];
  /** `GET <target>` of each. */
  readonly targets: readonly string[];
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A text: 200 with it; `chunked` of bytes: without a length. */
export async function openSource(answer: Answering | string | Buffer): Promise<Source> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    if (typeof answer === 'function') answer(request, response);
    else response.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name: `127.0.0.1:${port}`,
    asked,
    get targets() {
      return asked.map(({ method, url }) => `${method} ${url}`);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port where nobody listens. */
export async function deadName(): Promise<string> {
  const source = await openSource('');
  await source[Symbol.asyncDispose]();
  return source.name;
}

export const hostXml = (name: string, within = ''): string =>
  `<HostInfo><HostName>${name}</HostName>${within}</HostInfo>`;

export interface RuleDraft {
  readonly type?: string;
  readonly priority?: number;
  readonly condition?: string;
  readonly parameter?: string;
  readonly hosts: string;
  readonly file?: string;
  readonly more?: string;
}

export function originRule({ type = 'Mirror', priority = 1, hosts, more = '', ...draft }: RuleDraft): string {
  const { condition = '<HTTPStatusCode>404</HTTPStatusCode>', parameter = '', file = '' } = draft;
  const info = `<OriginInfo>${hosts}${file === '' ? '' : `<FileInfo>${file}</FileInfo>`}</OriginInfo>`;
  return [
    `<OriginRule><RulePriority>${priority}</RulePriority><OriginType>${type}</OriginType>`,
    `<OriginCondition>${condition}</OriginCondition><OriginParameter>${parameter}</OriginParameter>`,
    `${more}${info}</OriginRule>`,
  ].join('');
}

export const originXml = (...rules: readonly string[]): string =>
  `<OriginConfiguration>${rules.join('')}</OriginConfiguration>`;
