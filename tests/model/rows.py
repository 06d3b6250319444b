#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does every acceptance row have a test that names it?

A test names the rows that it shows in a comment above it, or in a docstring: `Rows: X12, X15`. This
reads all of tests/ and fails with the rows that nobody names, and with names of no row.
"""
import pathlib
import re
import sys

# Prefix -> last number; of A those that the first release shows.
SERIES = {"R": 17, "I": 10, "U": 10, "E": 7, "G": 3, "T": 25, "X": 18}
WANTED = {f"{series}{n}" for series, last in SERIES.items() for n in range(1, last + 1)}
WANTED |= {f"A{n}" for n in (1, 2, 3, 4, 5, 6, 7, 9, 11)}
# Rows that exist but belong to later releases; naming them is fine.
KNOWN = WANTED | {"A8", "A10", "I11", "I12"} | {
    f"{series}{n}" for series, last in {"V": 7, "L": 6, "S": 4}.items() for n in range(1, last + 1)}

NAMED = re.compile(r"\bRows?: ((?:[A-Z]\d+(?:, | and )?)+)")


def rows_of(text):
    # A comment may be wrapped in the middle of its list.
    text = re.sub(r"\n\s*(?:\*|#)?\s*", " ", text)
    for match in NAMED.finditer(text):
        yield from re.findall(r"[A-Z]\d+", match.group(1))


def main(root):
    found = {}
    for path in sorted(pathlib.Path(root).rglob("*")):
        if not path.is_file() or path.name == "rows.py":
            continue
        if path.suffix not in {".c", ".h", ".py", ".cc", ".sh", ""}:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for row in rows_of(text):
            found.setdefault(row, set()).add(str(path.relative_to(root)))

    def order(row):
        return row[0], int(row[1:])

    failed = False
    for row in sorted(WANTED - found.keys(), key=order):
        print(f"{row}: no test names this row; write 'Rows: {row}' above the test that shows it")
        failed = True
    for row in sorted(found.keys() - KNOWN, key=order):
        print(f"{row}: named in {', '.join(sorted(found[row]))}, but there is no such row")
        failed = True
    print(f"{len(WANTED & found.keys())} of {len(WANTED)} rows are named by tests")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent))
