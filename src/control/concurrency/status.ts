// How far the machine has come with the instances that are to be ready.

import type { Readiness } from '../needs.ts';

export type TaskStatus = 'InProgress' | 'Done' | 'Failed';

export interface Task {
  readonly status: TaskStatus;
  /** In both languages, since nobody knows who will read it. */
  readonly reason: string;
}

export function taskOf(wanted: number, { available, failed }: Readiness): Task {
  if (available >= wanted) return { status: 'Done', reason: '' };
  if (failed !== undefined) return { status: 'Failed', reason: failed };
  return {
    status: 'InProgress',
    reason: `已就绪 ${available} 个，共 ${wanted} 个。 ${available} of ${wanted} instances are ready.`,
  };
}

/** For a server whose machine keeps nothing ready. */
export const NONE_READY: Readiness = Object.freeze({
  available: 0,
  busy: 0,
  failed: '本服务器不能预先启动实例。 This server cannot keep instances ready.',
});
