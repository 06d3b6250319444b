# SPDX-License-Identifier: LGPL-2.1-or-later
"""The far ends of callsd-sip: baresip, which says a tone into a sink of its own, and sipp."""
import glob
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import rig
from rig import DEADLINE, POLL_INTERVAL, Failure

HERE = os.path.dirname(os.path.abspath(__file__))
# In Hz, and far enough from one another to be told apart within one block.
TONES = {"alice": 800, "bob": 1600}
MICROPHONE = 300
# baresip makes one step of 16 bits from silence in G.711; two channels of it are mixed.
SILENCE = 1.5 / 32768
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

    def __init__(self, world, sections=None, options="", *arguments, quiet=False, **more):
        self.port = free_port()
        self.rtp = 20000 + os.getpid() % 400 * 100
        self.trace = world.log("trace-callsd-sip")
        path = f"{world.directory}/sip-{self.port}.conf"
        with open(path, "w") as file:
            port = "" if "Port=" in options else f"Port={self.port}\n"
            file.write(f"[Sip]\nListen=127.0.0.1\n{port}Codecs=PCMU\n"
                       f"RtpPorts={self.rtp}-{self.rtp + 98}\n{options}\n"
                       + (sections or f"[Account local]\nAddress={self.uri}\n"))
        said = [] if quiet else [f"--trace={self.trace}", "--print-keys", "--verbose"]
        super().__init__([world.programs.sip, f"--config={path}", *said, *arguments],
                         "callsd-sip", log=world.log("callsd-sip"), **more)

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
audio_player {player},{ear}
audio_source ausine,{tone}
audio_alert {player},{ear}
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
module srtp.so
module ausine.so
module aubridge.so
module pulse.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app debug_cmd.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
ringback_disabled yes
"""

    def __init__(self, world, name, tone, encryption=None, deaf=False, answers=False):
        """`deaf`: without PipeWire, and so without an ear that could be measured. `answers`: at
        once, by itself."""
        self.directory, self.ear = f"{world.directory}/{name}", f"{name}-ear"
        if not deaf:
            subprocess.run(["pactl", "load-module", "module-null-sink", f"sink_name={self.ear}",
                            "channel_map=mono"], check=True, capture_output=True, timeout=10)
            self.meter = world.add(rig.Meter(world.programs, self.ear))
        os.makedirs(f"{self.directory}/silence")
        self.port, self.control = free_port(), free_port()
        rtp = free_port() & ~1
        with open(f"{self.directory}/config", "w") as file:
            file.write(self.CONFIG.format(port=self.port, control=self.control, rtp=rtp,
                                          rtp_last=rtp + 40, directory=self.directory, tone=tone,
                                          player="aubridge" if deaf else "pulse", ear=self.ear,
                                          modules=MODULES))
        with open(f"{self.directory}/accounts", "w") as file:
            file.write(f"<sip:{name}@127.0.0.1:{self.port};transport=udp>;regint=0;"
                       f"answermode={'auto' if answers else 'manual'};dtmfmode=rtpevent"
                       + (f";mediaenc={encryption}" if encryption else "") + "\n")
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

    def stop(self):
        """At once: it would wait for answers from those who are gone."""
        self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        return super().stop()


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


class SipRig(rig.Rig):
    """callsd, callsd-sip, and as many telephones as a test wants."""

    def __init__(self, build):
        super().__init__(build)
        self.programs.sip = f"{os.path.abspath(build)}/providers/sip/callsd-sip"
        self.sip = None

    def start_callsd(self, *arguments):
        """With other sound as loud as ever: the far ends' ears are sinks of this machine."""
        path = f"{self.directory}/callsd.conf"
        with open(path, "w") as file:
            file.write("[Audio]\nEchoCancel=off\nDuckVolume=0dB\n")
        return super().start_callsd("--config", path, *arguments)

    def start_sip(self, *arguments, **options):
        self.sip = self.add(Sip(self, *arguments, **options))
        wait_for(lambda: self.provider(), "provider callsd-sip")
        return self.sip

    def provider(self):
        """What callsd shows of it; None while it is not there."""
        providers = json.loads(self.ctl("--json", "providers").stdout)
        return next((p for p in providers if p["Identifier"] == PROVIDER and p["Running"]), None)

    def far_end(self, name, tone, *arguments, **options):
        return self.add(FarEnd(self, name, tone, *arguments, **options))

    def keep_trace(self, name):
        """A SIP log that outlives the private world of a failed test."""
        if not self.sip or not os.path.exists(self.sip.trace):
            return
        folder = os.environ.get("CALLSD_SIP_TRACES", "/tmp")
        path = f"{folder}/callsd-sip-trace-{name}.log"
        shutil.copy(self.sip.trace, path)
        print(f"the SIP log is kept in {path}", file=sys.stderr)

    def sipp(self, scenario, port, *arguments):
        """sipp with one of our scenarios, on a port of this machine."""
        return self.add(rig.Program(
            ["sipp", *arguments, "-sf", f"{HERE}/sipp/{scenario}.xml", "-s", "me", "-i",
             "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1", "-mp", str(free_port() & ~1),
             "-nostdin", "-timeout", "60", "-trace_err", "-error_file", self.log("sipp-errors")],
            "sipp", log=self.log("sipp")))


