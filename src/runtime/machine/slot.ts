import type { Living } from '../instance/life.ts';
import type { Pool } from './pool.ts';

/** Room taken by one instance, from before its process is there until it is told to end. */
export interface Slot {
  readonly pool: Pool;
  readonly startedAt: number;
  instance: Living | undefined;
  starting: boolean;
  /** It keeps others from starting. */
  blocking: boolean;
  /** It has just run an event that was a slow one among fast ones. */
  slow: boolean;
}
