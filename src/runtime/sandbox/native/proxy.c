// Copies bytes between a sandbox's connections and this server until the sandbox ends.

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define BUFFER (16 * 1024)
#define MAX_LISTENERS 32

// One direction: read from one socket, waiting to be written to the other.
struct flow {
  uint32_t start, end;
  // No more comes; and the other side has been told.
  bool ended, closed;
  char bytes[BUFFER];
};

struct connection {
  bool used, connecting;
  // Inside the sandbox, and towards the server.
  int fds[2];
  // flows[i] is read from fds[i].
  struct flow flows[2];
};

// Pages that no connection has touched cost nothing.
static struct connection connections[MAX_CONNECTIONS];
// The system has no descriptors left: listeners that stay readable are not asked for a moment.
static bool starved;
#define PAUSE_MS 100

static void finish(struct connection *one, bool broken) {
  // The other side sees a reset, not an orderly end of half an answer.
  const struct linger reset = {1, 0};
  for (int i = 0; i < 2; i++) {
    if (broken) setsockopt(one->fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(one->fds[i]);
  }
  one->used = false;
}

static struct connection *unused(void) {
  for (int i = 0; i < MAX_CONNECTIONS; i++)
    if (!connections[i].used) return &connections[i];
  return NULL;
}

static void accept_one(const struct listener *from) {
  const int one = 1;
  struct connection *room = unused();
  if (room == NULL) return;
  const int inside = accept4(from->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (inside < 0) {
    starved = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return;
  }
  const int outside = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (outside < 0) {
    close(inside);
    return;
  }
  setsockopt(inside, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(outside, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  room->used = true;
  room->fds[0] = inside;
  room->fds[1] = outside;
  for (int i = 0; i < 2; i++) {
    room->flows[i].start = room->flows[i].end = 0;
    room->flows[i].ended = room->flows[i].closed = false;
  }
  const struct sockaddr_in target = {AF_INET, from->port, {from->host}, {0}};
  const int result = connect(outside, (const struct sockaddr *)&target, sizeof target);
  room->connecting = result != 0 && errno == EINPROGRESS;
  if (result != 0 && !room->connecting) finish(room, true);
}

// false when the connection is broken.
static bool fill(struct flow *flow, int from) {
  const ssize_t got = recv(from, flow->bytes + flow->end, BUFFER - flow->end, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) flow->ended = true;
  flow->end += (uint32_t)got;
  return true;
}

static bool drain(struct flow *flow, int to) {
  if (flow->start < flow->end) {
    const ssize_t sent = send(to, flow->bytes + flow->start, flow->end - flow->start, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    flow->start += (uint32_t)sent;
  }
  if (flow->start < flow->end) return true;
  flow->start = flow->end = 0;
  if (flow->ended && !flow->closed) {
    flow->closed = true;
    shutdown(to, SHUT_WR);
  }
  return true;
}

static short interest(const struct connection *one, int side) {
  const struct flow *out = &one->flows[1 - side];
  const struct flow *in = &one->flows[side];
  if (one->connecting) return side == 1 ? POLLOUT : 0;
  return (short)((in->ended || in->end == BUFFER ? 0 : POLLIN) | (out->start < out->end ? POLLOUT : 0));
}

// `events`: what poll has found at either side.
static void serve_connection(struct connection *one, const short *events) {
  bool sound = true;
  if (one->connecting && events[1] != 0) {
    int reason = 0;
    socklen_t length = sizeof reason;
    if (getsockopt(one->fds[1], SOL_SOCKET, SO_ERROR, &reason, &length) != 0 || reason != 0) return finish(one, true);
    one->connecting = false;
    return;
  }
  for (int i = 0; i < 2; i++) {
    struct flow *flow = &one->flows[i];
    if ((events[i] & POLLERR) != 0) sound = false;
    // Written at once: most often there is room, and a turn of the loop is spared.
    if (sound && (events[i] & (POLLIN | POLLHUP)) != 0 && !flow->ended && flow->end < BUFFER)
      sound = fill(flow, one->fds[i]) && drain(flow, one->fds[1 - i]);
    else if (sound && (events[1 - i] & POLLOUT) != 0)
      sound = drain(flow, one->fds[1 - i]);
  }
  if (!sound || (one->flows[0].closed && one->flows[1].closed)) finish(one, !sound);
}

_Noreturn void proxy(const struct listener *listeners, int count, int until_readable) {
  static struct pollfd wait[1 + MAX_LISTENERS + 2 * MAX_CONNECTIONS];
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  // The server waits for the end of the helper's stdin and stdout; this process is not the helper.
  for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
  if (drop_capabilities() != NULL) _exit(EXIT_OWN);
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  for (;;) {
    const bool room = unused() != NULL && !starved;
    const int timeout = starved ? PAUSE_MS : -1;
    starved = false;
    struct pollfd *const pairs = wait + 1 + count;
    wait[0] = (struct pollfd){.fd = until_readable, .events = POLLIN};
    for (int i = 0; i < count; i++) wait[1 + i] = (struct pollfd){.fd = room ? listeners[i].fd : -1, .events = POLLIN};
    for (int i = 0; i < MAX_CONNECTIONS; i++)
      for (int side = 0; side < 2; side++) {
        const struct connection *one = &connections[i];
        const short events = one->used ? interest(one, side) : 0;
        // Where nothing is wanted nothing is asked: a hang-up would be told again and again.
        pairs[2 * i + side] = (struct pollfd){.fd = events == 0 ? -1 : one->fds[side], .events = events};
      }
    if (poll(wait, (nfds_t)(1 + count + 2 * MAX_CONNECTIONS), timeout) < 0 && errno != EINTR) _exit(EXIT_OWN);
    if (wait[0].revents != 0) _exit(0);
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
      const short events[2] = {pairs[2 * i].revents, pairs[2 * i + 1].revents};
      if (connections[i].used && (events[0] | events[1]) != 0) serve_connection(&connections[i], events);
    }
    for (int i = 0; i < count; i++)
      if (wait[1 + i].revents != 0) accept_one(&listeners[i]);
  }
}
