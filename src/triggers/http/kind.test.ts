import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { ACCOUNT, anOutcome } from '../../core/fixture.ts';
import { SeededIds } from '../../core/ids.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { TriggerHost } from '../../core/trigger.ts';
import { EVENTS, SOCKET, UrlStand, WEB } from '../../services/functionurl/fixture.ts';
import type { FunctionUrls } from '../../services/functionurl/urls.ts';
import { httpKind } from './kind.ts';
import type { HttpTrigger } from './listen.ts';

const kind = httpKind({
  addressesOf: ({ urlId, region }) => ({ http: `http://${region}/${urlId}`, https: 'https:', ws: 'ws:', wss: 'wss:' }),
});

function aTrigger(change: Partial<HttpTrigger> = {}): HttpTrigger {
  return {
    ...EVENTS,
    id: 't-1',
    type: 'http',
    triggerName: 'url-trigger',
    enabled: true,
    desc: kind.parse('{}', { functionName: 'fn' }),
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
    ...change,
  };
}

function hostOf(
  stand: UrlStand,
  run: (event: FunctionEvent) => Promise<Outcome> = async () => anOutcome(),
): TriggerHost<FunctionUrls> {
  const submit = { sync: run, async: () => assert.fail() };
  return { clock: new TurnableClock(), ids: new SeededIds(), account: ACCOUNT, submit, source: stand.urls };
}

const bound = async (trigger: HttpTrigger, host: TriggerHost<FunctionUrls>): Promise<HttpTrigger> => ({
  ...trigger,
  ...(await kind.bind?.(trigger, host)),
});

describe('a URL that is bound', () => {
  test('is named by its id, and known by the name that it was made with', async () => {
    await using stand = await UrlStand.open();
    const host = hostOf(stand);
    const trigger = await bound(aTrigger(), host);
    assert.match(trigger.triggerName, /^[a-z0-9]{10}$/);
    assert.equal(trigger.resourceId, `qcs::scf:gz:uin/${ACCOUNT.uin}:function/fn/${trigger.triggerName}`);
    assert.equal(kind.named?.(trigger.desc, 'url-trigger'), true);
    assert.equal(kind.named?.(trigger.desc, 'other'), false);
    assert.equal(kind.named?.(aTrigger().desc, 'url-trigger'), false);
    const again = await bound(aTrigger({ triggerName: 'another', id: 't-2' }), host);
    assert.equal(again.triggerName, trigger.triggerName, 'its id is permanent');
    const changed = await bound(
      { ...trigger, desc: kind.parse('{"AuthType":"CAM"}', { functionName: 'fn', previous: trigger.desc }) },
      host,
    );
    assert.equal(kind.named?.(changed.desc, 'url-trigger'), true);
    assert.equal(kind.summary(changed.desc), `${trigger.triggerName} CAM`);
  });

  test('shows WebSocket addresses where the function speaks it', async () => {
    await using stand = await UrlStand.open();
    const host = hostOf(stand);
    for (const [place, ws] of [
      [EVENTS, ''],
      [WEB, ''],
      [SOCKET, 'ws:'],
    ] as const) {
      const trigger = await bound(aTrigger(place), host);
      const { NetConfig } = JSON.parse(kind.format(trigger.desc)) as { NetConfig: Record<string, string> };
      assert.equal(NetConfig.ExtranetHTTPUrl, `http://ap-guangzhou/${trigger.triggerName}`);
      assert.equal(NetConfig.WsExtranetUrl, ws);
      const urls = kind.urls?.(trigger, host) ?? [];
      assert.equal(urls[0], `http://127.0.0.1:${stand.port}/_url/${trigger.triggerName}`);
      assert.equal(
        urls.some(url => url.startsWith('ws:')),
        ws !== '',
      );
    }
    assert.deepEqual(kind.urls?.(aTrigger(), host), []);
  });

  test('is the only one of its version or alias', async () => {
    await using stand = await UrlStand.open();
    const trigger = await bound(aTrigger(), hostOf(stand));
    assert.throws(
      () => kind.conflict?.(aTrigger(), [trigger]),
      error => error instanceof CloudError && error.code === 'ResourceInUse.Trigger',
    );
    for (const other of [{ qualifier: '1' }, { name: 'other' }, { namespace: 'other' }])
      kind.conflict?.(aTrigger(other), [trigger]);
  });

  test('runs the function that it is bound to', async () => {
    await using stand = await UrlStand.open();
    const seen: FunctionEvent[] = [];
    const host = hostOf(stand, async event => {
      seen.push(event);
      event.exchange?.respond({ status: 202, reason: '', rawHeaders: [] }).stream.end();
      return anOutcome(200, { body: Buffer.from('{"statusCode":201}') });
    });
    for (const place of [EVENTS, WEB]) {
      const trigger = await bound(aTrigger({ ...place, qualifier: '7' }), host);
      kind.listen(trigger, host);
      const { status } = await stand.ask(`/_url/${trigger.triggerName}/p?q`);
      const event = seen.pop();
      const { qualifier: _, ...target } = place;
      assert.deepEqual([event?.source, event?.qualifier, event?.target], ['http', '7', target]);
      assert.equal(status, event?.exchange ? 202 : 201);
      assert.equal(event?.exchange !== undefined, place === WEB);
    }
  });

  test('never listens before it is bound', async () => {
    await using stand = await UrlStand.open();
    assert.throws(() => kind.listen(aTrigger(), hostOf(stand)), /never bound/);
  });
});
