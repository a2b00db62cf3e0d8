// The addresses that are printed at start.

import type { Control } from '../control/control.ts';
import { LATEST } from '../core/function.ts';

/** Prefers the first example; a function with a URL expects the event of a request. */
export async function exampleOf(
  { catalog, triggers }: Pick<Control, 'catalog' | 'triggers'>,
  region: string,
): Promise<string | undefined> {
  const keys = [...catalog.all()]
    .filter(({ entry }) => entry.versions.get(LATEST)?.status === 'Active')
    .map(({ entry }) => entry.key)
    .filter(key => key.region === region && key.namespace === DEFAULT_NAMESPACE);
  keys.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  for (const key of keys.slice(0, LOOKED_AT)) {
    const { rows } = await triggers.query({ ...key, limit: 100 });
    if (rows.every(row => row.urls.length === 0)) return key.name;
  }
  return undefined;
}

const DEFAULT_NAMESPACE = 'default';
/** Enough to find one; a start does not look at thousands. */
const LOOKED_AT = 20;
const rank = ({ name }: { readonly name: string }): number => (name === 'hello-node' ? 0 : 1);

/** Functions that a person can call by URL, with the URL to print. */
export async function printedUrls(
  { catalog, triggers }: Pick<Control, 'catalog' | 'triggers'>,
  most = 20,
): Promise<{ readonly name: string; readonly url: string }[]> {
  const called = new Map<string, string>();
  for (const { entry } of catalog.all()) {
    if (called.size >= most) break;
    const { rows } = await triggers.query({ ...entry.key, limit: 100 });
    const url = rows.find(row => row.trigger.enabled && row.urls.length > 0)?.urls[0];
    if (url !== undefined) called.set(entry.key.name, url);
  }
  return [...called].map(([name, url]) => ({ name, url })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
