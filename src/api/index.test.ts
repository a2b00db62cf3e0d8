import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_SERVICES } from './index.ts';

for (const [name, table] of Object.entries(API_SERVICES)) {
  test(`${name}: the version is a date, no action is named twice, none is built and missing`, () => {
    assert.match(table.version, /^20\d\d-\d\d-\d\d$/);
    const names = [...Object.keys(table.actions), ...table.later];
    assert.deepEqual(
      names.filter((action, index) => names.indexOf(action) !== index),
      [],
    );
    assert.ok(names.length > 0);
    for (const action of names) assert.match(action, /^[A-Z][A-Za-z]+$/);
  });
}

test('all 52 documented actions of SCF are known, and the one the deployment library adds', () => {
  const { actions, later } = API_SERVICES.scf;
  assert.equal(Object.keys(actions).length + later.length, 53);
});

test('services of one version share no action: it tells them apart where nothing else does', () => {
  const seen = new Map<string, string>();
  for (const [name, { version, actions, later }] of Object.entries(API_SERVICES)) {
    for (const action of [...Object.keys(actions), ...later]) {
      const key = `${version} ${action}`;
      assert.equal(seen.get(key), undefined, `${key}: ${name}`);
      seen.set(key, name);
    }
  }
});
