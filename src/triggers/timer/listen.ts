// One timer, ticking: each due instant once and in order.

import type { FunctionEvent } from '../../core/event.ts';
import { uuidOf } from '../../core/ids.ts';
import { type Log, NO_LOG } from '../../core/log.ts';
import type { Trigger, TriggerHost } from '../../core/trigger.ts';
import { parseCron } from './cron.ts';
import type { TimerDesc } from './desc.ts';
import { tickText, timerEvent } from './event.ts';

/** A tick that is noticed later than this was slept through (suspend, clock set forward): it is not made up for. */
const STOP_MS = 60_000;

export type Timer = Trigger & { readonly desc: TimerDesc };

export interface TimerSettings {
  /** The zone in which expressions are read, in minutes east of UTC. */
  readonly utcOffsetMin: number;
  readonly log?: Log;
}

export function listenTimer(trigger: Timer, host: TriggerHost, settings: TimerSettings): Disposable {
  const { clock } = host;
  const schedule = parseCron(trigger.desc.cron, settings.utcOffsetMin);
  const log = settings.log ?? NO_LOG;
  let alarm: Disposable | undefined;

  const arm = (afterMs: number) => {
    const tick = schedule.next(afterMs);
    alarm = tick === undefined ? undefined : clock.at(tick, () => due(tick));
  };
  const due = (tick: number) => {
    const late = clock.now() - tick;
    if (late > STOP_MS) {
      log.warn(
        { trigger: trigger.id, tick: tickText(tick), lateMs: late },
        'timer slept through its ticks; going on from now',
      );
      arm(clock.now());
      return;
    }
    // Armed before the push and from the tick, not from now: a slow push or a clock set back costs no tick and doubles none.
    arm(tick);
    void push(tick);
  };
  const push = async (tick: number) => {
    const held = clock.hold();
    try {
      await host.submit.async(eventOf(trigger, tick));
    } catch (error) {
      log.warn({ trigger: trigger.id, tick: tickText(tick), err: error }, 'timer event was not accepted');
    } finally {
      held[Symbol.dispose]();
    }
  };

  arm(clock.now());
  return { [Symbol.dispose]: () => alarm?.[Symbol.dispose]() };
}

function eventOf(trigger: Timer, tick: number): FunctionEvent {
  const { region, namespace, name, triggerName, qualifier } = trigger;
  return {
    // The same on every node and at every try, so that a tick is accepted once.
    requestId: uuidOf(['timer', region, namespace, name, triggerName, qualifier, tick].join('/')),
    target: { region, namespace, name },
    qualifier,
    source: 'timer',
    body: timerEvent(triggerName, tick, trigger.customArgument),
  };
}
