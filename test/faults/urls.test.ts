// Functions that are killed, and clients that leave, at any instant of a request through a function URL: each client gets
// its own answer whole, or a documented status, or a broken connection, and nobody another's bytes; nothing is left over.
// OPENSCF_FAULT_SEED repeats a run.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request as send } from 'node:http';
import { after, before, test } from 'node:test';
import { SeededIds } from '../../src/core/ids.ts';
import { deploy, sdkOf, until } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { bindUrl, deployWeb } from '../web.ts';

const seed = process.env.OPENSCF_FAULT_SEED ?? `urls-${Date.now()}`;
const ids = new SeededIds(seed);
const below = (limit: number) => Math.floor(ids.fraction() * limit);
const chance = (share: number) => ids.fraction() < share;

const FAULTS = 500;
/** Of a machine that is too slow for all of them. */
const MOST_MS = 60_000;
const FEWEST = 100;
const TOGETHER = 24;
const PATIENCE_MS = 60_000;

/** What a process calls itself that is to die still: its number means nothing outside of its sandbox. */
const DOOMED = `doomed-${process.pid}`;

/** How both functions say their answer, from `mark`, `lines`, `ms` and `die` of the query; the latter two in ms. */
const ANSWER = `
const answerTo = query => (query.mark + '\\n').repeat(Number(query.lines));
const dieIn = ms => {
  process.title = '${DOOMED}';
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(ms));
};
`;
const WEB = `${ANSWER}
require('node:http').createServer((request, response) => {
  const query = Object.fromEntries(new URL(request.url, 'http://x').searchParams);
  if (query.die) dieIn(query.die);
  let got = 0;
  request.on('data', chunk => { got += chunk.length; }).on('end', async () => {
    const text = answerTo(query);
    response.setHeader('X-Mark', query.mark);
    response.setHeader('X-Got', got);
    if (query.pieces === '1') return setTimeout(() => response.end(text), query.ms);
    const size = Math.ceil(text.length / query.pieces);
    for (let at = 0; at < text.length; at += size) {
      response.write(text.slice(at, at + size));
      await new Promise(done => setTimeout(done, query.ms / query.pieces));
    }
    response.end();
  });
}).listen(9000, '0.0.0.0');
`;
const EVENT = `${ANSWER}
exports.main_handler = async ({ queryString: query, body }) => {
  if (query.die) dieIn(query.die);
  await new Promise(done => setTimeout(done, Number(query.ms)));
  return { statusCode: 200, headers: { 'X-Mark': query.mark, 'X-Got': String(body.length) }, body: answerTo(query) };
};
`;

/** What a killed process, and one that takes no more, are told by. */
const STATUSES: ReadonlySet<number> = new Set([430, 439, 446, 449]);

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);

