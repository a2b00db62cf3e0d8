// Raw system calls from inside a function. What an argument would forbid anyway proves nothing, so each is also made
// outside, where another answer shows that it was the sandbox that refused.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type Attack,
  type Call,
  callsOutside,
  type Ground,
  ground,
  ownUsers,
  powerful,
  sandboxedPython,
} from './escape.ts';

const AT = -100;
const AT_RECURSIVE = 0x8000;
const MS_REMOUNT_BIND = 0x20 | 0x1000;
const MS_BIND = 0x1000;
const SPACES = {
  mount: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
};

interface Row {
  readonly what: string;
  readonly call: Call;
  readonly error: string;
  /** Whether it is not made outside: it would do harm there, or fails there as well. */
  readonly insideOnly?: true;
}

const refused = (what: string, ...call: Call): Row => ({ what, call, error: 'EPERM' });
const missing = (what: string, ...call: Call): Row => ({ what, call, error: 'ENOSYS' });
const without = (error: string, what: string, ...call: Call): Row => ({ what, call, error });
const insideOnly = (row: Row): Row => ({ ...row, insideOnly: true });

const MOUNTS: readonly Row[] = [
  refused('mount a file system', 'mount', 'none', '/tmp', 'tmpfs', 0, null),
  refused('mount /proc again', 'mount', 'none', '/tmp', 'proc', 0, null),
  refused('bind one folder on another', 'mount', '/usr', '/tmp', null, MS_BIND, null),
  refused('mount the root writable', 'mount', null, '/', null, MS_REMOUNT_BIND, null),
  refused('mount /usr writable', 'mount', null, '/usr', null, MS_REMOUNT_BIND, null),
  refused('unmount /proc', 'umount2', '/proc', 2),
  refused('pivot_root', 'pivot_root', '/tmp', '/tmp'),
  refused('chroot', 'chroot', '/tmp'),
  refused('open_tree', 'open_tree', AT, '/', 1 | AT_RECURSIVE),
  refused('open_tree_attr', 'open_tree_attr', AT, '/', 1, null, 0),
  refused('move_mount', 'move_mount', -1, '', AT, '/tmp', 0),
  refused('fsopen', 'fsopen', 'tmpfs', 0),
  refused('fsconfig', 'fsconfig', -1, 0, null, null, 0),
  refused('fsmount', 'fsmount', -1, 0, 0),
  refused('fspick', 'fspick', AT, '/', 0),
  refused('make a mount writable by mount_setattr', 'mount_setattr', AT, '/', 0, [0, 1, 0, 0], 32),
  refused('a handle of a file', 'name_to_handle_at', AT, '/', [0x80], [0], 0),
  refused('a file by its handle, past all mounts', 'open_by_handle_at', AT, [8], 0),
  refused('watch a whole file system', 'fanotify_init', 0, 0),
];

const NAMESPACES: readonly Row[] = [
  ...Object.entries(SPACES).map(([name, flag]) => refused(`unshare: ${name}`, 'unshare', flag)),
  refused('unshare: time', 'unshare', 0x80),
  ...Object.entries(SPACES).map(([name, flag]) => refused(`clone: ${name}`, 'cloning', flag)),
  insideOnly(missing('clone3, whose flags no filter sees', 'clone3', [SPACES.user, 0, 0, 0, 17], 64)),
  refused('setns', 'setns', -1, 0),
];

const PROCESSES: readonly Row[] = [
  refused('be traced', 'ptrace', 0, 0, 0, 0),
  insideOnly(refused('trace the first process', 'ptrace', 16, 1, 0, 0)),
  refused('read memory of another process', 'process_vm_readv', 1, [0], 1, [0], 1, 0),
  refused('write memory of another process', 'process_vm_writev', 1, [0], 1, [0], 1, 0),
  insideOnly(refused('compare with another process', 'kcmp', 1, 1, 0, 0, 0)),
  refused('take a descriptor of another process', 'pidfd_getfd', 0, 3, 0),
  insideOnly(refused('move pages of another process', 'move_pages', 1, 0, 0, 0, 0, 0)),
  refused('higher limits', 'prlimit64', 0, 7, [4096, 4096], null),
  // The user of an ordinary user's server is its own there as well.
  ...(ownUsers ? [refused('limits of the first process', 'prlimit64', 1, 7, null, [0])] : []),
  without('EACCES', 'a higher priority', 'setpriority', 0, 0, -5),
  refused('a real-time priority', 'sched_setscheduler', 0, 1, [1]),
  refused('a real-time priority for disks', 'ioprio_set', 1, 0, 1 << 13),
];

