#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an app in a sandbox may do, and what it may not by any lie.

usage: test_sandbox.py --build-dir DIR --bus dbus-daemon|dbus-broker [TEST...]

The sandboxes are real ones, made by bubblewrap as Flatpak makes them: a root of their own with a
/.flatpak-info in it, and process numbers of their own. The app speaks to the bus directly, or
through xdg-dbus-proxy in another sandbox of the same app, as Flatpak does it.
"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import test_load
from test_load import POLL_INTERVAL, rig

APP = "org.example.Boxed"
REFUSED = "org.callsd.Error.NotAuthorized"
NO_PROVIDER = "org.callsd.Error.IncomingCall.Unentitled"
INFO = f"[Application]\nname={APP}\nruntime=runtime/org.example.Platform\n"
# What a stranger may know, and everybody else may not.
PUBLIC = {"public", "foreign-state"}
PRIVATE = {"private", "pending-actions", "foreign-handle", "foreign-details", "foreign-provider",
           "foreign-calls", "foreign-answer"}


class Sandbox(test_load.LoadTest):
    def setUp(self):
        super().setUp()
        trial = self.bwrap(INFO, ["true"])
        trial.communicate(timeout=test_load.DEADLINE)
        if trial.returncode != 0:
            self.skipTest("this machine lets nobody make a sandbox")
        self.foreign = self.start("provide", "org.example.Foreign")
        self.call = self.rig.call_path(self.foreign.items[0][1].split()[2])

    def bwrap_command(self, info, bus=None):
        """Never binds the host's root, in which the file would be made."""
        path = f"{self.world.directory}/info-{len(os.listdir(self.world.directory))}"
        with open(path, "w") as file:
            file.write(info)
        return ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc",
                "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin",
                "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
                "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
                "--ro-bind", os.path.dirname(self.load), "/app",
                "--ro-bind", path, "/.flatpak-info",
                "--bind", bus or f"{self.world.directory}/run", "/run/bus",
                "--setenv", "DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/bus/bus",
                "--setenv", "LSAN_OPTIONS", "detect_leaks=0"]

    def bwrap(self, info, command, bus=None):
        return subprocess.Popen([*self.bwrap_command(info, bus), *command], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def probe(self, process):
        """What the app was told: {attempt: "ok" or the name of the error}."""
        out, _ = process.communicate(timeout=test_load.DEADLINE)
        self.assertIn("done", out)
        return dict(line.split(" ", 1) for line in out.splitlines() if " " in line)

    def probe_sandbox(self, info=INFO, identifier=APP, bus=None):
        return self.probe(self.bwrap(info, ["/app/callsd-load", "probe", identifier, self.call],
                                     bus))

    def assert_stranger(self, seen):
        for attempt in PUBLIC:
            self.assertEqual(seen[attempt], "ok", attempt)
        for attempt in PRIVATE:
            self.assertEqual(seen[attempt], REFUSED, attempt)
        for attempt in ("register-other", "register-part"):
            self.assertEqual(seen[attempt], NO_PROVIDER, attempt)
        self.assertEqual(seen["foreign-properties"], "6")

    def assert_app(self, seen):
        """A provider under its own name, and a stranger to all others."""
        self.assert_stranger(seen)
        self.assertEqual((seen["register-own"], seen["own-details"]), ("ok", "ok"))

    def test_without_a_sandbox(self):
        seen = self.probe(subprocess.Popen([self.load, "probe", APP, self.call], text=True,
                                           stdout=subprocess.PIPE))
        for attempt in PUBLIC | PRIVATE - {"foreign-calls"} | {"register-other", "register-own"}:
            self.assertEqual(seen[attempt], "ok", attempt)
        self.assertEqual(seen["foreign-calls"], REFUSED)

    def test_app_on_the_bus(self):
        self.assert_app(self.probe_sandbox())

    def test_app_behind_a_proxy(self):
        """Who reads is not taken for one who does not: the proxy lets a Ping through."""
        script = os.path.join(test_load.HERE, "proxied.py")
        with self.proxy() as folder:
            app = subprocess.Popen(
                [*self.bwrap_command(INFO, folder), "--ro-bind", script, "/tmp/proxied.py",
                 "/usr/bin/python3", "/tmp/proxied.py", APP, self.call], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.assert_app(self.probe(app))
        self.assertNotIn("read", self.log())

    def proxy(self):
        """Its folder, with the socket in it."""
        test = self

        class Proxy:
            def __enter__(self):
                self.folder = f"{test.world.directory}/proxy"
                os.mkdir(self.folder)
                command = test.bwrap_command(INFO)
                self.process = subprocess.Popen(
                    [*command, "--bind", self.folder, "/run/proxy", "xdg-dbus-proxy",
                     "unix:path=/run/bus/bus", "/run/proxy/bus", "--filter", "--talk=org.callsd"])
                end = time.monotonic() + test_load.DEADLINE
                while not os.path.exists(f"{self.folder}/bus"):
                    test.assertLess(time.monotonic(), end, "the proxy did not start")
                    time.sleep(POLL_INTERVAL)
                return self.folder

            def __exit__(self, *_):
                self.process.terminate()
                self.process.wait()
                return False

        return Proxy()

    def test_file_that_names_nobody(self):
        for info in ("", "[Application]\n", "[Instance]\nname=org.example.Boxed\n",
                     f"[Application]\nname={'x' * 300}\n"):
            seen = self.probe_sandbox(info)
            self.assert_stranger(seen)
            self.assertEqual(seen["register-own"], NO_PROVIDER, info)

    def test_app_under_the_name_of_another(self):
        """It says who it is in vain: to be that one it needs that one's sandbox."""
        seen = self.probe_sandbox(identifier="org.example.Foreign")
        self.assert_stranger(seen)
        self.assertEqual(seen["register-own"], NO_PROVIDER)

    # ---- one who wants to be taken for a process without a sandbox ----

    def host_pid(self, inner):
        """Of the process that has this number in a sandbox."""
        end = time.monotonic() + test_load.DEADLINE
        while time.monotonic() < end:
            for entry in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{entry}/status") as file:
                        status = file.read()
                    inside = os.path.exists(f"/proc/{entry}/root/app/callsd-load")
                except OSError:
                    continue
                numbers = status.split("NSpid:", 1)[1].split("\n", 1)[0].split()
                if inside and len(numbers) > 1 and numbers[-1] == inner:
                    return int(entry)
        self.fail(f"no process {inner} in a sandbox")

    def start_heir(self):
        heir = self.rig.add(rig.Program(
            [*self.bwrap_command(INFO), "/app/callsd-load", "heir"], "heir",
            log=self.rig.log("heir")))
        ready = heir.wait(lambda line: line.startswith("ready"), "start")[1]
        return heir, self.host_pid(ready.split()[1])

    def order(self, heir, command, answer):
        mark = heir.mark()
        heir.tell(command)
        return heir.wait(lambda line: line.startswith(answer), answer, mark)[1]

    def take_number(self, pid):
        # Processes are dated to the tick: in that of the connection none is too young.
        ticks = os.sysconf("SC_CLK_TCK")
        tick = int(time.clock_gettime(time.CLOCK_BOOTTIME) * ticks)
        while int(time.clock_gettime(time.CLOCK_BOOTTIME) * ticks) == tick:
            pass
        namesake = self.rig.add(rig.Program([self.load, "namesake", str(pid)], "namesake"))
        line = namesake.wait(lambda line: True, "answer")[1]
        if line.startswith("refused"):
            self.skipTest(f"a process cannot be given a number here: {line}")
        self.assertEqual(os.readlink(f"/proc/{pid}/root"), "/")

    def test_number_that_comes_again(self):
        """Who connected is gone, and an unsandboxed process has its number by now."""
        heir, pid = self.start_heir()
        self.order(heir, "hello", "name")
        # A name is as old as callsd's knowledge of it, and that is so old once callsd has answered.
        self.rig.calls()
        self.order(heir, "leave", "left")
        self.take_number(pid)
        self.assertEqual(self.order(heir, "ask", "private"), f"private {REFUSED}")

    def test_number_that_nobody_has(self):
        heir, _ = self.start_heir()
        self.order(heir, "hello", "name")
        self.order(heir, "leave", "left")
        self.assertEqual(self.order(heir, "ask", "private"), f"private {REFUSED}")

    def test_hello_after_the_number_has_come_again(self):
        """dbus-broker tells who connected first; dbus-daemon does not, and waits some minutes."""
        if self.bus != "dbus-broker":
            self.skipTest("dbus-daemon numbers connections when they say hello")
        heir, pid = self.start_heir()
        test_load.busctl("call", "org.callsd", "/org/callsd", "org.freedesktop.DBus.Peer", "Ping")
        self.order(heir, "leave", "left")
        self.take_number(pid)
        self.order(heir, "hello", "name")
        self.assertEqual(self.order(heir, "ask", "private"), f"private {REFUSED}")


if __name__ == "__main__":
    test_load.main()
