// Brings a Plan to a server with the actions that the vendor's own tools use, in their order. Who calls them is the
// caller's business: the command line signs HTTP calls, the server may call its own actions.

import type { AsyncPolicy } from '../core/function.ts';
import type { DeployOptions, ScfCall } from './call.ts';
import { sendCode } from './code.ts';
import { fail } from './errors.ts';
import { deployGateways } from './gateway.ts';
import type { Plan } from './project.ts';
import { syncTriggers, type TriggerChange } from './sync.ts';

export interface Deployed {
  readonly name: string;
  readonly namespace: string;
  readonly created: boolean;
  readonly triggers: readonly TriggerChange[];
}

/** Deploy tools of the cloud ask every half second; here nothing takes that long. */
const POLL_MS = 100;
const PATIENCE_MS = 120_000;
const GONE = new Set(['ResourceNotFound.Function', 'ResourceNotFound.FunctionName']);

export async function deploy(plan: Plan, options: DeployOptions): Promise<Deployed> {
  const { call } = options;
  const target = { FunctionName: plan.name, Namespace: plan.namespace ?? 'default' };
  let old = await find(call, target);
  if (old && !isSettled(old)) old = await settled(target, options);
  if (old?.Status === 'CreateFailed') {
    await call('DeleteFunction', target);
    old = await settled(target, options);
  }
  if (old) await update(plan, target, old, options);
  else {
    const created = { ...target, ...creation(plan), ...settings(plan, false) };
    await sendCode(plan, options, Code => call('CreateFunction', { ...created, Code }));
  }
  await active(target, options);
  if (plan.retries)
    await call('UpdateFunctionEventInvokeConfig', { ...target, AsyncTriggerConfig: wireRetries(plan.retries) });
  const gateways = await deployGateways(plan, target.Namespace, options);
  const triggers = [...gateways.changes, ...(await syncTriggers(plan, target, options, gateways.apiIds))];
  return { name: plan.name, namespace: target.Namespace, created: old === undefined, triggers };
}

interface Target {
  readonly FunctionName: string;
  readonly Namespace: string;
}

type Wire = Readonly<Record<string, unknown>>;

async function update(plan: Plan, target: Target, old: Wire, options: DeployOptions): Promise<void> {
  const { call } = options;
  if (typeof old.Runtime === 'string' && old.Runtime !== plan.runtime) {
    fail('Deploy.Runtime', { name: plan.name, old: old.Runtime, new: plan.runtime });
  }
  const isAsync = old.AsyncRunEnable === 'TRUE';
  if (plan.asyncRun !== undefined && plan.asyncRun !== isAsync) {
    fail('Deploy.AsyncRun', { name: plan.name, old: String(isAsync), new: String(plan.asyncRun) });
  }
  await sendCode(plan, options, Code => call('UpdateFunctionCode', { ...target, Handler: plan.handler, Code }));
  await active(target, options);
  await call('UpdateFunctionConfiguration', { ...target, ...settings(plan, true) });
}

/** Changes nothing but the variables of a function that is there. */
export async function setEnvironment({ name, namespace = 'default', environment = {} }: Plan, options: DeployOptions) {
  const target = { FunctionName: name, Namespace: namespace };
  await options.call('UpdateFunctionConfiguration', { ...target, Environment: environmentOf(environment, true) });
  await active(target, options);
}

/** What is fixed when a function is made. */
function creation(plan: Plan): Wire {
  return {
    Runtime: plan.runtime,
    Handler: plan.handler,
    ...(plan.type && { Type: plan.type }),
    ...(plan.webSocket && { ProtocolType: 'WS' }),
    ...(plan.asyncRun !== undefined && { AsyncRunEnable: wireSwitch(plan.asyncRun) }),
  };
}

const wireSwitch = (on: boolean): string => (on ? 'TRUE' : 'FALSE');

