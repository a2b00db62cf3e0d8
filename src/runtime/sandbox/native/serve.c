// serve: takes commands from its stdin, one line each, and answers each with one line on stdout. A command's work is
// done by a child, because who has entered a sandbox cannot leave it again; several may be at work at once.
//
//   ID mount PID SOURCE TARGET [SOURCE TARGET]...          fields stand between tabs
//   ID forward PID PORT HOST TARGETPORT [PORT HOST TARGETPORT]...
//   ID loop IMAGE MOUNTPOINT BYTES
//   ID umount MOUNTPOINT
//
// Answers: `ID ok` or `ID error STEP: REASON`. PID is any process inside, by its number outside.

#include "sandbox.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS 32
#define MAX_FIELDS 64
#define MAX_ID 40
#define MAX_ANSWER 600
// A disk that hangs; healthy commands take a few milliseconds.
#define WORK_MS 5000

struct job {
  // 0: free
  pid_t pid;
  int report;
  int64_t until;
  char id[MAX_ID];
};

static struct job jobs[MAX_JOBS];
static int report_fd = -1;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(const char *id, const char *text) {
  char line[MAX_ID + MAX_ANSWER + 2];
  int length = snprintf(line, sizeof line, "%s %s", id, text);
  if (length > (int)sizeof line - 2) length = (int)sizeof line - 2;
  // A path in the text may hold anything; the answer is one line.
  for (int i = 0; i < length; i++)
    if ((unsigned char)line[i] < ' ') line[i] = '?';
  line[length++] = '\n';
  if (write(STDOUT_FILENO, line, (size_t)length) != length) _exit(EXIT_OWN);
}

static void report_ready(void) {
  (void)!write(report_fd, "ok", 2);
  close(report_fd);
}

// "\t", "\n" and "\\" stand for what would break the line. false for any other use of the backslash.
static bool unescape(char *field) {
  char *to = field;
  for (const char *from = field; *from != '\0'; from++) {
    char one = *from;
    if (one == '\\') {
      from++;
      if (*from == 't') one = '\t';
      else if (*from == 'n') one = '\n';
      else if (*from != '\\') return false;
    }
    *to++ = one;
  }
  *to = '\0';
  return true;
}