const POWER: readonly Row[] = [
  // There is no root to become: EINVAL says that its number is not in the map.
  without('EINVAL', 'setuid 0', 'setuid', 0),
  without('EINVAL', 'setgid 0', 'setgid', 0),
  without('EINVAL', 'setresuid 0', 'setresuid', 0, 0, 0),
  refused('other groups', 'setgroups', 1, [0]),
  insideOnly(refused('all capabilities', 'capset', [0x20080522], [-1, 0, 0])),
  refused('capabilities from the bounding set', 'prctl', 24, 21, 0, 0, 0),
  insideOnly(refused('ambient capabilities', 'prctl', 47, 2, 21, 0, 0)),
  insideOnly(without('EINVAL', 'no_new_privs taken back', 'prctl', 38, 0, 0, 0, 0)),
];

const KERNEL: readonly Row[] = [
  refused('bpf', 'bpf', 0, [0x0000000400000002, 0x0000000100000004], 72),
  refused('perf_event_open', 'perf_event_open', [1], 0, -1, -1, 0),
  refused('userfaultfd', 'userfaultfd', 1),
  refused('the session’s keyring', 'keyctl', 0, -3, 1),
  refused('a key in the user’s keyring', 'add_key', 'user', 'left', 'x', 1, -4),
  refused('request_key', 'request_key', 'user', 'left', null, 0),
  missing('io_uring_setup', 'io_uring_setup', 4, [0]),
  missing('io_uring_enter', 'io_uring_enter', 0, 0, 0, 0, null, 0),
  missing('io_uring_register', 'io_uring_register', 0, 0, null, 0),
  refused('kexec_load', 'kexec_load', 0, 0, null, 0xffff),
  refused('kexec_file_load', 'kexec_file_load', -1, -1, 0, null, 0xffff),
  insideOnly(refused('reboot', 'reboot', 0xfee1dead, 672274793, 0x01234567, null)),
  refused('init_module', 'init_module', null, 0, null),
  refused('finit_module', 'finit_module', -1, null, 0),
  refused('delete_module', 'delete_module', null, 0),
  refused('swapon', 'swapon', null, 0),
  refused('swapoff', 'swapoff', null),
  insideOnly(refused('acct', 'acct', null)),
  refused('the kernel’s log', 'syslog', 3, null, -1),
  refused('quotactl', 'quotactl', -1, null, 0, null),
  refused('settimeofday', 'settimeofday', 1, 1),
  refused('clock_settime', 'clock_settime', 0, 1),
  refused('clock_adjtime', 'clock_adjtime', 0, 1),
  refused('adjtimex', 'adjtimex', 1),
  refused('sethostname', 'sethostname', 'x', -1),
  refused('setdomainname', 'setdomainname', 'x', -1),
  refused('a personality without random addresses', 'personality', 0x0040000),
  refused('a personality that can map address 0', 'personality', 0x0100000),
  refused('input into a terminal', 'ioctl', 0, 0x5412, 'x'),
];

const OTHER_DOORS: readonly Row[] = [
  refused('iopl', 'iopl', 3),
  refused('ioperm', 'ioperm', 0, 1, 1),
  refused('modify_ldt', 'modify_ldt', 0, 0, 0),
  refused('a call of 32 bits: getpid', 'int 0x80', 20),
  refused('a call of 32 bits: mount', 'int 0x80', 21),
  refused('a call of 32 bits: unshare', 'int 0x80', 310),
  refused('a call of x32: unshare', 0x40000000 + 272, SPACES.mount),
  insideOnly(missing('a call that this list does not know yet', 600)),
];

const DEVICES: readonly Row[] = [
  refused('a node of /dev/null', 'mknodat', AT, '/tmp/device', 0o20666, 0x103),
  refused('a node of /dev/mem', 'mknodat', AT, '/tmp/device', 0o20666, 0x101),
  refused('a node of a disk', 'mknodat', AT, '/tmp/device', 0o60666, 0xfe00),
  refused('the same by the older call', 'mknod', '/tmp/device', 0o20666, 0x103),
];

