#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: what befalls callsd under systemd, as a user's service and as the system's."""
import sys

sys.dont_write_bytecode = True

import os
import shutil
import signal
import subprocess
import unittest

from managers import (BIN, MANAGER, Manager, Person, Stopwatch, TestCase, WATCHDOG_USEC, journal,
                      shell, wait_until)

KILL_LOOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "kill-loop")
CRASHES = 6  # more than systemd takes by itself in ten seconds


class Scenarios:
    """The same for both managers."""

    @classmethod
    def setUpClass(cls):
        cls.manager = cls.make_manager()

    @classmethod
    def tearDownClass(cls):
        cls.manager.fresh()

    def setUp(self):
        super().setUp()
        self.person = self.manager.person
        self.manager.fresh()

    # ---- coming up ----

    def test_activation(self):
        """The first message starts it, and it is ready when it answers."""
        watch = Stopwatch()
        version = self.person.busctl("get-property", *MANAGER, "Version").stdout
        self.say(f"{self.manager.owner.flag}: answers {watch.ms():.0f} ms after the first message")
        self.assertIn("0.", version)
        self.assertEqual(self.manager.show("ActiveState"), "active")
        self.assertEqual(self.manager.show("StatusText"), "no calls, no providers")
        status = self.person.busctl("status", "org.callsd").stdout
        self.assertIn(f"PID={self.manager.pid()}\n", status)

    def test_status(self):
        """`systemctl status` says how many calls there are."""
        example, call = self.active_call()
        self.wait_status("1 call, 1 active, 1 provider")
        example.incoming()
        self.wait_status("2 calls, 1 active, 1 provider")
        self.person.ctl("end", call)
        self.wait_status("1 call, 1 provider")

    def wait_status(self, text):
        wait_until(lambda: self.manager.show("StatusText") == text, f"status \"{text}\"")

    # ---- dying ----

    def test_killed(self):
        """It is back at once, however often."""
        self.person.call("ListPendingActions")
        for _ in range(CRASHES):
            pid = self.manager.pid()
            watch = Stopwatch()
            os.kill(pid, signal.SIGKILL)
            self.manager.wait_ready(pid)
        self.say(f"{self.manager.owner.flag}: ready {watch.ms():.0f} ms after kill -9")
        self.assertEqual(self.manager.show("NRestarts"), str(CRASHES))
        self.person.call("ListPendingActions")

    def hasty_watchdog(self):
        """Nobody wants to wait for the unit's own here. callsd's pid."""
        self.manager.drop_in("watchdog", f"[Service]\nWatchdogSec={WATCHDOG_USEC}us\n")
        self.addCleanup(self.manager.remove_drop_in, "watchdog")
        self.person.call("ListPendingActions")
        return self.manager.pid()

    def replaced_by_watchdog(self, pid, hang):
        """In the middle of a call, too, which does not notice."""
        example, call = self.active_call()
        mark = example.mark()
        watch = Stopwatch()
        hang()
        self.manager.wait_ready(pid)
        took = watch.ms()
        self.say(f"{self.manager.owner.flag}: a hung callsd was replaced after {took:.0f} ms, "
                 f"with WatchdogSec={WATCHDOG_USEC // 1000}ms")
        said = [entry["MESSAGE"] for entry in journal("--since", self.began)
                if "Watchdog timeout" in entry["MESSAGE"]]
        self.assertTrue(said)
        self.assert_call_is_back(example, call, mark)

    # ---- going and coming in the middle of a call ----

    def active_call(self):
        monitor = self.add(self.person.monitor())
        example = self.add(self.person.example())
        example.expect("began")
        call = example.incoming()
        monitor.state(call, "ringing")
        self.person.ctl("answer", call)
        monitor.state(call, "active")
        example.expect("did-activate", call)
        example.expect("streams", call)
        self.before = self.person.calls()
        self.assertEqual(list(self.before), [call])
        return example, call

    def assert_call_is_back(self, example, call, mark):
        """The same call as before in everything, the app was told nothing, and it can be ended."""
        self.assertEqual(self.person.calls(), self.before)
        path = "/org/callsd/call/" + call.replace("-", "_")
        state = self.person.busctl("get-property", "org.callsd", path, "org.callsd.Call1", "State")
        self.assertEqual(state.stdout, 's "active"\n')
        self.assertEqual([item["event"] for _, item in example.items[mark:]], [])
        self.person.ctl("end", call)
        example.expect("perform", call, type="end-call")
        self.assertEqual(self.person.calls(), {})

    def test_restart_in_call(self):
        example, call = self.active_call()
        mark, pid = example.mark(), self.manager.pid()
        watch = Stopwatch()
        self.manager.systemctl("restart", "callsd.service")
        self.say(f"{self.manager.owner.flag}: systemctl restart took {watch.ms():.0f} ms")
        self.assertNotEqual(self.manager.pid(), pid)
        self.assert_call_is_back(example, call, mark)

    def test_restart_with_a_pending_action(self):
        """An order that the app has, but not yet carried out, is the same order afterwards."""
        example = self.add(self.person.example())
        example.expect("began")
        call = example.incoming()
        example.expect("reported", call)
        example.signal(signal.SIGSTOP)
        self.addCleanup(example.signal, signal.SIGCONT)
        self.add(self.person.start_ctl("answer", call))
        before = wait_until(self.person.pending, "pending action")
        self.assertEqual([action["State"]["data"] for action in before], ["delivered"])
        self.manager.systemctl("restart", "callsd.service")
        self.assertEqual(self.person.pending(), before)
        example.signal(signal.SIGCONT)
        wait_until(lambda: self.person.calls()[call]["State"] == "active", "active call")
        self.assertEqual(self.person.pending(), [])
        performed = [item for item in example.events(call) if item["event"] == "perform"]
        self.assertEqual([item["type"] for item in performed], ["answer-call"])

    def test_killed_in_call(self):
        example, call = self.active_call()
        mark, pid = example.mark(), self.manager.pid()
        os.kill(pid, signal.SIGKILL)
        self.manager.wait_ready(pid)
        self.assert_call_is_back(example, call, mark)

    def test_upgrade_in_call(self):
        """As a package manager does it: another file by that name, then a restart."""
        example, call = self.active_call()
        mark = example.mark()
        shutil.copy2(f"{BIN}/callsd", f"{BIN}/callsd.new")
        os.rename(f"{BIN}/callsd.new", f"{BIN}/callsd")
        self.assertTrue(os.readlink(f"/proc/{self.manager.pid()}/exe").endswith(" (deleted)"))
        self.manager.systemctl("daemon-reload")
        self.manager.systemctl("restart", "callsd.service")
        self.assertEqual(os.readlink(f"/proc/{self.manager.pid()}/exe"), f"{BIN}/callsd")
        self.assert_call_is_back(example, call, mark)

    def test_stop_and_start_in_call(self):
        """Meanwhile the app goes on, and nothing starts callsd behind its administrator's back."""
        example, call = self.active_call()
        mark = example.mark()
        self.manager.systemctl("stop", "callsd.service")
        example.tell(f"level {call}")
        example.expect("level", call, since=mark)
        self.assertEqual(len(example.items[mark:]), 1, "the app was told of something")
        self.assertEqual(self.manager.show("ActiveState"), "inactive")
        self.assertEqual(self.manager.show("Result"), "success")
        mark = example.mark()
        self.manager.systemctl("start", "callsd.service")
        self.assert_call_is_back(example, call, mark)

    # ---- what is told ----

    def test_journal(self):
        """The story of one call, and nobody's number."""
        _, call = self.active_call()
        self.person.ctl("end", call)
        story = wait_until(lambda: self.story_of(call), "end of the story")
        self.assertEqual([entry["MESSAGE"] for entry in story if entry["PRIORITY"] != "7"],
                         ["Incoming call, ringing", "The call is answering (user)",
                          "The call is active (user)", "The call is ending (user)",
                          "The call ended: local-ended", "The call is ended (user)"])
        for entry in story:
            self.assertEqual(entry["CALLSD_PROVIDER"], "org.callsd.Example")
            self.assertEqual(len(entry["MESSAGE_ID"]), 32)
            self.assertEqual(entry[self.unit_field], "callsd.service")
            self.assertNotIn("5550100", entry["MESSAGE"])

    @staticmethod
    def story_of(call):
        story = journal(f"CALLSD_CALL={call}")
        return story if story and "The call is ended" in story[-1]["MESSAGE"] else None

    def test_reload(self):
        self.person.call("ListPendingActions")
        pid = self.manager.pid()
        self.manager.systemctl("reload", "callsd.service")
        wait_until(lambda: [entry for entry in journal(f"_PID={pid}")
                            if entry["MESSAGE"] == "The configuration was read again"], "reload")
        wait_until(lambda: self.manager.show("ActiveState") == "active", "end of reloading")
        self.assertEqual(self.manager.pid(), pid)

    def test_nothing_to_complain(self):
        """systemd understands every line, and every option works here."""
        self.person.call("ListPendingActions")
        said = [entry["MESSAGE"] for entry in journal("--since", self.began, "PRIORITY=4",
                                                      "PRIORITY=3")
                if "callsd" in entry["MESSAGE"] or "callsd" in entry.get("UNIT", "") +
                entry.get("USER_UNIT", "")]
        self.assertEqual(said, [])
        verified = self.manager.owner.run("systemd-analyze", self.manager.owner.flag, "--man=no",
                                          "verify", self.unit_path, check=False)
        self.assertEqual((verified.returncode, verified.stderr), (0, ""))

    def exposure(self):
        said = self.manager.owner.run("systemd-analyze", self.manager.owner.flag, "--no-pager",
                                      "security", "callsd.service").stdout
        line = next(line for line in said.splitlines() if "Overall exposure" in line)
        return float(line.split(":")[1].split()[0])


