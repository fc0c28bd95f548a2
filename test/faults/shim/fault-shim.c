/*
 * A disk that fails on demand, between a program and the C library (LD_PRELOAD). It stands under the real SQLite and under
 * Node's own fs alike, in every thread and child process, and acts on paths below WHEELHOUSE_FAULT_ROOT only.
 *
 * Operations that change the disk, or promise that it was changed, are numbered by one counter. It lies in the file
 * WHEELHOUSE_FAULT_CONTROL, which all processes map and the test reads and writes (struct control, mirrored in fault-disk.ts):
 * which operation fails, and how. With mode RECORD each operation that succeeded is appended with its data to
 * WHEELHOUSE_FAULT_TRACE, in order; a write to the file WHEELHOUSE_FAULT_MARKS is recorded too (MARK) and never fails, so that
 * a driver can note in the same order what it was told.
 *
 * With WHEELHOUSE_FAULT_WIDE in the environment, operations that read (open, read, list a folder) and those that change rights,
 * owners, times or make symbolic links are numbered and fail as well. Of these only symbolic links are recorded.
 *
 * Not seen: memory-mapped writes (SQLite's -shm, which it rebuilds after a crash) and copies made inside the kernel
 * (copy_file_range, sendfile, FICLONE), which the store does not use.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { OFF, FAIL, RECORD };
enum fault { NONE, IO_ERROR, NO_SPACE, NO_ACCESS, SHORT, CRASH, FULL };
enum operation { OPEN = 1, WRITE, TRUNCATE, ALLOCATE, SYNC, RENAME, UNLINK, MKDIR, LINK, MARK, LOOK, READ, LIST, DRESS, SYMLINK };

struct control {
  _Atomic uint32_t mode;
  _Atomic uint32_t fault;
  _Atomic uint64_t at;    /* the operation that fails, from 1; with FULL the first of many */
  _Atomic uint64_t count; /* operations so far */
  _Atomic uint32_t fired; /* operations that were made to fail */
  _Atomic uint32_t lock;  /* keeps an operation and its record together, in all processes */
  _Atomic uint32_t space; /* after a SHORT write: the next write finds no space */
  uint32_t reserved;
  char what[464]; /* the last operation that was made to fail, in words */
};

static struct control *control;
static const char *root;
static size_t root_length;
static const char *marks;
static int trace = -1;
static int wide;

/* What each descriptor was opened as, where it matters. Descriptors above are not watched; a driver has a few dozen. */
#define DESCRIPTORS 4096
static char *opened[DESCRIPTORS];
/* And which file that was: not every close passes here, and its number may be that of a pipe by now. */
static ino_t inodes[DESCRIPTORS];

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("WHEELHOUSE_FAULT_CONTROL");
  root = getenv("WHEELHOUSE_FAULT_ROOT");
  marks = getenv("WHEELHOUSE_FAULT_MARKS");
  if (!path || !root) return;
  root_length = strlen(root);
  wide = getenv("WHEELHOUSE_FAULT_WIDE") != NULL;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort(); /* a test that meant to break something must not pass by breaking nothing */
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) abort();
  syscall(SYS_close, fd);
  const char *trace_path = getenv("WHEELHOUSE_FAULT_TRACE");
  if (trace_path) trace = (int)syscall(SYS_openat, AT_FDCWD, trace_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  control = mapped;
}

