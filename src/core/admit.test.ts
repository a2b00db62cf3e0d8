import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admit, isAdmitted } from './admit.ts';
import { anAlias, anEntry, anEvent, aVersion, catalogOf, KEY } from './fixture.ts';
import type { FunctionStatus } from './function.ts';
import { ASYNC_EVENT_BYTES, SYNC_EVENT_BYTES } from './limits.ts';
import { statusClass } from './status.ts';

const half = () => 0.5;
const catalog = catalogOf(anEntry());

function refused(result: ReturnType<typeof admit>) {
  assert.ok(!isAdmitted(result), 'it was admitted');
  assert.equal(result.instance, '');
  assert.equal(result.body.length, 0);
  // Whatever is refused here is refused for good.
  assert.equal(statusClass(result.status), 'request');
  return result;
}

test('an event of an active function is let in, with entry and version', () => {
  const result = admit(catalog, anEvent(), 'sync', half);
  assert.ok(isAdmitted(result));
  assert.equal(result.version.version, '$LATEST');
  assert.equal(result.entry.key, KEY);
});

describe('size', () => {
  for (const [mode, limit] of [['sync', SYNC_EVENT_BYTES] as const, ['async', ASYNC_EVENT_BYTES] as const]) {
    test(`${mode}: ${limit} bytes are let in, one more is 406`, () => {
      assert.ok(isAdmitted(admit(catalog, anEvent({ body: Buffer.alloc(limit) }), mode, half)));
      const { status, errorMessage } = refused(admit(catalog, anEvent({ body: Buffer.alloc(limit + 1) }), mode, half));
      assert.equal(status, 406);
      assert.match(errorMessage, new RegExp(`${limit + 1} bytes, at most ${limit}`));
    });
  }
});

describe('existence', () => {
  for (const change of [{ name: 'other' }, { namespace: 'other' }, { region: 'ap-beijing' }]) {
    test(`${JSON.stringify(change)} is another function: 435`, () => {
      const { status, errorMessage } = refused(
        admit(catalog, anEvent({ target: { ...KEY, ...change } }), 'sync', half),
      );
      assert.equal(status, 435);
      assert.match(errorMessage, /^FunctionNotFound: .*(other|beijing)/);
    });
  }

  test('an unknown qualifier is 442', () => {
    const { status, errorMessage } = refused(admit(catalog, anEvent({ qualifier: '7' }), 'sync', half));
    assert.equal(status, 442);
    assert.match(errorMessage, /hello .* 7$/);
  });
});

describe('status', () => {
  const serving: FunctionStatus[] = ['Active', 'Updating', 'UpdateFailed', 'Publishing', 'PublishFailed'];
  const not: FunctionStatus[] = ['Creating', 'CreateFailed', 'Deleting', 'DeleteFailed'];

  for (const status of serving)
    test(`${status} serves`, () => {
      const catalog = catalogOf(anEntry({ versions: [aVersion({ status })] }));
      assert.ok(isAdmitted(admit(catalog, anEvent(), 'sync', half)));
    });

  for (const status of not)
    test(`${status} is 438`, () => {
      const catalog = catalogOf(anEntry({ versions: [aVersion({ status })] }));
      const outcome = refused(admit(catalog, anEvent(), 'sync', half));
      assert.equal(outcome.status, 438);
      assert.match(outcome.errorMessage, new RegExp(`hello is ${status}`));
    });

  test('it is the chosen version’s status that counts', () => {
    const catalog = catalogOf(
      anEntry({
        versions: [aVersion({ status: 'CreateFailed' }), aVersion({ version: '1' })],
        aliases: [anAlias(), anAlias({ alias: 'live', version: '1' })],
      }),
    );
    assert.ok(isAdmitted(admit(catalog, anEvent({ qualifier: 'live' }), 'sync', half)));
    assert.equal(refused(admit(catalog, anEvent(), 'sync', half)).status, 438);
  });
});

test('the routing key and the draw reach the alias', () => {
  const catalog = catalogOf(
    anEntry({
      versions: [aVersion(), aVersion({ version: '1' }), aVersion({ version: '2' })],
      aliases: [
        anAlias({ alias: 'share', version: '1', routing: { by: 'weight', version: '2', weight: 0.5 } }),
        anAlias({
          alias: 'rule',
          version: '1',
          routing: { by: 'match', rules: [{ version: '2', key: 'User', method: 'exact', expression: 'Tom' }] },
        }),
      ],
    }),
  );
  const version = (event: Parameters<typeof anEvent>[0], drawn = 0) => {
    const result = admit(catalog, anEvent(event), 'async', () => drawn);
    return isAdmitted(result) ? result.version.version : result.status;
  };
  assert.equal(version({ qualifier: 'share' }, 0.49), '2');
  assert.equal(version({ qualifier: 'share' }, 0.5), '1');
  assert.equal(version({ qualifier: 'rule', routingKey: '{"User":"Tom"}' }), '2');
  assert.equal(version({ qualifier: 'rule' }), '1');
});
