/* Stands between a process and the C library for the file calls below one directory: it records them, or lets them
 * fail. Loaded with LD_PRELOAD; lab/faults/shim.py compiles it and sets its environment:
 *
 *   SHIM_DIRECTORY  absolute path; files below it are watched, everything else is left alone
 *   SHIM_TRACE      file that every call that changes something is appended to (see `struct record`)
 *   SHIM_CONTROL    file of rules, looked at before each watched call; it may come, go and be replaced at any time
 *
 * A rule is one line, `CALLS NAME FIRST LAST KIND VALUE`: the calls it is about (open write size sync unlink rename,
 * joined by commas; `bytes` are writes counted by the byte), the end of the file's name (`*` for any), from which to
 * which call it holds (LAST 0: without end), and what happens: `fail` with that errno, `wait` so many milliseconds, `kill`
 * (SIGKILL) before (0) or after (1) the call. Every process counts for itself, from when it read the rules. A kill takes
 * the file of rules away first, so that the process that comes next lives.
 *
 * What it cannot see: relative paths, duplicated descriptors, and what is written into mapped memory, until msync.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 4096, NAME = 80, MAPS = 64, RULES = 8 };

/* What follows in the trace: `names` bytes of name, `length` bytes of data (for a rename: the new name). */
struct record {
    uint32_t kind; /* C create, W write, T size set, A size at least, S sync, F failed sync, D directory synced,
                      U unlink, R rename */
    uint32_t pid;
    uint64_t inode, offset;
    uint32_t names, length;
};

struct rule {
    char calls[48], name[NAME], kind[8];
    unsigned long first, last, seen;
    long value;
};

static char names[FILES][NAME]; /* by descriptor; empty: not watched */
static struct { char *start; size_t length; char name[NAME]; ino_t inode; } maps[MAPS];
static struct rule rules[RULES];
static uint64_t rules_of;
static const char *directory, *control;
static size_t directory_length;
static int trace = -1;
static unsigned next_map;
static pthread_mutex_t recording = PTHREAD_MUTEX_INITIALIZER, ruling = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SHIM_TRACE");
    directory = getenv("SHIM_DIRECTORY");
    control = getenv("SHIM_CONTROL");
    directory_length = directory ? strlen(directory) : 0;
    if (directory && path)
        trace = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

/* The name below the watched directory, "." for the directory itself, or NULL. */
static const char *below(const char *path)
{
    if (!directory_length || strncmp(path, directory, directory_length))
        return NULL;
    path += directory_length;
    return *path == '/' ? path + 1 : *path ? NULL : ".";
}

static const char *watched(int fd)
{
    return fd >= 0 && fd < FILES && names[fd][0] ? names[fd] : NULL;
}

static void record(char kind, const char *name, ino_t inode, off_t offset, const void *data, size_t length)
{
    struct record head = {kind, getpid(), inode, offset, strlen(name), length};
    struct iovec parts[] = {{&head, sizeof head}, {(char *)name, head.names}, {(void *)data, length}};
    if (trace >= 0 && syscall(SYS_writev, trace, parts, 3) != (ssize_t)(sizeof head + head.names + length))
        abort(); /* a trace with a hole would prove nothing */
}

static void record_fd(char kind, int fd, off_t offset, const void *data, size_t length)
{
    struct stat found;
    if (syscall(SYS_fstat, fd, &found) == 0)
        record(kind == 'S' && S_ISDIR(found.st_mode) ? 'D' : kind, names[fd], found.st_ino, offset, data, length);
}

/* Read the rules again if they are not those that we know. Called with `ruling` held. */
static void read_rules(void)
{
    char text[1024] = "", *line, *rest = text;
    struct stat found = {0};
    struct rule *rule = rules;
    syscall(SYS_newfstatat, AT_FDCWD, control, &found, 0);
    uint64_t stamp = found.st_ino * 1000003 + found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec;
    if (stamp == rules_of)
        return;
    rules_of = stamp;
    memset(rules, 0, sizeof rules);
    int fd = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC, 0);
    syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    while (rule < rules + RULES && (line = strsep(&rest, "\n")))
        rule += sscanf(line, "%47s %79s %lu %lu %7s %ld", rule->calls, rule->name, &rule->first, &rule->last,
                       rule->kind, &rule->value) == 6;
}

