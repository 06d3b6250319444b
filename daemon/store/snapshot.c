/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state file: two slots that take turns.
 *
 *      0      header of slot 0 (sequence, where its bytes are, checksums)
 *      512    header of slot 1
 *      4096   the bytes of both, wherever there is room
 *
 * A slot has no place of its own: its bytes go to the first place that the other slot's do not
 * cover. So the state can grow and shrink as it likes, and the file stays below three times the
 * largest state. A header is smaller than a page and is written last; torn, it has the wrong
 * checksum, and the other slot is the newest.
 *
 * Nothing is synced: a process that is killed loses nothing that it has written, and a machine that
 * goes down ends all calls.
 */
#include "store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <zlib.h>

#include "util/cleanup.h"

#define FILE_NAME "state"
#define MAGIC "callsd1"
#define MAGIC_OF_ALL 6 /* what files of other forms begin with as well */
#define HEADER_STEP 512
#define DATA_BEGIN ((uint64_t)4096)
/* More is no state of ours: 10,000 calls take about 10 MB. */
#define DATA_MAX ((uint64_t)1 << 30)
/* What the file may be larger than needed before it is cut. */
#define SLACK_MAX ((uint64_t)1 << 20)
#define ASIDE_MAX 4

/* As in the file. Of one machine alone, so its own byte order will do. */
struct header {
        char magic[8];
        uint64_t sequence;
        uint64_t offset, length;
        uint32_t data_crc;
        struct snapshot_label label;
        uint32_t header_crc; /* of all before it */
};

_Static_assert(sizeof(struct header) <= HEADER_STEP, "both headers have to fit in front");

struct snapshot {
        int directory, file;
        char *path;
        char aside[64];
        struct header slots[2]; /* as read or written last; sequence 0: not whole */
};

/* ---- opening ---- */

int snapshot_find_directory(const char *directory, char **ret_path)
{
        const char *runtime = getenv("RUNTIME_DIRECTORY"), *home = getenv("XDG_RUNTIME_DIR");
        cleanup_(freep) char *path = NULL;

        if (directory) {
                path = strdup(directory);
        } else if (runtime && *runtime) {
                path = strndup(runtime, strcspn(runtime, ":"));
        } else if (home && *home) {
                if (asprintf(&path, "%s/callsd", home) < 0)
                        path = NULL;
        } else {
                return -ENOENT;
        }
        if (!path)
                return -ENOMEM;
        *ret_path = take_ptr(path);
        return 0;
}

/* Ours, and nobody else may write there. */
static int check_owner(int fd, mode_t kind)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if ((st.st_mode & S_IFMT) != kind)
                return kind == S_IFDIR ? -ENOTDIR : -EPERM;
        return st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH) ? -EPERM : 0;
}

static int open_directory(const char *path)
{
        cleanup_(closep) int fd = -1;
        int r;

        if (mkdir(path, 0700) < 0 && errno != EEXIST && errno != EROFS)
                return -errno;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = check_owner(fd, S_IFDIR);
        if (r < 0)
                return r;
        /* Two that write in turns would leave the state of neither. */
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        return take_fd(&fd);
}

static int open_file(int directory)
{
        cleanup_(closep) int fd = openat(
                directory, FILE_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = check_owner(fd, S_IFREG);
        return r < 0 ? r : take_fd(&fd);
}

DEFINE_CLEANUP(struct snapshot *, snapshot_free);

int snapshot_open(const char *directory, struct snapshot **ret_snapshot)
{
        cleanup_(snapshot_freep) struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

        if (!snapshot)
                return -ENOMEM;
        snapshot->directory = snapshot->file = -1;
        if (asprintf(&snapshot->path, "%s/%s", directory, FILE_NAME) < 0) {
                snapshot->path = NULL;
                return -ENOMEM;
        }
        snapshot->directory = open_directory(directory);
        if (snapshot->directory < 0)
                return snapshot->directory;
        snapshot->file = open_file(snapshot->directory);
        if (snapshot->file < 0)
                return snapshot->file;
        *ret_snapshot = take_ptr(snapshot);
        return 0;
}

struct snapshot *snapshot_free(struct snapshot *snapshot)
{
        if (!snapshot)
                return NULL;
        closep(&snapshot->file);
        closep(&snapshot->directory);
        free(snapshot->path);
        free(snapshot);
        return NULL;
}

const char *snapshot_get_path(const struct snapshot *snapshot)
{
        return snapshot->path;
}

/* ---- reading ---- */

static int read_all(int fd, void *buffer, uint64_t size, uint64_t offset)
{
        uint64_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EBADMSG;
                done += (uint64_t)n;
        }
        return 0;
}

