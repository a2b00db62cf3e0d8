// Failing, numbers, small files, and giving up power.

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

step_t failed(const char *format, ...) {
  static char text[512];
  int reason = errno;
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  errno = reason;
  return text;
}

_Noreturn void die(step_t step) {
  dprintf(STDERR_FILENO, "openscf-sandbox: %s: %s\n", step, strerror(errno));
  _exit(EXIT_OWN);
}

_Noreturn void usage(const char *what) {
  dprintf(STDERR_FILENO,
          "openscf-sandbox: usage: run [--cgroup FILE]... [--ns PID] -- CMD... | enter [OPTIONS] -- CMD... | "
          "serve [--userns] | probe (not understood: %s)\n",
          what);
  _exit(EXIT_OWN);
}

bool number(const char *text, uint64_t max, uint64_t *value) {
  uint64_t sum = 0;
  if (text == NULL || *text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    uint64_t digit = (uint64_t)(*text - '0');
    if (sum > (max - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  *value = sum;
  return true;
}

// In one write: the kernel takes an id map only whole.
step_t write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return failed("open %s", path);
  ssize_t length = (ssize_t)strlen(text);
  ssize_t written = write(fd, text, (size_t)length);
  int reason = written < 0 ? errno : EIO;
  close(fd);
  errno = reason;
  return written == length ? NULL : failed("write %s", path);
}

step_t drop_capabilities(void) {
  // What a later exec could gain. Without CAP_SETPCAP the kernel refuses; no_new_privs below has the same effect.
  for (unsigned long one = 0; prctl(PR_CAPBSET_DROP, one, 0, 0, 0) == 0; one++) {
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) return "clear ambient capabilities";
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
  if (syscall(SYS_capset, &head, none) != 0) return "clear capabilities";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no_new_privs";
  return NULL;
}

// To be asked for after the last change of ids: that takes it back.
step_t die_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return "PR_SET_PDEATHSIG";
  // It may have died before the request.
  if (getppid() != parent) _exit(EXIT_OWN);
  return NULL;
}
