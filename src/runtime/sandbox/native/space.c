// User and mount namespaces: making them and entering them.

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

// A new user namespace in which the present ids are called `as`.
step_t new_user_space(uint64_t as, int more_flags) {
  char map[64];
  uid_t uid = geteuid();
  gid_t gid = getegid();
  if (unshare(CLONE_NEWUSER | more_flags) != 0) return "new user namespace";
  // After a change of ids /proc/self belongs to root, and the maps below could not be written.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return "PR_SET_DUMPABLE";
  // Without it an unprivileged process may not map its group.
  step_t step = write_text("/proc/self/setgroups", "deny");
  if (step != NULL) return step;
  snprintf(map, sizeof map, "%llu %u 1", (unsigned long long)as, gid);
  step = write_text("/proc/self/gid_map", map);
  if (step != NULL) return step;
  snprintf(map, sizeof map, "%llu %u 1", (unsigned long long)as, uid);
  // EPERM here although the namespace was made: to map uid 0 its maker needs CAP_SETFCAP (bwrap --cap-add).
  return write_text("/proc/self/uid_map", map);
}

// Slave, not private: what is mounted here stays here, and what the machine unmounts is not held on to.
step_t keep_mounts_apart(void) {
  return mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0 ? NULL : "keep mounts apart";
}

static bool same_space(const char *path, int fd) {
  struct stat own, other;
  return stat(path, &own) == 0 && fstat(fd, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static int open_space(pid_t pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, name);
  return open(path, O_RDONLY | O_CLOEXEC);
}

step_t join_spaces(pid_t pid) {
  char folder[PATH_MAX];
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = '\0';
  int user = open_space(pid, "user");
  if (user < 0) return "open user namespace";
  int mounts = open_space(pid, "mnt");
  if (mounts < 0) return "open mount namespace";
  // A process may not enter the user namespace it is in.
  if (!same_space("/proc/self/ns/user", user) && setns(user, CLONE_NEWUSER) != 0) return "enter user namespace";
  if (setns(mounts, CLONE_NEWNS) != 0) return "enter mount namespace";
  close(user);
  close(mounts);
  // The call has moved us to the root.
  if (folder[0] == '/') (void)!chdir(folder);
  return NULL;
}
