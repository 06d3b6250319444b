# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the demos tell: steps as they are seen, with levels, and a time line at the end."""
import math
import time


class Story:
    """The steps and when each was seen."""

    def __init__(self, quiet):
        self.quiet = quiet
        self.began = time.monotonic()
        self.steps = []

    def step(self, text, started, seen, level=None):
        entry = {"step": text, "at_ms": round((seen - self.began) * 1000, 1),
                 "latency_ms": round((seen - started) * 1000, 1)}
        if level is not None:
            entry["dbfs"] = None if level == -math.inf else round(level, 1)
        self.steps.append(entry)
        if not self.quiet:
            print(f"  {text:<58} {self.show_level(entry)}", flush=True)

    @staticmethod
    def show_level(entry):
        if "dbfs" not in entry:
            return ""
        level = entry["dbfs"]
        if level is None:
            return "  -inf dBFS"
        return f"{level:6.1f} dBFS {'#' * max(1, int((level + 60) / 3))}"

    def print_line(self, note):
        print("\nTime line. Latency: from the command or report until it was seen from outside.\n"
              f"{note}\n")
        for entry in sorted(self.steps, key=lambda step: step["at_ms"]):
            print(f"  {entry['at_ms'] / 1000:8.3f} s  {entry['latency_ms']:8.1f} ms  "
                  f"{entry['step']}")
