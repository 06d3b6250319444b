/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that apps hand over: pictures of callers, ringtones.
 *
 * The daemon must never wait for somebody's file, so only regular files are taken, and none of
 * file systems that another process or machine answers for. What is read is bounded, and kept in
 * a sealed memfd: the app can't change it later.
 */
#include "bus/bus-keepsake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif

struct keepsake {
        uint64_t number; /* of the picture, or of the provider whose ringtone it is */
        struct uuid call;
        int fd;
        UT_hash_handle hh;
};

static void keepsake_remove(struct keepsake **table, struct keepsake *keepsake)
{
        HASH_DEL(*table, keepsake);
        close(keepsake->fd);
        free(keepsake);
}

static struct keepsake *keepsake_find(struct keepsake *table, uint64_t number)
{
        struct keepsake *keepsake;

        HASH_FIND(hh, table, &number, sizeof(number), keepsake);
        return keepsake;
}

/* Takes `fd` over on success. */
static int keepsake_add(struct keepsake **table, uint64_t number, const struct uuid *call, int fd)
{
        struct keepsake *keepsake = keepsake_find(*table, number);

        if (keepsake)
                keepsake_remove(table, keepsake);
        keepsake = calloc(1, sizeof(*keepsake));
        if (!keepsake)
                return -ENOMEM;
        keepsake->number = number;
        keepsake->fd = fd;
        if (call)
                keepsake->call = *call;
        HASH_ADD(hh, *table, number, sizeof(keepsake->number), keepsake);
        if (keepsake->hh.tbl)
                return 0;
        free(keepsake);
        return -ENOMEM;
}

static bool may_hang(int fd)
{
        struct statfs fs;

        if (fstatfs(fd, &fs) < 0)
                return true;
        switch ((unsigned long)fs.f_type) {
        case FUSE_SUPER_MAGIC:
        case NFS_SUPER_MAGIC:
        case SMB_SUPER_MAGIC:
        case SMB2_SUPER_MAGIC:
        case CIFS_SUPER_MAGIC & 0xffffffffUL:
        case V9FS_MAGIC:
        case AFS_SUPER_MAGIC:
        case CEPH_SUPER_MAGIC:
                return true;
        default:
                return false;
        }
}

static int check_file(int fd, size_t size_max, const char *key, size_t *ret_size,
                      sd_bus_error *error)
{
        int flags = fcntl(fd, F_GETFL);
        struct stat st;

        if (flags < 0 || fstat(fd, &st) < 0)
                return sd_bus_error_set_errno(error, errno);
        if (!S_ISREG(st.st_mode))
                return bus_error_invalid(error, "%s is no regular file; a memfd is best", key);
        if ((flags & O_ACCMODE) == O_WRONLY || flags & O_PATH)
                return bus_error_invalid(error, "%s is not open for reading", key);
        if (may_hang(fd))
                return bus_error_invalid(error,
                                         "%s is on a file system that callsd would have to wait "
                                         "for; copy it to a memfd",
                                         key);
        if (st.st_size <= 0 || (uintmax_t)st.st_size > size_max)
                return bus_error_invalid(error, "%s has %jd bytes; it must have 1 to %zu", key,
                                         (intmax_t)st.st_size, size_max);
        *ret_size = (size_t)st.st_size;
        return 0;
}

static int copy_bytes(int from, int to, size_t size)
{
        off_t offset = 0;

        while ((size_t)offset < size) {
                ssize_t n = sendfile(to, from, &offset, size - (size_t)offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -ENODATA;
        }
        return 0;
}

static int copy_file(int fd, size_t size_max, const char *key, int *ret_fd, sd_bus_error *error)
{
        cleanup_(closep) int copy = -1;
        size_t size = 0;
        int r;

        r = check_file(fd, size_max, key, &size, error);
        if (r < 0)
                return r;
        copy = memfd_create("callsd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (copy < 0)
                return sd_bus_error_set_errno(error, errno);
        r = copy_bytes(fd, copy, size);
        if (r < 0)
                return bus_error_invalid(error, "%s cannot be read: %s", key, strerror(-r));
        if (fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return sd_bus_error_set_errno(error, errno);
        *ret_fd = take_fd(&copy);
        return 0;
}

int keepsake_add_picture(struct bus *bus, const struct uuid *call, int fd, const char *key,
                         uint64_t *ret_number, sd_bus_error *error)
{
        int copy = -1, r;

        r = copy_file(fd, PICTURE_SIZE_MAX, key, &copy, error);
        if (r < 0)
                return r;
        r = keepsake_add(&bus->pictures, bus->last_picture + 1, call, copy);
        if (r < 0) {
                close(copy);
                return r;
        }
        bus->pictures_changed = true;
        *ret_number = ++bus->last_picture;
        return 0;
}

/* Not a dup(): all readers of one would share their position in the file. */
static int keepsake_open(struct keepsake *table, uint64_t number, int *ret_fd)
{
        const struct keepsake *keepsake = keepsake_find(table, number);
        char path[64];
        int fd;

        if (!keepsake)
                return -ENOENT;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", keepsake->fd);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

int keepsake_open_picture(struct bus *bus, uint64_t number, int *ret_fd)
{
        return keepsake_open(bus->pictures, number, ret_fd);
}

int bus_open_ringtone(struct bus *bus, unsigned provider, int *ret_fd)
{
        return keepsake_open(bus->ringtones, provider, ret_fd);
}

int keepsake_set_ringtone(struct bus *bus, unsigned provider, int fd, const char *key,
                          sd_bus_error *error)
{
        int copy = -1, r;

        r = copy_file(fd, RINGTONE_SIZE_MAX, key, &copy, error);
        if (r < 0)
                return r;
        r = keepsake_add(&bus->ringtones, provider, NULL, copy);
        if (r < 0)
                close(copy);
        return r;
}

void keepsake_drop_ringtone(struct bus *bus, unsigned provider)
{
        struct keepsake *keepsake = keepsake_find(bus->ringtones, provider);

        if (keepsake)
                keepsake_remove(&bus->ringtones, keepsake);
}

uint64_t keepsake_last_number(const struct engine *engine)
{
        const struct call *call = NULL;
        uint64_t last = 0;

        while ((call = engine_next_call(engine, call)))
                if (call->picture > last)
                        last = call->picture;
        return last;
}

void keepsake_pictures_changed(struct bus *bus)
{
        bus->pictures_changed = bus->pictures != NULL;
}

/* What the call shows now decides; so the picture of a report that was refused goes as well. */
void keepsake_sweep_pictures(struct bus *bus)
{
        struct keepsake *keepsake, *next;

        if (!bus->pictures_changed)
                return;
        bus->pictures_changed = false;
        HASH_ITER (hh, bus->pictures, keepsake, next) {
                const struct call *call = engine_find_call(bus->engine, keepsake->call.text);

                if (!call || call->picture != keepsake->number)
                        keepsake_remove(&bus->pictures, keepsake);
        }
}

void keepsake_forget_all(struct bus *bus)
{
        struct keepsake *keepsake, *next;

        HASH_ITER (hh, bus->pictures, keepsake, next)
                keepsake_remove(&bus->pictures, keepsake);
        HASH_ITER (hh, bus->ringtones, keepsake, next)
                keepsake_remove(&bus->ringtones, keepsake);
}
