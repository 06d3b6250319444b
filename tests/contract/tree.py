# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of the project, found without git so that a tarball can be checked as well."""
import os

SKIPPED_FOLDERS = {".git", "__pycache__", ".cache", ".ccache"}


def text_files(root):
    """Paths relative to root, sorted. Build trees are folders called build*, at the root only."""
    found = []
    for folder, folders, names in os.walk(root):
        at_root = os.path.samefile(folder, root)
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS
                      and not (at_root and name.startswith("build"))
                      # what a fuzzer found is no text of ours
                      and not (name.startswith("corpus-") and folder.endswith("tests/fuzz"))]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(path for path in found if is_text(os.path.join(root, path)))


def is_text(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return b"\0" not in file.read(4096)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()