static int about(const struct rule *rule, const char *call, const char *name)
{
    size_t whole = strlen(name), end = strlen(rule->name);
    int named = !strcmp(rule->name, "*") || (whole >= end && !strcmp(name + whole - end, rule->name));
    return named && (strstr(rule->calls, call) || (!strcmp(rule->calls, "bytes") && !strcmp(call, "write")));
}

static void die(void)
{
    syscall(SYS_unlink, control);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* What the rules say to a call that has not happened yet: 0 to go on, or -1 with errno set. `*length` may become
 * shorter, as the last write before a disk is full. `*deadly`: the process ends after the call. */
static int refused(const char *call, const char *name, size_t *length, int *deadly)
{
    int error = 0;
    long wait = 0;
    *deadly = 0;
    if (!control)
        return 0;
    pthread_mutex_lock(&ruling);
    read_rules();
    for (struct rule *rule = rules; rule < rules + RULES && rule->first; rule++) {
        if (!about(rule, call, name))
            continue;
        int bytes = !strcmp(rule->calls, "bytes");
        unsigned long from = rule->seen + 1;
        rule->seen += bytes ? *length : 1;
        if (rule->seen < rule->first || (rule->last && from > rule->last))
            continue;
        if (bytes && from < rule->first) {
            *length = rule->first - from;
            rule->seen = rule->first - 1;
        } else if (!strcmp(rule->kind, "fail"))
            error = rule->value;
        else if (!strcmp(rule->kind, "wait"))
            wait = rule->value;
        else if (!strcmp(rule->kind, "kill") && rule->value)
            *deadly = 1;
        else if (!strcmp(rule->kind, "kill"))
            die();
    }
    pthread_mutex_unlock(&ruling);
    if (wait)
        nanosleep(&(struct timespec){wait / 1000, wait % 1000 * 1000000}, NULL);
    errno = error;
    return error ? -1 : 0;
}

#define finished(result, deadly) (deadly ? die() : (void)0, result)

static int opened(const char *path, int flags, mode_t mode)
{
    const char *name = below(path);
    size_t none = 0;
    int deadly = 0, fd;
    if (name && flags & (O_WRONLY | O_RDWR | O_CREAT) && refused("open", name, &none, &deadly))
        return -1;
    pthread_mutex_lock(&recording);
    int missing = name && flags & O_CREAT && syscall(SYS_access, path, F_OK) != 0;
    fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0 && fd < FILES)
        snprintf(names[fd], NAME, "%s", name ? name : "");
    if (fd >= 0 && name && (missing || flags & O_TRUNC))
        record_fd(missing ? 'C' : 'T', fd, 0, NULL, 0);
    pthread_mutex_unlock(&recording);
    return finished(fd, deadly);
}

int openat(int at, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return *path == '/' || at == AT_FDCWD ? opened(path, flags, mode) : syscall(SYS_openat, at, path, flags, mode);
}
int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, mode);
}
int creat(const char *path, mode_t mode) { return opened(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int open64(const char *, int, ...) __attribute__((alias("open")));
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));
int creat64(const char *, mode_t) __attribute__((alias("creat")));

int close(int fd)
{
    if (watched(fd))
        names[fd][0] = 0;
    return syscall(SYS_close, fd);
}

/* One write, at `offset` or (-1) where the descriptor stands. */
static ssize_t written(int fd, const void *data, size_t length, off_t offset)
{
    const char *name = watched(fd);
    int deadly = 0;
    if (name && refused("write", name, &length, &deadly))
        return -1;
    if (!name)
        return offset < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, offset);
    pthread_mutex_lock(&recording);
    ssize_t done = offset < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, offset);
    if (done > 0 && trace >= 0)
        record_fd('W', fd, offset < 0 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) - done : offset, data, done);
    pthread_mutex_unlock(&recording);
    return finished(done, deadly);
}

