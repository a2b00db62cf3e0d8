// The filter of system calls, read out of both programs and run call by call; then with real interpreters.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { onLinux, run } from './testing.ts';
import { ALLOWED, filterOf, MACHINES, REFUSED } from './testing-filter.ts';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const EPROTONOSUPPORT = 93;

/** Numbers of x86_64 and aarch64, from the kernel's tables; undefined: there is no such call. */
const CALLS: Readonly<Record<string, readonly [x64: number, arm64: number | undefined]>> = {
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  move_mount: [429, 429],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  setns: [308, 268],
  unshare: [272, 97],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  swapon: [167, 224],
  swapoff: [168, 225],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  acct: [163, 89],
  syslog: [103, 116],
  vhangup: [153, 58],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  nfsservctl: [180, 42],
  lookup_dcookie: [212, 18],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  modify_ldt: [154, undefined],
  uselib: [134, undefined],
  ustat: [136, undefined],
  sysfs: [139, undefined],
};
const MISSING = { clone3: 435, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 };
const WITH_ARGUMENTS: typeof CALLS = {
  clone: [56, 220],
  personality: [135, 92],
  mknod: [133, undefined],
  mknodat: [259, 33],
  ioctl: [16, 29],
  socket: [41, 198],
  socketpair: [53, 199],
};
const LAST_KNOWN = 469;

