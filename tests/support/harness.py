# SPDX-License-Identifier: LGPL-2.1-or-later
"""What with-bus and with-audio share: a private world for one command, and its daemons.

Everything lives in one temporary directory: sockets, logs, and the XDG folders, so that neither the
user's session nor an earlier run can be seen. We are a "child subreaper": whatever the command
leaves running becomes our child and is ended with the daemons, and nothing else is.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DEADLINE = float(os.environ.get("CALLSD_HARNESS_DEADLINE", "30"))
TIMEOUT = float(os.environ.get("CALLSD_HARNESS_TIMEOUT", "0"))
POLL_INTERVAL = 0.01
STOP_GRACE = 5.0
PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
LOG_TAIL = 30
EXIT_TIMEOUT = 124
EXIT_HARNESS = 125
HARMLESS = re.compile("Failed to set fd limit|^Ready$")

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)

# Anything of these would lead a program out of its private world.
FOREIGN = ("PIPEWIRE_REMOTE", "PIPEWIRE_CORE", "PIPEWIRE_CONFIG_DIR", "PIPEWIRE_CONFIG_NAME",
           "PIPEWIRE_LATENCY", "PIPEWIRE_NODE", "PIPEWIRE_PROPS", "PULSE_SERVER", "PULSE_SINK",
           "PULSE_SOURCE", "PULSE_RUNTIME_PATH", "WIREPLUMBER_CONFIG_DIR", "DISPLAY",
           "WAYLAND_DISPLAY", "NOTIFY_SOCKET", "JOURNAL_STREAM", "INVOCATION_ID", "LISTEN_FDS",
           "LISTEN_PID", "DBUS_STARTER_ADDRESS", "DBUS_STARTER_BUS_TYPE")


class HarnessError(Exception):
    """The private world could not be built; the text is for people."""


def die_with_parent():
    """In a child, before exec: no daemon survives us, not even our SIGKILL."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def wait_until(condition, what, daemons=()):
    """Polls `condition`; fails at the deadline, or as soon as a daemon that it needs has ended."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        for daemon in daemons:
            if daemon.process.poll() is not None:
                raise HarnessError(f"{daemon.name} ended with status {daemon.process.returncode} "
                                   f"while waiting for {what}")
        if time.monotonic() > deadline:
            raise HarnessError(f"no {what} within {DEADLINE:g} s")
        time.sleep(POLL_INTERVAL)


class Daemon:
    """One background process, in a session of its own so that ^C in a shell spares it."""

    def __init__(self, world, name, command, environment):
        self.name = name
        self.log = f"{world.directory}/log/{name}"
        if not shutil.which(command[0]):
            raise HarnessError(f"{command[0]} is not installed; ./dev setup installs it")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_GRACE)
            except subprocess.TimeoutExpired:
                print(f"harness: {self.name} ignored SIGTERM for {STOP_GRACE:g} s, killed",
                      file=sys.stderr)
                self.process.kill()
                self.process.wait()


class World:
    """A temporary directory, an environment and daemons, used as a context."""

    def __init__(self, keep=False):
        self.keep = keep
        self.daemons = []
        self.failed = False

    def __enter__(self):
        base = tempfile.gettempdir()
        # A socket's path has 108 bytes; some TMPDIRs alone use them up.
        self.directory = tempfile.mkdtemp(prefix="callsd-", dir=base if len(base) < 60 else "/tmp")
        for name in ("log", "run", "config", "state", "data", "cache", "home"):
            os.mkdir(f"{self.directory}/{name}", 0o700)
        os.chmod(self.directory, 0o755)
        self.environment = self.private_environment()
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        return self

    def private_environment(self):
        directory = self.directory
        environment = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        environment.update(
            XDG_RUNTIME_DIR=f"{directory}/run", PIPEWIRE_RUNTIME_DIR=f"{directory}/run",
            XDG_CONFIG_HOME=f"{directory}/config", XDG_STATE_HOME=f"{directory}/state",
            XDG_DATA_HOME=f"{directory}/data", XDG_CACHE_HOME=f"{directory}/cache",
            HOME=f"{directory}/home", CALLSD_TEST_DIR=directory,
            CALLSD_SYSTEM_DATA_DIRS=f"{directory}/system-data",
            DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={directory}/no-system-bus")
        return environment

    def start(self, name, command, environment=None):
        daemon = Daemon(self, name, command, environment or self.environment)
        self.daemons.append(daemon)
        return daemon

    def __exit__(self, kind, error, trace):
        if self.failed or kind is not None:
            self.show_logs()
        end_descendants({daemon.process.pid for daemon in self.daemons})
        for daemon in reversed(self.daemons):
            daemon.stop()
        end_descendants(set())
        if self.keep:
            print(f"harness: kept {self.directory}", file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
        return False

    def show_logs(self):
        for daemon in self.daemons:
            with open(daemon.log, errors="replace") as log:
                lines = [line for line in log.read().splitlines() if not HARMLESS.search(line)]
            if lines:
                print(f"harness: last lines of {daemon.name}:", file=sys.stderr)
                for line in lines[-LOG_TAIL:]:
                    print(f"    {line}", file=sys.stderr)


def children():
    """Pids and names of our children, zombies excluded."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", errors="replace") as file:
                    head, rest = file.read().rsplit(")", 1)
            except OSError:
                continue
            state, parent = rest.split()[:2]
            if int(parent) == os.getpid() and state not in "ZX":
                found[int(entry)] = head.split("(", 1)[1]
    return found


