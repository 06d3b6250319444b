# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: the two managers that run callsd, and people who use it with their real uids."""
import json
import os
import pwd
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import rig

BIN = "/usr/local/bin"
POLL_INTERVAL = 0.02
DEADLINE = 15
# The units' own is longer; nobody wants to wait for that here.
WATCHDOG_USEC = 2_000_000
MANAGER = ("org.callsd", "/org/callsd", "org.callsd.Manager1")


def wait_until(condition, what, deadline=DEADLINE):
    """What the condition answered, as soon as that is true."""
    end = time.monotonic() + deadline
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {deadline:g} s")
        time.sleep(POLL_INTERVAL)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def shell(*command, check=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


class Person:
    """A user of the guest, and one of the two buses."""

    def __init__(self, name, flag):
        self.name, self.flag = name, flag
        entry = pwd.getpwnam(name)
        self.uid = entry.pw_uid
        self.prefix = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}",
                       "--init-groups", "--reset-env", "env"]
        if flag == "--user":
            self.prefix += [f"XDG_RUNTIME_DIR=/run/user/{self.uid}",
                            f"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/{self.uid}/bus"]
        self.prefix.append(f"PATH={BIN}:/usr/bin:/bin")

    def run(self, *command, check=True):
        return shell(*self.prefix, *command, check=check)

    def busctl(self, *arguments, check=True):
        return self.run("busctl", self.flag, "--timeout=10", *arguments, check=check)

    def call(self, member, *arguments, check=True):
        return self.busctl("call", *MANAGER, member, *arguments, check=check)

    def ctl(self, *arguments, check=True):
        return self.run("callsctl", self.flag, *arguments, check=check)

    def calls(self):
        """UUID -> everything, of the calls that have not ended."""
        calls = json.loads(self.ctl("--json", "list").stdout)
        return {call["UUID"]: call for call in calls if not call["HasEnded"]}

    def start_ctl(self, *arguments):
        """Does not wait for the end of it."""
        return rig.Program([*self.prefix, "callsctl", self.flag, *arguments], "callsctl")

    def pending(self):
        """What apps have been asked for and not done yet."""
        answer = self.busctl("--json=short", "call", *MANAGER, "ListPendingActions")
        return json.loads(answer.stdout)["data"][0]

    def monitor(self):
        return rig.Monitor([*self.prefix, "callsctl", self.flag, "--json", "monitor"],
                           f"monitor of {self.name}", json.loads)

    def example(self, identifier="org.callsd.Example"):
        options = ["--system"] if self.flag == "--system" else []
        return rig.Example([*self.prefix, f"{BIN}/callsd-example-provider",
                            f"--identifier={identifier}", *options], identifier, rig.words)


class Manager:
    """systemd of a user or of the system, and callsd's unit in it."""

    def __init__(self, owner, person, units, folder, config):
        self.owner = owner        # whose manager it is: a Person
        self.person = person      # who uses callsd there
        self.units = units        # where drop-ins go
        self.folder = folder      # the unit's runtime directory
        self.config = config      # callsd.conf

    def systemctl(self, *arguments, check=True):
        return self.owner.run("systemctl", self.owner.flag, *arguments, check=check)

    def show(self, name):
        answer = self.systemctl("show", "--value", f"--property={name}", "callsd.service")
        return answer.stdout.strip()

    def pid(self):
        return int(self.show("MainPID"))

    def wait_ready(self, other_than=0):
        """Waits until the unit is active; its pid."""
        def ready():
            shown = self.systemctl("show", "--property=MainPID", "--property=ActiveState",
                                   "callsd.service").stdout
            words = dict(line.split("=", 1) for line in shown.splitlines())
            pid = int(words["MainPID"])
            return words["ActiveState"] == "active" and pid not in (0, other_than) and pid
        return wait_until(ready, f"active callsd other than {other_than}")

    def drop_in(self, name, text):
        write(f"{self.units}/callsd.service.d/{name}.conf", text)
        self.systemctl("daemon-reload")

    def remove_drop_in(self, name):
        os.unlink(f"{self.units}/callsd.service.d/{name}.conf")
        self.systemctl("daemon-reload")

    def fresh(self):
        """As after the boot."""
        self.systemctl("stop", "callsd.service")
        self.systemctl("reset-failed", "callsd.service", check=False)
        for name in os.listdir(self.folder) if os.path.isdir(self.folder) else []:
            os.unlink(f"{self.folder}/{name}")


def journal(*matches):
    """Entries of this boot, oldest first."""
    shell("journalctl", "--sync")
    text = shell("journalctl", "--boot", "--no-pager", "--output=json", *matches).stdout
    return [json.loads(line) for line in text.splitlines()]


class TestCase(unittest.TestCase):
    """Programs that a test starts are ended with it; what callsd said is shown if it failed."""

    def setUp(self):
        self.began = f"@{time.time():.6f}"
        self.addCleanup(self.show_journal)

    def show_journal(self):
        if not rig.has_failed(self):
            return
        text = shell("journalctl", "--boot", "--no-pager", "--output=short-precise",
                     f"--since={self.began}", "--lines=60", check=False)
        print(text.stdout, file=sys.stderr)

    def add(self, program):
        self.addCleanup(program.stop)
        return program

    def say(self, text):
        print(f"    {os.environ['CALLSD_TEST_BUS']}: {text}", file=sys.stderr)


class Stopwatch:
    def __init__(self):
        self.begun = time.monotonic()

    def ms(self):
        return (time.monotonic() - self.begun) * 1000
