import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { locate, parseMembership, parseMounts } from './mounts.ts';

const V1 = `23 1 254:0 / / rw,relatime - ext4 /dev/root rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';

test('separate hierarchies, one of two controllers, beside an empty unified one', () => {
  const { v1, v2 } = locate(V1, '9:name=systemd:/\n4:memory:/a/b\n3:pids:/\n1:cpu,cpuacct:/c\n0::/\n');
  assert.deepEqual([...v1.keys()].sort(), ['cpu', 'cpuacct', 'memory', 'pids']);
  assert.deepEqual(v1.get('memory'), {
    top: '/sys/fs/cgroup/memory',
    own: '/sys/fs/cgroup/memory/a/b',
    writable: true,
  });
  assert.equal(v1.get('pids')?.own, '/sys/fs/cgroup/pids');
  assert.equal(v1.get('cpu')?.own, '/sys/fs/cgroup/cpu,cpuacct/c');
  assert.deepEqual(v2, { top: '/sys/fs/cgroup/unified', own: '/sys/fs/cgroup/unified', writable: true });
});

test('the unified hierarchy alone', () => {
  const { v1, v2 } = locate(V2, '0::/user.slice/user-1000.slice/user@1000.service/app.slice/openscf.scope\n');
  assert.equal(v1.size, 0);
  assert.equal(v2?.own, '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/openscf.scope');
});

test('a container that is shown its own part of the tree', () => {
  const info = '35 31 0:32 /docker/7f /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory\n';
  assert.deepEqual(locate(info, '4:memory:/docker/7f\n').v1.get('memory'), {
    top: '/sys/fs/cgroup/memory',
    own: '/sys/fs/cgroup/memory',
    writable: false,
  });
  assert.equal(locate(info, '4:memory:/docker/7f/x\n').v1.get('memory')?.own, '/sys/fs/cgroup/memory/x');
  assert.equal(locate(info, '4:memory:/docker/7fff\n').v1.get('memory')?.own, '/sys/fs/cgroup/memory');
  assert.equal(locate(V2, '0::/../../outside\n').v2?.own, '/sys/fs/cgroup');
});

test('of two mounts of one hierarchy the one that can be written to', () => {
  const info =
    '35 31 0:32 / /first ro - cgroup cgroup rw,memory\n36 31 0:32 / /second rw - cgroup cgroup rw,memory\n' +
    '37 31 0:32 / /third rw - cgroup cgroup rw,memory\n';
  assert.equal(locate(info, '4:memory:/\n').v1.get('memory')?.top, '/second');
});

test('nothing mounted, nothing known', () => {
  assert.deepEqual(locate('', ''), { v1: new Map(), v2: undefined });
  assert.equal(locate(V2, 'nonsense').v2, undefined);
});

test('spaces and colons in names', () => {
  assert.equal(parseMounts('1 2 0:3 / /my\\040groups\\134x rw - cgroup2 none rw')[0]?.point, '/my groups\\x');
  assert.equal(parseMembership('0::/a:b c').get(''), '/a:b c');
});

const name = fc.stringMatching(/^[\w@.: -]{1,12}$/).filter(text => text !== '..' && text !== '.');
const path = fc.array(name, { maxLength: 5 }).map(steps => steps.map(step => `/${step}`).join('') || '/');
const escaped = (text: string) => text.replaceAll(' ', '\\040');

test('whatever the names: the own group is the mount point and the path below its root', () => {
  fc.assert(
    fc.property(path, path, path, (point, root, below) => {
      const info = `35 31 0:32 ${escaped(root)} ${escaped(point)} rw - cgroup2 cgroup2 rw`;
      const inner = below === '/' ? '' : below;
      const own = root === '/' ? below : root + inner;
      assert.equal(locate(info, `0::${own}`).v2?.own, point + inner);
    }),
  );
});

test('no text makes the parsers fail', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (one, two) => void locate(one, two)));
});
