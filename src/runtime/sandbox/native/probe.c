// probe: what this machine allows, found by trying, each in a child.

#include "sandbox.h"
#include "kernel.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static bool in_child(bool (*attempt)(void)) {
  int status;
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) _exit(attempt() ? 0 : 1);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has(unsigned one) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  return syscall(SYS_capget, &head, sets) == 0 && (sets[one / 32].effective & (1U << one % 32)) != 0;
}

static bool root(void) {
  return geteuid() == 0 && has(CAP_SYS_ADMIN) && has(CAP_SETUID) && has(CAP_SETGID) && has(CAP_SETPCAP);
}

static bool userns(void) {
  return new_user_space(1000, 0) == NULL;
}

static bool mount_space(void) {
  if (root()) return unshare(CLONE_NEWNS) == 0 && keep_mounts_apart() == NULL;
  return new_user_space(0, CLONE_NEWNS) == NULL && keep_mounts_apart() == NULL;
}

// A folder is brought onto another one, read-only.
static bool open_tree_works(void) {
  int tree;
  if (!mount_space() || mount("tmpfs", "/tmp", "tmpfs", 0, NULL) != 0) return false;
  if (mkdir("/tmp/from", 0755) != 0 || mkdir("/tmp/to", 0755) != 0) return false;
  if (clone_read_only("/tmp/from", &tree) != NULL || move_tree(tree, "/tmp/to") != 0) return false;
  return mkdir("/tmp/to/more", 0755) != 0 && errno == EROFS;
}

static bool filter_works(void) {
  if (drop_capabilities() != NULL || install_filter() != NULL) return false;
  return ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 && errno == EPERM && getppid() > 0;
}

static bool pidfd(void) {
  return pidfd_of(getpid()) >= 0;
}

static bool loop(void) {
  char device[32];
  if (!root()) return false;
  const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  const int slot = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
  if (slot < 0) return false;
  snprintf(device, sizeof device, "/dev/loop%d", slot);
  return open(device, O_RDWR | O_CLOEXEC) >= 0;
}

static const char *json(bool value) {
  return value ? "true" : "false";
}

_Noreturn void probe(void) {
  struct utsname machine;
  if (uname(&machine) != 0) die("uname");
  dprintf(STDOUT_FILENO,
          "{\"kernel\":\"%s\",\"openTree\":%s,\"userns\":%s,\"mountNs\":%s,\"seccomp\":%s,\"pidfd\":%s,\"loop\":%s,"
          "\"root\":%s}\n",
          machine.release, json(in_child(open_tree_works)), json(in_child(userns)), json(in_child(mount_space)),
          json(in_child(filter_works)), json(in_child(pidfd)), json(in_child(loop)), json(root()));
  _exit(0);
}
