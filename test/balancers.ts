// Load balancers of a server under test, made by the calls of the vendor's tools.

import assert from 'node:assert/strict';
import { Client } from '../src/cli/client.ts';
import { SystemClock } from '../src/core/clock.ts';
import { freePort } from '../src/services/clb/fixture.ts';
import { ask, type Callable, type HttpAnswer } from './fixture.ts';

export type Shown = Readonly<Record<string, unknown>>;

export const only = (value: unknown): string => (value as string[])[0] ?? '';

export const functionOf = (FunctionName: string, Weight = 10) => ({
  FunctionTargets: [{ Function: { FunctionNamespace: 'default', FunctionName, FunctionQualifier: '$LATEST' }, Weight }],
});

/** Code of a function that always answers this. */
export const page = (text: string) =>
  `exports.main_handler = async () => ({ isBase64Encoded: false, statusCode: 200, headers: {}, body: ${JSON.stringify(text)} })`;

export function balancersOf({ endpoint, credentials }: Callable) {
  const options = { token: undefined, region: 'ap-guangzhou', lang: 'en', clock: new SystemClock() } as const;
  const client = new Client({ endpoint, keys: () => credentials, ...options });

  /** A call that clients wait for. */
  async function clb(action: string, params: object): Promise<Shown> {
    const answer = await client.cloud('clb', action, params as Shown);
    const { Status } = await client.cloud('clb', 'DescribeTaskStatus', { TaskId: answer.RequestId });
    assert.equal(Status, 0, action);
    return answer;
  }

  /** One with a listener on a free port; `rule` adds a rule, `visit` asks the listener itself. */
  async function balancer(listener: object = {}) {
    const LoadBalancerId = only((await clb('CreateLoadBalancer', { LoadBalancerType: 'OPEN' })).LoadBalancerIds);
    const ids = { LoadBalancerIds: [LoadBalancerId] };
    const { LoadBalancerSet } = await client.cloud('clb', 'DescribeLoadBalancers', ids);
    const vip = only((LoadBalancerSet as Shown[])[0]?.LoadBalancerVips);
    const Port = await freePort(vip);
    const made = await clb('CreateListener', { LoadBalancerId, Ports: [Port], Protocol: 'HTTP', ...listener });
    const ref = { LoadBalancerId, ListenerId: only(made.ListenerIds) };
    return {
      ...ref,
      ref,
      vip,
      Port,
      async rule(Domain: string, Url = '/', more: object = {}) {
        const Rules = [{ Domain, Url, HealthCheck: { HealthSwitch: 0 }, ...more }];
        return { ...ref, LocationId: only((await clb('CreateRule', { ...ref, Rules })).LocationIds) };
      },
      visit: (domain: string, path = '/', options: object = {}, body?: string): Promise<HttpAnswer> =>
        ask(
          `http://${vip}:${Port}${path}`,
          { ...options, headers: { Host: domain, ...Object(options).headers } },
          body,
        ),
    };
  }

  return { client, clb, balancer };
}
