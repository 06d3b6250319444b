#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What callsd tells systemd, heard at a socket of ours; and a user's callsd beside a device's."""
import sys

sys.dont_write_bytecode = True

import os
import signal
import socket
import subprocess
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import harness
import rig

WATCHDOG_USEC = 400_000
PATIENCE = 1  # seconds that a sound server has, or the system bus


class Listener:
    """The other end of sd_notify(): messages as dictionaries, with the time they came."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.messages = []

    def read(self, timeout):
        """One more message; False if none comes."""
        self.socket.settimeout(max(timeout, 0.001))
        try:
            lines = self.socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return False
        self.messages.append((time.monotonic(), dict(line.split("=", 1) for line in lines)))
        return True

    def wait(self, since=0, deadline=rig.DEADLINE, **fields):
        """The first message from `since` on with these fields."""
        end = time.monotonic() + deadline
        while True:
            for at, message in self.messages[since:]:
                if all(message.get(key) == value for key, value in fields.items()):
                    return at, message
            if not self.read(end - time.monotonic()) and time.monotonic() > end:
                raise rig.Failure(f"systemd is not told {fields}: {self.messages[since:]}")

    def drain(self):
        while self.read(0):
            pass


class Notify(rig.TestCase):
    def start(self, *arguments, **environment):
        path = f"{self.rig.directory}/notify"
        self.listener = Listener(path)
        self.addCleanup(self.listener.socket.close)
        if not self.rig.monitor:
            self.rig.start_monitor()
        self.rig.callsd = self.rig.add(rig.Program(
            [self.rig.programs.callsd, *arguments], "callsd", log=self.rig.log("callsd"),
            environment={"NOTIFY_SOCKET": path, **environment}))
        return self.listener

    def test_ready_and_stopping(self):
        """READY=1 comes when the name is there and the server's graph has been read."""
        listener = self.start()
        listener.wait(READY="1", STATUS="no calls, no providers")
        available = subprocess.run(["busctl", "--user", "get-property", "org.callsd",
                                    "/org/callsd/audio", "org.callsd.Audio1", "Available"],
                                   capture_output=True, text=True, timeout=10)
        self.assertEqual(available.stdout, "b true\n")
        self.rig.callsd.signal(signal.SIGTERM)
        self.assertEqual(self.rig.callsd.ended(), 0)
        listener.wait(STOPPING="1")

    def test_status(self):
        listener = self.start("--no-audio")
        listener.wait(READY="1")
        example = self.rig.start_example()
        listener.wait(STATUS="no calls, 1 provider")
        call = self.answered_call(example)
        listener.wait(STATUS="1 call, 1 active, 1 provider")
        example.incoming()
        listener.wait(STATUS="2 calls, 1 active, 1 provider")
        self.rig.ctl("end", call)
        listener.wait(STATUS="1 call, 1 provider")
        listener.drain()
        told = [message["STATUS"] for _, message in listener.messages if "STATUS" in message]
        self.assertTrue(all(a != b for a, b in zip(told, told[1:])), told)

    def test_reload(self):
        listener = self.start("--no-audio")
        listener.wait(READY="1")
        since, before = len(listener.messages), time.monotonic()
        self.rig.callsd.signal(signal.SIGHUP)
        _, message = listener.wait(since, RELOADING="1")
        self.assertTrue(before <= int(message["MONOTONIC_USEC"]) / 1e6 <= time.monotonic())
        listener.wait(since + 1, READY="1")

    def test_watchdog(self):
        """It is fed while the loop turns, and not by a loop that hangs."""
        config = f"{self.rig.directory}/callsd.conf"
        with open(config, "w"):
            pass
        listener = self.start("--no-audio", "--config", config,
                              WATCHDOG_USEC=str(WATCHDOG_USEC))
        listener.wait(READY="1")
        for _ in range(3):
            listener.wait(len(listener.messages), deadline=WATCHDOG_USEC / 1e6, WATCHDOG="1")
        # Reading a pipe that nobody writes to does not end.
        os.unlink(config)
        os.mkfifo(config)
        since = len(listener.messages)
        self.rig.callsd.signal(signal.SIGHUP)
        listener.wait(since, RELOADING="1")
        since = len(listener.messages)
        self.assertFalse(listener.read(3 * WATCHDOG_USEC / 1e6), "a hung loop feeds the watchdog")
        with open(config, "w"):
            pass
        listener.wait(since, WATCHDOG="1")

    def test_sound_server_that_hangs(self):
        """Calls do not wait for it for ever."""
        pipewire = int(os.environ["CALLSD_TEST_PIPEWIRE_PID"])
        self.rig.start_monitor()
        os.kill(pipewire, signal.SIGSTOP)
        self.addCleanup(os.kill, pipewire, signal.SIGCONT)
        begun = time.monotonic()
        at, _ = self.start().wait(READY="1")
        self.assertGreater(at - begun, PATIENCE * 0.9)
        example = self.rig.start_example()
        self.rig.monitor.state(example.incoming(), "ringing")


