#include "sandbox.h"
#include <errno.h>
step_t forward_ports(pid_t pid, char **triples, int count, void (*ready)(void)) {
  (void)pid; (void)triples; (void)count; (void)ready;
  errno = ENOSYS;
  return "forward";
}