static uint32_t checksum(const void *data, size_t size)
{
        return (uint32_t)crc32_z(0, data, size);
}

static uint32_t header_checksum(const struct header *header)
{
        return checksum(header, offsetof(struct header, header_crc));
}

static bool is_terminated(const char *text, size_t size)
{
        return memchr(text, '\0', size);
}

static bool header_is_whole(const struct header *header)
{
        const struct snapshot_label *label = &header->label;

        return memcmp(header->magic, MAGIC, sizeof(header->magic)) == 0 && header->sequence > 0 &&
               header->header_crc == header_checksum(header) && header->length <= DATA_MAX &&
               header->offset >= DATA_BEGIN && header->offset <= 8 * DATA_MAX &&
               is_terminated(label->boot, sizeof(label->boot)) &&
               is_terminated(label->bus, sizeof(label->bus)) &&
               is_terminated(label->version, sizeof(label->version));
}

/* Bytes of a whole slot, or NULL with a reason. */
static int read_slot(const struct snapshot *snapshot, const struct header *header, void **ret_data)
{
        cleanup_(freep) void *data = malloc(header->length ? header->length : 1);
        int r;

        if (!data)
                return -ENOMEM;
        r = read_all(snapshot->file, data, header->length, header->offset);
        if (r < 0)
                return r;
        if (checksum(data, header->length) != header->data_crc)
                return -EBADMSG;
        *ret_data = take_ptr(data);
        return 0;
}

static struct header *newest_slot(struct snapshot *snapshot)
{
        struct header *slots = snapshot->slots;

        return &slots[slots[1].sequence > slots[0].sequence];
}

static int read_headers(struct snapshot *snapshot)
{
        struct stat st;
        int r;

        memset(snapshot->slots, 0, sizeof(snapshot->slots));
        if (fstat(snapshot->file, &st) < 0)
                return -errno;
        if (st.st_size == 0)
                return -ENOENT;
        for (int i = 0; i < 2; i++) {
                struct header *slot = &snapshot->slots[i];

                r = read_all(snapshot->file, slot, sizeof(*slot), (uint64_t)i * HEADER_STEP);
                if (r < 0 && r != -EBADMSG)
                        return r;
                if (r < 0 || !header_is_whole(slot) ||
                    slot->offset + slot->length > (uint64_t)st.st_size)
                        *slot = (struct header){0};
        }
        return 0;
}

/* The very first state may have been on its way: then its header says nothing so far. */
static int judge_rest(const struct snapshot *snapshot)
{
        char headers[2 * HEADER_STEP] = "";

        if (pread(snapshot->file, headers, sizeof(headers), 0) < 0)
                return -errno;
        for (size_t at = 0; at < sizeof(headers); at += HEADER_STEP)
                if (memcmp(&headers[at], MAGIC, MAGIC_OF_ALL) == 0 &&
                    memcmp(&headers[at], MAGIC, sizeof(MAGIC)) != 0)
                        return -EPROTONOSUPPORT;
        for (size_t i = 0; i < sizeof(headers); i++)
                if (headers[i] != '\0')
                        return -EBADMSG;
        return -ENOENT;
}

int snapshot_read(struct snapshot *snapshot, struct snapshot_label *ret_label, void **ret_data,
                  size_t *ret_size)
{
        struct header *slot;
        int r;

        r = read_headers(snapshot);
        if (r < 0)
                return r;
        while ((slot = newest_slot(snapshot))->sequence > 0) {
                r = read_slot(snapshot, slot, ret_data);
                if (r == 0) {
                        *ret_label = slot->label;
                        *ret_size = slot->length;
                        return 0;
                }
                if (r != -EBADMSG)
                        return r;
                *slot = (struct header){0}; /* killed while it was written */
        }
        return judge_rest(snapshot);
}

/* ---- writing ---- */

