# SPDX-License-Identifier: LGPL-2.1-or-later
"""`callsctl check-provider` for the providers that ship, each with the far end that its test has.

    options = kit.Options(rig, dial="+1555", incoming="a command that has somebody call")
    rows = kit.check(rig, "org.example.App", options)
    kit.assert_passed(test, rows, skipped=["group"])
"""
import json
import os
import shlex
import subprocess
import time

import rig as rigs
from rig import DEADLINE, POLL_INTERVAL

TIMEOUT = 60


class Later:
    """A callsd that a restart has started: nobody's child, and ended with the rig."""

    name = "restarted callsd"

    def __init__(self, pid_file):
        self.pid_file = pid_file

    def stop(self):
        with open(self.pid_file) as file:
            pid = int(file.read())
        end = time.monotonic() + DEADLINE
        try:
            os.kill(pid, 15)
        except ProcessLookupError:
            pass
        while self.runs(pid) and time.monotonic() < end:
            time.sleep(POLL_INTERVAL)
        return 0

    @staticmethod
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False


def restart_command(rig, forget=False):
    """A shell command that ends the rig's callsd and starts another, with the same arguments.
    `forget`: its record of all calls is lost, too."""
    end = "kill -KILL $pid; rm -r $XDG_RUNTIME_DIR/callsd" if forget else "kill $pid"
    pid_file = f"{rig.directory}/callsd.pid"
    with open(pid_file, "w") as file:
        file.write(str(rig.callsd.process.pid))
    rig.running.insert(0, Later(pid_file))
    program = " ".join(shlex.quote(word) for word in rig.callsd.process.args)
    return (f"pid=$(cat {pid_file}); {end}; setsid {program} </dev/null "
            f">>{rig.log('callsd-restarted')} 2>&1 & echo $! >{pid_file}")


def check(rig, identifier, *options, patience=15, status=None):
    """Runs it; {check: row}. With `status` the exit code must be this one."""
    command = [rig.programs.callsctl, "--json", "check-provider", identifier,
               f"--patience={patience}", *options]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    rows = json.loads(answer.stdout).get("Checks", []) if answer.stdout else []
    if status is not None and answer.returncode != status:
        lines = [f"{row['Check']}: {row['Result']}: {row['Text']}" for row in rows]
        raise rigs.Failure("\n    ".join([f"check-provider ended with {answer.returncode}, not "
                                         f"{status}:", *lines, answer.stderr]))
    return {row["Check"]: row for row in rows}


def named(rows, result):
    return [name for name, row in rows.items() if row["Result"] == result]


def assert_passed(test, rows, skipped=(), unseen=()):
    """Every check passed but those that could not be run, or saw nothing."""
    failed = [f"{name}: {row['Text']}" for name, row in rows.items() if row["Result"] == "fail"]
    test.assertEqual(failed, [])
    test.assertEqual((named(rows, "skipped"), named(rows, "not seen")),
                     (list(skipped), list(unseen)))
