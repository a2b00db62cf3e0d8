// Whether bubblewrap and our program can make sandboxes here, before one is tried.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Sentence } from '../../languages/language.ts';
import { sandboxProgram } from '../native.ts';
import { type Bwrap, findBwrap } from './find.ts';
import { forbiddenNamespaces, NO_PROGRAM, NOT_INSTALLED, NOT_LINUX, tooOld } from './obstacles.ts';

const ABLE = z.object({
  kernel: z.string(),
  openTree: z.boolean(),
  userns: z.boolean(),
  mountNs: z.boolean(),
  seccomp: z.boolean(),
  loop: z.boolean(),
  root: z.boolean(),
});

/** What the kernel lets this process do, found by trying. */
export type Able = z.infer<typeof ABLE>;

export interface Means {
  readonly program: string;
  readonly bwrap: Bwrap;
  readonly able: Able;
}

const ANSWER_MS = 30_000;

/** Cheap enough for `doctor`; what it lets pass may still fail when a sandbox is tried. */
export async function probeBwrap(path?: string): Promise<Means | { readonly missing: Sentence }> {
  if (process.platform !== 'linux') return { missing: NOT_LINUX };
  const program = sandboxProgram();
  if (!program) return { missing: NO_PROGRAM };
  const bwrap = await findBwrap(path);
  if (!bwrap) return { missing: NOT_INSTALLED };
  if ('tooOld' in bwrap) return { missing: tooOld(bwrap.tooOld) };
  const { stdout } = await promisify(execFile)(program.path, ['probe'], { timeout: ANSWER_MS, env: {} });
  const able = ABLE.parse(JSON.parse(stdout));
  if (!able.userns || !able.mountNs) return { missing: forbiddenNamespaces() };
  return { program: program.path, bwrap, able };
}
