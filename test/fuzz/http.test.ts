// Broken requests at the HTTP fronts: nothing crashes, nothing hangs, and nobody reads an answer to somebody else's request.
// OPENSCF_FUZZ sets how many, OPENSCF_FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import type { Urls } from '../../src/cli/wire.ts';
import { ask, sdkOf, until } from '../fixture.ts';
import { deployObedient, deployPassing, FRONTS, type FrontAddress, openStore, openTo } from '../fronts.ts';
import { startTestServer } from '../harness.ts';
import { type Draw, drawFrom, mutated } from './mutate.ts';

const REQUESTS = Number(process.env.OPENSCF_FUZZ ?? 4_000);
const SEED = Number(process.env.OPENSCF_FUZZ_SEED ?? Date.now() % 1_000_000);
const CONNECTIONS = 64;
/** Together on one connection, one behind the other. */
const PER_CONNECTION = 4;
const SILENCE_MS = 400;
/** Real time, by which an exchange is over that has been sent whole and half closed. */
const PATIENCE_MS = 120_000;

const server = await startTestServer({ memory: 1024 });
after(() => server.close());

async function fronts(): Promise<readonly FrontAddress[]> {
  const sdk = sdkOf(server);
  await deployObedient(sdk);
  const made: FrontAddress[] = [];
  for (const name of Object.keys(FRONTS)) made.push(await openTo(sdk, 'obedient', name as keyof typeof FRONTS));
  if (process.platform === 'linux') {
    await deployPassing(sdk);
    made.push({ ...(await openTo(sdk, 'passing', 'function URL')), name: 'web function' });
  }
  // The functions are up: broken requests are what is tried here, not a crowd before a door that opens.
  for (const { url } of made) await until(url, async () => (await ask(url)).status === 200);
  made.push(await listenerFront(), await openStore(server));
  const { href: url, host, port } = new URL(server.endpoint);
  return [...made, { name: 'Cloud API', url, host, port: Number(port), path: '/' }];
}

/** The load balancer once more, by its own address and port: the first is the path form of the edge. */
async function listenerFront(): Promise<FrontAddress> {
  const { functions } = await server.get<Urls>('/urls');
  const trigger = functions.flatMap(one => one.triggers).find(one => one.type === 'clb');
  const { href: url, host, hostname: address, port, pathname: path } = new URL(trigger?.urls[1] ?? '');
  return { name: 'listener', url, host, port: Number(port), path, address };
}

/** A sound request that carries its mark in every place that could be answered to somebody else. */
function soundRequest({ host, path }: FrontAddress, mark: string, draw: Draw): string {
  const head = (method: string, more = '') =>
    `${method} ${path}?q=${mark} HTTP/1.1\r\nHost: ${host}\r\nX-Mark: ${mark}\r\nAccept: */*\r\nCookie: a=b; c=d\r\n${more}`;
  const body = `{"mark":"${mark}"}`;
  const json = 'Content-Type: application/json\r\n';
  switch (draw(5)) {
    case 0:
      return `${head('GET')}\r\n`;
    case 1:
      return `${head('POST', json)}Content-Length: ${body.length}\r\n\r\n${body}`;
    case 2:
      return `${head('PUT', json)}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    case 3:
      return `${head('OPTIONS', 'Origin: http://x\r\nAccess-Control-Request-Method: POST\r\n')}\r\n`;
    default:
      return `${head('HEAD')}\r\n`;
  }
}

const MARK = /mark-\d+-\d+/g;

/**
 * All that a connection is answered; rejects when it does not end although the client has no more to say. `silenceMs`: after
 * so long without a byte it says so.
 */
function exchange(
  { port, address = '127.0.0.1' }: FrontAddress,
  text: string,
  silenceMs = PATIENCE_MS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address);
    const chunks: Buffer[] = [];
    // Transport deadlines: it is real time that a client waits.
    const deadline = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end within ${PATIENCE_MS} ms of ${JSON.stringify(text)}`));
    }, PATIENCE_MS);
    // A broken request may still be waited for; a client that half closes is gone for a server.
    const silence = setTimeout(() => socket.end(), silenceMs);
    socket.on('data', chunk => {
      chunks.push(chunk);
      silence.refresh();
    });
    // Cut while it still sends: the answer before that counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(deadline);
      clearTimeout(silence);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    socket.write(text, 'latin1');
  });
}

test(`${REQUESTS} broken requests, seed ${SEED}`, { timeout: 600_000 }, async t => {
  const targets = await fronts();
  const statuses = new Map<string, number>();
  let connection = 0;

  async function oneConnection(front: FrontAddress): Promise<void> {
    const id = connection++;
    const draw = drawFrom(SEED * 7919 + id);
    const texts = Array.from({ length: PER_CONNECTION }, (_, i) => {
      const sound = soundRequest(front, `mark-${id}-${i}`, draw);
      return draw(4) === 0 ? sound : mutated(sound, draw);
    });
    const last = `GET ${front.path}?q=mark-${id}-last HTTP/1.1\r\nHost: ${front.host}\r\nConnection: close\r\n\r\n`;
    const sent = texts.join('') + last;
    const answer = await exchange(front, sent, SILENCE_MS);
    for (const [mark] of answer.matchAll(MARK)) {
      assert.ok(mark.startsWith(`mark-${id}-`) || sent.includes(mark), `${mark} answered to ${JSON.stringify(sent)}`);
    }
    for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
      const key = `${front.name} ${status}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
      assert.notEqual(status, '500', `${JSON.stringify(sent)} was answered ${JSON.stringify(answer)}`);
    }
  }

  for (const front of targets) {
    let left = Math.ceil(REQUESTS / targets.length / PER_CONNECTION);
    const worker = async () => {
      while (left-- > 0) await oneConnection(front);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    const alive = await exchange(
      front,
      `GET ${front.path}?q=ok HTTP/1.1\r\nHost: ${front.host}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(alive, /^HTTP\/1\.1 [24]\d\d /, `${front.name} still answers`);
  }
  t.diagnostic(
    [...statuses]
      .sort()
      .map(([key, count]) => `${key}: ${count}`)
      .join(', '),
  );
  for (const { name } of targets)
    assert.ok(statuses.get(`${name} 200`), `${name}: some of them are sound, and are served`);
  const first = targets[0];
  assert.ok(first);
  assert.equal((await ask(first.url)).status, 200);
});
