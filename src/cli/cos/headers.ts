// Headers of an object as they are given on the command line.

import { fail } from './errors.ts';

const HEADER = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*?)[ \t]*$/s;
/** Those of the transfer itself. */
const OURS = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'expect',
  'host',
  'transfer-encoding',
  'x-cos-copy-source',
]);

export function headersOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map(text => {
      const [, name = '', value = ''] = HEADER.exec(text) ?? [];
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may stand in a header
      if (name === '' || OURS.has(name.toLowerCase()) || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
        fail('Cli.CosHeader', { text });
      }
      return [name, value];
    }),
  );
}
