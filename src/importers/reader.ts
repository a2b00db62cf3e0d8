// How a kind of event of serverless.yml is read.

import type { GatewayPlan, TriggerPlan } from './project.ts';
import type { YamlText } from './yaml.ts';

export type Reader = (
  yaml: YamlText,
  value: unknown,
  path: readonly PropertyKey[],
) => {
  readonly name: string | undefined;
  readonly drafts: readonly Draft[];
  /** In the place of drafts: what triggers cannot say. */
  readonly gateway?: GatewayPlan;
};

export interface Draft extends Omit<TriggerPlan, 'type' | 'name'> {
  /** Says what it is bound to, and may come more than once. */
  readonly name?: string;
}
