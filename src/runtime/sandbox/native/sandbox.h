// What the files of openscf-sandbox share. One thread, no allocation, no state between commands.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Exit code of this program's own failures; what it execs has its own.
#define EXIT_OWN 125

// Steps answer NULL, or the name of what failed with errno saying why.
typedef const char *step_t;

// common.c
step_t failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die(step_t step);
_Noreturn void usage(const char *what);
bool number(const char *text, uint64_t max, uint64_t *value);
step_t write_text(const char *path, const char *text);
step_t drop_capabilities(void);
step_t die_with_parent(pid_t parent);

// space.c
step_t new_user_space(uint64_t as, int more_flags);
step_t keep_mounts_apart(void);
step_t join_spaces(pid_t pid);

// filter.c
step_t install_filter(void);

// mount.c: work of one command, in a process of its own
step_t mount_pairs(pid_t pid, char **paths, int count);
step_t loop_mount(const char *image, const char *mountpoint, uint64_t bytes);
step_t clone_read_only(const char *path, int *tree);
int move_tree(int tree, const char *path);

// forward.c: `ready` is called once all ports listen; returns only when it failed before that
step_t forward_ports(pid_t pid, char **triples, int count, void (*ready)(void));

// proxy.c
struct listener {
  int fd;
  // network byte order
  uint32_t host;
  uint16_t port;
};
_Noreturn void proxy(const struct listener *listeners, int count, int until_readable);

// The sub-commands; `args` begins after the name and ends with NULL.
_Noreturn void run(char **args);
_Noreturn void enter(char **args);
_Noreturn void serve(char **args);
_Noreturn void probe(void);
