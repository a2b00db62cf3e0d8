// What the tag actions need from the rest of the program; the composer gives it.

import type { TagTable } from '../../control/tags.ts';
import type { TaggedResource } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import type { ActionContext } from '../action.ts';

export interface TagDeps {
  readonly tags: TagTable;
  readonly account: Account;
  /** The resource under the name it is kept by; undefined when it is known not to exist. */
  readonly kept: (resource: TaggedResource) => TaggedResource | undefined;
}

export type TagContext = ActionContext<TagDeps>;
