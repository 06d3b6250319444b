# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the end-to-end tests and the demo share: the real programs, and eyes on all of them.

Everything that a program says is kept with the time it was read, so that a test can wait for what
it has not seen yet and look back at the order of what it has. All times are seconds of
CLOCK_MONOTONIC. Every wait has a deadline and says what it was waiting for.
"""
import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

DEADLINE = float(os.environ.get("CALLSD_E2E_DEADLINE", "15"))
# A slow stream would stall the whole graph on a busy machine: ours have priority.
REALTIME = {"PIPEWIRE_CONFIG_NAME": "client-rt.conf"}
SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
POLL_INTERVAL = 0.02
SILENCE_BLOCKS = 20
TONE_BLOCKS = 10


class Failure(AssertionError):
    """A step that was not seen; the text is for people."""


def inside():
    """Whether we run in a private world of with-bus or with-audio."""
    return "CALLSD_TEST_DIR" in os.environ


def enter_world(program="with-audio", *options):
    """Runs this very program again, in a private world with headless PipeWire."""
    os.execv(sys.executable, [sys.executable, os.path.join(SUPPORT, program), *options, "--",
                              sys.executable, *sys.argv])


class Programs:
    """Where a build tree has them."""

    def __init__(self, build):
        build = os.path.abspath(build)
        self.callsd = f"{build}/daemon/app/callsd"
        self.callsctl = f"{build}/tools/callsctl/callsctl"
        self.example = f"{build}/providers/example/callsd-example-provider"
        self.minimal = f"{build}/tests/contract/readme/callsd-minimal-provider"
        self.tone = f"{build}/tests/support/tone/callsd-tone"
        missing = [path for path in vars(self).values() if not os.access(path, os.X_OK)]
        if missing:
            raise Failure(f"not built: {', '.join(missing)}")

    def path(self):
        folders = {os.path.dirname(path) for path in vars(self).values()}
        return ":".join([*sorted(folders), os.environ.get("PATH", "/usr/bin:/bin")])


class Program:
    """A running program. `items` has what it said: (time, line), or (time, parsed line)."""

    def __init__(self, command, name=None, parse=lambda line: line, environment=None, log=None):
        self.name = name or os.path.basename(command[0])
        self.parse = parse
        self.items = []
        self.changed = threading.Condition()
        self.log = open(log, "ab") if log else None
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
            env={**os.environ, **(environment or {})}, text=True, bufsize=1)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            item = (time.monotonic(), self.parse(line.rstrip("\n")))
            with self.changed:
                self.items.append(item)
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def mark(self):
        """For `since`: only what is said from now on."""
        with self.changed:
            return len(self.items)

    def wait(self, predicate, what, since=0, deadline=DEADLINE):
        """The first (time, item) from `since` on for which the predicate holds."""
        end = time.monotonic() + deadline
        with self.changed:
            while True:
                while since < len(self.items):
                    if predicate(self.items[since][1]):
                        return self.items[since]
                    since += 1
                left = end - time.monotonic()
                if left <= 0:
                    raise Failure(f"{self.name}: no {what} within {deadline:g} s")
                if self.process.poll() is not None and not self.reader.is_alive():
                    raise Failure(f"{self.name} ended with status {self.process.returncode}, "
                                  f"while waiting for {what}")
                self.changed.wait(min(left, 0.1))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self, deadline=DEADLINE):
        """Waits for the end; the status, as subprocess has it."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {deadline:g} s") from None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(5)
        self.process.stdin.close()
        self.process.stdout.close()
        if self.log:
            self.log.close()
        return self.process.returncode


def words(line):
    """A line of the example: "key=value key=value..." as a dictionary."""
    return dict(pair.split("=", 1) for pair in line.split(" ") if "=" in pair)


class Example(Program):
    """The example provider: commands in, events out."""

    def expect(self, event, call=None, since=0, deadline=DEADLINE, **fields):
        def matches(item):
            return (item.get("event") == event and (call is None or item.get("call") == call)
                    and all(item.get(key.replace("_", "-")) == value
                            for key, value in fields.items()))
        return self.wait(matches, f"event {event} {fields or ''}", since, deadline)

    def incoming(self, handle="+15550100", name="Alice"):
        """Somebody calls; the UUID of the call."""
        mark = self.mark()
        self.tell(f"incoming {handle} {name}")
        return self.expect("incoming", since=mark)[1]["call"]

    def level(self, call):
        """What the remote party hears of the microphone, in dBFS."""
        mark = self.mark()
        self.tell(f"level {call}")
        return float(self.expect("level", call, since=mark)[1]["dbfs"])

    def wait_level(self, call, predicate, what, deadline=DEADLINE):
        """Asks until the predicate holds; (time, level)."""
        end = time.monotonic() + deadline
        while True:
            level = self.level(call)
            if predicate(level):
                return time.monotonic(), level
            if time.monotonic() > end:
                raise Failure(f"{self.name}: {what}: still {level:.1f} dBFS after {deadline:g} s")

    def events(self, call=None):
        with self.changed:
            return [item for _, item in self.items if call is None or item.get("call") == call]


