#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What some peers do to callsd, and what the others notice of it.

usage: test_load.py --build-dir DIR --bus dbus-daemon|dbus-broker [TEST...]

While something bad goes on, an app and a user take one call after the other (callsd-load pace); how
long each took from the app's report to the answered call is printed, and must be less than a
generous deadline. Each test has a bus and a callsd of its own.
"""
import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "support")]
sys.dont_write_bytecode = True

import harness
import rig
from rig import POLL_INTERVAL

DEADLINE = 30
LATE = 10.0
# Those of the session.conf that distributions ship.
LIMITS = {"max_incoming_bytes": 1000000000, "max_outgoing_bytes": 1000000000,
          "max_completed_connections": 100000, "max_connections_per_user": 100000,
          "max_match_rules_per_connection": 50000, "max_replies_per_connection": 50000}
BUSES = ["dbus-daemon", "dbus-broker"]


def busctl(*arguments):
    subprocess.run(["busctl", "--user", *arguments], check=True, timeout=DEADLINE)


class Pace(rig.Program):
    """One call after the other; `answered` has the microseconds that each took."""

    def answered(self, since=0):
        with self.changed:
            return [int(line.split()[2]) for _, line in self.items[since:]
                    if line.startswith("answered")]

    def longest_gap(self):
        """Seconds from one answered call to the next."""
        with self.changed:
            times = [at for at, line in self.items if line.startswith("answered")]
        return max(after - before for before, after in zip(times, times[1:]))

    def wait_answered(self, n, since):
        end = time.monotonic() + DEADLINE
        while len(self.answered(since)) < n:
            if time.monotonic() > end:
                with self.changed:
                    raise rig.Failure(f"no {n} calls answered in {DEADLINE} s: {self.items[-3:]}")
            time.sleep(POLL_INTERVAL)


class LoadTest(unittest.TestCase):
    build = bus = None
    requests = 100000
    limits = LIMITS

    def setUp(self):
        self.world = harness.World()
        self.world.__enter__()
        self.addCleanup(self.end)
        self.bus_daemon = harness.start_bus(self.world, self.bus, limits=self.limits)
        os.environ.update(self.world.environment)
        self.rig = rig.Rig(self.build)
        self.load = f"{os.path.abspath(self.build)}/tests/load/callsd-load"
        self.callsd = self.start_callsd()
        self.wait_log("Serving org.callsd")
        self.pace = None

    def start_callsd(self, *arguments):
        return self.rig.add(rig.Program([self.rig.programs.callsd, "--no-audio", *arguments],
                                        "callsd", log=self.rig.log("callsd")))

    def end(self):
        try:
            result = self._outcome.result
            if any(test is self for test, _ in [*result.failures, *result.errors]):
                self.show_log()
                self.world.failed = True
            self.rig.__exit__(None, None, None)
        finally:
            self.world.__exit__(None, None, None)

    def show_log(self):
        """Without what is said of every call."""
        lines = [line for line in self.log().splitlines() if "The call" not in line
                 and "Incoming call" not in line]
        print("callsd's log:", *lines[-40:], sep="\n    ", file=sys.stderr)

    def log(self):
        with open(self.rig.log("callsd"), errors="replace") as file:
            return file.read()

    def wait_log(self, text, times=1, deadline=DEADLINE):
        """The time at which the log has had it so often."""
        end = time.monotonic() + deadline
        while len(re.findall(text, self.log())) < times:
            self.assertLess(time.monotonic(), end, f"no \"{text}\" in: {self.log()[-2000:]}")
            time.sleep(POLL_INTERVAL)
        return time.monotonic()

    def start(self, *arguments, program=rig.Program):
        words = [str(argument) for argument in arguments]
        peer = self.rig.add(program([self.load, *words], " ".join(words),
                                    log=self.rig.log(words[0])))
        peer.wait(lambda line: line.startswith("ready"), "start")
        return peer

    def start_pace(self):
        """With what is usual on this machine, before anything bad happens."""
        self.pace = self.start("pace", program=Pace)
        self.pace.wait_answered(20, 0)
        self.report("undisturbed", self.pace.answered())
        return self.pace.mark()

    def report(self, what, usecs):
        worst = max(usecs) / 1e6
        print(f"    {self.bus}, {what}: {len(usecs)} calls answered, median "
              f"{statistics.median(usecs) / 1000:.1f} ms, worst {worst * 1000:.1f} ms", flush=True)
        self.assertLess(worst, LATE)

    def report_pace(self, what, since, n=5):
        """Of the calls since the mark; at least `n` more are waited for."""
        self.pace.wait_answered(n, since)
        self.report(what, self.pace.answered(since))

    def memory(self):
        """Of callsd, in MB."""
        with open(f"/proc/{self.callsd.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024

    def end_pace(self):
        self.pace.process.stdin.close()
        self.assertEqual(self.pace.ended(), 0)


class Peers(LoadTest):
    def test_stopped_observer(self):
        """1,000 calls come and go, and one who listens has stopped: it gets all when it goes on."""
        observer = self.start("observe")
        since = self.start_pace()
        observer.signal(signal.SIGSTOP)
        self.start("turnover", 1000).wait(lambda line: line.startswith("done"), "end",
                                          deadline=DEADLINE)
        self.report_pace("an observer stopped", since)
        observer.signal(signal.SIGCONT)
        end = time.monotonic() + DEADLINE
        while True:
            mark = observer.mark()
            observer.tell("")
            if int(observer.wait(lambda line: True, "number", mark)[1].split()[1]) > 1000:
                break
            self.assertLess(time.monotonic(), end, "the observer missed calls")
        self.assertNotIn("connects anew", self.log())

    def test_stopped_provider(self):
        """It is waited for, and nobody else is made to wait; what it was told it does later."""
        app = self.start("provide", "org.example.Stopped")
        _, _, call, _ = app.items[0][1].split()
        since = self.start_pace()
        app.signal(signal.SIGSTOP)
        path = self.rig.call_path(call)
        for _ in range(20):
            busctl("--expect-reply=no", "call", "org.callsd", path, "org.callsd.Call1",
                            "Decline", "s", "")
        self.report_pace("a provider stopped", since, 50)
        self.assertNotIn("does not read", self.log())
        app.signal(signal.SIGCONT)
        app.wait(lambda line: line == "perform end-call", "order")

    def test_flood_of_one_who_reads(self):
        since = self.start_pace()
        flood = self.start("flood", self.requests, "get", "read")
        done = flood.wait(lambda line: line.startswith("done"), "end", deadline=DEADLINE)[1]
        self.report_pace(f"{self.requests:,} requests of one peer", since)
        print(f"    {self.bus}, {done}", flush=True)
        ok, refused, by_bus, other = (int(re.search(f"{name}=(\\d+)", done).group(1))
                                      for name in ("ok", "refused", "by-bus", "other"))
        self.assertEqual((ok + refused + by_bus, other), (self.requests, 0), done)
        self.assertGreater(ok, 1000)
        if refused:
            self.assertIn("96 calls of", done)

    def test_flood_of_lists(self):
        """Every answer is long, and takes long to make."""
        for n in range(7):
            self.start("provide", f"org.example.App{n}")
        since = self.start_pace()
        flood = self.start("flood", 5000, "list", "read")
        done = flood.wait(lambda line: line.startswith("done"), "end", deadline=DEADLINE)[1]
        self.report_pace("5,000 lists for one peer", since)
        print(f"    {self.bus}, {done}", flush=True)

    def test_flood_of_one_who_does_not_read(self):
        before = self.memory()
        since = self.start_pace()
        flood = self.start("flood", 40000, "get", "deaf")
        name = flood.items[0][1].split()[1]
        self.wait_log(f"{name} .*does not read")
        self.report_pace("40,000 requests of one who does not read", since)
        print(f"    {self.bus}, callsd grew by {self.memory() - before:.1f} MB", flush=True)
        self.assertEqual(len(re.findall("does not read", self.log())), 1)

    def test_many_short_lived_peers(self):
        since = self.start_pace()
        done = self.start("churn", 800).wait(lambda line: line.startswith("done"), "end",
                                             deadline=60)[1]
        self.report_pace("800 peers that come and go", since)
        print(f"    {self.bus}, {done}", flush=True)
        self.wait_nobody_left()

    def wait_nobody_left(self):
        """Their calls have ended with them."""
        end = time.monotonic() + DEADLINE
        while any(call["Provider"] != "org.example.Pace" for call in self.rig.calls().values()):
            self.assertLess(time.monotonic(), end)

    def test_bus_killed_and_started_again(self):
        example = self.rig.start_example("org.example.Talk")
        call = example.incoming()
        self.rig.ctl("answer", call)
        killed = time.monotonic()
        self.bus_daemon.process.kill()
        self.bus_daemon.process.wait()
        self.wait_log("The bus is gone")
        for name in ("bus", "bus-journal"):
            if os.path.exists(f"{self.world.directory}/run/{name}"):
                os.unlink(f"{self.world.directory}/run/{name}")
        self.bus_daemon = harness.start_bus(self.world, self.bus)
        there = time.monotonic()
        named = self.wait_log("Serving org.callsd", 2)
        end = time.monotonic() + DEADLINE
        while True:
            calls = self.rig.calls()
            if calls[call]["State"] == "active" and not calls[call]["Reconnecting"]:
                break
            self.assertLess(time.monotonic(), end, calls)
        print(f"    {self.bus}, a bus killed: up again after {there - killed:.2f} s, the name "
              f"{named - there:.2f} s later, the app's call {time.monotonic() - there:.2f} s "
              f"later", flush=True)
        self.start_pace()
        self.rig.ctl("end", call)


class ManyCalls(LoadTest):
    calls = 1000

    def start_callsd(self):
        config = os.path.join(self.rig.directory, "callsd.conf")
        with open(config, "w") as file:
            file.write("[Limits]\nCallsPerProvider=10000\n")
        return super().start_callsd(f"--config={config}")

    def test_many_calls(self):
        since = self.start_pace()
        crowd = self.start("crowd", self.calls)
        print(f"    {self.bus}, {self.calls:,} calls: {crowd.items[0][1]}", flush=True)
        since = self.pace.mark()
        self.report_pace(f"{self.calls:,} live calls", since, 20)
        print(f"    {self.bus}, callsd has {self.memory():.1f} MB", flush=True)


class SmallBus(LoadTest):
    """dbus-daemon keeps little for those who do not read, here, and then stops reading itself."""

    limits = {**LIMITS, "max_incoming_bytes": 2000000}

    def test_bus_that_stops_reading(self):
        if self.bus != "dbus-daemon":
            self.skipTest("dbus-broker has no such limit for a user's bus")
        example = self.rig.start_example("org.example.Talk")
        call = example.incoming()
        self.rig.ctl("answer", call)
        observer = self.start("observe")
        self.start_pace()
        observer.signal(signal.SIGSTOP)
        turnover = subprocess.Popen([self.load, "turnover", "100000"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        self.addCleanup(turnover.wait)
        self.addCleanup(turnover.kill)
        self.wait_log("The bus reads nothing")
        seen = time.monotonic()
        self.wait_log("Serving org.callsd", 2)
        back = time.monotonic()
        since = self.pace.mark()
        self.pace.wait_answered(20, since)
        observer.signal(signal.SIGCONT)
        print(f"    {self.bus}, deaf to callsd: nobody was answered for "
              f"{self.pace.longest_gap():.1f} s, {back - seen:.2f} s of it between noticing and "
              f"serving again", flush=True)
        self.report("after that", self.pace.answered(since))
        end = time.monotonic() + DEADLINE
        while True:
            details = self.rig.calls().get(call)
            if details and details["State"] in ("active", "held") and not details["Reconnecting"]:
                break
            self.assertLess(time.monotonic(), end, details)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-dir", required=True)
    parser.add_argument("--bus", choices=BUSES, required=True)
    parser.add_argument("--requests", type=int, default=LoadTest.requests)
    arguments, rest = parser.parse_known_args()
    LoadTest.requests = arguments.requests
    LoadTest.build, LoadTest.bus = arguments.build_dir, arguments.bus
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