for (const { name, place, arch, others } of MACHINES)
  describe(name, () => {
    const judge = filterOf(name, arch, [1, 0]);
    const numberOf = (call: string) => (CALLS[call] ?? WITH_ARGUMENTS[call])?.[place] ?? -1;

    test('refuses what changes the machine or reaches into others', () => {
      for (const [call, numbers] of Object.entries(CALLS))
        if (numbers[place] !== undefined) assert.equal(judge(numbers[place]), REFUSED | EPERM, call);
    });

    test('hides what libraries go on without', () => {
      for (const [call, nr] of Object.entries(MISSING)) assert.equal(judge(nr), REFUSED | ENOSYS, call);
    });

    test('lets every other known call pass, whatever its arguments', () => {
      const listed = new Set<number>(Object.values(MISSING));
      for (const numbers of [...Object.values(CALLS), ...Object.values(WITH_ARGUMENTS)])
        listed.add(numbers[place] ?? -1);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: LAST_KNOWN }), fc.array(fc.nat(), { maxLength: 6 }), (nr, args) => {
          fc.pre(!listed.has(nr));
          assert.equal(judge(nr, args), ALLOWED, `call ${nr}`);
        }),
        { numRuns: 3000 },
      );
    });

    test('calls of other architectures, and of later kernels, are not served', () => {
      for (const other of others) for (const nr of [0, 1, 39, 400]) assert.equal(judge(nr, [], other), REFUSED | EPERM);
      assert.equal(judge(LAST_KNOWN + 1), REFUSED | ENOSYS);
      // x32: the same calls under other numbers.
      const x32 = judge(0x40000000 + 165);
      assert.equal(x32, REFUSED | (name === 'linux-x64' ? EPERM : ENOSYS));
      assert.notEqual(judge(0xffffffff), ALLOWED);
    });

    test('clone makes processes and threads, no namespaces', () => {
      const clone = numberOf('clone');
      // What fork() and pthread_create() of the GNU C library ask for.
      for (const flags of [0x01200011, 0x003d0f00, 0x4111]) assert.equal(judge(clone, [flags]), ALLOWED);
      for (const bit of [17, 25, 26, 27, 28, 29, 30])
        assert.equal(judge(clone, [(1 << bit) | 17]), REFUSED | EPERM, `bit ${bit}`);
    });

    test('personality may be asked for, and be the usual one', () => {
      const personality = numberOf('personality');
      for (const one of [0, 0xffffffff]) assert.equal(judge(personality, [one]), ALLOWED);
      for (const one of [8, 0x0040000, 0x0400000, 0xfffffffe]) assert.equal(judge(personality, [one]), REFUSED | EPERM);
    });

    test('FIFOs, sockets and files may be made, devices not', () => {
      const made = [
        { nr: numberOf('mknodat'), place: 2 },
        ...(name === 'linux-x64' ? [{ nr: numberOf('mknod'), place: 1 }] : []),
      ];
      for (const { nr, place } of made) {
        const of = (mode: number) => judge(nr, Object.assign([0, 0, 0], { [place]: mode }));
        for (const mode of [0o010644, 0o140755, 0o100600, 0o644]) assert.equal(of(mode), ALLOWED);
        for (const mode of [0o020666, 0o060660, 0o027777]) assert.equal(of(mode), REFUSED | EPERM);
      }
    });

    test('no input is put into terminals', () => {
      const ioctl = numberOf('ioctl');
      for (const request of [0x5412, 0x541c]) assert.equal(judge(ioctl, [0, request]), REFUSED | EPERM);
      for (const request of [0x5401, 0x5413, 0x541b, 0x5421]) assert.equal(judge(ioctl, [0, request]), ALLOWED);
    });

    test('sockets: local, IPv4, IPv6, and the list of interfaces', () => {
      const socket = numberOf('socket');
      for (const family of [1, 2, 10]) assert.equal(judge(socket, [family, 1, 6]), ALLOWED);
      assert.equal(judge(socket, [16, 3, 0]), ALLOWED);
      for (const protocol of [4, 9, 15, 16]) assert.equal(judge(socket, [16, 3, protocol]), REFUSED | EAFNOSUPPORT);
      for (const family of [0, 3, 9, 17, 31, 38, 40, 44])
        assert.equal(judge(socket, [family, 1, 0]), REFUSED | EAFNOSUPPORT, `family ${family}`);
    });

    test('sockets of the Internet: TCP, UDP and ping, whatever flags they have', () => {
      const socket = numberOf('socket');
      const [flags, sctp, dccp, l2tp, udplite, smc, mptcp] = [0o2004000, 132, 33, 115, 136, 256, 262];
      for (const family of [2, 10]) {
        const asked = (type: number, protocol: number) => judge(socket, [family, type | flags, protocol]);
        for (const protocol of [0, 6]) assert.equal(asked(1, protocol), ALLOWED);
        for (const protocol of [0, 17, 1, 58]) assert.equal(asked(2, protocol), ALLOWED);
        for (const protocol of [sctp, dccp, l2tp, udplite, smc, mptcp])
          for (const type of [1, 2]) assert.equal(asked(type, protocol), REFUSED | EPROTONOSUPPORT, `${protocol}`);
        // One kind of socket alone may load a module as well.
        for (const type of [4, 5, 6, 10]) assert.equal(asked(type, 0), REFUSED | EPROTONOSUPPORT, `type ${type}`);
        for (const protocol of [0, 1, 132, 255]) assert.equal(asked(3, protocol), REFUSED | EPERM);
      }
    });

    test('pairs of sockets are local', () => {
      const socketpair = numberOf('socketpair');
      for (const type of [1, 2, 5]) assert.equal(judge(socketpair, [1, type, 0]), ALLOWED);
      for (const family of [0, 2, 10, 16, 17, 21, 30, 31, 38, 40])
        assert.equal(judge(socketpair, [family, 1, 0]), REFUSED | EAFNOSUPPORT, `family ${family}`);
    });
  });

// Calls that anybody may make without the filter: what refuses them with it is the filter.
const PYTHON = `
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(nr, *args):
    ctypes.set_errno(0)
    return [libc.syscall(ctypes.c_long(nr), *[ctypes.c_long(a) for a in args]) != -1, ctypes.get_errno()]
print(json.dumps([call(*one) for one in json.loads(sys.argv[1])]))
`;

