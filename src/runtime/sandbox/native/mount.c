// Brings folders into a sandbox that already runs, and images onto the machine.

#include "sandbox.h"
#include "kernel.h"

#include <errno.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

// musl and the kernel both have a sys/mount.h; they cannot be included together.
int mount(const char *, const char *, const char *, unsigned long, const void *);
#define MOUNT_NOSUID 2
#define MOUNT_NODEV 4
#define MOUNT_NOATIME 1024
#define MOUNT_PRIVATE (1 << 18)

#define MAX_PAIRS 16
#define LOOP_TRIES 16

// A mount of its own of the folder alone, not of what is mounted below it.
step_t clone_read_only(const char *path, int *tree) {
  *tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT);
  if (*tree < 0) return failed("open_tree %s", path);
  const struct mount_attr wanted = {
      .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
      // Else what the machine mounts below the folder later would appear in the sandbox.
      .propagation = MOUNT_PRIVATE,
  };
  if (syscall(SYS_mount_setattr, *tree, "", AT_EMPTY_PATH, &wanted, sizeof wanted) != 0)
    return failed("mount_setattr %s", path);
  return NULL;
}

int move_tree(int tree, const char *path) {
  // No MOVE_MOUNT_T_SYMLINKS: the sandbox may not lead us elsewhere with a link.
  return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

static bool own_mounts(pid_t pid) {
  char path[64];
  struct stat own, other;
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
  return stat("/proc/self/ns/mnt", &own) == 0 && stat(path, &other) == 0 && own.st_ino == other.st_ino;
}

step_t mount_pairs(pid_t pid, char **paths, int count) {
  int trees[MAX_PAIRS];
  errno = EINVAL;
  if (count < 2 || count % 2 != 0 || count / 2 > MAX_PAIRS) return "mount: pairs of source and target";
  const int sandbox = pidfd_of(pid);
  if (sandbox < 0) return "pidfd_open";
  errno = EINVAL;
  // A process that is not in a sandbox (yet): the machine's own folders would be covered.
  if (own_mounts(pid)) return "mount: the process has no mount namespace of its own";
  for (int i = 0; i < count / 2; i++) {
    step_t step = clone_read_only(paths[2 * i], &trees[i]);
    if (step != NULL) return step;
  }
  if (setns(sandbox, CLONE_NEWNS) != 0) return "enter mount namespace";
  for (int i = 0; i < count / 2; i++)
    if (move_tree(trees[i], paths[2 * i + 1]) != 0) return failed("move_mount %s", paths[2 * i + 1]);
  return NULL;
}

// The device goes when the last that uses it does: after the mount, or after us when the mount fails.
static step_t attach(int image, uint64_t bytes, char *device, size_t length) {
  const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return "open /dev/loop-control";
  const struct loop_config config = {
      .fd = (uint32_t)image,
      .info = {.lo_flags = LO_FLAGS_AUTOCLEAR, .lo_sizelimit = bytes},
  };
  for (int i = 0; i < LOOP_TRIES; i++) {
    const int slot = ioctl(control, LOOP_CTL_GET_FREE);
    if (slot < 0) return "find a free loop device";
    snprintf(device, length, "/dev/loop%d", slot);
    const int loop = open(device, O_RDWR | O_CLOEXEC);
    if (loop < 0) return failed("open %s", device);
    // `loop` stays open on purpose: an attached device without users would be cleared at once.
    if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) return NULL;
    close(loop);
    // Somebody else took it in between.
    if (errno != EBUSY) break;
  }
  return failed("attach %s", device);
}

step_t loop_mount(const char *image, const char *mountpoint, uint64_t bytes) {
  char device[32];
  struct stat state;
  const int file = open(image, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return failed("open %s", image);
  if (fstat(file, &state) != 0) return failed("stat %s", image);
  errno = EINVAL;
  if (!S_ISREG(state.st_mode) || (uint64_t)state.st_size < bytes) return failed("%s: not an image of that size", image);
  step_t step = attach(file, bytes, device, sizeof device);
  if (step != NULL) return step;
  // What is in it dies with the sandbox, so that its order on the disk does not matter.
  if (mount(device, mountpoint, "ext4", MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOATIME, "barrier=0") != 0)
    return failed("mount %s", mountpoint);
  return NULL;
}
