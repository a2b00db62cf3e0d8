// A disk that runs full: new asynchronous events are refused in so many words, everything else goes on, and once there is
// room again so do events. The disk is a small one in memory that the server alone sees.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, deploy, invoke, sdkOf } from '../fixture.ts';
import { count } from './count.ts';
import { missingDisk, onSmallDisk } from './disk.ts';
import { deployKinds } from './functions.ts';
import type { Ledger } from './ledger.ts';
import type { Served } from './life.ts';
import { invokeAsync, requestIdOf } from './load.ts';
import { openSite, own, pause, wait } from './site.ts';

const DISK_MB = 48;
/** Freed, it has room for several copies of what was accepted: in the queue's log, in its file, and in the records of the runs. */
const BALLAST_MB = 32;
const EVENT_BYTES = 100_000;
const MOST_EVENTS = (DISK_MB * 2 ** 20) / EVENT_BYTES;
/** Until the queue tries the disk again. */
const AGAIN_MS = 60_000;

/** Events of a function that may not run, until one is refused; its error. */
async function fill(served: Served, ledger: Ledger, language: 'zh-CN' | 'en-US') {
  for (let sent = 0; sent <= MOST_EVENTS; sent++) {
    const answer = await invokeAsync(served, 'ok', EVENT_BYTES, language);
    const id = requestIdOf(answer);
    if (id === undefined) return answer.Error;
    ledger.answer(id, 'ok');
  }
  throw new Error(`the disk holds more than ${MOST_EVENTS} events of ${EVENT_BYTES} bytes`);
}

async function pending({ endpoint }: Served): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  return Number(/^openscf_events_pending (\d+)$/m.exec(text)?.[1]);
}

test('a full disk refuses events and nothing else, and loses none', { skip: missingDisk(DISK_MB) }, async t => {
  const site = await openSite(() => 0);
  t.after(async () => assert.deepEqual(await site.close(), []));
  const { ledger, dataDir } = site;
  mkdirSync(dataDir);
  const life = site.start({ prefix: onSmallDisk(dataDir, DISK_MB) });
  const served = await life.ready;
  const sdk = sdkOf(served);
  await deployKinds(sdk, site.port);
  await deploy(sdk, 'plain', 'exports.main_handler = async () => 1');
  await sdk.CreateTrigger({
    FunctionName: 'plain',
    TriggerName: 'http',
    Type: 'apigw',
    TriggerDesc: JSON.stringify({ api: { requestConfig: { method: 'GET' } }, release: { environmentName: 'test' } }),
  });
  const { functions } = await own<{ functions: { triggers: { urls: string[] }[] }[] }>(served, 'GET', '/urls');
  const url = functions.flatMap(one => one.triggers.flatMap(trigger => trigger.urls))[0] ?? '';
  await sdk.PutReservedConcurrencyConfig({ FunctionName: 'ok', ReservedConcurrencyMem: 0 });
  // The disk as the server sees it.
  const ballast = join('/proc', String(life.pid), 'root', dataDir, 'ballast');
  writeFileSync(ballast, Buffer.alloc(BALLAST_MB * 2 ** 20));

  const english = await fill(served, ledger, 'en-US');
  assert.equal(english?.Code, 'InternalError.System');
  assert.match(english?.Message ?? '', /disk .*is full.*free some space/);
  const chinese = await fill(served, ledger, 'zh-CN');
  assert.equal(chinese?.Code, 'InternalError.System');
  assert.match(chinese?.Message ?? '', /磁盘已满/);
  const accepted = ledger.answered.size;
  t.diagnostic(`${accepted} events of ${EVENT_BYTES} bytes were accepted`);
  assert.ok(accepted > 10, 'the ballast left some room');

  assert.equal((await invoke(sdk, 'plain')).RetMsg, '1');
  const answer = await ask(url);
  assert.deepEqual([answer.status, answer.body.toString()], [200, '1']);
  assert.equal((await own<{ pid: number }>(served, 'GET', '/status')).pid, life.pid);
  assert.equal(await pending(served), accepted, 'those that were accepted, and no other');

  rmSync(ballast);
  const end = performance.now() + AGAIN_MS;
  for (let id: string | undefined; id === undefined; await pause(100)) {
    const again = await invokeAsync(served, 'ok', EVENT_BYTES);
    id = requestIdOf(again);
    if (id !== undefined) ledger.answer(id, 'ok');
    assert.ok(id !== undefined || performance.now() < end, `still refused: ${JSON.stringify(again)}`);
  }
  assert.equal(await pending(served), accepted + 1);
  await sdk.DeleteReservedConcurrencyConfig({ FunctionName: 'ok' });
  await own(served, 'POST', '/clock', { action: 'advance', ms: 60_000 });
  assert.ok(await wait(() => ledger.open.size === 0, AGAIN_MS), `${ledger.open.size} did not come`);
  assert.equal(await pending(served), 0);
  assert.equal(await life.stop(), '0', life.complaints());
  assert.deepEqual(count(ledger, []).problems, []);
});
