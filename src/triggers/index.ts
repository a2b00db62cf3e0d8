// The table of trigger kinds. Nothing else lists them.

import { type ApigwSettings, apigwKind } from './apigw/kind.ts';
import { type ClbKindSettings, clbKind } from './clb/kind.ts';
import { type CosKindSettings, cosKind } from './cos/kind.ts';
import { type HttpSettings, httpKind } from './http/kind.ts';
import { invokeKind } from './invoke/kind.ts';
import { BEIJING_OFFSET_MIN } from './timer/cron.ts';
import { timerKind } from './timer/kind.ts';
import type { TimerSettings } from './timer/listen.ts';

export interface TriggerSettings {
  readonly timer?: Partial<TimerSettings>;
  readonly apigw?: ApigwSettings;
  readonly clb?: ClbKindSettings;
  readonly cos?: CosKindSettings;
  readonly http?: HttpSettings;
}

/** Without settings the table serves for reading: names, titles, samples. */
export function triggerKinds({ timer, apigw, clb, cos, http }: TriggerSettings = {}) {
  return Object.freeze({
    invoke: invokeKind,
    timer: timerKind({ utcOffsetMin: BEIJING_OFFSET_MIN, ...timer }),
    apigw: apigwKind(apigw ?? {}),
    clb: clbKind(clb ?? {}),
    cos: cosKind(cos ?? {}),
    http: httpKind(http ?? {}),
  });
}

export type TriggerKinds = ReturnType<typeof triggerKinds>;