static int watched(const char *path) {
  return control && path && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

static const char *watched_fd(int fd) {
  if (!control || fd < 0 || fd >= DESCRIPTORS || !opened[fd]) return NULL;
  int kept = errno;
  struct stat found;
  int same = fstat(fd, &found) == 0 && found.st_ino == inodes[fd];
  errno = kept;
  return same ? opened[fd] : NULL;
}

static int is_marks(const char *path) { return control && marks && path && strcmp(path, marks) == 0; }

static void remember(int fd, const char *path) {
  if (fd < 0 || fd >= DESCRIPTORS) return;
  free(opened[fd]);
  opened[fd] = NULL;
  struct stat found;
  if ((!watched(path) && !is_marks(path)) || fstat(fd, &found) != 0) return;
  inodes[fd] = found.st_ino;
  opened[fd] = strdup(path);
}

/* ---- failing ---- */

static const char *const names[] = {"", "open", "write", "truncate", "allocate", "fsync", "rename", "unlink", "mkdir", "link", "mark", "open to read", "read", "list", "change rights of", "symlink"};

static int needs_space(enum operation operation) {
  return operation != SYNC && operation != UNLINK && operation != TRUNCATE && operation != RENAME && operation != DRESS &&
         operation != LOOK && operation != READ && operation != LIST;
}

static int only_reads(enum operation operation) { return operation == LOOK || operation == READ || operation == LIST; }

/* Counts an operation. Returns what is to happen to it: an errno, -1 for half a write, -2 for a crash, 0 for nothing. */
static int verdict(enum operation operation, const char *path) {
  if (control->mode == OFF) return 0;
  uint64_t number = ++control->count;
  uint32_t fault = control->fault;
  if (operation == WRITE && atomic_exchange(&control->space, 0)) return ENOSPC;
  int hit = fault == FULL ? number >= control->at && needs_space(operation) : fault != NONE && number == control->at;
  if (!hit || (only_reads(operation) && (fault == NO_SPACE || fault == SHORT))) return 0;
  control->fired++;
  snprintf(control->what, sizeof control->what, "%s %s", names[operation], path);
  switch (fault) {
    case NO_SPACE:
    case FULL: return ENOSPC;
    case NO_ACCESS: return EACCES;
    case SHORT:
      if (operation != WRITE) return EIO;
      control->space = 1;
      return -1;
    case CRASH: return -2;
    default: return EIO;
  }
}

/* The driver leads its own process group: itself, its threads and its children end at once. */
static void crash(void) {
  kill(0, SIGKILL);
  for (;;) pause();
}

/* ---- recording ---- */

struct record {
  uint32_t operation;
  uint32_t path_length;
  uint32_t data_length; /* of the data written, or of the second path */
  uint32_t reserved;
  uint64_t inode;
  int64_t at; /* offset of a write, size after a truncation */
};

static void hold(void) {
  if (trace < 0 || control->mode != RECORD) return;
  while (atomic_exchange(&control->lock, 1)) sched_yield();
}

static void let_go(void) {
  if (trace >= 0) control->lock = 0;
}

static void record(enum operation operation, const char *path, uint64_t inode, int64_t at, const void *data, size_t length) {
  if (trace < 0 || control->mode != RECORD) return;
  struct record head = {operation, (uint32_t)strlen(path), (uint32_t)length, 0, inode, at};
  struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path_length}, {(void *)data, length}};
  if (syscall(SYS_writev, trace, parts, length ? 3 : 2) < 0) abort();
}

