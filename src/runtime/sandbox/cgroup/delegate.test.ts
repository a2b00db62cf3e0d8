import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { delegate } from './delegate.ts';
import { FakeKernel } from './fixture.ts';
import { locate } from './mounts.ts';
import { pidsIn, SYSTEM_TREE, tryRmdir } from './tree.ts';

const TOP = '/sys/fs/cgroup';
const ALL = ['cpu', 'memory', 'pids'];
const NEEDED = ['memory', 'pids'];
const SERVICE = `${TOP}/system.slice/openscf.service`;

function unified(own: string, controllers = ALL): FakeKernel {
  return new FakeKernel().mount(2, TOP, controllers, own);
}

function below(kernel: FakeKernel, own: string, needed = NEEDED) {
  return delegate(kernel, { top: TOP, own, writable: true }, 'openscf-m', needed);
}

function found(result: ReturnType<typeof below>) {
  assert.ok('parent' in result, JSON.stringify(result));
  return result;
}

function missing(result: ReturnType<typeof below>): string {
  assert.ok('missing' in result, JSON.stringify(result));
  assert.notEqual(result.missing.zh, '');
  return result.missing.en;
}

test('at the root nothing has to move', () => {
  const kernel = unified('/');
  const { parent, handsDown, restore } = found(below(kernel, TOP));
  assert.equal(parent, `${TOP}/openscf-m`);
  assert.equal(kernel.read(`${parent}/cgroup.subtree_control`), 'memory pids');
  assert.equal(handsDown('cpu'), true);
  assert.equal(kernel.read(`${parent}/cgroup.subtree_control`), 'memory pids cpu');
  assert.equal(handsDown('io'), false);
  assert.deepEqual(kernel.pids(TOP), [100]);
  restore();
  assert.deepEqual(kernel.pids(TOP), [100]);
});

test('in a unit of its own the server steps aside, and back at the end', () => {
  const kernel = unified('/system.slice/openscf.service');
  // npm, which has started it.
  kernel.parentOf.set(100, 99);
  kernel.put(99, SERVICE);
  const { parent, restore, handsDown } = found(below(kernel, SERVICE));
  assert.equal(parent, `${SERVICE}/openscf-m`);
  assert.deepEqual(kernel.pids(`${SERVICE}/openscf-m-server`).sort(), [100, 99].sort());
  assert.deepEqual(kernel.pids(SERVICE), []);
  assert.equal(handsDown('cpu'), true);
  kernel.rmdir(parent);
  restore();
  assert.deepEqual(kernel.pids(SERVICE).sort(), [100, 99].sort());
  assert.deepEqual(kernel.folders(SERVICE), []);
  assert.equal(kernel.read(`${SERVICE}/cgroup.subtree_control`), '');
});

test("among strangers it looks further up and leaves the group's processes where they are", () => {
  const kernel = unified('/user.slice/app.scope');
  kernel.put(55, `${TOP}/user.slice/app.scope`);
  const { parent, restore } = found(below(kernel, `${TOP}/user.slice/app.scope`));
  assert.equal(parent, `${TOP}/user.slice/openscf-m`);
  assert.deepEqual(kernel.pids(`${TOP}/user.slice/app.scope`), [100, 55]);
  assert.deepEqual(kernel.folders(`${TOP}/user.slice/app.scope`), []);
  restore();
  assert.ok(kernel.has(parent));
});

test('it never goes above a limit that was set for the server: its neighbours step aside with it', () => {
  const scope = `${TOP}/user.slice/app.scope`;
  const kernel = unified('/user.slice/app.scope');
  kernel.put(55, scope);
  kernel.set(`${scope}/memory.max`, '1073741824');
  const { parent, restore } = found(below(kernel, scope));
  assert.equal(parent, `${scope}/openscf-m`);
  assert.equal(kernel.has(`${TOP}/user.slice/openscf-m`), false);
  assert.deepEqual(kernel.pids(`${parent}-server`), [100, 55]);
  kernel.rmdir(parent);
  restore();
  assert.deepEqual(kernel.pids(scope), [100, 55]);
});

test('a neighbour that cannot be moved ends the attempt, and all are where they were', () => {
  const scope = `${TOP}/user.slice/app.scope`;
  const kernel = unified('/user.slice/app.scope');
  kernel.put(55, scope);
  kernel.set(`${scope}/memory.max`, '1073741824');
  const write = kernel.write.bind(kernel);
  kernel.write = (path, text) => {
    if (path.endsWith('cgroup.procs') && text === '55') throw Object.assign(new Error(), { code: 'EPERM' });
    write(path, text);
  };
  assert.match(missing(below(kernel, scope)), /holds other processes too/);
  assert.deepEqual(kernel.pids(scope), [100, 55]);
  assert.deepEqual(kernel.folders(scope), []);
});

