// What the files of openscf-sandbox share. One thread, no allocation, no state between commands.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Exit code of this program's own failures; what it execs has its own.
#define EXIT_OWN 125
// A web function cannot be run here; descriptor 3 has been told why.
#define EXIT_NO_WEB 126

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
// The descriptor at which the calls of a web function's program are asked about; -1 with errno
int install_asking(void);
step_t install_answering(void);

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

// web.c: returns in the process that is to become the program
void supervise(uint16_t port);

// ports.c
struct seccomp_notif;
struct verdict {
  // Goes on as if nobody had been asked.
  bool pass;
  // Else 0 or an error's number.
  int error;
  // Of the socket on which something has been done; 0: on none
  uint64_t inode;
};
void serve_port(uint16_t port, int channel);
struct verdict judge(int listener, const struct seccomp_notif *call);
// It could not be told.
void remember(const struct seccomp_notif *call, struct verdict verdict);

// The sub-commands; `args` begins after the name and ends with NULL.
_Noreturn void run(char **args);
_Noreturn void enter(char **args);
_Noreturn void serve(char **args);
_Noreturn void probe(void);