def end_descendants(spared):
    """Ends what the command left running: orphans are ours, since we are the subreaper."""
    for chosen in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_GRACE
        told = set()
        while time.monotonic() < deadline:
            left = {pid: name for pid, name in children().items() if pid not in spared}
            if not left:
                return
            for pid, name in left.items():
                if pid not in told:
                    told.add(pid)
                    print(f"harness: {name} ({pid}) was left running: "
                          f"{signal.Signals(chosen).name}", file=sys.stderr)
                    os.kill(pid, chosen)
            time.sleep(POLL_INTERVAL)


BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  {services}
  {limits}
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def bus_answers(path):
    """True when the bus speaks: it has to accept the opening of D-Bus's handshake."""
    hello = b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(path)
            client.sendall(hello)
            return client.recv(64).startswith(b"OK ")
    except OSError:
        return False


def broker_command(config, path):
    """dbus-broker's launcher: with the library that our build made for it, if we know where it is,
    else in a mount namespace of its own; see broker-child."""
    child = os.path.join(os.path.dirname(os.path.abspath(__file__)), "broker-child")
    command = [sys.executable, child, config, path]
    shim = os.environ.get("CALLSD_JOURNAL_SHIM", "")
    if os.path.exists(shim):
        return [*command, shim]
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-current-user", "--keep-caps"]
    return [*unshare, "--", *command]


def start_bus(world, implementation, services=None, limits=None):
    """Starts a private session bus and puts its address into the world's environment."""
    path = f"{world.directory}/run/bus"
    config = f"{world.directory}/bus.conf"
    folder = f"<servicedir>{os.path.abspath(services)}</servicedir>" if services else ""
    with open(config, "w") as file:
        file.write(BUS_CONFIG.format(path=path, services=folder, limits="".join(
            f'<limit name="{name}">{value}</limit>' for name, value in (limits or {}).items())))
    address = f"unix:path={path}"
    # Services that the bus activates get its own environment, so it has to be complete here.
    world.environment.update(DBUS_SESSION_BUS_ADDRESS=address, CALLSD_TEST_BUS=implementation)
    if implementation == "dbus-broker":
        if not shutil.which("dbus-broker-launch"):
            raise HarnessError("dbus-broker is not installed; ./dev setup installs it")
        command = broker_command(config, path)
    else:
        command = ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={config}"]
    daemon = world.start(implementation, command)
    wait_until(lambda: bus_answers(path), f"answer from {implementation}", [daemon])
    world.environment["CALLSD_TEST_BUS_PID"] = str(daemon.process.pid)
    return daemon


class Command:
    """The command in the foreground; its status is what a shell would give it."""

    def __init__(self, world, command):
        self.name = command[0]
        self.timed_out = False
        # Once it runs a signal is for the command, however soon it comes.
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        try:
            self.process = subprocess.Popen(command, env=world.environment,
                                            preexec_fn=self.begin)
            for number in PASSED_ON:
                signal.signal(number, self.pass_on)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        # From a terminal ^C reaches the command as well; it is the one to decide.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, self.alarm)
        signal.setitimer(signal.ITIMER_REAL, TIMEOUT)

    @staticmethod
    def begin():
        die_with_parent()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)

    def pass_on(self, number, _frame):
        """Once told to end, the command has a few seconds."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            signal.signal(signal.SIGALRM, lambda *_: self.process.kill())
            signal.setitimer(signal.ITIMER_REAL, STOP_GRACE)

    def alarm(self, _number, frame):
        """Before the test runner's own timeout, which would leave no logs."""
        print(f"harness: {self.name} ran for {TIMEOUT:g} s, too long", file=sys.stderr)
        self.timed_out = True
        self.pass_on(signal.SIGTERM, frame)

    def wait(self):
        status = self.process.wait()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self.timed_out:
            return EXIT_TIMEOUT
        if status < 0:
            print(f"harness: {self.name} was ended by {signal.Signals(-status).name}",
                  file=sys.stderr)
            return 128 - status
        return status


def run_command(world, command):
    try:
        return Command(world, command).wait()
    except OSError as error:
        print(f"harness: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126


def main(build, world_arguments, command):
    """The frame of both programs: `build(world)` starts the daemons."""
    def interrupted(number, _frame):
        raise HarnessError(f"ended by {signal.Signals(number).name} while starting")

    for number in PASSED_ON:
        signal.signal(number, interrupted)
    try:
        with World(**world_arguments) as world:
            build(world)
            status = run_command(world, command)
            world.failed = status not in (0, 77)
            return status
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return EXIT_HARNESS
