// openscf-sandbox: the steps of a sandbox that a shell, bubblewrap or Node.js cannot do.

#include "sandbox.h"

#include <string.h>

int main(int argc, char **argv) {
  if (argc < 2) usage("no command");
  if (strcmp(argv[1], "run") == 0) run(argv + 2);
  if (strcmp(argv[1], "enter") == 0) enter(argv + 2);
  if (strcmp(argv[1], "serve") == 0) serve(argv + 2);
  if (strcmp(argv[1], "probe") == 0) probe();
  usage(argv[1]);
}
