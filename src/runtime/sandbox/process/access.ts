// What a function with a user of its own must be able to reach, and what it must not: the server's data folder is
// closed to everybody, yet unpacked code lies in it. One group, which only functions have, may pass through.

import { chmodSync, chownSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const GROUP_PASSES = 0o010;
const OTHERS_PASS = 0o001;
const OTHERS_READ = 0o004;
const OWNER_ONLY = 0o700;

export class Access {
  readonly gid: number;
  readonly #dataDir: string;
  readonly #open = new Set<string>();
  readonly #blockers = new Map<string, string | undefined>();

  private constructor(dataDir: string, gid: number) {
    this.gid = gid;
    this.#dataDir = dataDir;
  }

  /** `blocked` names the folder on the way to the data folder that others may not pass. */
  static open(folder: string, gid: number): Access | { readonly blocked: string } {
    const dataDir = realpathSync(folder);
    const blocked = impassable(dirname(dataDir));
    if (blocked !== undefined) return { blocked };
    // Keys, rows and packages: whatever the umask was when they were written.
    for (const name of readdirSync(dataDir)) {
      const path = join(dataDir, name);
      const { mode } = lstatSync(path);
      if (!lstatSync(path).isSymbolicLink()) chmodSync(path, mode & OWNER_ONLY);
    }
    letPass(dataDir, gid);
    return new Access(dataDir, gid);
  }

  /** Lets functions come to a folder within the data folder; what lies in it is read by its own modes. */
  admit(path: string): void {
    const steps = relative(this.#dataDir, path).split(sep);
    if (steps[0] === '..' || steps[0] === '') throw new Error(`${path} is not in the data folder`);
    let dir = this.#dataDir;
    for (const step of steps.slice(0, -1)) {
      dir = join(dir, step);
      if (this.#open.has(dir)) continue;
      letPass(dir, this.gid);
      this.#open.add(dir);
    }
  }

  /** The folder or file that keeps others from reading `path`; undefined when they can. Remembered. */
  blockerOf(path: string): string | undefined {
    if (!this.#blockers.has(path)) this.#blockers.set(path, this.#find(path));
    return this.#blockers.get(path);
  }

  #find(path: string): string | undefined {
    try {
      const real = realpathSync(path);
      if (real.startsWith(this.#dataDir + sep)) {
        this.admit(real);
        return undefined;
      }
      const stat = statSync(real);
      const wanted = stat.isDirectory() ? OTHERS_READ | OTHERS_PASS : OTHERS_READ;
      // The link itself has to be reached as well as what it names.
      return (
        impassable(dirname(path)) ?? impassable(dirname(real)) ?? ((stat.mode & wanted) === wanted ? undefined : real)
      );
    } catch {
      // Not there: the start will say so.
      return undefined;
    }
  }
}

function letPass(dir: string, gid: number): void {
  const { uid, mode } = statSync(dir);
  if ((mode & OTHERS_PASS) !== 0) return;
  chownSync(dir, uid, gid);
  chmodSync(dir, (mode & OWNER_ONLY) | GROUP_PASSES);
}

/** The highest folder on the way to `dir`, itself included, that others may not pass. */
export function impassable(dir: string): string | undefined {
  const above = dirname(dir);
  return (
    (above === dir ? undefined : impassable(above)) ?? ((statSync(dir).mode & OTHERS_PASS) === 0 ? dir : undefined)
  );
}