class Monitor(Program):
    """`callsctl --json monitor`: what callsd announces, in its order."""

    def expect(self, event, call=None, since=0, deadline=DEADLINE, **changes):
        def matches(item):
            return (item["Event"] == event and (call is None or item.get("Call") == call)
                    and all(item.get("Changes", {}).get(key) == value
                            for key, value in changes.items()))
        what = " ".join([event, *(f"{key}={value}" for key, value in changes.items())])
        return self.wait(matches, what, since, deadline)

    def state(self, call, state, since=0, deadline=DEADLINE):
        """Waits until the call comes into this state; the time."""
        def matches(item):
            return item.get("Call") == call and item.get("Changes", {}).get("State") == state
        return self.wait(matches, f"call {call} in state {state}", since, deadline)[0]

    def states(self):
        """Every change of state so far: [(call, state)]."""
        with self.changed:
            return [(item["Call"], item["Changes"]["State"]) for _, item in self.items
                    if "State" in item.get("Changes", {})]


class Meter(Program):
    """What a sink plays, block by block (5 ms): (time of the block, RMS)."""

    def __init__(self, programs, sink="test-speaker", frequency=None):
        """With a frequency, the level of this one alone, give or take 200 Hz."""
        options = ["-f", str(frequency)] if frequency else []
        super().__init__([programs.tone, "meter", *options, sink], "meter", self._block, REALTIME)

    @staticmethod
    def _block(line):
        usec, rms = line.split()
        return int(usec) / 1e6, float(rms)

    def blocks(self, since=0.0, until=math.inf):
        with self.changed:
            return [item for _, item in self.items if since <= item[0] <= until]

    def wait_run(self, predicate, what, since, n, deadline=DEADLINE):
        """The first `n` blocks in a row after `since` for which it holds: (time, loudest)."""
        end = time.monotonic() + deadline
        while True:
            run = []
            blocks = self.blocks(since)
            for block in blocks:
                run = [*run, block] if predicate(block[1]) else []
                if len(run) == n:
                    return run[0][0], max(rms for _, rms in run)
            if time.monotonic() > end:
                heard = dbfs(blocks[-1][1]) if blocks else None
                raise Failure(f"speaker: no {what} within {deadline:g} s; now {heard} dBFS")
            with self.changed:
                self.changed.wait(0.1)

    def wait_sound(self, since, around=None, deadline=DEADLINE):
        """A tone; `around`: the RMS it must have, give or take 1 dB."""
        if around is None:
            return self.wait_run(lambda rms: rms > 0.003, "sound", since, TONE_BLOCKS, deadline)
        return self.wait_run(lambda rms: around * 0.89 < rms < around * 1.12,
                             f"tone of {dbfs(around):.1f} dBFS", since, TONE_BLOCKS, deadline)

    def wait_silence(self, since, deadline=DEADLINE):
        """Nothing at all: not quiet but zero."""
        return self.wait_run(lambda rms: rms == 0.0, "silence", since, SILENCE_BLOCKS, deadline)


def dbfs(rms):
    return 20 * math.log10(rms) if rms > 0 else -math.inf


def tone_level(amplitude):
    """What the meter shows for the example's tone. A sine has the square root of a half of its
    amplitude; two equal channels that are mixed to one give that twice over, in power."""
    return amplitude / math.sqrt(2) * math.sqrt(2)


