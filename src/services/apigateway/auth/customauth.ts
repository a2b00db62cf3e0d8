// Verification by the user's own function (plugin CustomAuth): it gets the request as an event and says {"api-auth": true}
// to let it in. Documented: false, null or nothing refuses it; answers are kept for a time under the parameters named.

import type { Clock } from '../../../core/clock.ts';
import type { FunctionKey } from '../../../core/function.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Outcome } from '../../../core/invocation.ts';
import type { Deadlines } from '../../../http/deadlines.ts';
import { parseQuery } from '../../../http/query.ts';
import type { Plugin } from '../model.ts';
import type { AuthRule } from '../plugindata.ts';
import type { Arrival } from '../serving/arrival.ts';
import { gatewayError, type Refusal, TIMED_OUT } from '../serving/errorbody.ts';
import { gatewayRequest } from '../serving/gatewayrequest.ts';
import type { GatewayRequest, HeaderCase, Route } from '../target.ts';

/** Runs a function with a request as its event, with these parameters told apart. */
export type Verify = (call: VerifyCall) => Promise<Outcome>;

export interface VerifyCall {
  readonly target: FunctionKey;
  readonly qualifier: string;
  /** Of its own: a verification is a run like any other. */
  readonly requestId: string;
  readonly request: GatewayRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly queries: Readonly<Record<string, string>>;
}

export interface CustomAuthDeps {
  readonly verify: Verify;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly deadlines: Deadlines;
  readonly headerCase: HeaderCase;
}

export type CustomAuth = (
  arrival: Arrival,
  route: Route,
  plugin: { readonly plugin: Plugin; readonly rule: AuthRule },
) => Promise<Refusal>;

/** Of all plugins together; those kept longest go first. */
const KEPT = 10_000;
/** The gateway's word for those that another kind of verification keeps out. */
const DENIED = gatewayError(403, 'Access not authorized');

export function createCustomAuth({ verify, clock, ids, deadlines, headerCase }: CustomAuthDeps): CustomAuth {
  const kept = new Map<string, { readonly allowed: boolean; readonly until: number }>();

  async function ask(arrival: Arrival, route: Route, rule: AuthRule, given: Given): Promise<boolean | Refusal> {
    const request = gatewayRequest(arrival, route, headerCase);
    const expired = Promise.withResolvers<'late'>();
    const stop = deadlines.start(rule.timeoutS * 1000, () => expired.resolve('late'));
    const call: VerifyCall = {
      target: { region: route.region, namespace: rule.namespace, name: rule.functionName },
      qualifier: rule.qualifier,
      requestId: ids.risingUuid(),
      request: rule.sendsBody ? request : { ...request, body: undefined },
      ...given,
    };
    const outcome = await Promise.race([verify(call), expired.promise]);
    stop();
    if (outcome === 'late') return TIMED_OUT;
    if (outcome.status !== 200) return gatewayError(502, 'Bad Gateway', outcome.status);
    return saysYes(outcome.body);
  }

  return async (arrival, route, { plugin, rule }) => {
    const given = givenOf(arrival, rule);
    if ('status' in given) return given;
    const key = `${plugin.id} ${plugin.modifiedAt} ${JSON.stringify([given.headers, given.queries])}`;
    const known = rule.cacheS > 0 ? kept.get(key) : undefined;
    if (known && known.until > clock.now()) return known.allowed ? undefined : DENIED;
    const answer = await ask(arrival, route, rule, given);
    if (typeof answer !== 'boolean') return answer;
    if (rule.cacheS > 0) {
      kept.delete(key);
      kept.set(key, { allowed: answer, until: clock.now() + rule.cacheS * 1000 });
      for (const oldest of kept.keys()) {
        if (kept.size <= KEPT) break;
        kept.delete(oldest);
      }
    }
    return answer ? undefined : DENIED;
  };
}

type Given = Pick<VerifyCall, 'headers' | 'queries'>;

/** The parameters that the plugin names; documented: a request must have them. */
function givenOf({ request, query }: Arrival, rule: AuthRule): Given | NonNullable<Refusal> {
  const headers: Record<string, string> = {};
  const queries: Record<string, string> = {};
  for (const name of rule.headers) {
    const value = request.headers[name];
    if (value === undefined) return gatewayError(403, `header ${name} is required`);
    headers[name] = String(value);
  }
  if (rule.queries.length > 0) {
    const sent = new Map([...parseQuery(query)].map(([name, value]) => [name.toLowerCase(), value]));
    for (const name of rule.queries) {
      const value = sent.get(name);
      if (value === undefined) return gatewayError(403, `querystring ${name} is required`);
      queries[name] = typeof value === 'string' ? value : JSON.stringify(value);
    }
  }
  return { headers, queries };
}

function saysYes(returned: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(returned.toString());
    return typeof value === 'object' && value !== null && 'api-auth' in value && value['api-auth'] === true;
  } catch {
    return false;
  }
}
