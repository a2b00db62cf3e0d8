// Notices between rooms of one process.

import type { Log } from '../core/log.ts';
import type { Bus } from '../core/ports.ts';

/**
 * Subscribers hear a notice soon after `publish` has returned, in the order of publishing, as they would
 * over a network; one that throws is named in the log and stops nobody else.
 */
export function memoryBus(log: Log): Bus {
  const topics = new Map<string, Set<Subscription>>();
  return {
    publish(topic, text) {
      for (const subscription of topics.get(topic) ?? []) {
        queueMicrotask(() => {
          if (subscription.ended) return;
          try {
            subscription.heard(text);
          } catch (error) {
            log.error({ topic, err: error }, 'a subscriber failed on a notice');
          }
        });
      }
    },
    subscribe(topic, heard) {
      const subscription: Subscription = { heard, ended: false };
      const subscribers = topics.get(topic) ?? new Set();
      topics.set(topic, subscribers.add(subscription));
      return {
        [Symbol.dispose]() {
          subscription.ended = true;
          subscribers.delete(subscription);
          if (subscribers.size === 0 && topics.get(topic) === subscribers) topics.delete(topic);
        },
      };
    },
  };
}

interface Subscription {
  readonly heard: (text: string) => void;
  ended: boolean;
}
