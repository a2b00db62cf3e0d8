// The clb actions over a real load balancer and a real control whose functions answer with their names. For tests alone.

import assert from 'node:assert/strict';
import { openCertificates } from '../../control/certificates.ts';
import type { TriggerView } from '../../control/control.ts';
import { scene } from '../../control/fixture.ts';
import type { AnyTriggerKind } from '../../control/kinds.ts';
import { TagTable } from '../../control/tags.ts';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { anOutcome } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import { NO_LOG } from '../../core/log.ts';
import { ACCOUNT, type Ask, ask, freePort, REGION, START, Stand } from '../../services/clb/fixture.ts';
import { certificateUsers } from '../../services/clb/verbs/certificates.ts';
import { functionRules } from '../../services/clb/verbs/functions.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import { clbDescOf } from '../../triggers/clb/desc.ts';
import { clbKind } from '../../triggers/clb/kind.ts';
import type { ApiCall } from '../action.ts';
import { bindService } from '../service.ts';
import { CLB_ACTIONS } from './index.ts';

export type Answer = Readonly<Record<string, unknown>> & { readonly RequestId: string };

export async function clbScene() {
  const clock = new TurnableClock(START);
  const store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
  const ids = new SeededIds();
  const certificates = await openCertificates({ store, clock, ids });
  const stand = await Stand.open({ certificates });
  const { clb } = stand;
  certificates.askBeforeRemoval(certificateUsers(clb));
  const tags = await TagTable.open(store);
  const seen: FunctionEvent[] = [];
  const sync = async (event: FunctionEvent) => {
    seen.push(event);
    const body = {
      isBase64Encoded: false,
      statusCode: 200,
      headers: {},
      body: `${event.target.name} ${event.qualifier}`,
    };
    return anOutcome(200, { body: Buffer.from(JSON.stringify(body)) });
  };
  const submit = { sync, async: async () => {} };
  const urlOf = (locationId: string) => {
    const rule = clb.rules.anywhere(locationId);
    return rule && clb.urls(rule)[0];
  };
  // Only the value that this kind has made comes back to it.
  const kinds = { clb: clbKind({ urlOf }) as unknown as AnyTriggerKind };
  const host = () => ({ clock, ids, account: ACCOUNT, source: clb, submit });
  const { control, made } = await scene({ store: stand.store, kinds, host });
  await control.start();
  const { triggers, catalog } = control;
  const functions = functionRules({ clb, triggers, catalog, descOf: clbDescOf, log: NO_LOG });
  const service = bindService('clb', CLB_ACTIONS, { clb, functions, tags, certificates, ids });

  let count = 0;
  async function call(action: string, value: object = {}, more: Partial<ApiCall> = {}): Promise<Answer> {
    const RequestId = more.requestId ?? `request-${++count}`;
    const context: ApiCall = { requestId: RequestId, region: REGION, language: 'en', secretId: 'AKID', ...more };
    const answer = await service.call(action, { form: 'json', value }, context);
    // As it goes over the wire.
    return { ...(JSON.parse(JSON.stringify(answer)) as object), RequestId };
  }

  /** What clients do with asynchronous calls. */
  async function done(action: string, value: object): Promise<Answer> {
    const answer = await call(action, value);
    const { Status } = await call('DescribeTaskStatus', { TaskId: answer.RequestId });
    assert.equal(Status, 0, action);
    return answer;
  }

  async function balancer(more: object = {}): Promise<string> {
    const { LoadBalancerIds } = await done('CreateLoadBalancer', { LoadBalancerType: 'OPEN', ...more });
    return (LoadBalancerIds as string[])[0] ?? '';
  }

  /** A load balancer with one listener, on a port that is free. */
  async function listener(more: object = {}) {
    const LoadBalancerId = await balancer();
    const { vip } = clb.balancers.need({ region: REGION, loadBalancerId: LoadBalancerId });
    const Port = await freePort(vip);
    const request = { LoadBalancerId, Ports: [Port], Protocol: 'HTTP', ...more };
    const { ListenerIds } = await done('CreateListener', request);
    const ListenerId = (ListenerIds as string[])[0] ?? '';
    const visit = (path: string, domain = 'a.example', options: Ask = {}) =>
      ask(vip, Port, path, { ...options, headers: { ...(options.headers as object), host: domain } });
    return { LoadBalancerId, ListenerId, Port, vip, visit };
  }

  /** With one rule for `a.example/`. */
  async function rule(more: object = {}) {
    const { LoadBalancerId, ListenerId, ...rest } = await listener();
    const Rules = [{ Domain: 'a.example', Url: '/', ...more }];
    const { LocationIds } = await done('CreateRule', { LoadBalancerId, ListenerId, Rules });
    const LocationId = (LocationIds as string[])[0] ?? '';
    return { LoadBalancerId, ListenerId, LocationId, place: { LoadBalancerId, ListenerId, LocationId }, ...rest };
  }

  const listed = async (name: string): Promise<readonly TriggerView[]> =>
    (await control.triggers.query({ region: REGION, namespace: 'default', name })).rows;

  return {
    ...{ stand, clb, control, certificates, tags, seen, made, call, done, balancer, listener, rule, listed },
    async [Symbol.asyncDispose]() {
      await control.close();
      await stand[Symbol.asyncDispose]();
      await store.close();
    },
  };
}

export type ClbScene = Awaited<ReturnType<typeof clbScene>>;

/** For `assert.rejects`: this code, and no hole left in its sentences. */
export const refused =
  (code: string, words = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code, error.text('en'));
    assert.match(error.text('en'), words);
    assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
    return true;
  };
