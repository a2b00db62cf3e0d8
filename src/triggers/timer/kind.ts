// The timer: calls a function by the clock.

import type { TriggerKind } from '../../core/trigger.ts';
import { checkArgument, checkTimerName, formatTimer, parseTimer, type TimerDesc } from './desc.ts';
import { timerSample } from './event.ts';
import { listenTimer, type TimerSettings } from './listen.ts';

export function timerKind(settings: TimerSettings): TriggerKind<TimerDesc> {
  return Object.freeze<TriggerKind<TimerDesc>>({
    type: 'timer',
    mode: 'async',
    attribute: 'single',
    title: { zh: '定时触发器', en: 'Timer: by a cron expression' },
    serves: ['Event'],
    checkName: checkTimerName,
    parse: text => parseTimer(text),
    format: formatTimer,
    summary: ({ cron }) => cron,
    // There is no source object; this is where a draft is whole, at creation and on each update.
    async bind(trigger) {
      checkArgument(trigger.customArgument);
      return { desc: trigger.desc, resourceId: '' };
    },
    listen: (trigger, host) => listenTimer(trigger, host, settings),
    sample: timerSample,
  });
}
