// What sandboxes could leave behind on a machine, looked up where the machine itself keeps it.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The name that a server's control groups have. */
export function markOf(dataDir: string): string {
  return createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12);
}

export interface Whose {
  readonly dataDir: string;
  readonly mark: string;
  /** Stands in the command line of the functions' processes. */
  readonly word: string;
}

/** Everything of a server's sandboxes: processes, mounts, loop devices, control groups, and files for instances. */
export function traces({ dataDir, mark, word }: Whose): string[] {
  return [
    ...processesOf(mark, word),
    ...linesWith('/proc/self/mountinfo', dataDir),
    ...loopDevices(dataDir),
    ...groups(mark),
    ...['tmp', 'turns'].flatMap(name => names(join(dataDir, 'sandbox', name)).map(file => `file ${name}/${file}`)),
  ];
}

/** In a group of the server, with its mark, or with the word. */
function processesOf(mark: string, word: string): string[] {
  return names('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    const command = text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    const inGroup = text(`/proc/${pid}/cgroup`).includes(`openscf-${mark}/`);
    return command.includes(word) || command.includes(`openscf-${mark}`) || inGroup
      ? [`process ${pid} ${command}`]
      : [];
  });
}

function linesWith(path: string, word: string): string[] {
  return text(path)
    .split('\n')
    .filter(line => line.includes(word))
    .map(line => `mount ${line}`);
}

function loopDevices(dir: string): string[] {
  return names('/sys/block')
    .filter(name => name.startsWith('loop'))
    .flatMap(name => {
      const file = text(`/sys/block/${name}/loop/backing_file`);
      return file.includes(dir) ? [`device ${name} ${file.trim()}`] : [];
    });
}

/** Groups of instances, at any depth; the server's own is theirs in common. */
function groups(mark: string, folder = '/sys/fs/cgroup', depth = 0): string[] {
  return folders(folder).flatMap(name => {
    const path = join(folder, name);
    if (name === `openscf-${mark}`) return folders(path).map(id => `group ${join(path, id)}`);
    return depth < 5 ? groups(mark, path, depth + 1) : [];
  });
}

/** The groups that instances have in common, which stay as long as the server. */
export function parentGroups(mark: string, folder = '/sys/fs/cgroup', depth = 0): string[] {
  return folders(folder).flatMap(name => {
    const path = join(folder, name);
    if (name.startsWith(`openscf-${mark}`)) return [path];
    return depth < 5 ? parentGroups(mark, path, depth + 1) : [];
  });
}

/** What a process has open. */
export function openDescriptors(pid: number | 'self' = 'self'): string[] {
  return names(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      return [`${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`];
    } catch {
      // That of the list itself.
      return [];
    }
  });
}

/** Every file and folder below, but not what is in these. */
export function tree(dir: string, except: readonly string[] = []): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter(path => !except.some(one => path.startsWith(one)))
    .sort();
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
