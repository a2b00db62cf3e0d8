// run: joins cgroups and the helper's namespaces, then becomes the command. Stands before bwrap.

#include "sandbox.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

_Noreturn void run(char **args) {
  uint64_t pid = 0;
  for (; *args != NULL && strcmp(*args, "--") != 0; args += 2) {
    if (args[1] == NULL) usage(*args);
    if (strcmp(*args, "--cgroup") == 0) {
      // 0 is the process that writes.
      step_t step = write_text(args[1], "0");
      if (step != NULL) die(step);
    } else if (strcmp(*args, "--ns") == 0) {
      if (!number(args[1], INT_MAX, &pid) || pid == 0) usage(args[1]);
    } else {
      usage(*args);
    }
  }
  if (*args == NULL || args[1] == NULL) usage("no command after --");
  // Afterwards: the cgroup files may not be there in the other mount namespace.
  if (pid != 0) {
    step_t step = join_spaces((pid_t)pid);
    if (step != NULL) die(step);
  }
  execvp(args[1], args + 1);
  die(failed("exec %s", args[1]));
}