class Twin(rig.TestCase):
    """Two private buses, one of which is the system's."""

    def setUp(self):
        super().setUp()
        path = f"{self.rig.directory}/system-bus"
        config = f"{self.rig.directory}/system.conf"
        with open(config, "w") as file:
            file.write(harness.BUS_CONFIG.format(path=path, services="", limits=""))
        self.system = f"unix:path={path}"
        self.bus = self.rig.add(rig.Program(
            ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={config}"], "system-bus",
            log=self.rig.log("system-bus")))
        self.eventually(lambda: os.path.exists(path) and harness.bus_answers(path), "system bus")
        self.rig.start_monitor().expect("callsd-gone")

    def start_device(self):
        """The device's callsd, and it has its name."""
        self.device = self.rig.add(rig.Program(
            [self.rig.programs.callsd, "--no-audio", f"--bus-address={self.system}"], "device",
            log=self.rig.log("device")))
        self.eventually(lambda: subprocess.run(
            ["busctl", f"--address={self.system}", "call", "org.callsd", "/org/callsd",
             "org.freedesktop.DBus.Peer", "Ping"], capture_output=True,
            timeout=10).returncode == 0, "device's callsd")

    def start_user(self):
        self.rig.callsd = self.rig.add(rig.Program(
            [self.rig.programs.callsd, "--no-audio"], "callsd", log=self.rig.log("callsd"),
            environment={"DBUS_SYSTEM_BUS_ADDRESS": self.system}))

    def assert_refused(self):
        self.assertEqual(self.rig.callsd.ended(), 3)
        self.rig.callsd.stop()
        self.rig.running.remove(self.rig.callsd)
        with open(self.rig.log("callsd")) as file:
            self.assertIn("This device has a callsd for everybody", file.read())

    def test_user_comes_second(self):
        self.start_device()
        mark = self.rig.monitor.mark()
        self.start_user()
        self.assert_refused()
        self.assertEqual(self.rig.monitor.items[mark:], [])

    def test_device_comes_second(self):
        self.start_user()
        self.rig.monitor.expect("callsd-running")
        self.start_device()
        self.assert_refused()

    def test_no_call_is_torn(self):
        self.start_user()
        self.rig.monitor.expect("callsd-running")
        example = self.rig.start_example()
        call = self.answered_call(example)
        self.start_device()
        self.rig.ctl("hold", call)
        self.rig.monitor.state(call, "held")
        self.rig.ctl("end", call)
        self.assert_refused()

    def test_system_bus_that_hangs(self):
        """Is no reason to take no calls."""
        self.bus.signal(signal.SIGSTOP)
        self.addCleanup(self.bus.signal, signal.SIGCONT)
        begun = time.monotonic()
        self.start_user()
        at, _ = self.rig.monitor.expect("callsd-running")
        self.assertGreater(at - begun, PATIENCE * 0.9)


if __name__ == "__main__":
    rig.main()