static uint64_t inode_of(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

static uint64_t inode_at(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0 ? found.st_ino : 0;
}

/* ---- the operations ---- */

/* Runs `call`, which must set `result` and leave errno, unless the operation is to fail. Half a write is for writes alone. */
#define OPERATE(operation, path, call, after) \
  int told = verdict(operation, path); \
  if (told == -2) crash(); \
  if (told) { errno = told > 0 ? told : EIO; return -1; } \
  hold(); \
  call; \
  int kept = errno; \
  if (result >= 0) { after; } \
  let_go(); \
  errno = kept; \
  return result

typedef int (*open_function)(int, const char *, int, mode_t);

static int do_open(open_function real, int folder, const char *path, int flags, mode_t mode) {
  int changes = (flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY;
  if (!watched(path) || !changes) {
    if (wide && watched(path)) {
      int told = verdict(LOOK, path);
      if (told == -2) crash();
      if (told) { errno = told > 0 ? told : EIO; return -1; }
    }
    int fd = real(folder, path, flags, mode);
    if (control) remember(fd, path);
    return fd;
  }
  int existed = inode_at(path) != 0;
  int result;
  OPERATE(OPEN, path, result = real(folder, path, flags, mode), {
    remember(result, path);
    if (!existed) record(OPEN, path, inode_of(result), 0, NULL, 0);
    else if (flags & O_TRUNC) record(TRUNCATE, path, inode_of(result), 0, NULL, 0);
  });
}

static int real_openat(int folder, const char *path, int flags, mode_t mode) {
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE_OF(flags) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | __O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE_OF(flags) return do_open(real_openat, AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return do_open(real_openat, AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE_OF(flags) return do_open(real_openat, folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE_OF(flags) return do_open(real_openat, folder, path, flags, mode); }

int close(int fd) {
  REAL(close);
  if (control && fd >= 0 && fd < DESCRIPTORS) {
    free(opened[fd]);
    opened[fd] = NULL;
  }
  return real(fd);
}

/* Where a write without an offset goes. */
static off64_t position_of(int fd) {
  int flags = fcntl(fd, F_GETFL);
  struct stat found;
  if (flags >= 0 && (flags & O_APPEND) && fstat(fd, &found) == 0) return found.st_size;
  return lseek64(fd, 0, SEEK_CUR);
}

/* Every kind of write comes here. `offset` -1 writes at the descriptor's own position. */
static ssize_t do_write(int fd, const void *data, size_t length, off64_t offset) {
  const char *path = watched_fd(fd);
  int marked = is_marks(path);
  int told = path && !marked ? verdict(WRITE, path) : 0;
  size_t wanted = told < 0 && length > 1 ? length / 2 : length;
  if (told > 0) {
    errno = told;
    return -1;
  }
  if (path) hold();
  off64_t at = offset >= 0 || !path || trace < 0 ? offset : position_of(fd);
  ssize_t result = offset >= 0 ? syscall(SYS_pwrite64, fd, data, wanted, offset) : syscall(SYS_write, fd, data, wanted);
  int kept = errno;
  if (path && result > 0) record(marked ? MARK : WRITE, path, inode_of(fd), at, data, (size_t)result);
  if (path) let_go();
  if (told == -2) crash();
  errno = kept;
  return result;
}

ssize_t write(int fd, const void *data, size_t length) { return do_write(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return do_write(fd, data, length, at); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return do_write(fd, data, length, at); }

/* A vector is written as one operation, from one buffer. */
static ssize_t do_writev(int fd, const struct iovec *parts, int count, off64_t offset) {
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  char *joined = malloc(length ? length : 1);
  if (!joined) abort();
  size_t at = 0;
  for (int i = 0; i < count; at += parts[i].iov_len, i++) memcpy(joined + at, parts[i].iov_base, parts[i].iov_len);
  ssize_t result = do_write(fd, joined, length, offset);
  int kept = errno;
  free(joined);
  errno = kept;
  return result;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return watched_fd(fd) ? do_writev(fd, parts, count, -1) : syscall(SYS_writev, fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return do_writev(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return do_writev(fd, parts, count, at); }

static int do_truncate(int fd, off64_t size) {
  const char *path = watched_fd(fd);
  if (!path) return (int)syscall(SYS_ftruncate, fd, size);
  int result;
  OPERATE(TRUNCATE, path, result = (int)syscall(SYS_ftruncate, fd, size), record(TRUNCATE, path, inode_of(fd), size, NULL, 0));
}
int ftruncate(int fd, off_t size) { return do_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return do_truncate(fd, size); }

static int do_allocate(int fd, int mode, off64_t from, off64_t length) {
  const char *path = watched_fd(fd);
  if (!path) return (int)syscall(SYS_fallocate, fd, mode, from, length);
  int result;
  OPERATE(ALLOCATE, path, result = (int)syscall(SYS_fallocate, fd, mode, from, length), {
    struct stat now;
    if (fstat(fd, &now) == 0) record(TRUNCATE, path, now.st_ino, now.st_size, NULL, 0);
  });
}
int fallocate(int fd, int mode, off_t from, off_t length) { return do_allocate(fd, mode, from, length); }
int fallocate64(int fd, int mode, off64_t from, off64_t length) { return do_allocate(fd, mode, from, length); }

static int do_sync(int fd, long number) {
  const char *path = watched_fd(fd);
  if (!path || is_marks(path)) return (int)syscall(number, fd);
  int result;
  OPERATE(SYNC, path, result = (int)syscall(number, fd), record(SYNC, path, inode_of(fd), 0, NULL, 0));
}
int fsync(int fd) { return do_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }

static int do_rename(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  if (!watched(from) && !watched(to)) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  int result;
  OPERATE(RENAME, from, result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags),
          record(RENAME, from, inode_at(to), 0, to, strlen(to)));
}
int rename(const char *from, const char *to) { return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int f, const char *from, int t, const char *to) { return do_rename(f, from, t, to, 0); }
int renameat2(int f, const char *from, int t, const char *to, unsigned flags) { return do_rename(f, from, t, to, flags); }

static int do_unlink(int folder, const char *path, int flags) {
  if (!watched(path)) return (int)syscall(SYS_unlinkat, folder, path, flags);
  uint64_t inode = inode_at(path);
  int result;
  OPERATE(UNLINK, path, result = (int)syscall(SYS_unlinkat, folder, path, flags), record(UNLINK, path, inode, 0, NULL, 0));
}
int unlink(const char *path) { return do_unlink(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return do_unlink(folder, path, flags); }
int rmdir(const char *path) { return do_unlink(AT_FDCWD, path, AT_REMOVEDIR); }

static int do_mkdir(int folder, const char *path, mode_t mode) {
  /* One that is there already costs nothing and changes nothing. */
  if (!watched(path) || inode_at(path)) return (int)syscall(SYS_mkdirat, folder, path, mode);
  int result;
  OPERATE(MKDIR, path, result = (int)syscall(SYS_mkdirat, folder, path, mode), record(MKDIR, path, inode_at(path), 0, NULL, 0));
}
int mkdir(const char *path, mode_t mode) { return do_mkdir(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return do_mkdir(folder, path, mode); }

static int do_link(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  if (!watched(to)) return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
  int result;
  OPERATE(LINK, from, result = (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags),
          record(LINK, from, inode_at(to), 0, to, strlen(to)));
}
int link(const char *from, const char *to) { return do_link(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int f, const char *from, int t, const char *to, int flags) { return do_link(f, from, t, to, flags); }

/* ---- what only a wide disk sees ---- */

/* Whether an operation may go on; else errno is set. */
static int may(enum operation operation, const char *path) {
  if (!wide || !path || is_marks(path)) return 1;
  int told = verdict(operation, path);
  if (told == -2) crash();
  if (!told) return 1;
  errno = told > 0 ? told : EIO;
  return 0;
}

#define SEEN(path) (watched(path) ? path : NULL)
#define UNLESS_REFUSED(operation, path, call) return may(operation, path) ? call : -1

ssize_t read(int fd, void *data, size_t length) { UNLESS_REFUSED(READ, watched_fd(fd), syscall(SYS_read, fd, data, length)); }
ssize_t pread(int fd, void *data, size_t length, off_t at) { UNLESS_REFUSED(READ, watched_fd(fd), syscall(SYS_pread64, fd, data, length, at)); }
ssize_t pread64(int fd, void *data, size_t length, off64_t at) { UNLESS_REFUSED(READ, watched_fd(fd), syscall(SYS_pread64, fd, data, length, at)); }

int scandir(const char *path, struct dirent ***list, int (*filter)(const struct dirent *), int (*compare)(const struct dirent **, const struct dirent **)) {
  REAL(scandir);
  UNLESS_REFUSED(LIST, SEEN(path), real(path, list, filter, compare));
}
int scandir64(const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *), int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  REAL(scandir64);
  UNLESS_REFUSED(LIST, SEEN(path), real(path, list, filter, compare));
}
DIR *opendir(const char *path) {
  REAL(opendir);
  return may(LIST, SEEN(path)) ? real(path) : NULL;
}

int chmod(const char *path, mode_t mode) { UNLESS_REFUSED(DRESS, SEEN(path), (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode)); }
int fchmod(int fd, mode_t mode) { UNLESS_REFUSED(DRESS, watched_fd(fd), (int)syscall(SYS_fchmod, fd, mode)); }
int chown(const char *path, uid_t user, gid_t group) { UNLESS_REFUSED(DRESS, SEEN(path), (int)syscall(SYS_fchownat, AT_FDCWD, path, user, group, 0)); }
int lchown(const char *path, uid_t user, gid_t group) {
  UNLESS_REFUSED(DRESS, SEEN(path), (int)syscall(SYS_fchownat, AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW));
}
int fchown(int fd, uid_t user, gid_t group) { UNLESS_REFUSED(DRESS, watched_fd(fd), (int)syscall(SYS_fchown, fd, user, group)); }
int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
  UNLESS_REFUSED(DRESS, SEEN(path), (int)syscall(SYS_utimensat, folder, path, times, flags));
}
int futimens(int fd, const struct timespec times[2]) { UNLESS_REFUSED(DRESS, watched_fd(fd), (int)syscall(SYS_utimensat, fd, NULL, times, 0)); }
int symlink(const char *target, const char *path) {
  if (!watched(path)) return (int)syscall(SYS_symlinkat, target, AT_FDCWD, path);
  if (!may(SYMLINK, path)) return -1;
  hold();
  int result = (int)syscall(SYS_symlinkat, target, AT_FDCWD, path);
  int kept = errno;
  if (result >= 0) record(SYMLINK, path, inode_at(path), 0, target, strlen(target));
  let_go();
  errno = kept;
  return result;
}
