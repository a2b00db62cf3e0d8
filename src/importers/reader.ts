// How a kind of event of serverless.yml is read.

import type { GatewayPlan, TriggerPlan } from './project.ts';
import type { YamlText } from './yaml.ts';

export type Reader = (
  yaml: YamlText,
  value: unknown,
  path: readonly PropertyKey[],
) => {
  readonly name: string | undefined;
  readonly drafts: readonly Omit<TriggerPlan, 'type' | 'name'>[];
  /** In the place of drafts: what triggers cannot say. */
  readonly gateway?: GatewayPlan;
};