static int write_all(int fd, const void *buffer, uint64_t size, uint64_t offset)
{
        uint64_t done = 0;

        while (done < size) {
                ssize_t n = pwrite(fd, (const char *)buffer + done, size - done,
                                   (off_t)(offset + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                done += (uint64_t)n;
        }
        return 0;
}

/* The first place where the bytes of the other slot are not touched. */
static uint64_t find_room(const struct header *other, uint64_t size)
{
        if (other->sequence == 0 || DATA_BEGIN + size <= other->offset)
                return DATA_BEGIN;
        return (other->offset + other->length + DATA_BEGIN - 1) / DATA_BEGIN * DATA_BEGIN;
}

/* What a state left behind that was much larger. Memory, on the file systems that we are for. */
static void give_back(const struct snapshot *snapshot, uint64_t size)
{
        uint64_t end = DATA_BEGIN;

        for (int i = 0; i < 2; i++) {
                const struct header *slot = &snapshot->slots[i];

                if (slot->sequence > 0 && slot->offset + slot->length > end)
                        end = slot->offset + slot->length;
        }
        if (size > end + SLACK_MAX)
                (void)ftruncate(snapshot->file, (off_t)end);
}

/* Somebody has removed the file, perhaps with its directory: what is written there is lost. */
static int begin_anew(struct snapshot *snapshot)
{
        cleanup_(freep) char *path =
                strndup(snapshot->path, strlen(snapshot->path) - strlen("/" FILE_NAME));
        cleanup_(closep) int directory = -1;
        int file;

        if (!path)
                return -ENOMEM;
        closep(&snapshot->directory); /* or its lock would be in our own way */
        snapshot->directory = -1;
        directory = open_directory(path);
        if (directory < 0)
                return directory;
        file = open_file(directory);
        if (file < 0)
                return file;
        snapshot->directory = take_fd(&directory);
        close(snapshot->file);
        snapshot->file = file;
        memset(snapshot->slots, 0, sizeof(snapshot->slots));
        return 0;
}

static int look_at_file(struct snapshot *snapshot, uint64_t *ret_size)
{
        struct stat st;
        int r = 0;

        if (fstat(snapshot->file, &st) < 0)
                return -errno;
        if (st.st_nlink == 0) {
                r = begin_anew(snapshot);
                st.st_size = 0;
        }
        *ret_size = (uint64_t)st.st_size;
        return r;
}

int snapshot_write(struct snapshot *snapshot, const struct snapshot_label *label, const void *data,
                   size_t size)
{
        struct header *newest, *slot, header;
        uint64_t file_size = 0;
        int r;

        if (size > DATA_MAX)
                return -EFBIG;
        r = look_at_file(snapshot, &file_size);
        if (r < 0)
                return r;
        newest = newest_slot(snapshot);
        slot = newest == snapshot->slots ? &snapshot->slots[1] : snapshot->slots;
        memset(&header, 0, sizeof(header)); /* with what is between its members */
        memcpy(header.magic, MAGIC, sizeof(header.magic));
        header.sequence = newest->sequence + 1;
        header.offset = find_room(newest, size);
        header.length = size;
        header.data_crc = checksum(data, size);
        memcpy(&header.label, label, sizeof(*label));
        header.header_crc = header_checksum(&header);
        slot->sequence = 0; /* its bytes may be overwritten from here on */
        r = write_all(snapshot->file, data, size, header.offset);
        if (r == 0)
                r = write_all(snapshot->file, &header, sizeof(header),
                              (uint64_t)(slot - snapshot->slots) * HEADER_STEP);
        if (r < 0)
                return r;
        *slot = header;
        give_back(snapshot, file_size);
        return 0;
}

/* ---- setting aside ---- */

/* The first name that is free, else the one that was not used for longest. */
static void choose_name(const struct snapshot *snapshot, const char *why, char *name, size_t size)
{
        char candidate[64];
        time_t oldest = 0;
        struct stat st;

        for (int i = 1; i <= ASIDE_MAX; i++) {
                snprintf(candidate, sizeof(candidate), FILE_NAME ".%s-%d", why, i);
                if (fstatat(snapshot->directory, candidate, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        snprintf(name, size, "%s", candidate);
                        return;
                }
                if (i == 1 || st.st_ctime < oldest) {
                        oldest = st.st_ctime;
                        snprintf(name, size, "%s", candidate);
                }
        }
}

int snapshot_set_aside(struct snapshot *snapshot, const char *why, const char **ret_name)
{
        int fd;

        choose_name(snapshot, why, snapshot->aside, sizeof(snapshot->aside));
        if (renameat(snapshot->directory, FILE_NAME, snapshot->directory, snapshot->aside) < 0)
                return -errno;
        fd = open_file(snapshot->directory);
        if (fd < 0)
                return fd;
        close(snapshot->file);
        snapshot->file = fd;
        memset(snapshot->slots, 0, sizeof(snapshot->slots));
        *ret_name = snapshot->aside;
        return 0;
}
