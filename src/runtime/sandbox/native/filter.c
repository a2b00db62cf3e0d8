// The seccomp filter of functions: calls that change the machine, look into other processes or reach rarely used and
// often broken parts of the kernel fail. Everything else works, so that interpreters and native modules do not notice.

#include "sandbox.h"
#include "kernel.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the filter knows x86_64 and aarch64"
#endif

// file_setattr of Linux 6.17. A call that is newer than this list has not been looked at: to programs it is an older kernel.
#define LAST_KNOWN 469
#define X32_BIT 0x40000000
#define NETLINK_ROUTE 0
// The rest of a socket's type are flags.
#define SOCK_TYPES 0xf

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define NEW_SPACES \
  (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
// The kernel reads these arguments as 32 bits (or less); both architectures are little-endian.
#define LOAD_ARG(n) LOAD(args[n])
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW ANSWER(SECCOMP_RET_ALLOW)
#define REFUSE(error) ANSWER(SECCOMP_RET_ERRNO | (error))
// Skips the next `n` when the value is another one.
#define UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, n)
// Skips them when it is this one.
#define WHEN(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), n, 0)
#define DENY(call) UNLESS(SYS_##call, 1), REFUSE(EPERM)
#define MISSING(call) UNLESS(SYS_##call, 1), REFUSE(ENOSYS)

// Answers that depend on the number alone are cached by the kernel, so the length of the list costs nothing.
static const struct sock_filter FILTER[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    REFUSE(EPERM),
    LOAD(nr),
#if defined(__x86_64__)
    // The same calls under other numbers.
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
    REFUSE(EPERM),
#endif
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN, 0, 1),
    REFUSE(ENOSYS),

    // mounts
    DENY(mount), DENY(umount2), DENY(pivot_root), DENY(chroot),
    DENY(move_mount), DENY(open_tree), DENY(open_tree_attr), DENY(fsopen), DENY(fsconfig), DENY(fsmount), DENY(fspick),
    DENY(mount_setattr), DENY(name_to_handle_at), DENY(open_by_handle_at), DENY(fanotify_init),
    // namespaces; clone3 hides its flags behind a pointer, and libc falls back to clone
    DENY(setns), DENY(unshare), MISSING(clone3),
    UNLESS(SYS_clone, 4), LOAD_ARG(0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_SPACES, 0, 1), REFUSE(EPERM), ALLOW,
    // other processes
    DENY(ptrace), DENY(process_vm_readv), DENY(process_vm_writev), DENY(kcmp), DENY(pidfd_getfd),
    // parts of the kernel with a history; an event loop that asks for io_uring goes on without it
    DENY(bpf), DENY(perf_event_open), DENY(userfaultfd), DENY(keyctl), DENY(add_key), DENY(request_key),
    MISSING(io_uring_setup), MISSING(io_uring_enter), MISSING(io_uring_register),
    // the machine
    DENY(kexec_load), DENY(kexec_file_load), DENY(reboot), DENY(init_module), DENY(finit_module), DENY(delete_module),
    DENY(swapon), DENY(swapoff), DENY(quotactl), DENY(quotactl_fd), DENY(acct), DENY(syslog), DENY(vhangup),
    DENY(settimeofday), DENY(clock_settime), DENY(clock_adjtime), DENY(adjtimex), DENY(sethostname), DENY(setdomainname),
    DENY(nfsservctl), DENY(lookup_dcookie),
#if defined(__x86_64__)
    DENY(iopl), DENY(ioperm), DENY(modify_ldt), DENY(uselib), DENY(ustat), DENY(sysfs),
#endif

    // 0xffffffff only asks.
    UNLESS(SYS_personality, 5), LOAD_ARG(0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), UNLESS(0xffffffff, 1), ALLOW,
    REFUSE(EPERM),

    // Type of the file only: FIFOs and sockets may be made.
#if defined(__x86_64__)
    UNLESS(SYS_mknod, 6), LOAD_ARG(1), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, S_IFCHR, 1, 0), UNLESS(S_IFBLK, 1), REFUSE(EPERM), ALLOW,