static step_t work(char **fields, int count) {
  uint64_t value;
  const char *verb = fields[0];
  errno = EINVAL;
  if (strcmp(verb, "umount") == 0 && count == 2)
    return umount2(fields[1], MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ? NULL : failed("umount %s", fields[1]);
  if (strcmp(verb, "loop") == 0 && count == 4 && number(fields[3], INT64_MAX, &value))
    return loop_mount(fields[1], fields[2], value);
  if (count < 2 || !number(fields[1], INT_MAX, &value) || value == 0) return failed("command %s", verb);
  if (strcmp(verb, "mount") == 0) return mount_pairs((pid_t)value, fields + 2, count - 2);
  if (strcmp(verb, "forward") == 0) return forward_ports((pid_t)value, fields + 2, count - 2, report_ready);
  return failed("command %s", verb);
}

_Noreturn static void labour(char **fields, int count, pid_t parent) {
  char text[MAX_ANSWER];
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  step_t step = die_with_parent(parent);
  if (step == NULL) step = work(fields, count);
  int length = snprintf(text, sizeof text, step == NULL ? "ok" : "error %s: %s", step, strerror(errno));
  if (length >= (int)sizeof text) length = (int)sizeof text - 1;
  (void)!write(report_fd, text, (size_t)length);
  _exit(0);
}

static struct job *free_job(void) {
  for (int i = 0; i < MAX_JOBS; i++)
    if (jobs[i].pid == 0) return &jobs[i];
  return NULL;
}

static void begin(char *line) {
  char *fields[MAX_FIELDS + 1];
  int count = 0;
  bool sound = true;
  for (char *rest = line; rest != NULL && count <= MAX_FIELDS;) fields[count++] = strsep(&rest, "\t");
  for (int i = 0; i < count; i++) sound = unescape(fields[i]) && sound;
  const char *id = *fields[0] == '\0' || strlen(fields[0]) >= MAX_ID ? "-" : fields[0];
  if (!sound || count < 2 || count > MAX_FIELDS) return answer(id, "error command: not understood");
  int ends[2];
  if (pipe(ends) != 0) return answer(id, "error pipe: no descriptors left");
  struct job *job = free_job();
  const pid_t own = getpid();
  const pid_t child = fork();
  if (child == 0) {
    report_fd = ends[1];
    labour(fields + 1, count - 1, own);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return answer(id, "error fork: no processes left");
  }
  *job = (struct job){.pid = child, .report = ends[0], .until = now_ms() + WORK_MS};
  snprintf(job->id, sizeof job->id, "%s", id);
}

// The child has reported, or is gone without a word.
static void settle(struct job *job) {
  char text[MAX_ANSWER];
  ssize_t length = read(job->report, text, sizeof text - 1);
  text[length < 0 ? 0 : length] = '\0';
  answer(job->id, length > 0 ? text : "error command: its process died");
  close(job->report);
  job->pid = 0;
}

static void give_up(struct job *job) {
  // Not reaped yet, so that the pid is still its own.
  kill(job->pid, SIGKILL);
  answer(job->id, "error command: timed out");
  close(job->report);
  job->pid = 0;
}

static size_t begin_lines(char *buffer, size_t length) {
  size_t start = 0;
  while (free_job() != NULL) {
    char *end = memchr(buffer + start, '\n', length - start);
    if (end == NULL) break;
    *end = '\0';
    begin(buffer + start);
    start = (size_t)(end - buffer) + 1;
  }
  memmove(buffer, buffer + start, length - start);
  return length - start;
}

_Noreturn static void listen_for_commands(int deaths) {
  static char buffer[1 << 16];
  size_t length = 0;
  for (;;) {
    struct pollfd wait[MAX_JOBS + 2];
    int timeout = -1;
    wait[MAX_JOBS] = (struct pollfd){.fd = free_job() == NULL ? -1 : STDIN_FILENO, .events = POLLIN};
    wait[MAX_JOBS + 1] = (struct pollfd){.fd = deaths, .events = POLLIN};
    for (int i = 0; i < MAX_JOBS; i++) {
      wait[i] = (struct pollfd){.fd = jobs[i].pid == 0 ? -1 : jobs[i].report, .events = POLLIN};
      if (jobs[i].pid == 0) continue;
      const int64_t left = jobs[i].until - now_ms();
      if (timeout < 0 || left < timeout) timeout = left < 0 ? 0 : (int)left;
    }
    if (poll(wait, MAX_JOBS + 2, timeout) < 0 && errno != EINTR) die("poll");
    for (int i = 0; i < MAX_JOBS; i++) {
      if (jobs[i].pid == 0) continue;
      if (wait[i].revents != 0) settle(&jobs[i]);
      else if (jobs[i].until <= now_ms()) give_up(&jobs[i]);
    }
    if (wait[MAX_JOBS + 1].revents != 0) {
      struct signalfd_siginfo death;
      (void)!read(deaths, &death, sizeof death);
      while (waitpid(-1, NULL, WNOHANG) > 0) {
      }
    }
    if (wait[MAX_JOBS].revents != 0) {
      const ssize_t more = read(STDIN_FILENO, buffer + length, sizeof buffer - length);
      if (more <= 0) _exit(0);
      length += (size_t)more;
    }
    length = begin_lines(buffer, length);
    if (length == sizeof buffer && free_job() != NULL) {
      answer("-", "error command: the line is too long");
      _exit(EXIT_OWN);
    }
  }
}

_Noreturn void serve(char **args) {
  const pid_t parent = getppid();
  const bool userns = *args != NULL && strcmp(*args, "--userns") == 0;
  if (*args != NULL && (!userns || args[1] != NULL)) usage(*args);
  step_t step = NULL;
  if (userns) step = new_user_space(0, CLONE_NEWNS);
  if (step == NULL && userns) step = keep_mounts_apart();
  if (step == NULL) step = die_with_parent(parent);
  if (step != NULL) die(step);
  // A terminal or a supervisor tells the whole group to stop; the server still needs us until it closes stdin.
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  const int deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (deaths < 0) die("signalfd");
  dprintf(STDOUT_FILENO, "ready %d\n", getpid());
  listen_for_commands(deaths);
}
