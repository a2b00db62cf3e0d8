// Runs the program of a web function under a filter that asks before it binds, listens, connects or looks for its own
// address, and answers (ports.c).
// The program is a child of the one who answers: an ancestor may look into it wherever anybody may.
//
// Descriptor 3 is told, a line each:
//   listen PORT 4|6 any|loopback   the program listens, at PORT of 127.0.0.1 or ::1; the address that it asked for is
//                                  one that outside is reached at, or only a loopback's
//   nolisten REASON                this machine cannot do that; exit code 126

#include "sandbox.h"
#include "kernel.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define CHANNEL 3
#define TURN_FILE 4
// A later kernel's structures may be longer than those of our headers.
#define ROOM 256

// What the child says first: its descriptor, or why it has none.
struct hello {
  int listener;
  int reason;
};

static void be_the_program(pid_t own, int end, const sigset_t *mask) {
  char go;
  close(CHANNEL);
  step_t step = die_with_parent(own);
  // After a change of ids nobody may look into it, its parent included.
  if (step == NULL && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) step = "PR_SET_DUMPABLE";
  if (step != NULL) die(step);
  const int listener = install_asking();
  const struct hello hello = {listener, errno};
  if (write(end, &hello, sizeof hello) != sizeof hello || read(end, &go, 1) != 1) _exit(EXIT_OWN);
  close(listener);
  close(end);
  sigprocmask(SIG_SETMASK, mask, NULL);
}

_Noreturn static void end_like(int status) {
  if (WIFSIGNALED(status)) {
    sigset_t none;
    sigemptyset(&none);
    signal(WTERMSIG(status), SIG_DFL);
    kill(getpid(), WTERMSIG(status));
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(128 + WTERMSIG(status));
  }
  _exit(WEXITSTATUS(status));
}

_Noreturn static void refuse(pid_t child, const char *what) {
  char line[128];
  const int length = snprintf(line, sizeof line, "nolisten %s: %s\n", what, strerror(errno));
  (void)!write(CHANNEL, line, (size_t)length);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  _exit(EXIT_NO_WEB);
}

// The descriptor at which the child's calls are asked about. Everything that answering needs has been tried then.
static int meet(pid_t child, int end) {
  struct hello hello, again;
  if (read(end, &hello, sizeof hello) != sizeof hello) {
    int status = 0;
    waitpid(child, &status, 0);
    end_like(status);
  }
  errno = hello.reason;
  if (hello.listener < 0) refuse(child, "seccomp user notification");
  const int process = pidfd_of(child);
  if (process < 0) refuse(child, "pidfd_open");
  const int listener = (int)syscall(SYS_pidfd_getfd, process, hello.listener, 0);
  if (listener < 0) refuse(child, "pidfd_getfd");
  close(process);
  // Anything: the two have the same addresses.
  const struct iovec here = {&again, sizeof again}, there = {&hello, sizeof hello};
  if (process_vm_readv(child, &here, 1, &there, 1, 0) != sizeof again) refuse(child, "process_vm_readv");
  return listener;
}

static void answer_one(int listener) {
  union {
    struct seccomp_notif call;
    char room[ROOM];
  } asked;
  union {
    struct seccomp_notif_resp answer;
    char room[ROOM];
  } told;
  memset(&asked, 0, sizeof asked);
  memset(&told, 0, sizeof told);
  // The caller may be gone again.
  if (ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) return;
  const struct verdict verdict = judge(listener, &asked.call);
  told.answer.id = asked.call.id;
  told.answer.flags = verdict.pass ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  told.answer.error = -verdict.error;
  if (ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_SEND, &told) != 0) remember(&asked.call, verdict);
}

// One to all of the program's own group has come there by itself.
static bool from_within(pid_t sender) {
  return sender != 0 && sender != getppid() && getpgid(sender) == getpgid(0);
}

static void hear(int signals, pid_t child) {
  struct signalfd_siginfo one;
  int status;
  if (read(signals, &one, sizeof one) != sizeof one) return;
  if (one.ssi_signo == SIGTERM && !from_within((pid_t)one.ssi_pid)) kill(child, SIGTERM);
  if (waitpid(child, &status, WNOHANG) == child) end_like(status);
}

_Noreturn static void watch(pid_t child, int end, uint16_t port) {
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGCHLD);
  sigaddset(&heard, SIGTERM);
  const int signals = signalfd(-1, &heard, SFD_CLOEXEC);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  // The program has the same user: it may not look into this one, or speak through its descriptors.
  if (signals < 0 || null < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) refuse(child, "supervisor");
  const int listener = meet(child, end);
  // Wakes who is asked where the caller runs (Linux 6.6).
  ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  // A server that does not read keeps the program from nothing.
  fcntl(CHANNEL, F_SETFL, fcntl(CHANNEL, F_GETFL) | O_NONBLOCK);
  for (int fd = 0; fd < CHANNEL; fd++) dup2(null, fd);
  close(null);
  step_t step = install_answering();
  if (step != NULL) refuse(child, step);
  serve_port(port, CHANNEL);
  if (write(end, "", 1) != 1) _exit(EXIT_OWN);
  close(end);
  struct pollfd wait[2] = {{.fd = listener, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
  for (;;) {
    if (poll(wait, 2, -1) < 0 && errno != EINTR) _exit(EXIT_OWN);
    if ((wait[0].revents & POLLIN) != 0) answer_one(listener);
    // Nobody is left who could ask.
    else if (wait[0].revents != 0) wait[0].fd = -1;
    if (wait[1].revents != 0) hear(signals, child);
  }
}

void supervise(uint16_t port) {
  int ends[2];
  sigset_t all, before;
  if (fcntl(CHANNEL, F_GETFD) < 0) die("descriptor 3");
  close(TURN_FILE);
  sigfillset(&all);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) die("socketpair");
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t own = getpid();
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child > 0) {
    close(ends[1]);
    watch(child, ends[0], port);
  }
  close(ends[0]);
  be_the_program(own, ends[1], &before);
}
