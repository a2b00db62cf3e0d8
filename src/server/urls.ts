// The addresses that are printed at start.

import type { Control } from '../control/control.ts';

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