#endif
    UNLESS(SYS_mknodat, 6), LOAD_ARG(2), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, S_IFCHR, 1, 0), UNLESS(S_IFBLK, 1), REFUSE(EPERM), ALLOW,

    // Both put text into the input of a terminal.
    UNLESS(SYS_ioctl, 5), LOAD_ARG(1), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0), UNLESS(TIOCLINUX, 1),
    REFUSE(EPERM), ALLOW,

    // The only family of which pairs are made; for others the call would load a module and make a socket first.
    UNLESS(SYS_socketpair, 4), LOAD_ARG(0), UNLESS(AF_UNIX, 1), ALLOW, REFUSE(EAFNOSUPPORT),

    // Of the Internet's protocols those of everyday programs: another one (SCTP, DCCP, L2TP, SMC) is a module that the
    // first socket loads. Raw ones need power anyway. Routing netlink lists the network interfaces.
    UNLESS(SYS_socket, 21), LOAD_ARG(0), WHEN(AF_UNIX, 17), WHEN(AF_NETLINK, 13), WHEN(AF_INET, 1), UNLESS(AF_INET6, 13),
    LOAD_ARG(1), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SOCK_TYPES), WHEN(SOCK_RAW, 12),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SOCK_DGRAM, 6, 0),
    LOAD_ARG(2), WHEN(0, 8), WHEN(IPPROTO_TCP, 7), WHEN(IPPROTO_UDP, 6), WHEN(IPPROTO_ICMP, 5), WHEN(IPPROTO_ICMPV6, 4),
    REFUSE(EPROTONOSUPPORT),
    LOAD_ARG(2), WHEN(NETLINK_ROUTE, 1),
    REFUSE(EAFNOSUPPORT),
    ALLOW,
    REFUSE(EPERM),

    ALLOW,
};

step_t install_filter(void) {
  const struct sock_fprog program = {sizeof FILTER / sizeof *FILTER, (struct sock_filter *)FILTER};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? NULL : "seccomp filter";
}

// Beside the one above, for web functions: these calls are asked about first (ports.c). Those of other architectures and
// their like are the business of the filter above.
static const struct sock_filter ASKING[] = {
    LOAD(arch), UNLESS(ARCH, 5),
    LOAD(nr), WHEN(SYS_bind, 4), WHEN(SYS_listen, 3), WHEN(SYS_connect, 2), WHEN(SYS_getsockname, 1),
    ALLOW,
    ANSWER(SECCOMP_RET_USER_NOTIF),
};

int install_asking(void) {
  const struct sock_fprog program = {sizeof ASKING / sizeof *ASKING, (struct sock_filter *)ASKING};
  // Go interrupts its own threads all the time: what has been done is not to be asked for again (Linux 5.19).
  const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  const int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (listener >= 0 || errno != EINVAL) return listener;
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

// All that the one who answers does, and nothing else.
static const struct sock_filter ANSWERING[] = {
    LOAD(arch), UNLESS(ARCH, 2), LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), REFUSE(EPERM),
#define MAY(call) UNLESS(SYS_##call, 1), ALLOW
#if defined(__x86_64__)
    MAY(poll), MAY(open),
#endif
    // What the kernel makes of a poll that went on after a stop, or after the machine's sleep.
    MAY(restart_syscall),
    MAY(ppoll), MAY(openat), MAY(ioctl), MAY(read), MAY(write), MAY(close), MAY(fcntl), MAY(fstat),
    MAY(process_vm_readv), MAY(process_vm_writev), MAY(pidfd_open), MAY(pidfd_getfd),
    MAY(socket), MAY(bind), MAY(listen), MAY(connect), MAY(getsockname), MAY(getsockopt), MAY(setsockopt),
    MAY(wait4), MAY(kill), MAY(getpid), MAY(getppid), MAY(getpgid), MAY(rt_sigaction), MAY(rt_sigprocmask), MAY(rt_sigreturn),
    MAY(exit_group), MAY(exit),
#undef MAY
    REFUSE(EPERM),
};

step_t install_answering(void) {
  const struct sock_fprog program = {sizeof ANSWERING / sizeof *ANSWERING, (struct sock_filter *)ANSWERING};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? NULL : "seccomp filter of the supervisor";
}
