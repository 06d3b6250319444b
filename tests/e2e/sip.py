# SPDX-License-Identifier: LGPL-2.1-or-later
"""The far ends of callsd-sip: baresip, which says a tone and writes down what it hears, and sipp."""
import glob
import json
import math
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

import rig
from rig import DEADLINE, POLL_INTERVAL, Failure

HERE = os.path.dirname(os.path.abspath(__file__))
PROVIDER = "org.callsd.Sip"
MODULES = next((path for path in glob.glob("/usr/lib*/baresip/modules")
                + glob.glob("/usr/lib/*/baresip/modules")), None)


def missing():
    """What a test with real telephones lacks here; empty if nothing."""
    programs = [name for name in ("baresip", "sipp") if not shutil.which(name)]
    return programs + ([] if MODULES else ["modules of baresip"])


def free_port():
    """A port and its neighbour, free for UDP and TCP, on the loopback."""
    while True:
        with socket.socket() as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    for number in (port, port + 1):
                        if (kind, number) == (socket.SOCK_STREAM, port):
                            continue
                        with socket.socket(type=kind) as other:
                            other.bind(("127.0.0.1", number))
            except (OSError, OverflowError):
                continue
        return port


class Sip(rig.Program):
    """callsd-sip, with accounts on the loopback."""

    def __init__(self, world, sections=None, options="", *arguments, **more):
        self.port = free_port()
        self.rtp = 20000 + os.getpid() % 400 * 100
        self.trace = world.log("trace-callsd-sip")
        path = f"{world.directory}/sip.conf"
        with open(path, "w") as file:
            file.write(f"[Sip]\nListen=127.0.0.1\nPort={self.port}\nCodecs=PCMU\n"
                       f"RtpPorts={self.rtp}-{self.rtp + 98}\n{options}\n"
                       + (sections or f"[Account local]\nAddress={self.uri}\n"))
        program = os.environ.get("CALLSD_SIP") or world.programs.sip
        super().__init__([program, f"--config={path}", f"--trace={self.trace}", "--print-keys",
                          "--verbose", *arguments], "callsd-sip", log=world.log("callsd-sip"),
                         **more)

    @property
    def uri(self):
        return f"sip:me@127.0.0.1:{self.port}"

    def keys(self, call):
        """The keys that the far end has pressed so far."""
        with self.changed:
            return "".join(line.split()[1] for _, line in self.items
                           if line.split()[:1] == [call])


class FarEnd(rig.Program):
    """A baresip: commands over its control port, events from it."""

    CONFIG = """poll_method epoll
sip_listen 127.0.0.1:{port}
call_local_timeout 120
call_max_calls 8
audio_player pulse,{ear}
audio_source ausine,{tone}
audio_alert pulse,{ear}
audio_path {directory}/silence
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 2
auplay_channels 2
audio_channels 1-2
net_interface 127.0.0.1
rtp_ports {rtp}-{rtp_last}
jitter_buffer_delay 1-5
module_path {modules}
module g711.so
module ausine.so
module pulse.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app debug_cmd.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
ringback_disabled yes
"""

    def __init__(self, world, name, tone):
        self.directory, self.ear = f"{world.directory}/{name}", f"{name}-ear"
        subprocess.run(["pactl", "load-module", "module-null-sink", f"sink_name={self.ear}",
                        "channel_map=mono"], check=True, capture_output=True, timeout=10)
        self.meter = world.add(rig.Meter(world.programs, self.ear))
        os.makedirs(f"{self.directory}/silence")
        self.port, self.control = free_port(), free_port()
        rtp = free_port() & ~1
        with open(f"{self.directory}/config", "w") as file:
            file.write(self.CONFIG.format(port=self.port, control=self.control, rtp=rtp,
                                          rtp_last=rtp + 40, directory=self.directory, tone=tone,
                                          ear=self.ear, modules=MODULES))
        with open(f"{self.directory}/accounts", "w") as file:
            file.write(f"<sip:{name}@127.0.0.1:{self.port};transport=udp>;regint=0;"
                       "answermode=manual;dtmfmode=rtpevent\n")
        open(f"{self.directory}/contacts", "w").close()
        super().__init__(["baresip", "-f", self.directory], name, log=world.log(name))
        self.user, self.n_commands, self.answers = name, 0, {}
        self.events, self.heard = [], threading.Condition()
        self._connect()

    @property
    def uri(self):
        return f"sip:{self.user}@127.0.0.1:{self.port}"

    def _connect(self):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.control))
                break
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise Failure(f"{self.name}: no control port within {DEADLINE:g} s") from None
                time.sleep(POLL_INTERVAL)
        threading.Thread(target=self._listen, daemon=True).start()
        # It has accepted us, and sends events, when it has answered.
        self.command("listcalls")

    def _listen(self):
        data = b""
        while True:
            try:
                more = self.socket.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while b":" in data:
                length, _, rest = data.partition(b":")
                if len(rest) <= int(length):
                    break
                message = json.loads(rest[:int(length)])
                data = rest[int(length) + 1:]
                with self.heard:
                    if message.get("event"):
                        self.events.append((time.monotonic(), message))
                    else:
                        self.answers[message.get("token")] = message
                    self.heard.notify_all()

    def command(self, command, params=None):
        self.n_commands += 1
        token = str(self.n_commands)
        message = {"command": command, "token": token}
        if params is not None:
            message["params"] = params
        data = json.dumps(message).encode()
        self.socket.sendall(b"%d:%s," % (len(data), data))
        with self.heard:
            if not self.heard.wait_for(lambda: token in self.answers, DEADLINE):
                raise Failure(f"{self.name}: no answer to {command}")
            return self.answers.pop(token)

    def mark_events(self):
        with self.heard:
            return len(self.events)

    def event(self, kind, since=0, deadline=DEADLINE):
        """The first (time, event) of this type."""
        def find():
            return next((item for item in self.events[since:] if item[1]["type"] == kind), None)
        with self.heard:
            if not self.heard.wait_for(find, deadline):
                seen = " ".join(item[1]["type"] for item in self.events[since:])
                raise Failure(f"{self.name}: no {kind} within {deadline:g} s; there was: {seen}")
            return find()

    def keys(self):
        with self.heard:
            return "".join(event["param"] for _, event in self.events
                           if event["type"] == "CALL_DTMF_START")

    def close(self):
        self.socket.close()


def keep_trace(sip, name):
    """A SIP log that outlives the private world of a failed test."""
    folder = os.environ.get("CALLSD_SIP_TRACES", "sip-traces")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{name}.log")
    shutil.copy(sip.trace, path)
    print(f"SIP trace kept in {os.path.abspath(path)}", flush=True)


def wait_for(condition, what, deadline=DEADLINE):
    """Polls what nobody announces; what the condition gave."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"no {what} within {deadline:g} s")
        time.sleep(POLL_INTERVAL)


def run_sipp(scenario, sip, directory, calls, parallel, rate):
    """Calls from sipp; its statistics, or a failure with its errors."""
    port = free_port()
    errors = f"{directory}/sipp.log"
    run = subprocess.run(
        ["sipp", f"127.0.0.1:{sip.port}", "-sf", f"{HERE}/sipp/{scenario}.xml", "-s", "me", "-i",
         "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1", "-mp", str(free_port() & ~1), "-m",
         str(calls), "-r", str(rate), "-l", str(parallel), "-nostdin", "-timeout", "60",
         "-trace_err", "-error_file", errors],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory, timeout=90)
    return run.returncode
