/* Stands between a process and the disk (LD_PRELOAD): writes down, in their order, what the process does to the files below
 * $SHIM_DIRECTORY, so that a test can tell what a disk that forgets everything unsynced would be left with. Each record in
 * $SHIM_JOURNAL is: kind (1 byte), fd (4), number (8), length of what follows (4), bytes; in the machine's byte order.
 *
 *   'c' open that created   fd, bytes: path       'o' open of what was there   fd, bytes: path
 *   'w' write               fd, number: offset    't' truncate                 fd, number: length
 *   's' sync                fd                    'u' unlink                   bytes: path
 *
 * While the file $SHIM_TROUBLE exists, its first letter says which call fails: 'w' writes (disk full), 's' syncs (I/O error);
 * after 'r' stands a seed, and each call fails by a chance of a quarter.
 * Syncing itself is left out: only its place in the order counts here. The memory that SQLite maps (-shm) is not kept: it
 * doesn't survive a power cut, and SQLite doesn't expect it to. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define MOST_FDS 4096

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char watched[MOST_FDS];
static int journal = -1;

static int is_watched(int fd) { return fd >= 0 && fd < MOST_FDS && watched[fd]; }

static int is_below(const char *path) {
    const char *directory = getenv("SHIM_DIRECTORY");
    return directory && strncmp(path, directory, strlen(directory)) == 0;
}

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        long written = syscall(SYS_write, journal, at, length);
        if (written <= 0) abort();
        at += written;
        length -= (size_t)written;
    }
}

static void record(char kind, int32_t fd, int64_t number, const void *bytes, uint32_t length) {
    if (journal < 0) {
        journal = (int)syscall(SYS_openat, AT_FDCWD, getenv("SHIM_JOURNAL"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (journal < 0) abort();
    }
    char head[17];
    memcpy(head, &kind, 1);
    memcpy(head + 1, &fd, 4);
    memcpy(head + 5, &number, 8);
    memcpy(head + 13, &length, 4);
    put(head, sizeof head);
    put(bytes, length);
}

static int in_trouble(char with) {
    static uint64_t calls;
    char found[24] = {0};
    const char *path = getenv("SHIM_TROUBLE");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
    if (fd >= 0) {
        if (syscall(SYS_read, fd, found, sizeof found - 1) < 1) found[0] = 0;
        syscall(SYS_close, fd);
    }
    if (found[0] != 'r') return found[0] == with;
    uint64_t chance = strtoull(found + 1, NULL, 10) + __sync_add_and_fetch(&calls, 1) * 0x9e3779b97f4a7c15u;
    chance = (chance ^ (chance >> 30)) * 0xbf58476d1ce4e5b9u;
    chance = (chance ^ (chance >> 27)) * 0x94d049bb133111ebu;
    return (chance ^ (chance >> 31)) % 4 == 0;
}

static int open_and_record(int at, const char *path, int flags, mode_t mode) {
    if (!is_below(path)) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&order);
    int existed = syscall(SYS_faccessat, at, path, F_OK) == 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= MOST_FDS) abort();
    if (fd >= 0) {
        watched[fd] = 1;
        record(existed ? 'o' : 'c', fd, 0, path, (uint32_t)strlen(path));
        if (existed && (flags & O_TRUNC)) record('t', fd, 0, "", 0);
    }
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPEN(name)                                       \
    int name(const char *path, int flags, ...) {         \
        va_list rest;                                    \
        va_start(rest, flags);                           \
        mode_t mode = va_arg(rest, mode_t);              \
        va_end(rest);                                    \
        return open_and_record(AT_FDCWD, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    pthread_mutex_lock(&order);
    if (is_watched(fd)) watched[fd] = 0;
    int result = (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&order);
    return result;
}

static ssize_t write_and_record(int fd, const void *bytes, size_t length, off_t offset, int moves) {
    if (!is_watched(fd)) return moves ? syscall(SYS_write, fd, bytes, length) : syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (in_trouble('w')) {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&order);
    if (moves) offset = lseek(fd, 0, SEEK_CUR);
    ssize_t written = moves ? syscall(SYS_write, fd, bytes, length) : syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (written > 0) record('w', fd, offset, bytes, (uint32_t)written);
    pthread_mutex_unlock(&order);
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length) { return write_and_record(fd, bytes, length, 0, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return write_and_record(fd, bytes, length, offset, 0); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return write_and_record(fd, bytes, length, offset, 0); }

static int truncate_and_record(int fd, off_t length) {
    if (!is_watched(fd)) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&order);
    int result = (int)syscall(SYS_ftruncate, fd, length);
    if (result == 0) record('t', fd, length, "", 0);
    pthread_mutex_unlock(&order);
    return result;
}

int ftruncate(int fd, off_t length) { return truncate_and_record(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_and_record(fd, length); }

static int sync_and_record(int fd, long number) {
    if (!is_watched(fd)) return (int)syscall(number, fd);
    if (in_trouble('s')) {
        errno = EIO;
        return -1;
    }
    pthread_mutex_lock(&order);
    record('s', fd, 0, "", 0);
    pthread_mutex_unlock(&order);
    return 0;
}

int fsync(int fd) { return sync_and_record(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_and_record(fd, SYS_fdatasync); }

int unlink(const char *path) {
    pthread_mutex_lock(&order);
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (result == 0 && is_below(path)) record('u', -1, 0, path, (uint32_t)strlen(path));
    pthread_mutex_unlock(&order);
    return result;
}
