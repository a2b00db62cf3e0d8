// openscf cos ls|cp|rm|mb|rb|presign

import type { Command } from 'commander';
import { mbCommand, rbCommand } from './cos/buckets.ts';
import { cpCommand } from './cos/cp.ts';
import { lsCommand } from './cos/ls.ts';
import { presignCommand } from './cos/presign.ts';
import { rmCommand } from './cos/rm.ts';
import type { Io, Say } from './io.ts';

const COMMANDS = [lsCommand, cpCommand, rmCommand, mbCommand, rbCommand, presignCommand];

export function cosCommand(program: Command, io: Io, say: Say): void {
  const parent = program.command('cos').description(say({ zh: '对象存储：存储桶与对象', en: 'the object store' }));
  for (const add of COMMANDS) add(parent, io, say);
}
