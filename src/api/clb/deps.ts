// What the clb actions need from the rest of the program; the composer gives it.

import type { CertificateVerbs } from '../../control/certificates.ts';
import type { TagTable } from '../../control/tags.ts';
import type { Ids } from '../../core/ids.ts';
import type { Clb } from '../../services/clb/contract.ts';
import type { FunctionRules } from '../../services/clb/verbs/functions.ts';
import type { ActionContext } from '../action.ts';

export interface ClbApiDeps {
  readonly clb: Clb;
  readonly functions: FunctionRules;
  readonly tags: TagTable;
  readonly certificates: CertificateVerbs;
  readonly ids: Ids;
}

export type ClbContext = ActionContext<ClbApiDeps>;

/** Runs what clients poll for by the call's RequestId. */
export function task<R>({ clb, requestId }: ClbContext, loadBalancerId: string, work: () => Promise<R>): Promise<R> {
  return clb.tasks.run(requestId, [loadBalancerId], work);
}
