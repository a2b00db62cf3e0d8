import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbiddenNamespaces, NOT_INSTALLED, obstacleOf, tooOld } from './obstacles.ts';

const reading = (values: Readonly<Record<string, number>>) => (file: string) => values[file.split('/').at(-1) ?? ''];
const OPEN = { unprivileged_userns_clone: 1, max_user_namespaces: 90000, apparmor_restrict_unprivileged_userns: 0 };

test('the switch that forbids user namespaces is named with its remedy', () => {
  const cases = {
    unprivileged_userns_clone: [0, 'kernel.unprivileged_userns_clone=1'],
    max_user_namespaces: [0, 'user.max_user_namespaces=15000'],
    apparmor_restrict_unprivileged_userns: [1, 'kernel.apparmor_restrict_unprivileged_userns=0'],
  } as const;
  for (const [name, [value, setting]] of Object.entries(cases)) {
    const { zh, en } = forbiddenNamespaces(reading({ ...OPEN, [name]: value }));
    assert.ok(zh.includes(`sysctl -w ${setting}`), zh);
    assert.ok(en.includes(`sysctl -w ${setting}`), en);
  }
});

test('without such a switch it is a container', () => {
  assert.match(forbiddenNamespaces(reading(OPEN)).en, /docker run .*--cap-add SYS_ADMIN/);
  assert.match(forbiddenNamespaces(reading({})).zh, /docker run .*--cap-add SYS_ADMIN/);
});

test('what a trial said is explained', () => {
  assert.match(
    obstacleOf("bwrap: Can't mount proc on /newroot/proc: Operation not permitted").en,
    /systempaths=unconfined/,
  );
  assert.match(
    obstacleOf('bwrap: Creating new namespace failed: Operation not permitted', reading(OPEN)).en,
    /docker run/,
  );
  const told = obstacleOf(
    'openscf-sandbox: write /proc/self/uid_map: Operation not permitted',
    reading({ max_user_namespaces: 0 }),
  );
  assert.match(told.zh, /max_user_namespaces=15000.*uid_map/);
});

test('what is unknown is told in its own words', () => {
  assert.match(obstacleOf('bwrap: out of luck').en, /trial start.*: bwrap: out of luck$/);
  assert.match(obstacleOf('bwrap: out of luck').zh, /bwrap: out of luck$/);
});

test('sentences say what to do', () => {
  assert.match(NOT_INSTALLED.en, /apt-get install bubblewrap/);
  assert.match(NOT_INSTALLED.zh, /dnf install bubblewrap/);
  assert.match(tooOld('0.3.3').en, /0\.3\.3 .*0\.4/);
});
