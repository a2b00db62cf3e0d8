// What became of calls that clients take for asynchronous.

import type { Task, Tasks } from '../contract.ts';

const KEPT = 10_000;

export function createTasks(kept = KEPT): Tasks {
  const tasks = new Map<string, Task>();
  const note = (task: Task) => {
    tasks.set(task.id, task);
    for (const oldest of tasks.keys()) {
      if (tasks.size <= kept) break;
      tasks.delete(oldest);
    }
  };
  return Object.freeze<Tasks>({
    async run(id, loadBalancerIds, work) {
      note({ id, status: 2, loadBalancerIds, message: '' });
      try {
        const result = await work();
        note({ id, status: 0, loadBalancerIds, message: '' });
        return result;
      } catch (error) {
        note({ id, status: 1, loadBalancerIds, message: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
    done: (id, loadBalancerIds) => note({ id, status: 0, loadBalancerIds, message: '' }),
    find: id => tasks.get(id),
  });
}
