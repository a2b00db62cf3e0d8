// What a deployment is made with: a way to call actions, and time.

import type { Clock } from '../core/clock.ts';
import type { StoredPackage } from './project.ts';

/** One action, of SCF unless said otherwise; rejects with an error whose `code` is the cloud's. */
export type ScfCall = (
  action: string,
  params: Readonly<Record<string, unknown>>,
  service?: string,
) => Promise<Readonly<Record<string, unknown>>>;

export interface DeployOptions {
  readonly call: ScfCall;
  readonly clock: Clock;
  /** Puts a zip into the object store; undefined where nobody can. */
  readonly upload?: (zip: Buffer, to: StoredPackage) => Promise<void>;
  /** Leave triggers that the project does not name. */
  readonly keepTriggers?: boolean;
}
