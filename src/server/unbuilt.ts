// The cloud's names lead here from functions: what belongs to a product that is not built is refused in that product's
// own form, so that its clients tell their users why.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isCloudName } from '../core/cloudnames.ts';
import { CloudError, type ErrorParams, errorRow } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import { hostName, targetPath } from '../http/router.ts';
import type { Site } from '../http/site.ts';

export interface UnbuiltDeps {
  readonly ids: Ids;
  /** A product was asked for that is not built; for `doctor`. */
  readonly missed: (service: string, action: string) => void;
}

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Asked {
  readonly message: string;
  /** Host and path. */
  readonly resource: string;
  readonly requestId: string;
}

interface Product {
  readonly service: string;
  readonly title: string;
  readonly host: RegExp;
  refuse(asked: Asked): Refusal;
}

const json = (value: object) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });

/** In order: names of CMQ are names of the older Cloud API as well. */
const PRODUCTS: readonly Product[] = [
  {
    service: 'cls',
    title: 'CLS (日志服务)',
    host: /\.cls\.(tencentcs|tencentyun|myqcloud)\.com$/,
    // Its clients try again for ever above 499.
    refuse: ({ message, requestId }) => {
      const { headers, body } = json({ errorcode: 'UnsupportedOperation', errormessage: message });
      return { status: 400, headers: { ...headers, 'x-cls-requestid': requestId }, body };
    },
  },
  {
    service: 'cmq',
    title: 'CMQ (消息队列)',
    host: /^cmq-.*\.api\.(qcloud|tencentyun)\.com$/,
    // Its clients read the body of a 200 alone. 4000 is the code of what is wrong with a request.
    refuse: ({ message, requestId }) => ({
      status: 200,
      ...json({ code: 4000, message: `(10000) ${message}`, requestId }),
    }),
  },
  {
    service: 'ci',
    title: 'CI (数据万象)',
    // Behind the object store, which takes its own names. Clients of that one ask for this as well.
    host: /\.(myqcloud\.com|tencentcos\.cn)$/,
    // They index into each of these elements.
    refuse: ({ message, resource, requestId }) => ({
      status: 501,
      headers: { 'Content-Type': 'application/xml', 'x-cos-request-id': requestId },
      body:
        `<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>NotImplemented</Code>\n` +
        `\t<Message>${escaped(message)}</Message>\n\t<Resource>${escaped(resource)}</Resource>\n` +
        `\t<RequestId>${requestId}</RequestId>\n\t<TraceId>${requestId}</TraceId>\n</Error>\n`,
    }),
  },
  {
    service: 'api-2.0',
    title: 'Cloud API 2.0 (云 API 2.0)',
    host: /\.api\.(qcloud|tencentyun)\.com$/,
    refuse: ({ message, requestId }) => ({
      status: 200,
      ...json({ code: 4000, codeDesc: 'UnsupportedOperation', message, requestId }),
    }),
  },
];

const UNBUILT = errorRow.caller(
  'OpenSCF 尚未实现 {title}。名称 {host} 由本服务应答；如需让函数访问真正的云服务，请设 cloudNames=off 并重启。',
  'OpenSCF does not have {title} yet. {host} is answered by this server; to let functions reach the cloud itself, set cloudNames=off and start again.',
);

export function unbuiltSite({ ids, missed }: UnbuiltDeps): Site {
  const productOf = (host: string) => PRODUCTS.find(one => one.host.test(host));
  return {
    name: 'unbuilt',
    claims: host => isCloudName(host) && productOf(host) !== undefined,
    serve(request, response) {
      const host = hostName(request.headers.host);
      const product = productOf(host);
      if (!product) throw new Error(`no product answers for ${host}`);
      missed(product.service, request.method ?? '');
      const resource = `${host}${targetPath(request.url ?? '/')}`;
      const message = bothLanguages({ title: product.title, host });
      send(request, response, product.refuse({ message, resource, requestId: ids.uuid() }));
    },
  };
}

function bothLanguages(params: ErrorParams): string {
  const error = new CloudError('UnsupportedOperation', UNBUILT, params);
  return `${error.text('zh')} ${error.text('en')}`;
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? '' : body);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => ENTITIES[character] ?? character);
}
