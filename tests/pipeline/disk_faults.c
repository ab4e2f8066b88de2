/* Preloaded into a program and its tools: counts what they write under one folder and refuses a chosen write.
 *
 * FAULTS_UNDER is the folder; FAULTS_CONTROL is a file of three numbers that all processes share: how many writes there
 * were, which one is to be refused (0: none; -N: the Nth and all after it), and with which error.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile long *control;
static const char *under;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAULTS_CONTROL");
    under = getenv("FAULTS_UNDER");
    int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *shared = mmap(NULL, 3 * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (shared != MAP_FAILED) control = shared;
}

static int is_refused(void) {
    long number = __atomic_add_fetch(&control[0], 1, __ATOMIC_SEQ_CST), chosen = control[1];
    if (chosen < 0 ? number < -chosen : number != chosen) return 0;
    errno = (int)control[2];
    return 1;
}

static int path_refused(const char *path) {
    return control && under && strncmp(path, under, strlen(under)) == 0 && is_refused();
}

static int refused(int descriptor) {
    char link[64], path[PATH_MAX];
    if (!control) return 0;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length <= 0) return 0;
    path[length] = 0;
    return path_refused(path);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define BY_DESCRIPTOR(type, name, parameters, arguments) \
    type name parameters { REAL(name); if (refused(fd)) return -1; return real arguments; }
#define BY_PATH(name, parameters, arguments) \
    int name parameters { REAL(name); if (path_refused(path)) return -1; return real arguments; }

BY_DESCRIPTOR(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size))
BY_DESCRIPTOR(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
BY_DESCRIPTOR(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
BY_DESCRIPTOR(ssize_t, writev, (int fd, const struct iovec *from, int count), (fd, from, count))
BY_DESCRIPTOR(int, ftruncate, (int fd, off_t size), (fd, size))
BY_DESCRIPTOR(int, ftruncate64, (int fd, off64_t size), (fd, size))
BY_DESCRIPTOR(ssize_t, pwritev, (int fd, const struct iovec *from, int count, off_t at), (fd, from, count, at))
BY_DESCRIPTOR(ssize_t, pwritev64, (int fd, const struct iovec *from, int count, off64_t at), (fd, from, count, at))
BY_DESCRIPTOR(int, fsync, (int fd), (fd))
BY_DESCRIPTOR(int, fdatasync, (int fd), (fd))
BY_DESCRIPTOR(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
BY_DESCRIPTOR(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size))
BY_DESCRIPTOR(ssize_t, copy_file_range, (int from, off64_t *start, int fd, off64_t *at, size_t size, unsigned flags),
              (from, start, fd, at, size, flags))
/* These two give the error back instead of setting it. */
int posix_fallocate(int fd, off_t at, off_t size) { REAL(posix_fallocate); return refused(fd) ? errno : real(fd, at, size); }
int posix_fallocate64(int fd, off64_t at, off64_t size) {
    REAL(posix_fallocate64);
    return refused(fd) ? errno : real(fd, at, size);
}
extern ssize_t sendfile(int fd, int from, off_t *at, size_t size);
extern ssize_t sendfile64(int fd, int from, off64_t *at, size_t size);
BY_DESCRIPTOR(ssize_t, sendfile, (int fd, int from, off_t *at, size_t size), (fd, from, at, size))
BY_DESCRIPTOR(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t size), (fd, from, at, size))
BY_PATH(rename, (const char *from, const char *path), (from, path))
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode))

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        int makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; \
        if (makes) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
        if (makes && path_refused(path)) return -1; \
        return real(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)
