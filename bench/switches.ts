// Settings that measures turn to see what a part of the engine is worth.

import { setting } from '../src/config/setting.ts';
import { Skipped } from './measure.ts';

export interface Switch {
  readonly setting: string;
  readonly value: string;
}

/** Events are spread evenly over the instances: none is sent ahead of an answer. */
export const SPREAD: Switch = { setting: 'compat.instancePerEvent', value: 'on' };
/** No instances are kept ready. */
export const NO_POOL: Switch = { setting: 'warm', value: '0' };

/** The flags of `start`; a server that has no such setting cannot be measured that way. */
export function flagsOf(turned: Switch): readonly string[] {
  const found = setting(turned.setting);
  if (!found) throw new Skipped(`this server has no setting ${turned.setting}`);
  return [found.flag, turned.value];
}