const SOCKETS: readonly Row[] = [
  refused('a raw socket', 'socket', 2, 3, 1),
  refused('a raw socket that makes its own headers', 'socket', 2, 3, 255),
  refused('a raw socket of IPv6', 'socket', 10, 3, 58),
  without('EAFNOSUPPORT', 'packets of a network card', 'socket', 17, 3, 0),
  without('EAFNOSUPPORT', 'packets without their heads', 'socket', 17, 2, 0),
  without('EAFNOSUPPORT', 'sockets to the machine under this one', 'socket', 40, 1, 0),
  without('EAFNOSUPPORT', 'who talks to whom (sock_diag)', 'socket', 16, 3, 4),
  without('EAFNOSUPPORT', 'the audit log', 'socket', 16, 3, 9),
  without('EAFNOSUPPORT', 'netfilter', 'socket', 16, 3, 12),
  without('EAFNOSUPPORT', 'events of devices', 'socket', 16, 3, 15),
  insideOnly(without('EAFNOSUPPORT', 'the kernel’s ciphers', 'socket', 38, 5, 0)),
  insideOnly(without('EAFNOSUPPORT', 'Bluetooth', 'socket', 31, 3, 1)),
  insideOnly(without('EAFNOSUPPORT', 'a CAN bus', 'socket', 29, 3, 1)),
  insideOnly(without('EAFNOSUPPORT', 'TIPC', 'socket', 30, 1, 0)),
  insideOnly(without('EPROTONOSUPPORT', 'SCTP', 'socket', 2, 1, 132)),
  insideOnly(without('EPROTONOSUPPORT', 'a kind of socket that loads SCTP', 'socket', 2, 5, 0)),
  without('EPROTONOSUPPORT', 'MPTCP', 'socket', 2, 1, 262),
  without('EAFNOSUPPORT', 'a pair of sockets to the machine under this one', 'socketpair', 40, 1, 0, [0]),
  insideOnly(without('EAFNOSUPPORT', 'a pair of TIPC', 'socketpair', 30, 1, 0, [0])),
];

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  'mounts and roots': MOUNTS,
  namespaces: NAMESPACES,
  'other processes': PROCESSES,
  'more power': POWER,
  'parts of the kernel': KERNEL,
  'other doors to the kernel': OTHER_DOORS,
  'device nodes': DEVICES,
  sockets: SOCKETS,
};

/** Or a filter that refuses everything would do. */
const EVERYDAY: readonly Call[] = [
  ['getppid'],
  ['cloning', 0],
  ['personality', 0xffffffff],
  ['socket', 1, 1, 0],
  ['socket', 2, 1, 6],
  ['socket', 10, 2, 17],
  ['socket', 16, 3, 0],
  ['socketpair', 1, 1, 0, [0]],
  ['mknodat', AT, '/tmp/fifo', 0o10666, 0],
];

describe('system calls that lead out', sandboxedPython, () => {
  let at: Ground;
  let attack: Attack;
  const inside = new Map<Row, string>();
  const outside = new Map<Row, string>();

  before(async () => {
    at = await ground();
    attack = await at.attack('kernel');
    const rows = Object.values(TABLES).flat();
    const found = await attack.calls(rows.map(row => row.call));
    for (const [i, row] of rows.entries()) inside.set(row, found[i] ?? '');
    const tried = rows.filter(row => !row.insideOnly);
    const free = callsOutside(tried.map(row => row.call));
    for (const [i, row] of tried.entries()) outside.set(row, free[i] ?? '');
  });
  after(() => at?.[Symbol.asyncDispose]());

  for (const [theme, rows] of Object.entries(TABLES))
    describe(theme, () => {
      for (const row of rows)
        test(row.what, t => {
          const answer = inside.get(row);
          if (answer === 'absent') t.skip('this processor has no such call');
          else {
            assert.equal(answer, row.error);
            // Without power they fail outside as well, and for other reasons.
            if (powerful && !row.insideOnly) assert.notEqual(outside.get(row), row.error, 'it fails outside as well');
          }
        });
    });

  test('everyday calls come through', async () => {
    const answers = await attack.calls(EVERYDAY);
    assert.deepEqual(
      answers.filter(answer => !/^\d+$|^cloned$/.test(answer)),
      [],
    );
  });
});