class TestCase(rig.TestCase):
    """A test with telephones. Every wait of the rig's applies."""

    def setUp(self):
        self.rig = SipRig(self.build)
        self.addCleanup(self._end)

    def _end(self):
        if rig.has_failed(self):
            self.rig.keep_trace(self.id().rsplit(".", 1)[-1])
        super()._end()

    def start(self, *names, **options):
        """callsd, callsd-sip, and far ends of these names; the microphone hears a tone."""
        self.rig.start_callsd()
        self.speaker = self.rig.start_meter()
        self.rig.feed_microphone(MICROPHONE)
        self.sip = self.rig.start_sip(**options)
        return [self.rig.far_end(name, TONES[name]) for name in names]

    def incoming(self, far_end):
        """The far end calls; the call that rings."""
        known, mark = set(self.rig.calls()), self.rig.monitor.mark()
        far_end.command("dial", self.sip.uri)
        call = wait_for(lambda: next(iter(set(self.rig.calls()) - known), None), "incoming call")
        self.rig.monitor.state(call, "ringing", since=mark)
        return call

    def order(self, verb, call, *arguments, state=None):
        """callsctl's verb for this call; when it was given."""
        mark, began = self.rig.monitor.mark(), time.monotonic()
        self.rig.ctl(verb, call, *arguments)
        if state:
            self.rig.monitor.state(call, state, since=mark)
        return began

    def answered(self, far_end):
        """A call of this far end's, that is active and heard at both ends."""
        call = self.incoming(far_end)
        began = self.order("answer", call, state="active")
        self.assert_talk(far_end, began)
        return call

    def assert_talk(self, far_end, since):
        self.speaker.wait_sound(since)
        far_end.meter.wait_sound(since)

    def ended(self, call, since, **facts):
        """Waits until callsd has it as ended, with these facts."""
        self.rig.monitor.state(call, "ended", since=since)
        show = json.loads(self.rig.ctl("--json", "show", call).stdout)
        self.assertEqual({key: show[key] for key in facts}, facts)

    def heard_since(self, meter, since):
        """The loudest block after a moment; at least 20 blocks are waited for."""
        wait_for(lambda: len(meter.blocks(since)) >= rig.SILENCE_BLOCKS, "blocks")
        return max(level for _, level in meter.blocks(since))


def main():
    lacking = missing()
    if lacking:
        print(f"skipped: there is no {' and no '.join(lacking)}; ./dev setup installs it")
        sys.exit(77)
    rig.main(("--pulse",))
