// Which service stands behind a kind of trigger.

export type Sources = Readonly<Record<string, unknown>>;

/** By the kind's type; a kind without a service has none. */
export function sourceOf(sources: Sources, { type }: { readonly type: string }): unknown {
  return Object.hasOwn(sources, type) ? sources[type] : undefined;
}
