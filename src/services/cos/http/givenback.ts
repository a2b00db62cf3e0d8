// Configurations that the cloud gives back otherwise than they came: its clients, and the vendor's tests of them, know them so.

import type { PlainConfig } from '../model.ts';

/** `xml`: a configuration that was found to be in order. */
export function asGivenBack(config: PlainConfig | 'inventory', xml: string): string {
  return REWRITES[config]?.(xml) ?? xml;
}

const REWRITES: Partial<Record<PlainConfig | 'inventory', (xml: string) => string>> = {
  // Two names of one element: the older one is taken, the documented one is given.
  encryption: xml => xml.replaceAll('ApplySideEncryptionConfiguration', 'ApplyServerSideEncryptionByDefault'),
  inventory: xml =>
    xml.replace(/<IsEnabled>[^<]*<\/IsEnabled>/g, flag => flag.replace(/true|false/i, word => word.toLowerCase())),
  // What is not said of a redirection holds.
  website: xml =>
    // None of them stands in another: no end is looked for behind the next beginning.
    xml.replace(/<Redirect>(?:(?!<URLRedirect>|<\/?Redirect>).)*<\/Redirect>/gs, redirect =>
      redirect.replace('</Redirect>', '<URLRedirect>Enabled</URLRedirect></Redirect>'),
    ),
};