class Rig:
    """The programs of one test, ended with it. Use it as a context."""

    def __init__(self, build):
        self.programs = Programs(build)
        self.directory = tempfile.mkdtemp(prefix="e2e-", dir=os.environ["CALLSD_TEST_DIR"])
        self.running = []
        self.callsd = None
        self.monitor = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.show_log()
        # A sanitizer speaks up at the end of a program, and through its status alone.
        bad = [f"{program.name} ended with status {program.process.returncode}"
               for program in reversed(self.running) if program.stop() > 0]
        if bad:
            if kind is None:
                self.show_log()
            raise Failure("; ".join(bad))
        return False

    def add(self, program):
        self.running.append(program)
        return program

    def log(self, name):
        return f"{self.directory}/{name}.log"

    def show_log(self):
        for name in sorted(os.listdir(self.directory)):
            if name.endswith(".log"):
                with open(f"{self.directory}/{name}", errors="replace") as file:
                    lines = file.read().splitlines()[-40:]
                if lines:
                    print(f"last lines of {name}:", *lines, sep="\n    ", file=sys.stderr)

    def start_monitor(self):
        self.monitor = self.add(Monitor([self.programs.callsctl, "--json", "monitor"], "monitor",
                                        json.loads, log=self.log("monitor")))
        return self.monitor

    def start_callsd(self, *arguments):
        """Starts callsd and returns when it has its name."""
        if not self.monitor:
            self.start_monitor()
        mark = self.monitor.mark()
        self.callsd = self.add(Program([self.programs.callsd, *arguments], "callsd",
                                       log=self.log("callsd")))
        self.started_at = self.monitor.expect("callsd-running", since=mark)[0]
        return self.callsd

    def start_example(self, identifier="org.callsd.Example", *arguments, began=True):
        example = self.add(Example(
            [self.programs.example, f"--identifier={identifier}", *arguments], identifier, words,
            log=self.log(identifier)))
        if began:
            example.expect("began")
        return example

    def start_meter(self):
        meter = self.add(Meter(self.programs))
        meter.wait(lambda block: True, "block")
        return meter

    def feed_microphone(self, frequency=250):
        """Somebody speaks into the test microphone: one steady tone."""
        feed = self.add(Program([self.programs.tone, "play", "-f", str(frequency), "-P",
                                 "node.name=feed", "-P", "node.autoconnect=false"], "feed",
                                environment=REALTIME))
        end = time.monotonic() + DEADLINE
        while True:
            ports = subprocess.run(["pw-link", "-o"], capture_output=True, text=True, timeout=10)
            port = next((p for p in ports.stdout.split() if p.startswith("feed:")), None)
            if port and subprocess.run(["pw-link", port, "test-mic:input_MONO"], timeout=10,
                                       capture_output=True).returncode == 0:
                return feed
            if time.monotonic() > end:
                raise Failure("the test microphone could not be fed")

    def ctl(self, *arguments, check=True, text=None):
        """Runs callsctl; with `check` it must succeed."""
        answer = subprocess.run([self.programs.callsctl, *arguments], capture_output=True,
                                text=True, timeout=60, input=text)
        if check and answer.returncode != 0:
            raise Failure(f"callsctl {' '.join(arguments)}: exit code {answer.returncode}: "
                          f"{answer.stderr.strip()}")
        return answer

    def calls(self):
        """UUID -> everything, of the calls that have not ended."""
        calls = json.loads(self.ctl("--json", "list").stdout)
        return {call["UUID"]: call for call in calls if not call["HasEnded"]}

    def call_path(self, call):
        return "/org/callsd/call/" + call.replace("-", "_")


def has_failed(test):
    """For cleanups, during which unittest calls everything a success."""
    result = test._outcome.result
    return any(failed is test for failed, _ in [*result.failures, *result.errors])


class TestCase(unittest.TestCase):
    """A test with a rig of its own; main() knows the build tree."""

    build = None

    def setUp(self):
        self.rig = Rig(self.build)
        self.addCleanup(self._end)

    def _end(self):
        if has_failed(self):
            self.rig.show_log()
        self.rig.__exit__(None, None, None)

    def eventually(self, condition, what, deadline=DEADLINE):
        """Polls what nobody announces."""
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end:
                self.fail(f"no {what} within {deadline:g} s")
            time.sleep(POLL_INTERVAL)

    def kill(self, pid):
        """And waits: until its last thread is gone it may hold its lock."""
        def is_dead():
            try:
                with open(f"/proc/{pid}/stat") as file:
                    state = file.read().rsplit(")", 1)[1].split()[0]
                return state == "Z" and len(os.listdir(f"/proc/{pid}/task")) == 1
            except FileNotFoundError:
                return True
        os.kill(pid, signal.SIGKILL)
        self.eventually(is_dead, "end of a process")

    def answered_call(self, example):
        """A call of this provider that is active."""
        call = example.incoming()
        mark = self.rig.monitor.mark()
        self.rig.monitor.state(call, "ringing")
        self.rig.ctl("answer", call)
        self.rig.monitor.state(call, "active", since=mark)
        return call


def test_names():
    """Every test of the program, or those named on its command line."""
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    return [test.id().split(".", 1)[1] for group in suite for test in group]


def main(world=(), program="with-audio"):
    """For test programs: [--build-dir DIR] and unittest's own arguments. `world`: options for
    the program, which is with-audio, or with-bus for tests without sound.

    Each test gets a private world of its own: WirePlumber remembers streams from one test to the
    next, and on a busy machine it loses links when streams come and go fast.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--build-dir", required=True)
    arguments, rest = parser.parse_known_args()
    TestCase.build = arguments.build_dir
    if inside():
        unittest.main(module="__main__", argv=[sys.argv[0], *rest], verbosity=2)
    failed = []
    for name in rest or test_names():
        print(f"{name} ...", flush=True)
        command = [sys.executable, os.path.join(SUPPORT, program), *world, "--",
                   sys.executable]
        if subprocess.call([*command, sys.argv[0], "--build-dir", arguments.build_dir, name]) != 0:
            failed.append(name)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
