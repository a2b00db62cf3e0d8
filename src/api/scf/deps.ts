// What the SCF actions need from the rest of the program; the composer gives it.

import type { Control } from '../../control/control.ts';
import type { Clock } from '../../core/clock.ts';
import type { FunctionVersion } from '../../core/function.ts';
import type { Ids } from '../../core/ids.ts';
import type { InvocationRow, LayerVersionRow } from '../../core/rows.ts';
import type { Submit } from '../../core/trigger.ts';
import type { ActionContext } from '../action.ts';
import type { Templates } from './code.ts';
import type { CodeStore } from './objects.ts';

export interface ScfDeps {
  readonly control: Control;
  readonly submit: Submit;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly templates: Templates;
  /** Packages may lie in it. */
  readonly objects: CodeStore;
  /** Path of the entry file inside a package; undefined where there is no text to begin with. */
  readonly entryFile: (version: FunctionVersion) => string | undefined;
  /** The whole log of one attempt, platform lines included; and its end, for LogType=Tail. */
  readonly renderLog: (row: InvocationRow) => string;
  readonly tail: (row: InvocationRow) => string;
  /** A signed address from which a version's package can be downloaded, if this server gives such. */
  readonly codeUrl?: ((version: FunctionVersion) => Promise<string>) | undefined;
  /** The same for a version of a layer. */
  readonly layerUrl?: ((row: LayerVersionRow) => Promise<string>) | undefined;
  /** What is to be known of a runtime id, such as that another version stands for it; else empty. */
  readonly runtimeNote?: ((runtime: string) => Promise<string>) | undefined;
}

export type ScfContext = ActionContext<ScfDeps>;