class UserUnit(Scenarios, TestCase):
    unit_field = "_SYSTEMD_USER_UNIT"
    unit_path = "/usr/local/lib/systemd/user/callsd.service"

    @staticmethod
    def make_manager():
        anna = Person("anna", "--user")
        shell("systemctl", "start", f"user@{anna.uid}.service")
        return Manager(anna, anna, "/etc/systemd/user", f"/run/user/{anna.uid}/callsd",
                       "/etc/callsd/callsd.conf")

    def test_an_app_without_sandbox_is_a_controller(self):
        """For which callsd has to see the app's root: it lives in no user namespace."""
        self.person.call("ListPendingActions")
        mine = os.readlink("/proc/self/ns/user")
        self.assertEqual(os.readlink(f"/proc/{self.manager.pid()}/ns/user"), mine)

    def test_blocked_loop(self):
        """The watchdog replaces a process that hangs in a system call of its loop's."""
        pid = self.hasty_watchdog()
        os.makedirs(os.path.dirname(self.manager.config), exist_ok=True)
        # Opening a pipe waits for somebody at its other end.
        os.mkfifo(self.manager.config)

        def block():
            os.kill(pid, signal.SIGHUP)
            wait_until(lambda: self.is_opening(pid), "blocked callsd")
            os.unlink(self.manager.config)
        self.replaced_by_watchdog(pid, block)

    @staticmethod
    def is_opening(pid):
        with open(f"/proc/{pid}/wchan") as file:
            return file.read() == "wait_for_partner"

    def test_callaudio(self):
        """The other interface of a user's callsd is activated as well, and is a controller."""
        name = "org.mobian_project.CallAudio"
        self.addCleanup(self.person.run, "systemctl", "--user", "stop", "callsd-callaudio.service")
        mode = self.person.busctl("get-property", name, "/org/mobian_project/CallAudio", name,
                                  "AudioMode").stdout
        self.assertEqual(mode, "u 0\n")
        self.assertEqual(self.person.run("systemctl", "--user", "is-active",
                                         "callsd-callaudio.service").stdout, "active\n")
        # It starts callsd. A unit that is stopped while dbus-daemon waits for its start is one that
        # dbus-daemon asks for no more, for two minutes.
        self.manager.wait_ready()

    def test_exposure(self):
        exposure = self.exposure()
        self.say(f"--user: exposure {exposure}")
        self.assertLess(exposure, 7)


