// For tests: web functions from source text behind a server of their own, which says their outcomes in a list.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import { errorJson } from '../../core/reply.ts';
import { exchangeOf, type LiveExchange, responseOn, upgradeExchangeOf } from '../../http/exchange.ts';
import type { RuntimeDeps } from '../runtime.ts';
import { type Bench, bench, type Files, LONG_MS } from '../testing.ts';

export interface WebBench extends Bench {
  readonly port: number;
  readonly url: string;
  /** Of the request that came last. */
  readonly lastId: string;
  /** In the order in which they came. */
  readonly outcomes: readonly Outcome[];
  /** The outcome with that number, once it is there. */
  outcome(number?: number): Promise<Outcome>;
  /** The function that requests go to from now on. */
  serve(files: Files, change?: Partial<FunctionVersion>): Promise<FunctionVersion>;
}

/** A start file with the right mode. */
export const bootstrap = (...lines: readonly string[]) => ({
  text: `#!/bin/bash\n${lines.join('\n')}\n`,
  mode: 0o100755,
});

/** A server on the port of web functions; `handler` is the body of (request, response) => {…}. */
export const nodeApp = (handler: string, more = ''): Files => ({
  scf_bootstrap: bootstrap('exec node app.js'),
  'app.js': `const http = require('http');
    const server = http.createServer((request, response) => {${handler}});
    server.listen(9000, '0.0.0.0');
    ${more}`,
});

export async function webBench(change: Partial<RuntimeDeps> = {}): Promise<WebBench & AsyncDisposable> {
  const at = await bench(change);
  const outcomes: Outcome[] = [];
  let heard = () => {};
  let version: FunctionVersion | undefined;
  let count = 0;
  const run = async (exchange: LiveExchange): Promise<Outcome> => {
    assert.ok(version);
    const { region, namespace, name } = version;
    const requestId = `request-${++count}`;
    const outcome = await at.runtime.run(version, {
      event: {
        ...{ requestId, target: { region, namespace, name }, qualifier: '$LATEST', source: 'http' },
        ...{ body: Buffer.from('{}'), exchange },
      },
      retryNum: 0,
      waitMs: LONG_MS,
    });
    outcomes.push(outcome);
    heard();
    return outcome;
  };
  const failed = (outcome: Outcome) => errorJson('request', outcome);
  const server: Server = createServer((request, response) => {
    const exchange = exchangeOf(request, response, { remoteAddress: '127.0.0.1' });
    void run(exchange).then(outcome => {
      if (!exchange.answered) response.writeHead(outcome.status).end(failed(outcome));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const exchange = upgradeExchangeOf(request, socket, head, { remoteAddress: '127.0.0.1' });
    void run(exchange).then(outcome => {
      if (!exchange.answered) responseOn(request, socket).writeHead(outcome.status).end(failed(outcome));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...at,
    port,
    url: `http://127.0.0.1:${port}`,
    outcomes,
    get lastId() {
      return `request-${count}`;
    },
    async outcome(number = 1) {
      while (outcomes.length < number) await new Promise<void>(resolve => (heard = resolve));
      const found = outcomes[number - 1];
      assert.ok(found);
      return found;
    },
    async serve(files, versionChange = {}) {
      version = await at.version(files, { type: 'HTTP', ...versionChange });
      assert.equal(await at.runtime.prepare(version), undefined);
      return version;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await at[Symbol.asyncDispose]();
    },
  };
}