function wireRetries({ retryNum, msgTtlS }: AsyncPolicy): Wire {
  return { RetryConfig: [{ RetryNum: retryNum }], MsgTTL: msgTtlS };
}

function settings(plan: Plan, existing: boolean): Wire {
  return {
    ...(plan.description !== undefined && { Description: plan.description }),
    ...(plan.memoryMB !== undefined && { MemorySize: plan.memoryMB }),
    ...(plan.timeoutS !== undefined && { Timeout: plan.timeoutS }),
    ...(plan.initTimeoutS !== undefined && { InitTimeout: plan.initTimeoutS }),
    ...(plan.environment !== undefined && { Environment: environmentOf(plan.environment, existing) }),
    ...(plan.webSocket?.idleTimeoutS && { ProtocolParams: { WSParams: { IdleTimeOut: plan.webSocket.idleTimeoutS } } }),
    ...(plan.requestsPerInstance && { InstanceConcurrencyConfig: concurrency(plan.requestsPerInstance) }),
    ...(plan.layers !== undefined && { Layers: layers(plan.layers) }),
    ...(plan.traced !== undefined && { TraceEnable: wireSwitch(plan.traced) }),
    ...(plan.deadLetter && { DeadLetterConfig: deadLetter(plan.deadLetter) }),
    ...plan.echoed,
  };
}

/** An empty list would keep the old variables: one variable without a name clears them. */
function environmentOf(variables: Readonly<Record<string, string>>, existing: boolean): Wire {
  const list = Object.entries(variables).map(([Key, Value]) => ({ Key, Value }));
  return { Variables: list.length === 0 && existing ? [{ Key: '', Value: '' }] : list };
}

/** An empty switch takes the setting back. */
const concurrency = (requests: number): Wire =>
  requests > 1 ? { DynamicEnabled: 'FALSE', MaxConcurrency: requests } : { DynamicEnabled: '' };

function deadLetter({ type, name, filterType }: NonNullable<Plan['deadLetter']>): Wire {
  return { Type: type, Name: name, FilterType: filterType };
}

/** One layer without a name unbinds all: the cloud's tools say it so. */
function layers(list: NonNullable<Plan['layers']>): readonly Wire[] {
  if (list.length === 0) return [{ LayerName: '', LayerVersion: 0 }];
  return list.map(({ name, version }) => ({ LayerName: name, LayerVersion: version }));
}

async function find(call: ScfCall, target: Target): Promise<Wire | undefined> {
  try {
    return await call('GetFunction', { ...target, ShowCode: 'FALSE' });
  } catch (error) {
    if (GONE.has(String((error as { code?: unknown }).code))) return undefined;
    throw error;
  }
}

const isSettled = (found: Wire): boolean => found.Status === 'Active' || String(found.Status).endsWith('Failed');

/** Waits until the function is in a state that lasts; undefined when it is gone. */
async function settled(target: Target, { call, clock }: DeployOptions): Promise<Wire | undefined> {
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    const found = await find(call, target);
    if (!found || isSettled(found)) return found;
    if (clock.now() >= until) {
      return fail('Deploy.Slow', {
        name: target.FunctionName,
        seconds: PATIENCE_MS / 1000,
        status: String(found.Status),
      });
    }
    await clock.sleep(POLL_MS);
  }
}

async function active(target: Target, options: DeployOptions): Promise<void> {
  const found = await settled(target, options);
  if (found?.Status === 'Active') return;
  const reasons = Array.isArray(found?.StatusReasons)
    ? (found.StatusReasons as { ErrorCode?: string; ErrorMessage?: string }[])
    : [];
  const reason = reasons.map(one => [one.ErrorCode, one.ErrorMessage].filter(Boolean).join(': ')).join('; ');
  fail('Deploy.Failed', {
    name: target.FunctionName,
    status: String(found?.Status ?? 'gone'),
    reason: reason || String(found?.StatusDesc ?? ''),
  });
}
