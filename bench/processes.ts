// What the kernel says of processes: which belong together, their CPU and memory; and of the whole machine.

import { readdir, readFile } from 'node:fs/promises';

export interface Proc {
  readonly pid: number;
  readonly parent: number;
  /** CPU of its own. */
  readonly ownMs: number;
  /** CPU of children that ended and were waited for. */
  readonly goneMs: number;
}

/** USER_HZ is 100 wherever Node.js runs on Linux. */
const TICK_MS = 10;

/** /proc/PID/stat; the name in it may hold anything, so what follows is counted from its last parenthesis. */
export function parseStat(text: string): Proc {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    ownMs: (field(14) + field(15)) * TICK_MS,
    goneMs: (field(16) + field(17)) * TICK_MS,
  };
}

/** A process and all below it, parents before children. */
export function treeOf(all: readonly Proc[], root: number): Proc[] {
  const found = all.filter(one => one.pid === root);
  for (const one of found) found.push(...all.filter(child => child.parent === one.pid));
  return found;
}

export async function processes(): Promise<Proc[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name));
  const texts = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return texts.filter(text => text !== '').map(parseStat);
}

export interface Cpu {
  readonly serverMs: number;
  /** Of all that the server started, ended or not. */
  readonly functionsMs: number;
}

/** undefined where the system has no /proc. */
export async function cpuOf(pid: number): Promise<Cpu | undefined> {
  const [server, ...rest] = treeOf(await processes(), pid);
  if (!server) return undefined;
  const functionsMs = rest.reduce((sum, one) => sum + one.ownMs + one.goneMs, server.goneMs);
  return { serverMs: server.ownMs, functionsMs };
}

export const cmdlineOf = async (pid: number): Promise<string> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');

/** Memory with what is shared divided among those who share it, in MB. */
export async function pssMB(pid: number): Promise<number> {
  const kB = /^Pss:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  if (kB === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no Pss`);
  return Number(kB) / 1024;
}

export interface Ticks {
  readonly all: number;
  /** Taken by other guests of the host while something here could have run. */
  readonly stolen: number;
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal, then guests, which user holds too. */
export function parseTicks(text: string): Ticks | undefined {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').slice(0, 8).map(Number);
  return fields && { all: fields.reduce((sum, one) => sum + one, 0), stolen: fields[7] ?? 0 };
}

export const machineTicks = async (): Promise<Ticks | undefined> =>
  parseTicks(await readFile('/proc/stat', 'utf8').catch(() => ''));

/** Share of the machine's time that was stolen between two instants, in percent. */
export function stealPercent(before: Ticks | undefined, after: Ticks | undefined): number | undefined {
  if (!before || !after || after.all <= before.all) return undefined;
  return ((after.stolen - before.stolen) / (after.all - before.all)) * 100;
}
