// The filters of a web function's program and of the process that answers it, read out of both programs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ALLOWED, ASKED, filterOf, MACHINES, REFUSED } from './testing-filter.ts';

const EPERM = 1;

/** Numbers of x86_64 and aarch64, from the kernel's tables; -1: there is no such call. */
const ASKING = { bind: [49, 200], listen: [50, 201], connect: [42, 203], getsockname: [51, 204] } as const;
const ANSWERING = {
  poll: [7, -1],
  open: [2, -1],
  restart_syscall: [219, 128],
  ppoll: [271, 73],
  openat: [257, 56],
  ioctl: [16, 29],
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  fcntl: [72, 25],
  fstat: [5, 80],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  socket: [41, 198],
  bind: [49, 200],
  listen: [50, 201],
  connect: [42, 203],
  getsockname: [51, 204],
  getsockopt: [55, 209],
  setsockopt: [54, 208],
  wait4: [61, 260],
  kill: [62, 129],
  getpid: [39, 172],
  getppid: [110, 173],
  getpgid: [121, 155],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  exit_group: [231, 94],
  exit: [60, 93],
} as const;

const anyCall = fc.integer({ min: 0, max: 600 });
const anyArguments = fc.array(fc.nat(), { maxLength: 6 });

for (const { name, place, arch, others } of MACHINES)
  describe(name, () => {
    test('four calls are asked about, all others pass', () => {
      const judge = filterOf(name, arch, [0, 5]);
      const asked = new Set<number>(Object.values(ASKING).map(numbers => numbers[place]));
      for (const nr of asked) assert.equal(judge(nr), ASKED);
      const rest = anyCall.filter(nr => !asked.has(nr));
      fc.assert(fc.property(rest, anyArguments, (nr, args) => assert.equal(judge(nr, args), ALLOWED)));
    });

    test('those of other architectures are the business of the other filter', () => {
      const judge = filterOf(name, arch, [0, 5]);
      for (const [nr] of Object.values(ASKING)) {
        for (const other of others) assert.equal(judge(nr, [], other), ALLOWED);
        assert.equal(judge(nr + 0x40000000), ALLOWED);
      }
    });

    test('who answers may do that, and nothing else', () => {
      const judge = filterOf(name, arch, [0, 2]);
      const listed = new Set<number>(Object.values(ANSWERING).map(numbers => numbers[place]));
      listed.delete(-1);
      for (const nr of listed) {
        assert.equal(judge(nr), ALLOWED, `call ${nr}`);
        for (const other of others) assert.equal(judge(nr, [], other), REFUSED | EPERM);
        assert.equal(judge(nr + 0x40000000), REFUSED | EPERM);
      }
      const foreign = anyCall.filter(nr => !listed.has(nr));
      fc.assert(fc.property(foreign, anyArguments, (nr, args) => assert.equal(judge(nr, args), REFUSED | EPERM)));
    });
  });
