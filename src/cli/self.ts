import type { Io } from './io.ts';

/** How to call this program again: in the source tree it is a script of the package. */
export function selfCall(env: Io['env']): string {
  const script = env.npm_lifecycle_event;
  if (script === undefined) return 'openscf';
  return script === 'npx' ? 'npx openscf' : 'npm run -s openscf --';
}