test('what does not offer the controllers or may not be written is said, for the lowest group', () => {
  assert.match(missing(below(unified('/', ['cpu', 'pids']), TOP)), /does not offer the controllers memory/);
  const kernel = unified('/a/b');
  for (const dir of [TOP, `${TOP}/a`, `${TOP}/a/b`]) kernel.closed.add(dir);
  const text = missing(below(kernel, `${TOP}/a/b`));
  assert.match(text, /no control group can be made in .*\/a\/b \(EACCES\)/);
  assert.match(text, /Delegate=yes/);
});

test('the shell of a server that was killed is in its leaf: the group above is taken', () => {
  const kernel = unified('/s/openscf-old-server');
  assert.equal(found(below(kernel, `${TOP}/s/openscf-old-server`)).parent, `${TOP}/s/openscf-m`);
});

test('two servers in one unit: the second finds the ground prepared, the first does not take it away', () => {
  const kernel = unified('/system.slice/openscf.service');
  const first = found(below(kernel, SERVICE));
  const leaf = `${SERVICE}/openscf-m-server`;
  const second = found(delegate(kernel, { top: TOP, own: leaf, writable: true }, 'openscf-n', NEEDED));
  assert.equal(second.parent, `${SERVICE}/openscf-n`);
  kernel.rmdir(first.parent);
  first.restore();
  assert.equal(kernel.read(`${SERVICE}/cgroup.subtree_control`), 'memory pids');
  assert.deepEqual(kernel.pids(leaf), [100]);
});

test('a half-made start is undone', () => {
  const kernel = unified('/s/unit');
  const move = kernel.write.bind(kernel);
  kernel.write = (path, text) => {
    if (path === `${TOP}/s/unit/openscf-m/cgroup.subtree_control`) throw Object.assign(new Error(), { code: 'EIO' });
    move(path, text);
  };
  for (const dir of [TOP, `${TOP}/s`]) kernel.closed.add(dir);
  assert.match(missing(below(kernel, `${TOP}/s/unit`)), /EIO/);
  assert.deepEqual(kernel.pids(`${TOP}/s/unit`), [100]);
  assert.deepEqual(kernel.folders(`${TOP}/s/unit`), []);
});

// The rule itself, on a real kernel, with any controller that the unified hierarchy of this machine has and that
// the rule is for: cpu, cpuset, pids and perf_event are not.
const DOMAIN = new Set(['memory', 'hugetlb', 'io', 'rdma', 'misc']);
const place = existsSync('/proc/self/cgroup')
  ? locate(readFileSync('/proc/self/mountinfo', 'latin1'), readFileSync('/proc/self/cgroup', 'latin1')).v2
  : undefined;
const controller =
  place && existsSync(`${place.own}/cgroup.controllers`)
    ? SYSTEM_TREE.read(`${place.own}/cgroup.controllers`)
        .trim()
        .split(' ')
        .find(name => DOMAIN.has(name))
    : undefined;
const usable = place && controller && SYSTEM_TREE.writable(`${place.own}/cgroup.procs`);
const skip = usable ? false : 'needs a cgroup2 mount with a controller, and root';

test('on this kernel: stepping aside and back leaves nothing behind', { skip }, () => {
  if (!place || !controller) return;
  const was = SYSTEM_TREE.read(`${place.own}/cgroup.subtree_control`);
  const unit = `${place.own}/openscf-test-${process.pid}`;
  try {
    SYSTEM_TREE.write(`${place.own}/cgroup.subtree_control`, `+${controller}`);
    SYSTEM_TREE.mkdir(unit);
    SYSTEM_TREE.write(`${unit}/cgroup.procs`, String(process.pid));
    const result = delegate(SYSTEM_TREE, { ...place, own: unit }, 'openscf-m', [controller]);
    assert.ok('parent' in result, JSON.stringify(result));
    assert.equal(result.parent, `${unit}/openscf-m`);
    assert.deepEqual(pidsIn(SYSTEM_TREE, `${unit}/openscf-m-server`), [process.pid]);
    SYSTEM_TREE.mkdir(`${result.parent}/one`);
    assert.match(SYSTEM_TREE.read(`${result.parent}/one/cgroup.controllers`), new RegExp(controller));
    SYSTEM_TREE.rmdir(`${result.parent}/one`);
    SYSTEM_TREE.rmdir(result.parent);
    result.restore();
    assert.deepEqual(pidsIn(SYSTEM_TREE, unit), [process.pid]);
    assert.deepEqual(SYSTEM_TREE.folders(unit), []);
  } finally {
    SYSTEM_TREE.write(`${place.own}/cgroup.procs`, String(process.pid));
    for (const name of ['openscf-m', 'openscf-m-server']) tryRmdir(SYSTEM_TREE, `${unit}/${name}`);
    tryRmdir(SYSTEM_TREE, unit);
    if (!was.split(/\s/).includes(controller))
      SYSTEM_TREE.write(`${place.own}/cgroup.subtree_control`, `-${controller}`);
  }
});
