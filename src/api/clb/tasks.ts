// DescribeTaskStatus: how clients learn that a call has taken effect.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import { action } from '../action.ts';
import type { ClbContext } from './deps.ts';
import { failCall } from './errors.ts';
import { text } from './types.ts';

const DescribeTaskStatus = action({
  request: z.object({ TaskId: text.optional(), DealName: text.optional() }),
  async handle({ TaskId, DealName }, { clb }: ClbContext) {
    const id = TaskId || DealName || fail('MissingParameter', { name: 'TaskId' });
    const task = clb.tasks.find(id);
    if (!task) {
      return failCall('ResourceNotFound', {
        zh: `任务 ${id}（TaskId 为异步接口返回的 RequestId，服务重启后不保留）`,
        en: `task ${id}: TaskId is the RequestId of an asynchronous call, and a restart of the server forgets it`,
      });
    }
    return { Status: task.status, LoadBalancerIds: task.loadBalancerIds, Message: task.message };
  },
});

export const TASK_ACTIONS = { DescribeTaskStatus };
