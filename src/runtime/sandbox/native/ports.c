// What becomes of the calls of a web function's program that have to do with its port. It asks for the one port that all
// web functions have; it gets a free one of the loopback, which the server is told of, finds itself there, and sees the
// one that it has asked for: what Node.js's cluster is bound to is compared with what was asked, and else refused.

#include "sandbox.h"
#include "address.h"
#include "kernel.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

// Sockets of one program that may have the port together, and those that it has closed since.
#define MAX_KNOWN 256
static const struct verdict PASS = {.pass = true};
static uint16_t wanted;
static int report_to;
// On 127.0.0.1 and on ::1; 0 is none yet. The same as long as it can be had.
static uint16_t given[2];
// Who listens on 127.0.0.1 has asked for :: and is to be found there as well.
static bool both;
static struct {
  uint64_t inode;
  // Where it believes to be.
  union address asked;
} known[MAX_KNOWN];
static unsigned count;
static struct {
  uint64_t inode;
  int nr;
  struct verdict verdict;
} untold;

void serve_port(uint16_t port, int channel) {
  wanted = port;
  report_to = channel;
}

static struct verdict answer(int error, uint64_t inode) {
  return (struct verdict){.error = error, .inode = inode};
}

static int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) == 0 ? value : -1;
}

// The program's own socket, not another one like it; -1 when there is none or the caller is gone.
static int take(int listener, const struct seccomp_notif *call) {
  char path[32], text[512];
  int process = pidfd_of((pid_t)call->pid);
  if (process < 0) {
    // A thread: what it has open, its process has.
    snprintf(path, sizeof path, "/proc/%u/status", call->pid);
    const int status = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = status < 0 ? 0 : read(status, text, sizeof text - 1);
    if (status >= 0) close(status);
    text[length < 0 ? 0 : length] = '\0';
    const char *leader = strstr(text, "\nTgid:");
    if (leader != NULL) process = pidfd_of((pid_t)strtol(leader + strlen("\nTgid:"), NULL, 10));
  }
  if (process < 0) return -1;
  const int fd = (int)syscall(SYS_pidfd_getfd, process, (int)call->data.args[0], 0);
  close(process);
  // Its number may be another process's by now.
  if (fd < 0 || ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0) return fd;
  close(fd);
  return -1;
}

static int bind_to(int fd, int domain, int family, uint16_t port) {
  union address address;
  const socklen_t length = loopback(&address, domain, family, port);
  return bind(fd, &address.any, length) == 0 ? 0 : errno;
}

// NULL for a socket that is none of those with the port.
static const union address *asked_by(uint64_t inode) {
  for (unsigned i = 0; i < MAX_KNOWN && i < count; i++)
    if (known[i].inode == inode) return &known[i].asked;
  return NULL;
}

// A line of /proc/net/tcp: the local address and port second, the inode tenth.
static void look_at(char *line, uint16_t port, bool *by_us, bool *by_any) {
  char *field = NULL;
  for (int i = 0; i < 10; i++) {
    do field = strsep(&line, " ");
    while (field != NULL && *field == '\0');
    if (field == NULL) return;
    const char *colon = strrchr(field, ':');
    if (i == 1 && (colon == NULL || strtoul(colon + 1, NULL, 16) != port)) return;
  }
  *by_any = true;
  if (asked_by(strtoull(field, NULL, 10)) != NULL) *by_us = true;
}

// Whether a port that cannot be had is this program's own. One that does not listen yet stands in no list.
static bool held_by_us(uint16_t port) {
  static const char *const LISTS[] = {"/proc/net/tcp", "/proc/net/tcp6"};
  static char buffer[4096];
  bool by_us = false, by_any = false;
  for (int i = 0; i < 2 && !by_us; i++) {
    const int list = open(LISTS[i], O_RDONLY | O_CLOEXEC);
    if (list < 0) continue;
    size_t length = 0;
    for (ssize_t more; (more = read(list, buffer + length, sizeof buffer - length)) > 0;) {
      char *start = buffer;
      length += (size_t)more;
      for (char *end; (end = memchr(start, '\n', length - (size_t)(start - buffer))) != NULL; start = end + 1) {
        *end = '\0';
        look_at(start, port, &by_us, &by_any);
      }
      length -= (size_t)(start - buffer);
      memmove(buffer, start, length);
    }
    close(list);
  }
  return by_us || !by_any;
}

