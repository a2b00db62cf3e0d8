// For tests: the filters of system calls, read out of the programs and run call by call.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER } from './testing.ts';

export const ALLOWED = 0x7fff0000;
export const REFUSED = 0x00050000;
export const ASKED = 0x7fc00000;

export const MACHINES = [
  { name: 'linux-x64', place: 0, arch: 0xc000003e, others: [0x40000003, 0xc00000b7] },
  { name: 'linux-arm64', place: 1, arch: 0xc00000b7, others: [0x40000028, 0xc000003e] },
] as const;

export type Judge = (nr: number, args?: readonly number[], arch?: number) => number;

/** One of the program's filters as the kernel runs it; told from the others by where its first question leads. */
export function filterOf(name: string, arch: number, [yes, no]: readonly [number, number]): Judge {
  const bytes = readFileSync(join(FOLDER, name));
  // "Load the architecture; is it this one?" is how it begins.
  const head = Buffer.alloc(16);
  head.writeUInt16LE(0x20, 0);
  head.writeUInt32LE(4, 4);
  head.writeUInt16LE(0x15, 8);
  head[10] = yes;
  head[11] = no;
  head.writeUInt32LE(arch, 12);
  const start = bytes.indexOf(head);
  assert.ok(start > 0, 'the filter is not in the program');
  return (nr, args = [], ofArch = arch) => {
    const data = Buffer.alloc(64);
    data.writeUInt32LE(nr, 0);
    data.writeUInt32LE(ofArch, 4);
    // The upper halves are noise: the kernel does not look at them, and neither may the filter.
    for (let i = 0; i < 6; i++) data.writeBigUInt64LE((0xabcdn << 32n) | BigInt((args[i] ?? 0) >>> 0), 16 + 8 * i);
    let a = 0;
    for (let pc = 0; ; pc++) {
      const at = start + 8 * pc;
      const k = bytes.readUInt32LE(at + 4);
      const jump = (holds: boolean) => {
        pc += bytes[at + (holds ? 2 : 3)] ?? 0;
      };
      switch (bytes.readUInt16LE(at)) {
        case 0x20:
          a = data.readUInt32LE(k);
          break;
        case 0x15:
          jump(a === k);
          break;
        case 0x25:
          jump(a > k);
          break;
        case 0x35:
          jump(a >= k);
          break;
        case 0x45:
          jump((a & k) !== 0);
          break;
        case 0x54:
          a = (a & k) >>> 0;
          break;
        case 0x06:
          return k;
        default:
          return assert.fail(`instruction ${bytes.readUInt16LE(at)} at ${pc}`);
      }
    }
  };
}