ssize_t write(int fd, const void *data, size_t length) { return written(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return written(fd, data, length, offset); }
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));

/* A call on a descriptor whose success is 0 and whose record is of that kind, with the size (or 0) as offset. */
static int changed(const char *call, char kind, int fd, off_t size, long number, long first, long second)
{
    const char *name = watched(fd);
    size_t none = 0;
    int deadly = 0, result = -1;
    if (!name)
        return syscall(number, fd, first, second, size);
    int refusal = refused(call, name, &none, &deadly);
    int error = errno;
    pthread_mutex_lock(&recording);
    if (!refusal)
        result = syscall(number, fd, first, second, size), error = errno;
    if (result == 0 || kind == 'S')
        record_fd(result == 0 ? kind : 'F', fd, size, NULL, 0);
    pthread_mutex_unlock(&recording);
    errno = error;
    return finished(result, deadly);
}

int fsync(int fd) { return changed("sync", 'S', fd, 0, SYS_fsync, 0, 0); }
int fdatasync(int fd) { return changed("sync", 'S', fd, 0, SYS_fdatasync, 0, 0); }
int ftruncate(int fd, off_t size) { return changed("size", 'T', fd, size, SYS_ftruncate, size, 0); }
int posix_fallocate(int fd, off_t offset, off_t length)
{
    const char *name = watched(fd); /* it returns the error, and its size is that of offset and length */
    int result = name ? changed("size", 'A', fd, offset + length, SYS_fallocate, 0, 0)
                      : syscall(SYS_fallocate, fd, 0, offset, length);
    return result ? errno : 0;
}
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));
int posix_fallocate64(int, off_t, off_t) __attribute__((alias("posix_fallocate")));

/* A change of names. */
static int named(const char *call, char kind, const char *path, const char *new)
{
    const char *name = below(path), *new_name = new ? below(new) : "";
    size_t none = 0;
    int deadly = 0;
    if (!name || !new_name)
        return new ? syscall(SYS_rename, path, new) : syscall(SYS_unlink, path);
    if (refused(call, name, &none, &deadly))
        return -1;
    pthread_mutex_lock(&recording);
    int result = new ? syscall(SYS_rename, path, new) : syscall(SYS_unlink, path);
    if (result == 0)
        record(kind, name, 0, 0, new_name, strlen(new_name));
    pthread_mutex_unlock(&recording);
    return finished(result, deadly);
}

int unlink(const char *path) { return named("unlink", 'U', path, NULL); }
int rename(const char *path, const char *new) { return named("rename", 'R', path, new); }

void *mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *found = (void *)syscall(SYS_mmap, start, length, protection, flags, fd, offset);
    struct stat file;
    if (found != MAP_FAILED && flags & MAP_SHARED && watched(fd) && syscall(SYS_fstat, fd, &file) == 0) {
        unsigned at = __atomic_fetch_add(&next_map, 1, __ATOMIC_RELAXED) % MAPS;
        maps[at].start = found, maps[at].length = length, maps[at].inode = file.st_ino;
        memcpy(maps[at].name, names[fd], NAME);
    }
    return found;
}
void *mmap64(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap")));

/* Mapped memory is written to the file and synced: recorded as both. */
int msync(void *start, size_t length, int flags)
{
    int at = MAPS - 1, deadly = 0;
    size_t none = 0;
    while (at >= 0 && ((char *)start < maps[at].start || (char *)start >= maps[at].start + maps[at].length))
        at--;
    if (at >= 0 && refused("sync", maps[at].name, &none, &deadly))
        return -1;
    pthread_mutex_lock(&recording);
    int result = syscall(SYS_msync, start, length, flags);
    if (at >= 0 && result == 0) {
        record('W', maps[at].name, maps[at].inode, (char *)start - maps[at].start, start, length);
        record('S', maps[at].name, maps[at].inode, 0, NULL, 0);
    }
    pthread_mutex_unlock(&recording);
    return finished(result, deadly);
}