// 0 when it is an address of this machine, whose port others could have at the same time.
static int foreign(const union address *asked) {
  union address address = *asked;
  const int fd = socket(asked->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  address.four.sin_port = 0;
  const int error = bind(fd, &address.any, sizeof address) == 0 ? 0 : errno;
  close(fd);
  return error;
}

static struct verdict bind_here(int fd, uint64_t inode, const union address *asked) {
  const int domain = option(fd, SOL_SOCKET, SO_DOMAIN);
  // Its own mistake, of which the kernel tells it.
  if (domain != asked->any.sa_family) return PASS;
  const enum reach reach = reach_of(asked);
  const bool dual = !is_four(asked) && reach == EVERYWHERE && option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
  const int family = dual || is_four(asked) ? FOUR : SIX;
  int error = reach == ONE_ADDRESS ? foreign(asked) : 0;
  if (error != 0) return answer(error, inode);
  error = bind_to(fd, domain, family, given[family]);
  // Closed and gone to somebody else since.
  if (error == EADDRINUSE && given[family] != 0 && !held_by_us(given[family])) error = bind_to(fd, domain, family, 0);
  if (error != 0) return answer(error, inode);
  union address got;
  socklen_t length = sizeof got;
  if (getsockname(fd, &got.any, &length) == 0 && port_of(&got) != 0) given[family] = port_of(&got);
  if (family == FOUR) both = dual;
  known[count % MAX_KNOWN].inode = inode;
  known[count++ % MAX_KNOWN].asked = *asked;
  return answer(0, inode);
}

// Only now can it be reached: the server is told here, and not at `bind`.
static struct verdict listen_here(int fd, uint64_t inode, int backlog) {
  char line[64];
  union address got;
  socklen_t length = sizeof got;
  const union address *asked = asked_by(inode);
  if (asked == NULL || option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0) return PASS;
  if (listen(fd, backlog) != 0) return answer(errno, inode);
  if (getsockname(fd, &got.any, &length) != 0) return answer(0, inode);
  const int family = is_four(&got) ? FOUR : SIX;
  given[family] = port_of(&got);
  const int written = snprintf(line, sizeof line, "listen %u %c %s\n", given[family], family == FOUR ? '4' : '6',
                               reach_of(asked) == LOOPBACK ? "loopback" : "any");
  // A server that is gone ends this program in its own way.
  (void)!write(report_to, line, (size_t)written);
  return answer(0, inode);
}

static struct verdict connect_here(int fd, uint64_t inode, const union address *asked) {
  const int domain = option(fd, SOL_SOCKET, SO_DOMAIN);
  if (domain != asked->any.sa_family || reach_of(asked) == ONE_ADDRESS) return PASS;
  const bool only_six = !is_four(asked) && !both;
  const uint16_t port = given[only_six ? SIX : FOUR];
  // Whoever has the port outside is none of its business: in here it is nobody's yet.
  if (port == 0) return answer(ECONNREFUSED, inode);
  union address target;
  const int no = 0;
  if (domain == AF_INET6 && !only_six) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  const socklen_t length = loopback(&target, domain, only_six ? SIX : FOUR, port);
  // Nobody waits here. A caller that would wait is sent on to do so: for a connection under way its own call waits
  // for the end of that, whatever address it names.
  const int flags = fcntl(fd, F_GETFL);
  if ((flags & O_NONBLOCK) == 0) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  const int error = connect(fd, &target.any, length) == 0 ? 0 : errno;
  if ((flags & O_NONBLOCK) != 0) return answer(error, inode);
  fcntl(fd, F_SETFL, flags);
  if (error == EINPROGRESS || error == EALREADY) return (struct verdict){.pass = true, .inode = inode};
  return answer(error, inode);
}

// Of those that listen, and of connections that they have taken.
static struct verdict name_here(int fd, uint64_t inode, const struct seccomp_notif *call) {
  union address name;
  int room;
  socklen_t length = sizeof name;
  if (getsockname(fd, &name.any, &length) != 0 || port_of(&name) == 0) return PASS;
  if (port_of(&name) != given[is_four(&name) ? FOUR : SIX]) return PASS;
  const union address *asked = asked_by(inode);
  if (asked != NULL) name = *asked;
  name.four.sin_port = htons(wanted);
  length = size_of(&name);
  struct iovec here = {&room, sizeof room}, there = {(void *)(uintptr_t)call->data.args[2], sizeof room};
  // Its own mistakes, again.
  if (process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0) != sizeof room || room < 0) return PASS;
  const struct iovec news[] = {{&name, (size_t)room < length ? (size_t)room : length}, {&length, sizeof length}};
  const struct iovec places[] = {{(void *)(uintptr_t)call->data.args[1], news[0].iov_len}, there};
  const ssize_t written = process_vm_writev((pid_t)call->pid, news, 2, places, 2, 0);
  return answer(written == (ssize_t)(news[0].iov_len + sizeof length) ? 0 : EFAULT, 0);
}

static struct verdict judge_socket(int fd, const struct seccomp_notif *call, const union address *asked) {
  struct stat file;
  const int nr = call->data.nr;
  if (option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM || fstat(fd, &file) != 0) return PASS;
  if (untold.inode == file.st_ino && untold.nr == nr) {
    untold.inode = 0;
    return untold.verdict;
  }
  if (nr == SYS_bind) return bind_here(fd, file.st_ino, asked);
  if (nr == SYS_getsockname) return name_here(fd, file.st_ino, call);
  if (nr == SYS_connect) return connect_here(fd, file.st_ino, asked);
  return listen_here(fd, file.st_ino, (int)call->data.args[1]);
}

struct verdict judge(int listener, const struct seccomp_notif *call) {
  union address asked;
  const bool later = call->data.nr == SYS_listen || call->data.nr == SYS_getsockname;
  const __u64 *args = call->data.args;
  // Most calls end here: another port, a path, a resolver's datagrams.
  if (later && count == 0) return PASS;
  if (!later && !read_address((pid_t)call->pid, args[1], (uint32_t)args[2], &asked)) return PASS;
  if (!later && port_of(&asked) != wanted) return PASS;
  const int fd = take(listener, call);
  if (fd < 0) return PASS;
  const struct verdict verdict = judge_socket(fd, call, &asked);
  close(fd);
  return verdict;
}

// Interrupted by a signal meanwhile, it calls again.
void remember(const struct seccomp_notif *call, struct verdict verdict) {
  if (verdict.inode == 0) return;
  untold.inode = verdict.inode;
  untold.nr = call->data.nr;
  untold.verdict = verdict;
}
