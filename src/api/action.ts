// What an action of the Cloud API is: a request schema and a function. Rows stand in the tables of `api/index.ts`.

import type { z } from 'zod';
import type { Language } from '../core/errors.ts';

/** What the envelope said about a call. The signature has been checked. */
export interface ApiCall {
  readonly requestId: string;
  readonly region: string;
  readonly language: Language;
  /** The key that signed the call, and the token that came with it. */
  readonly secretId: string;
  readonly token?: string | undefined;
}

/** An action sees the call and, beside it, what its service needs (`control`, `submit`, …). */
export type ActionContext<Deps> = ApiCall & Deps;

/** One action with its types rubbed off, as the tables hold it. */
export interface ActionRow<Deps> {
  /** Wire names. Unknown fields are dropped and a null counts as absent before the schema sees the request. */
  readonly request: z.ZodObject;
  /** The answer's fields without RequestId, which the envelope adds. A member that is undefined is left out. */
  handle(request: unknown, context: ActionContext<Deps>): Promise<object>;
}

interface TypedRow<Schema extends z.ZodObject, Deps> {
  readonly request: Schema;
  handle(request: z.output<Schema>, context: ActionContext<Deps>): Promise<object>;
}

/**
 * Makes a row; types come from the schema and from the context's annotation:
 * `action({ request: z.object({ Name: z.string() }), async handle({ Name }, context: ActionContext<ScfDeps>) { … } })`.
 */
export function action<Schema extends z.ZodObject, Deps extends object>(row: TypedRow<Schema, Deps>): ActionRow<Deps> {
  return Object.freeze(row) as ActionRow<Deps>;
}

/** A service of the Cloud API. */
export interface ServiceTable<Deps> {
  readonly version: string;
  readonly actions: Readonly<Record<string, ActionRow<Deps>>>;
  /** Documented actions that are refused with UnsupportedOperation and counted. */
  readonly later: readonly string[];
}