async function metric(name: string): Promise<number> {
  const all = await (await fetch(`${server.endpoint}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(all)?.[1]);
}

/** Of this process, in which the server runs. */
const open = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
const handles = () => process.getActiveResourcesInfo().filter(name => /Socket|Pipe|Process/.test(name)).length;

async function makeFunctions(): Promise<readonly string[]> {
  const many = { InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 4 } };
  await deployWeb(sdk, 'web', WEB, { ...many, MemorySize: 64 });
  await deploy(sdk, 'event', EVENT, { MemorySize: 64 });
  return [(await bindUrl(sdk, 'web')).url, (await bindUrl(sdk, 'event')).url];
}

/** With all that they hold. */
async function dropFunctions(): Promise<void> {
  for (const FunctionName of ['web', 'event']) await sdk.DeleteFunction({ FunctionName });
  await until('all instances have ended', async () => (await metric('openscf_instances')) === 0);
}

interface Plan {
  readonly mark: string;
  readonly lines: number;
  readonly pieces: number;
  readonly ms: number;
  readonly bodyBytes: number;
  readonly die: number | undefined;
  readonly leaveMs: number | undefined;
}

function isDoomed(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(DOOMED);
  } catch {
    return false;
  }
}
const anyDoomed = () => readdirSync('/proc').some(name => /^\d+$/.test(name) && isDoomed(name));

let marks = 0;
function plan(fault: 'die' | 'leave' | undefined): Plan {
  return {
    mark: `mark-${++marks}-${below(1e9)}`,
    lines: chance(0.3) ? below(4000) : below(20),
    pieces: chance(0.5) ? 1 : 1 + below(8),
    ms: below(30),
    bodyBytes: chance(0.5) ? 0 : below(100_000),
    die: fault === 'die' ? below(30) : undefined,
    leaveMs: fault === 'leave' ? below(40) : undefined,
  };
}

type End = 'whole' | 'status' | 'broken' | 'left';

/** Asks, checks all that comes, and says how it ended. */
function run(agent: Agent, base: string, asked: Plan): Promise<End> {
  const { mark, lines, pieces, ms, bodyBytes, die, leaveMs } = asked;
  const query = new URLSearchParams({ mark, lines: `${lines}`, pieces: `${pieces}`, ms: `${ms}` });
  if (die !== undefined) query.set('die', `${die}`);
  const expected = `${mark}\n`.repeat(lines);
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  const request = send(`${base}/?${query}`, { agent, method: bodyBytes === 0 ? 'GET' : 'POST' });
  let leaving = false;
  const broken = () => resolve(leaving ? 'left' : 'broken');
  const check = (what: () => void) => {
    try {
      what();
    } catch (error) {
      reject(error);
    }
  };
  const late = setTimeout(() => reject(new Error(`${mark} was not answered: ${query}`)), PATIENCE_MS);
  const depart = () => {
    leaving = true;
    request.destroy();
  };
  const leave = leaveMs === undefined ? undefined : setTimeout(depart, leaveMs);
  request.on('error', broken).on('close', broken);
  request.on('response', (response: IncomingMessage) => {
    let text = '';
    response.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (response.statusCode === 200)
        check(() => assert.ok(expected.startsWith(text), `${mark} got ${text.slice(-200)}`));
    });
    response.on('error', broken).on('end', () =>
      check(() => {
        const { statusCode = 0, headers } = response;
        if (statusCode === 200) {
          assert.deepEqual([headers['x-mark'], headers['x-got']], [mark, String(bodyBytes)]);
          assert.equal(text, expected);
          resolve('whole');
          return;
        }
        assert.ok(STATUSES.has(statusCode), `${mark}: ${statusCode} ${text}`);
        const told = JSON.parse(text);
        assert.deepEqual([told.statusCode, told.requestId], [statusCode, headers['x-scf-request-id']]);
        resolve('status');
      }),
    );
  });
  request.end('b'.repeat(bodyBytes));
  return promise.finally(() => {
    clearTimeout(late);
    clearTimeout(leave);
  });
}

async function storm(urls: readonly string[], count: number, fault: () => 'die' | 'leave' | undefined, mostMs: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: TOGETHER });
  const ends: Record<End, number> = { whole: 0, status: 0, broken: 0, left: 0 };
  const end = performance.now() + mostMs;
  let [faults, clients] = [0, 0];
  const client = async () => {
    while (faults < count && performance.now() < end) {
      const wish = fault();
      if (wish) faults++;
      clients++;
      ends[await run(agent, urls[below(urls.length)] ?? '', plan(wish))]++;
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, client));
  agent.destroy();
  return { faults, clients, ...ends };
}

const calm = (urls: readonly string[]) => {
  let left = 100;
  return storm(urls, 1, () => (left-- > 0 ? undefined : 'leave'), PATIENCE_MS);
};

before(async () => {
  // What is opened once, for the first function, is there for good.
  const urls = await makeFunctions();
  assert.ok((await calm(urls)).whole >= 100);
  await dropFunctions();
});

test(`500 kills and departures leave every other answer whole, and nothing behind (seed ${seed})`, async t => {
  const [files, before] = [open(), handles()];
  const urls = await makeFunctions();
  const told = await storm(urls, FAULTS, () => (chance(0.3) ? undefined : chance(0.2) ? 'die' : 'leave'), MOST_MS);
  t.diagnostic(JSON.stringify(told));
  assert.ok(told.faults >= FEWEST, JSON.stringify(told));
  for (const end of ['whole', 'status', 'broken', 'left'] as const) assert.ok(told[end] > 0, `none ended ${end}`);
  await until('who is to die is dead', async () => !anyDoomed());
  await until('nobody waits', async () => (await metric('openscf_waiting')) === 0);
  const { whole, status, broken, left } = await calm(urls);
  assert.deepEqual([status, broken], [0, 0], 'what is killed is replaced, and what is broken is not used again');
  assert.ok(whole + left > 100);
  const { events } = await server.get<{ events: readonly unknown[] }>('/events?function=web&state=running');
  assert.deepEqual(events, []);
  await dropFunctions();
  await until(`${before} sockets`, async () => handles() <= before);
  await until(`${files} open files`, async () => open() <= files);
});
