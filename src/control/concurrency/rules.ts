// What may be reserved and kept ready. All in MB of configured memory, over a whole region.

import type { FunctionEntry } from '../../core/function.ts';
import { COMMON_QUOTA_MB } from '../../core/limits.ts';
import type { ProvisionedRow, ScheduledNumber, Tracking } from '../../core/rows.ts';
import type { Provision, ScheduledInput } from '../control.ts';
import { fail } from '../errors.ts';
import type { ReadCron } from './schedule.ts';
import { because } from './wording.ts';

export const STATIC = 'Default';
export const TRACKING = 'ConcurrencyUtilizationTracking';
const TYPES: readonly string[] = [STATIC, TRACKING];
const SCHEDULE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,59}$/;

export function checkMB(name: string, value: number): void {
  if (!isCount(value)) fail('InvalidParameterValue', { name, ...because.count(value) });
}

/** `othersMB`: what the region's other functions have for themselves. */
export function checkReserved(name: string, memoryMB: number, othersMB: number, quotaMB: number): void {
  const leftMB = Math.max(0, quotaMB - COMMON_QUOTA_MB - othersMB);
  if (memoryMB > leftMB)
    fail('LimitExceeded.FunctionReservedConcurrencyMemory', { name, value: memoryMB, left: leftMB, quota: quotaMB });
}

export function checkTotal(region: string, memoryMB: number, reservedMB: number, limitMB: number): void {
  const min = reservedMB + COMMON_QUOTA_MB;
  if (memoryMB < min) fail('LimitExceeded.TotalConcurrencyMemory', { region, value: memoryMB, min });
  if (memoryMB > limitMB) fail('LimitExceeded.UserTotalConcurrencyMemory', { region, value: memoryMB, max: limitMB });
}

/** What one function may keep ready: the documents' "quota − 100" is of instances of 128 MB, 12,800 MB in their tables. */
export function readyLimitMB(quotaMB: number): number {
  return Math.max(0, quotaMB - COMMON_QUOTA_MB);
}

export interface Ready {
  /** The most that are ever wanted. */
  readonly instances: number;
  readonly memoryMB: number;
}

export function readyMB(all: readonly Ready[]): number {
  return all.reduce((sum, { instances, memoryMB }) => sum + instances * memoryMB, 0);
}

export function checkReady(
  name: string,
  version: string,
  wanted: Ready,
  others: readonly Ready[],
  quotaMB: number,
): void {
  const limitMB = readyLimitMB(quotaMB);
  const { instances, memoryMB } = wanted;
  const most = (leftMB: number) => Math.max(0, Math.floor(leftMB / memoryMB));
  if (instances > most(limitMB))
    fail('LimitExceeded.FunctionProvisionedConcurrencyMemory', {
      name,
      version,
      value: instances,
      memory: memoryMB,
      limit: limitMB,
      max: most(limitMB),
    });
  const left = most(limitMB - readyMB(others));
  if (instances > left)
    fail('LimitExceeded.FunctionTotalProvisionedConcurrencyNum', { name, version, value: instances, left });
}

/** What the instances take that a function keeps ready now. */
export function provisionedMB({ versions, concurrency }: FunctionEntry): number {
  const wanted = [...concurrency.provisioned];
  return readyMB(wanted.map(([name, instances]) => ({ instances, memoryMB: versions.get(name)?.memoryMB ?? 0 })));
}

/** The most instances that a configuration ever asks for. */
export function peakOf(row: Pick<ProvisionedRow, 'wanted' | 'tracking' | 'schedule'>): number {
  return Math.max(row.wanted, row.tracking?.max ?? 0, ...row.schedule.map(({ instances }) => instances));
}

type Configured = Pick<ProvisionedRow, 'wanted' | 'tracking' | 'schedule'>;

/** What a request asks for, checked as far as it can be without the store. */
export function configured(input: Provision, cron: ReadCron): Configured {
  const { instances, type = STATIC, schedule = [] } = input;
  if (!isCount(instances))
    fail('InvalidParameterValue', { name: 'VersionProvisionedConcurrencyNum', ...because.count(instances) });
  if (!TYPES.includes(type)) fail('InvalidParameterValue', { name: 'ProvisionedType', ...because.oneOf(type, TYPES) });
  // Documented: one of the two. What belongs to tracking says nothing to a static number; clients send both.
  if (type === STATIC) return { wanted: instances, tracking: null, schedule: scheduled(schedule, cron) };
  if (instances !== 0)
    fail('InvalidParameterValue', { name: 'VersionProvisionedConcurrencyNum', ...because.zeroWithTracking(instances) });
  if (schedule.length > 0) fail('UnsupportedOperation', because.scheduleWithTracking);
  const tracking = tracked(input);
  return { wanted: tracking.min, tracking, schedule: [] };
}

function tracked({ target = 0, min = 0, max = 0 }: Provision): Tracking {
  if (!(target > 0 && target < 1)) fail('InvalidParameterValue', { name: 'TrackingTarget', ...because.share(target) });
  if (!isCount(min) || min < 1) fail('InvalidParameterValue', { name: 'MinCapacity', ...because.atLeast(min, 1) });
  if (!isCount(max) || max < min) fail('InvalidParameterValue', { name: 'MaxCapacity', ...because.atLeast(max, min) });
  return { target, min, max };
}

function scheduled(schedule: readonly ScheduledInput[], cron: ReadCron): readonly ScheduledNumber[] {
  const names = new Set<string>();
  for (const { name, instances, cron: text, type = STATIC } of schedule) {
    if (!SCHEDULE_NAME.test(name)) fail('InvalidParameterValue', { name: 'TriggerName', ...because.name(name) });
    if (names.has(name)) fail('InvalidParameterValue', { name: 'TriggerName', ...because.twice(name) });
    names.add(name);
    if (!isCount(instances))
      fail('InvalidParameterValue', { name: 'TriggerProvisionedConcurrencyNum', ...because.count(instances) });
    if (type !== STATIC)
      fail('InvalidParameterValue', { name: 'TriggerActions.ProvisionedType', ...because.oneOf(type, [STATIC]) });
    checkCron(text, cron);
  }
  return schedule.map(({ name, instances, cron }) => ({ name, instances, cron }));
}

/** Documented: all seven fields, unlike a timer's, which may have five. */
function checkCron(text: string, cron: ReadCron): void {
  const name = 'TriggerCronConfig';
  if (text.trim().split(/\s+/).length !== 7) fail('InvalidParameterValue', { name, ...because.sevenFields(text) });
  try {
    cron(text);
  } catch (error) {
    fail('InvalidParameterValue', { name, ...because.cron(error) });
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
