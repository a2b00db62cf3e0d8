// Signed calls of InvokeFunction: envelope, signature, function, answer.

import { signTc3 } from '../src/http/tc3.ts';
import { REGION } from './cloud.ts';
import { compare, measured, perSRatio } from './compare.ts';
import type { Request, Side } from './load.ts';
import type { Measure } from './measure.ts';
import { ANSWER_MS, bare, nameOf, type Served, served } from './sides.ts';

const invokeApi = (connections: number): Measure => ({
  name: `invoke-api-${connections}`,
  goal: null,
  better: 'higher',
  async run(bench) {
    const server = await served(bench);
    const request = () => signed(server);
    await works(server.endpoint, request());
    const ours: Side = { name: nameOf(server.driver), url: `${server.endpoint}/`, pid: server.pid, request };
    const yardstick: Side = { name: 'bare', ...(await bare(bench)), request };
    return measured(await compare(bench, ours, yardstick, connections), perSRatio, [ours.name, yardstick.name]);
  },
});

export const API: readonly Measure[] = [invokeApi(1), invokeApi(16)];

/** One signature serves a whole round: it is good for 300 s. */
export function signed({ endpoint, functionName, secretId, secretKey }: Served, how?: 'async'): Request {
  const { host } = new URL(endpoint);
  const event = '{"httpMethod":"GET"}';
  const [action, parameters] = how
    ? ['Invoke', { InvocationType: 'Event', ClientContext: event }]
    : ['InvokeFunction', { Event: event }];
  const body = JSON.stringify({ FunctionName: functionName, ...parameters });
  const timestampS = Math.floor(Date.now() / 1000);
  return {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/json',
      'X-TC-Action': action,
      'X-TC-Version': '2018-04-16',
      'X-TC-Region': REGION,
      'X-TC-Timestamp': String(timestampS),
      Authorization: signTc3({
        method: 'POST',
        path: '/',
        host,
        body,
        timestampS,
        service: 'scf',
        secretId,
        secretKey,
      }),
    },
  };
}

/** Errors of the Cloud API have status 200, so wrk cannot see them. */
export async function works(endpoint: string, request: Request): Promise<void> {
  const text = await (await fetch(`${endpoint}/`, { ...request, signal: AbortSignal.timeout(ANSWER_MS) })).text();
  if (!text.includes('"InvokeResult":0')) throw new Error(`the call answers ${text.slice(0, 300)}`);
}