class KillLoop(TestCase):
    """In a boot of its own: it leaves the nodes of very many calls to PipeWire."""
    kills = 10

    def setUp(self):
        super().setUp()
        self.manager = UserUnit.make_manager()
        self.person = self.manager.person

    def test_kill_loop(self):
        """100 calls of 10 apps on a callsd that is killed again and again: none is lost."""
        os.makedirs(os.path.dirname(self.manager.config), exist_ok=True)
        shutil.copy(f"{KILL_LOOP}/callsd.conf", self.manager.config)
        self.addCleanup(os.unlink, self.manager.config)
        self.manager.drop_in("limit", "[Unit]\nStartLimitIntervalSec=0\n")
        self.addCleanup(self.manager.remove_drop_in, "limit")
        self.person.call("ListPendingActions")
        done = subprocess.run(
            [*self.person.prefix, f"{BIN}/callsd-kill-loop", f"--kills={self.kills}", "--main-pid",
             "systemctl --user show --value --property=MainPID callsd.service"],
            capture_output=True, text=True, timeout=20 + 2 * self.kills)
        for line in done.stdout.splitlines():
            self.say(line)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("none lost, none invented, none torn", done.stdout)


class SystemUnit(Scenarios, TestCase):
    unit_field = "_SYSTEMD_UNIT"
    unit_path = "/usr/local/lib/systemd/system/callsd.service"

    @staticmethod
    def make_manager():
        shell("systemctl", "stop", "user@4201.service")
        shell("systemctl", "enable", "callsd.service")
        return Manager(Person("root", "--system"), Person("ben", "--system"), "/etc/systemd/system",
                       "/run/callsd", "/etc/callsd/callsd.conf")

    def test_stopped_process(self):
        """The watchdog replaces a process that does not run."""
        pid = self.hasty_watchdog()
        self.replaced_by_watchdog(pid, lambda: os.kill(pid, signal.SIGSTOP))

    def test_busy_but_turning(self):
        """Nobody is replaced for having much to do: the watchdog counts turns of the loop."""
        pid = self.hasty_watchdog()
        watch = Stopwatch()
        while watch.ms() < WATCHDOG_USEC / 1000 * 1.2:
            self.person.call("ListPendingActions")
        self.assertEqual(self.manager.pid(), pid)

    def test_exposure(self):
        exposure = self.exposure()
        self.say(f"--system: exposure {exposure}")
        self.assertLessEqual(exposure, 1.0)
        shell("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=10",
              self.unit_path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
