// Ports inside a sandbox's own network that lead to this server. The sockets are made by a child that enters that
// network; the proxy stays outside, because nobody but root comes back.

#include "sandbox.h"
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MAX_PORTS 16
// 127.0.0.1 and ::1
#define MAX_LISTENERS (2 * MAX_PORTS)
#define BACKLOG 128

static int listen_on(const struct sockaddr *address, socklen_t length) {
  const int one = 1;
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (address->sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0) return fd;
  const int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

// A network that was made without bubblewrap has its loopback down.
static void raise_loopback(void) {
  struct ifreq request = {.ifr_name = "lo"};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags |= IFF_UP;
    ioctl(fd, SIOCSIFFLAGS, &request);
  }
  close(fd);
}

// What the child hands over: `which` listener of the table the descriptor is.
static bool hand_over(int channel, int fd, int which) {
  char room[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec data = {&which, sizeof which};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  return sendmsg(channel, &message, MSG_NOSIGNAL) == sizeof which;
}

// -1 at the end of what is handed over.
static int take_over(int channel, int *which) {
  int fd;
  char room[CMSG_SPACE(sizeof fd)];
  struct iovec data = {which, sizeof *which};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != sizeof *which) return -1;
  const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head == NULL || head->cmsg_type != SCM_RIGHTS) return -1;
  memcpy(&fd, CMSG_DATA(head), sizeof fd);
  return fd;
}

// Ends with 0, or with the reason why it could not listen.
_Noreturn static void listen_inside(int sandbox, const uint16_t *ports, int count, int channel) {
  if (setns(sandbox, CLONE_NEWNET) != 0) _exit(errno);
  raise_loopback();
  for (int i = 0; i < count; i++) {
    const struct sockaddr_in four = {AF_INET, htons(ports[i]), {htonl(INADDR_LOOPBACK)}, {0}};
    const struct sockaddr_in6 six = {AF_INET6, htons(ports[i]), 0, IN6ADDR_LOOPBACK_INIT, 0};
    int fd = listen_on((const struct sockaddr *)&four, sizeof four);
    if (fd < 0 || !hand_over(channel, fd, i)) _exit(errno);
    close(fd);
    // A machine without IPv6 has no ::1.
    fd = listen_on((const struct sockaddr *)&six, sizeof six);
    if (fd >= 0 && !hand_over(channel, fd, i)) _exit(errno);
    if (fd >= 0) close(fd);
  }
  _exit(0);
}

step_t forward_ports(pid_t pid, char **triples, int count, void (*ready)(void)) {
  static struct listener targets[MAX_PORTS];
  static struct listener listeners[MAX_LISTENERS];
  uint16_t ports[MAX_PORTS];
  uint64_t port, target;
  const int wanted = count / 3;
  errno = EINVAL;
  if (count < 3 || count % 3 != 0 || wanted > MAX_PORTS) return "forward: triples of port, host and port";
  for (int i = 0; i < wanted; i++) {
    struct in_addr host;
    char **triple = triples + 3 * i;
    if (!number(triple[0], UINT16_MAX, &port) || port == 0) return failed("forward: port %s", triple[0]);
    if (inet_pton(AF_INET, triple[1], &host) != 1) return failed("forward: host %s", triple[1]);
    if (!number(triple[2], UINT16_MAX, &target) || target == 0) return failed("forward: port %s", triple[2]);
    ports[i] = (uint16_t)port;
    targets[i] = (struct listener){-1, host.s_addr, htons((uint16_t)target)};
  }
  const int sandbox = pidfd_of(pid);
  if (sandbox < 0) return "pidfd_open";
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0) return "socketpair";
  const pid_t child = fork();
  if (child < 0) return "fork";
  if (child == 0) listen_inside(sandbox, ports, wanted, channel[1]);
  close(channel[1]);
  int have = 0;
  for (int which, fd; have < MAX_LISTENERS && (fd = take_over(channel[0], &which)) >= 0; have++) {
    listeners[have] = targets[which];
    listeners[have].fd = fd;
  }
  int status = 0;
  waitpid(child, &status, 0);
  close(channel[0]);
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
  if (errno != 0) return "listen inside the sandbox";
  ready();
  proxy(listeners, have, sandbox);
}
