// Numbers of the server's own process under the names that dashboards for Node.js know. All are read when someone
// asks: what has to be watched all the time, such as garbage collection, costs a server under load more than it tells.

import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { type Family, labelText, type Sample } from './exposition.ts';

export async function processFamilies(): Promise<Family[]> {
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const memory = process.memoryUsage();
  const [major = '', minor = '', patch = ''] = process.version.slice(1).split('.');
  const version = { version: process.version, major, minor, patch };
  return [
    counter('process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.', cpu.user / 1e6),
    counter('process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.', cpu.system / 1e6),
    counter('process_cpu_seconds_total', 'Total CPU time spent in seconds.', (cpu.user + cpu.system) / 1e6),
    gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', startS()),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', memory.rss),
    ...fromProc(),
    counter('nodejs_eventloop_active_seconds_total', 'Time the event loop was at work.', loop.active / 1000),
    counter('nodejs_eventloop_idle_seconds_total', 'Time the event loop waited for something to do.', loop.idle / 1000),
    gauge('nodejs_eventloop_lag_seconds', 'How long a task had to wait for its turn just now.', await lagS()),
    ...resources(),
    gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', memory.heapTotal),
    gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.', memory.heapUsed),
    gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', memory.external),
    ...heapSpaces(),
    family('nodejs_version_info', 'Node.js version info.', [{ labels: labelText(version), value: 1 }]),
  ];
}

const family = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  help,
  type: 'gauge',
  samples,
});
const gauge = (name: string, help: string, value: number) => family(name, help, [{ labels: '', value }]);
const counter = (...given: Parameters<typeof gauge>): Family => ({ ...gauge(...given), type: 'counter' });

const startS = () => Math.round(performance.timeOrigin / 1000);

async function lagS(): Promise<number> {
  const began = performance.now();
  await new Promise(setImmediate);
  return (performance.now() - began) / 1000;
}

/** Linux alone; nothing elsewhere. */
function fromProc(): Family[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
    const limit = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return [
      gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', bytes('VmSize')),
      gauge('process_heap_bytes', 'Process heap size in bytes.', bytes('VmData')),
      // One of them is the folder that is read here.
      gauge('process_open_fds', 'Number of open file descriptors.', readdirSync('/proc/self/fd').length - 1),
      gauge(
        'process_max_fds',
        'Maximum number of open file descriptors.',
        Number(limit?.replace('unlimited', 'Infinity')),
      ),
    ];
  } catch {
    return [];
  }
}

function resources(): Family[] {
  const counts = new Map<string, number>();
  const all = process.getActiveResourcesInfo();
  for (const type of all) counts.set(type, (counts.get(type) ?? 0) + 1);
  const samples = Array.from(counts, ([type, value]) => ({ labels: labelText({ type }), value }));
  return [
    family('nodejs_active_resources', 'Resources that keep the event loop alive, by type.', samples),
    gauge('nodejs_active_resources_total', 'Total number of active resources.', all.length),
  ];
}

function heapSpaces(): Family[] {
  const spaces = getHeapSpaceStatistics().map(space => ({
    labels: labelText({ space: space.space_name.replace(/_space$/, '') }),
    space,
  }));
  const sizes = (what: string, read: (space: (typeof spaces)[0]['space']) => number) =>
    family(
      `nodejs_heap_space_size_${what}_bytes`,
      `Process heap space size ${what} from Node.js in bytes.`,
      spaces.map(({ labels, space }) => ({ labels, value: read(space) })),
    );
  return [
    sizes('total', space => space.space_size),
    sizes('used', space => space.space_used_size),
    sizes('available', space => space.space_available_size),
  ];
}