function python(): string | undefined {
  for (const name of ['python3', 'python'])
    try {
      return execFileSync(name, ['-c', 'import ctypes, sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    } catch {
      // Not here.
    }
  return undefined;
}

const withPython = onLinux || (python() ? false : 'needs Python');

test('the kernel applies it', { skip: withPython }, async () => {
  const place = process.arch === 'arm64' ? 1 : 0;
  const nr = (name: string) => (CALLS[name] ?? WITH_ARGUMENTS[name])?.[place] ?? -1;
  const calls: readonly (readonly [what: string, error: number, ...call: number[]])[] = [
    ['unshare of nothing', EPERM, nr('unshare'), 0],
    ['ptrace of the parent', EPERM, nr('ptrace'), 0],
    ['the keyrings', EPERM, nr('keyctl'), 0, -3, 0],
    ['a personality', EPERM, nr('personality'), 0x0400000],
    ['the clock’s state', EPERM, nr('adjtimex'), 0],
    ['process_vm_readv', EPERM, nr('process_vm_readv'), 0, 0, 0, 0, 0, 0],
    ['clone3', ENOSYS, MISSING.clone3, 0, 0],
    ['io_uring', ENOSYS, MISSING.io_uring_setup, 0, 0],
    ['generic netlink', EAFNOSUPPORT, nr('socket'), 16, 3, 16],
    ['a pair of another family', EAFNOSUPPORT, nr('socketpair'), 16, 3, 0, 0],
    ['a later call', ENOSYS, 100_000],
  ];
  const attempt = async (...options: string[]) => {
    const wanted = JSON.stringify(calls.map(([, , ...call]) => call));
    const result = await run(['enter', '--no-userns', ...options, '--', python() ?? '', '-c', PYTHON, wanted]);
    assert.equal(result.code, 0, result.stderr + result.stdout);
    return JSON.parse(result.stdout) as [boolean, number][];
  };
  const filtered = await attempt();
  const free = await attempt('--no-seccomp');
  for (const [i, [what, error]] of calls.entries()) {
    assert.deepEqual(filtered[i], [false, error], what);
    if (what !== 'a later call') assert.notDeepEqual(free[i], [false, error], `${what}, without the filter`);
  }
});

const SPAWNING = 'subprocess.check_output(["/bin/echo", "child"]).decode().strip()';

test('Python runs under it: threads, children, sockets', { skip: withPython }, async () => {
  const script = `
import socket, ssl, subprocess, threading, multiprocessing
found = []
one = threading.Thread(target=lambda: found.append('thread')); one.start(); one.join()
found.append(${SPAWNING})
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()
client = socket.create_connection(server.getsockname()); client.close()
other = socket.socket(socket.AF_INET6)
found.append('sockets')
fork = multiprocessing.get_context('fork').Process(target=lambda: None); fork.start(); fork.join()
found.append(str(fork.exitcode))
print(' '.join(found))
`;
  const result = await run(['enter', '--no-userns', '--', python() ?? '', '-c', script]);
  assert.deepEqual([result.code, result.stdout.trim()], [0, 'thread child sockets 0']);
});

test('Node.js runs under it: workers, children, files, interfaces', { skip: onLinux }, async () => {
  const script = `
const { Worker } = require('node:worker_threads');
const { execFileSync, fork } = require('node:child_process');
const found = [require('node:os').networkInterfaces() ? 'interfaces' : ''];
found.push(execFileSync('/bin/echo', ['child']).toString().trim());
new Worker('require("node:worker_threads").parentPort.postMessage("worker")', { eval: true }).on('message', async text => {
  found.push(text, (await require('node:fs').promises.readFile('/proc/self/comm', 'utf8')).trim() ? 'file' : '');
  const server = require('node:net').createServer(socket => socket.end('net')).listen(0, '127.0.0.1', () =>
    require('node:net').connect(server.address().port, '127.0.0.1').on('data', data => {
      console.log([...found, String(data)].join(' '));
      server.close();
    }));
});
`;
  const result = await run(['enter', '--no-userns', '--', process.execPath, '-e', script]);
  assert.deepEqual([result.code, result.stdout.trim()], [0, 'interfaces child worker file net']);
});
