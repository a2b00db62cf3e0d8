import { readFileSync } from 'node:fs';

/** Of the package this file belongs to: the source tree has it two folders up, the bundle one. */
export function version(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<
        string,
        unknown
      >;
      if (name === 'openscf' && typeof version === 'string') return version;
    } catch {
      // Not there: the next place.
    }
  }
  return '0.0.0';
}
