// Asynchronous events as a user sees them: from the call to the end of the run, and over a restart with a backlog.

import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { SystemClock } from '../src/core/clock.ts';
import { SystemIds } from '../src/core/ids.ts';
import { NO_LOG } from '../src/core/log.ts';
import { openSqliteEvents } from '../src/queue/sqlite.ts';
import { type Program, startProgram } from '../test/program.ts';
import { signed, works } from './api.ts';
import type { Bench } from './bench.ts';
import { active, cloud, create, REGION } from './cloud.ts';
import { inRounds } from './compare.ts';
import { load, type Side } from './load.ts';
import { list, type Measure, median, round } from './measure.ts';
import { nameOf, served } from './sides.ts';

const CONNECTIONS = 64;
const PENDING = 100_000;
const POLL_MS = 5;
const FN = 'reports';

/** Async events that ended in a second, those that were still waiting at the end of the load included, to sync calls. */
const endToEnd: Measure = {
  name: `async-end-to-end-${CONNECTIONS}`,
  goal: 0.7,
  better: 'higher',
  async run(bench) {
    const server = await served(bench);
    const sync = () => signed(server);
    const async = () => signed(server, 'async');
    for (const request of [sync, async]) await works(server.endpoint, request());
    const sideOf = (request: Side['request']): Side => {
      return { name: nameOf(server.driver), url: `${server.endpoint}/`, pid: server.pid, request };
    };
    for (const request of [sync, async]) await load(bench, sideOf(request), CONNECTIONS, 1);
    await drained(server);
    const rounds = await inRounds(bench, async () => {
      const began = performance.now();
      const accepted = await load(bench, sideOf(async), CONNECTIONS, bench.roundS);
      await drained(server);
      const asyncPerS = accepted.requests / ((performance.now() - began) / 1000);
      const answered = await load(bench, sideOf(sync), CONNECTIONS, bench.roundS);
      return { asyncPerS, acceptedPerS: accepted.perS, syncPerS: answered.perS, p99Us: accepted.p99Us };
    });
    const of = (what: (one: (typeof rounds)[number]) => number) => round(median(rounds.map(what)));
    return {
      value: median(rounds.map(one => one.asyncPerS / one.syncPerS)),
      detail: [
        `${of(one => one.asyncPerS)} events/s accepted, run and done (accepted ${of(one => one.acceptedPerS)}/s, p99`,
        `${of(one => one.p99Us / 1000)} ms); ${of(one => one.syncPerS)} sync calls/s;`,
        `rounds ${list(rounds.map(one => one.asyncPerS / one.syncPerS))}`,
      ].join(' '),
    };
  },
};

export async function drained({ endpoint }: Program): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${endpoint}/metrics`)).text();
    const waiting = /^openscf_events_pending (\d+)$/m.exec(text)?.[1];
    if (waiting === undefined) throw new Error('the server does not say how many events wait');
    if (waiting === '0') return;
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
  }
}

const restart: Measure = {
  name: `async-restart-${PENDING}`,
  goal: 2,
  better: 'lower',
  async run(bench) {
    const heard = await listener(bench);
    const template = await deployed(bench, heard.url);
    const full = await bench.folder();
    await cp(template, full, { recursive: true });
    await backlog(full);
    const [a, b]: [number[], number[]] = [[], []];
    for (let n = 0; n < bench.starts; n++) {
      b.push(await firstDelivery(bench, template, heard, 'push'));
      a.push(await firstDelivery(bench, full, heard, 'wait'));
    }
    return {
      value: median(a) / median(b),
      detail: `${PENDING} pending ${list(a)} ms; none pending ${list(b)} ms, each to the first delivery`,
    };
  },
};

interface Heard {
  readonly url: string;
  next(): Promise<void>;
}

/** Functions tell here that they run. */
async function listener(bench: Bench): Promise<Heard> {
  let wake = () => {};
  const server = createServer((request, response) => {
    request.resume();
    response.end();
    wake();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  bench.atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    next: () =>
      new Promise(resolve => {
        wake = resolve;
      }),
  };
}

async function deployed(bench: Bench, url: string): Promise<string> {
  const dataDir = await bench.folder();
  const server = await startProgram({ dataDir, flags: FLAGS });
  const { scf } = cloud(server);
  const code = `const http = require('http');
exports.main_handler = () => new Promise((done, failed) => {
  http.get(${JSON.stringify(url)}, answer => answer.resume().on('end', () => done('told'))).on('error', failed);
});
`;
  await create(scf, { FunctionName: FN, Runtime: 'Nodejs18.15', files: { 'index.js': code } });
  await active(scf, FN);
  await server.stop();
  return dataDir;
}

const FLAGS = ['--log-level', 'error'];

async function backlog(dataDir: string): Promise<void> {
  const [ids, clock] = [new SystemIds(), new SystemClock()];
  const events = await openSqliteEvents({ file: join(dataDir, 'events.db'), clock, ids, log: NO_LOG });
  const target = { region: REGION, namespace: 'default', name: FN };
  const now = clock.now();
  const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1000) }));
  for (let made = 0; made < PENDING; made += 1000) {
    await Promise.all(
      Array.from({ length: 1000 }, () => {
        const event = { requestId: ids.risingUuid(), target, qualifier: '$LATEST', source: 'invoke', body };
        return events.queue.push({ event, acceptedAt: now, dueAt: now, retryNum: 0, runErrors: 0 }, PENDING);
      }),
    );
  }
  await events.close();
}

/** From the start of the program until a function has said that it runs. */
async function firstDelivery(bench: Bench, from: string, heard: Heard, how: 'push' | 'wait'): Promise<number> {
  const dataDir = await bench.folder();
  await cp(from, dataDir, { recursive: true });
  const began = performance.now();
  const delivered = heard.next();
  const server = await startProgram({ dataDir, flags: FLAGS });
  if (how === 'push')
    await cloud(server).scf('Invoke', { FunctionName: FN, InvocationType: 'Event', ClientContext: '{}' });
  await delivered;
  const ms = performance.now() - began;
  await server.stop();
  return ms;
}

export const ASYNC: readonly Measure[] = [endToEnd, restart];
