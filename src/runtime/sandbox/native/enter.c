// enter: the last step inside the sandbox. Gives up ids, power and descriptors, then becomes the runtime.
//
//   --uid N --gid N     who it is outside; without them nobody else than before
//   --as N              who it is to itself (1000)
//   --nofile --nproc --data --fsize N    limits of open files, processes and threads, data segment, a file's bytes
//   --no-userns --no-seccomp             where the machine or its container forbids them
//   --web PORT          a program that listens on it reaches a free port instead, told on descriptor 3 (web.c)
//   --die-with-parent   for a sandbox whose maker does not see to that

#include "sandbox.h"
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

// 0 to 2 as everywhere, 3 the channel, 4 the turn file.
#define FIRST_CLOSED 5

#define UNSET UINT64_MAX
// (uid_t)-1 means "as it is" to the kernel.
#define MAX_ID (UINT32_MAX - 1)

struct options {
  uint64_t uid, gid, as, nofile, nproc, data, fsize, web;
  bool seccomp, userns, die_with_parent;
  char **command;
};

static struct options parse(char **args) {
  struct options options = {UNSET, UNSET, 1000, UNSET, UNSET, UNSET, UNSET, UNSET, true, true, false, NULL};
  const struct {
    const char *name;
    uint64_t *value;
    uint64_t max;
  } numbers[] = {
      {"--uid", &options.uid, MAX_ID},          {"--gid", &options.gid, MAX_ID},
      {"--as", &options.as, MAX_ID},            {"--nofile", &options.nofile, UNSET - 1},
      {"--nproc", &options.nproc, UNSET - 1},   {"--data", &options.data, UNSET - 1},
      {"--fsize", &options.fsize, UNSET - 1},   {"--web", &options.web, UINT16_MAX},
  };
  for (; *args != NULL && strcmp(*args, "--") != 0; args++) {
    size_t i = 0;
    while (i < sizeof numbers / sizeof *numbers && strcmp(*args, numbers[i].name) != 0) i++;
    if (i < sizeof numbers / sizeof *numbers) {
      if (!number(args[1], numbers[i].max, numbers[i].value)) usage(*args);
      args++;
    } else if (strcmp(*args, "--no-seccomp") == 0) {
      options.seccomp = false;
    } else if (strcmp(*args, "--no-userns") == 0) {
      options.userns = false;
    } else if (strcmp(*args, "--die-with-parent") == 0) {
      options.die_with_parent = true;
    } else {
      usage(*args);
    }
  }
  if (*args == NULL || args[1] == NULL) usage("no command after --");
  if (options.web == 0) usage("--web 0");
  if (options.gid != UNSET && options.uid == UNSET) usage("--gid without --uid");
  options.command = args + 1;
  return options;
}

static step_t use_kept_capabilities(void) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &head, sets) != 0) return "read capabilities";
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) sets[i].effective = sets[i].permitted;
  return syscall(SYS_capset, &head, sets) == 0 ? NULL : "use capabilities";
}

static step_t take_ids(uint64_t uid, uint64_t gid) {
  if (setgroups(0, NULL) != 0) return "setgroups";
  if (setresgid((gid_t)gid, (gid_t)gid, (gid_t)gid) != 0) return "setresgid";
  // Where unprivileged user namespaces are forbidden, CAP_SYS_ADMIN still makes the one of the next step.
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return "PR_SET_KEEPCAPS";
  if (setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) != 0) return "setresuid";
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return "PR_SET_KEEPCAPS";
  return use_kept_capabilities();
}

static void limit(int resource, uint64_t most) {
  struct rlimit present;
  if (most == UNSET) return;
  if (getrlimit(resource, &present) != 0) die("getrlimit");
  // A lower limit of the machine stays: only root could raise it.
  if (most > present.rlim_max) most = present.rlim_max;
  const struct rlimit wanted = {most, most};
  if (setrlimit(resource, &wanted) != 0) die("setrlimit");
}

static void close_others(void) {
  if (syscall(SYS_close_range, FIRST_CLOSED, ~0U, 0) == 0) return;
  // Kernels before 5.9.
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) die("list descriptors");
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd >= FIRST_CLOSED && fd != dirfd(folder)) close(fd);
  }
  closedir(folder);
}

_Noreturn void enter(char **args) {
  const struct options options = parse(args);
  const pid_t parent = getppid();
  step_t step = NULL;
  if (options.uid != UNSET) step = take_ids(options.uid, options.gid == UNSET ? options.uid : options.gid);
  if (step == NULL && options.userns) step = new_user_space(options.as, 0);
  if (step != NULL) die(step);
  // After the namespace: processes are counted per user and namespace.
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, options.nofile);
  limit(RLIMIT_NPROC, options.nproc);
  limit(RLIMIT_DATA, options.data);
  limit(RLIMIT_FSIZE, options.fsize);
  // Its signal ends a program that knows nothing of it; ignored, the write fails with EFBIG.
  if (options.fsize != UNSET) signal(SIGXFSZ, SIG_IGN);
  step = drop_capabilities();
  if (step == NULL && options.die_with_parent) step = die_with_parent(parent);
  if (step != NULL) die(step);
  umask(022);
  close_others();
  if (options.web != UNSET) supervise((uint16_t)options.web);
  if (options.seccomp) step = install_filter();
  if (step != NULL) die(step);
  // What fails from here on is still told where it was before, which the command cannot reach.
  const int complaints = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_CLOSED);
  // One pipe for both keeps the order of what was printed.
  if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0) die("join stderr and stdout");
  execvp(options.command[0], options.command);
  step = failed("exec %s", options.command[0]);
  const int reason = errno;
  dup2(complaints, STDERR_FILENO);
  errno = reason;
  die(step);
}
