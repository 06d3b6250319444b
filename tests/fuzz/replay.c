/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives every file of the named folders (or files) to a fuzz target, without libFuzzer. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "util/cleanup.h"

static void replay_file(const char *path)
{
        FILE *file = fopen(path, "re");
        uint8_t *data;
        long size;

        fuzz_must(file && fseek(file, 0, SEEK_END) == 0);
        size = ftell(file);
        rewind(file);
        /* exactly as much as there is, so that the sanitizer sees a byte too far */
        data = malloc(size > 0 ? (size_t)size : 1);
        fuzz_must(data && fread(data, 1, (size_t)size, file) == (size_t)size);
        fclose(file);
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        free(data);
}

static unsigned replay_folder(const char *path)
{
        struct dirent **entries;
        int n = scandir(path, &entries, NULL, alphasort);
        unsigned n_files = 0;

        fuzz_must(n >= 0);
        for (int i = 0; i < n; i++) {
                cleanup_(freep) struct dirent *entry = entries[i];
                char file[4096];

                if (entry->d_name[0] == '.')
                        continue;
                snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
                replay_file(file);
                n_files++;
        }
        free(entries);
        return n_files;
}

int main(int argc, char **argv)
{
        unsigned n = 0;

        for (int i = 1; i < argc; i++) {
                struct stat about;

                fuzz_must(stat(argv[i], &about) == 0);
                if (S_ISDIR(about.st_mode)) {
                        n += replay_folder(argv[i]);
                        continue;
                }
                replay_file(argv[i]);
                n++;
        }
        printf("%u inputs\n", n);
        fuzz_must(n > 0);
        return EXIT_SUCCESS;
}
