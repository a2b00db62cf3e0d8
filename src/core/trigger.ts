// What a trigger is, and what a kind of trigger has to bring.

import type { Clock } from './clock.ts';
import type { FunctionEvent } from './event.ts';
import type { FunctionKey } from './function.ts';
import type { Ids } from './ids.ts';
import type { Outcome } from './invocation.ts';

/** One row per trigger is the only truth about function, qualifier and enabled. */
export interface Trigger extends FunctionKey {
  readonly id: string;
  readonly type: string;
  readonly triggerName: string;
  readonly qualifier: string;
  readonly enabled: boolean;
  /** The kind's typed value, made by `parse` and completed by `bind`; a plain JSON value. */
  readonly desc: unknown;
  readonly customArgument: string;
  readonly description: string;
  /** ResourceId of the API: the source object this trigger stands for, or ''. */
  readonly resourceId: string;
  /** ms since 1970. */
  readonly addTime: number;
  readonly modTime: number;
}

/** A trigger before it has a row. */
export type TriggerDraft = Pick<
  Trigger,
  | 'region'
  | 'namespace'
  | 'name'
  | 'type'
  | 'triggerName'
  | 'qualifier'
  | 'enabled'
  | 'desc'
  | 'customArgument'
  | 'description'
>;

/** How a trigger hands its events to the path. */
export interface Submit {
  /** Runs now and gives the outcome; never rejects. */
  sync(event: FunctionEvent): Promise<Outcome>;
  /** Accepted for good when it resolves; rejects with a CloudError when it is refused. */
  async(event: FunctionEvent): Promise<void>;
}

export interface Account {
  readonly appId: string;
  readonly uin: string;
}

/** What a kind may use while it binds and listens. `source` is the service it needs, if any. */
export interface TriggerHost<Source = undefined> {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly submit: Submit;
  readonly account: Account;
  readonly source: Source;
}

/** Whose TriggerDesc is read. */
export interface DescContext<Desc> {
  readonly functionName: string;
  /** Event when left out. */
  readonly functionType?: 'Event' | 'HTTP';
  readonly previous?: Desc;
}

export interface Bound<Desc> {
  readonly desc: Desc;
  readonly resourceId: string;
  /** For kinds that give their triggers names of their own. */
  readonly triggerName?: string;
}

/** A row of `triggers/index.ts`. `Desc` is a plain JSON value. */
export interface TriggerKind<Desc = unknown, Source = undefined> {
  /** The API's Type. */
  readonly type: string;
  readonly mode: 'sync' | 'async' | 'ordered';
  /** TriggerAttribute of the API. */
  readonly attribute: 'single' | 'double';
  /** In a few words, for help and doctor; zh and en. */
  readonly title: { readonly zh: string; readonly en: string };
  /** Which function types it can serve. */
  readonly serves: readonly ('Event' | 'HTTP')[];
  /** Refuses a bad name with InvalidParameterValue.TriggerName. */
  checkName(name: string): void;
  /** TriggerDesc text → value, or fails with InvalidParameterValue.TriggerDesc. `previous` on an update. */
  parse(text: string, context: DescContext<Desc>): Desc;
  /** Value → the TriggerDesc text that the API gives back. */
  format(desc: Desc): string;
  /** The value in a few words, for lists: the cron expression, the method and path. */
  summary(desc: Desc): string;
  /** Fails if `draft` cannot live beside `others` (all triggers of this kind in the region). */
  conflict?(
    draft: TriggerDraft & { readonly desc: Desc },
    others: readonly (Trigger & { readonly desc: Desc })[],
  ): void;
  /**
   * Only for kinds whose triggers may share a name within a function (COS: one per event): whether the TriggerDesc
   * `text` of a delete or a switch means the trigger with this value. Left out, names are unique per function.
   */
  same?(desc: Desc, text: string): boolean;
  /** Whether `name`, which is not the trigger's, means it as well: the name that it was made with, where `bind` gave another. */
  named?(desc: Desc, name: string): boolean;
  /** Makes or finds the source object and completes the value; called before the row is written, and again on an update. */
  bind?(trigger: Trigger & { readonly desc: Desc }, host: TriggerHost<Source>): Promise<Bound<Desc>>;
  /** Drops what `bind` made. */
  unbind?(trigger: Trigger & { readonly desc: Desc }, host: TriggerHost<Source>): Promise<void>;
  /** Starts delivering for one enabled trigger; disposing it stops at once. */
  listen(trigger: Trigger & { readonly desc: Desc }, host: TriggerHost<Source>): Disposable;
  /** Where a person can call it, if anywhere; the first is the one to print. */
  urls?(trigger: Trigger & { readonly desc: Desc }, host: TriggerHost<Source>): readonly string[];
  /** An event as the documents show it. */
  sample(): unknown;
}
