// The HTTP path under load with the profiler of V8: which functions of the server the time is spent in.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, SOURCE, startProgram } from '../test/program.ts';
import { Bench } from './bench.ts';
import { cloud } from './cloud.ts';
import { GET, POST } from './http.ts';
import { load } from './load.ts';
import { round } from './measure.ts';
import { publishHello } from './sides.ts';
import { publishWeb } from './web.ts';

const CONNECTIONS = 16;
const TOP = 30;

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** µs of the monotonic clock, which all processes share. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

export interface Profiled {
  readonly seconds: number;
  readonly post: boolean;
  /** A web function behind its URL. */
  readonly web: boolean;
}

export async function profile({ seconds, post, web }: Profiled): Promise<void> {
  const bench = new Bench(false);
  try {
    const folder = await bench.folder();
    const [node = process.execPath, ...first] = SOURCE;
    const server = await startProgram({
      command: [node, '--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-name', 'server.cpuprofile', ...first],
      dataDir: join(folder, 'data'),
      flags: ['--log-level', 'error'],
    });
    const published = web ? publishWeb(cloud(server)) : publishHello(server).then(one => one.url);
    const url = await published.catch(async error => {
      await server.stop();
      throw error;
    });
    const side = { name: 'openscf', url, pid: server.pid, request: () => (post ? POST : GET) };
    await load(bench, side, CONNECTIONS, 2);
    const fromUs = nowUs();
    const { perS } = await load(bench, side, CONNECTIONS, seconds);
    const toUs = nowUs();
    await server.stop();
    const file = (await readdir(folder)).find(name => name.endsWith('.cpuprofile'));
    if (file === undefined) throw new Error('the server wrote no profile');
    const found = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile;
    console.log(`${post ? 'POST 1 KB' : 'GET'}, ${CONNECTIONS} connections, profiled: ${Math.round(perS)}/s`);
    for (const line of report(found, fromUs, toUs)) console.log(line);
  } finally {
    await bench.close();
  }
}

/** Self time between two instants, by function and by file. */
export function report(found: CpuProfile, fromUs: number, toUs: number): string[] {
  const frames = new Map(found.nodes.map(one => [one.id, one.callFrame]));
  const [byFunction, byFile] = [new Map<string, number>(), new Map<string, number>()];
  let [atUs, busyUs, idleUs] = [found.startTime, 0, 0];
  found.samples.forEach((id, index) => {
    // A delta leads to its sample; the time after a sample is that sample's.
    atUs += found.timeDeltas[index] ?? 0;
    const us = found.timeDeltas[index + 1] ?? 0;
    const frame = frames.get(id);
    if (!frame || atUs < fromUs || atUs > toUs) return;
    if (frame.functionName === '(idle)') {
      idleUs += us;
      return;
    }
    busyUs += us;
    const file = fileOf(frame.url);
    add(byFile, file || frame.functionName, us);
    add(byFunction, `${frame.functionName || '(anonymous)'}${file && `  ${file}:${frame.lineNumber + 1}`}`, us);
  });
  const share = (us: number) => `${round((us / busyUs) * 100).toFixed(1)} %`.padStart(8);
  const top = (counts: Map<string, number>) =>
    [...counts]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, TOP)
      .map(([name, us]) => `${share(us)}  ${name}`);
  const idle = round((idleUs / (idleUs + busyUs)) * 100);
  return [
    `idle ${idle} % of the time`,
    '',
    'self time by function',
    ...top(byFunction),
    '',
    'self time by file',
    ...top(byFile),
  ];
}

const add = (counts: Map<string, number>, name: string, us: number): void =>
  void counts.set(name, (counts.get(name) ?? 0) + us);

const fileOf = (url: string): string => url.replace('file://', '').replace(`${ROOT}/`, '');
