#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audio session through the real programs: what is heard, and what apps are told of it.

With the configuration as it is shipped, with one that changes while callsd runs, without PipeWire,
with one that restarts, and with an app that does not do as it is told.
"""
import sys

sys.dont_write_bytecode = True

import os
import re
import signal
import subprocess
import time

from gi.repository import Gio

import rig
from app import App, V, start_loop

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../systemd/callsd.conf")
LOUD = rig.tone_level(0.25)
DUCK = 10 ** (-12 / 20)
SILENT = -200.0
FIFO_AND_RR = (os.SCHED_FIFO, os.SCHED_RR)


def links():
    """Output port -> input ports."""
    text = subprocess.run(["pw-link", "-l"], capture_output=True, text=True, timeout=10).stdout
    found, port = {}, None
    for line in text.splitlines():
        linked = re.match(r"  \|-> (.*)", line)
        if linked:
            found[port].add(linked[1])
        elif not line.startswith(" "):
            port = line.strip()
            found[port] = set()
    return found


def may_have_priority():
    """Whether a process of ours gets a real-time priority at all."""
    return subprocess.run(["chrt", "-f", "1", "true"], capture_output=True).returncode == 0


def of_call(call):
    return f"callsd.call.id={call}", "media.role=Communication"


class Recorder(rig.Meter):
    """What a call's app gets of the microphone."""

    def __init__(self, programs, call):
        properties = (f"target.object=callsd.{call}.source", *of_call(call))
        rig.Program.__init__(self, [programs.tone, "record",
                                    *(word for pair in properties for word in ("-P", pair))],
                             "record", self._block, rig.REALTIME)


class KeyMeter(rig.Meter):
    """How much of the key 5 a sink plays."""

    def __init__(self, programs, sink):
        rig.Program.__init__(self, [programs.tone, "meter", "-f", "1336", sink], "key",
                             self._block, rig.REALTIME)


class Sound(rig.TestCase):
    def plays_into(self, call):
        """The nodes that a call's sink is linked to, meters apart."""
        targets = {target.split(":")[0]
                   for port, targets in links().items() if port.startswith(f"callsd.{call}.sink:")
                   for target in targets}
        return {target for target in targets if not target.startswith("callsd-tone")}

    def is_cancelled(self, call):
        targets = self.plays_into(call)
        return len(targets) == 1 and targets.pop().startswith("callsd.echo-")

    def play(self, *properties):
        arguments = [word for pair in properties for word in ("-P", pair)]
        self.rig.add(rig.Program([self.rig.programs.tone, "play", "-f", "750", *arguments], "play",
                                 environment=rig.REALTIME))

    def talk(self, call):
        self.play(f"target.object=callsd.{call}.sink", *of_call(call))

    def listen(self, call):
        return self.rig.add(Recorder(self.rig.programs, call))

    def music(self):
        """Somebody plays music at the headset; what is heard there, and how loud it is."""
        self.play("node.name=music", "media.role=Music", "target.object=test-headset")
        ear = self.rig.add(rig.Meter(self.rig.programs, "test-headset"))
        _, loud = ear.wait_run(lambda rms: rms > 0.05, "music", 0, rig.SILENCE_BLOCKS)
        return ear, loud

    def log_has(self, text):
        with open(self.rig.log("callsd"), errors="replace") as file:
            return text in file.read()

    def audio(self, name):
        answer = Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
            "org.callsd", "/org/callsd/audio", "org.freedesktop.DBus.Properties", "Get",
            V("(ss)", ("org.callsd.Audio1", name)), None, 0, -1, None)
        return answer.unpack()[0]

    # the configuration as it is shipped

    def assert_priority(self):
        """The canceller's thread is one that sound depends on."""
        if not may_have_priority():
            print("no real-time priorities here")
            return
        pid = self.rig.callsd.process.pid
        policies = {}
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/comm") as file:
                policies[file.read().strip(), thread] = (
                    os.sched_getscheduler(int(thread)) & ~os.SCHED_RESET_ON_FORK,
                    os.sched_getparam(int(thread)).sched_priority)
        print(policies)
        self.assertTrue(any(policy in FIFO_AND_RR for policy, _ in policies.values()), policies)
        self.assertNotIn(os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK, FIFO_AND_RR,
                         "callsd's own loop is none")

    def test_shipped_configuration(self):
        self.rig.start_callsd("--config", SHIPPED)
        meter = self.rig.start_meter()
        ear, loud = self.music()
        self.rig.feed_microphone()
        example = self.rig.start_example()
        call = self.answered_call(example)
        self.eventually(lambda: self.is_cancelled(call), "echo canceller in the call's path")
        now = time.monotonic()
        meter.wait_sound(now, LOUD)
        ear.wait_run(lambda rms: abs(rms / loud - DUCK) < 0.01, "ducked music", now,
                     rig.SILENCE_BLOCKS)
        example.wait_level(call, lambda level: level > -40, "the microphone")
        self.assert_priority()

        self.rig.ctl("mute", call)
        example.wait_level(call, lambda level: level < SILENT, "nothing, when muted")
        meter.wait_sound(time.monotonic(), LOUD)
        self.rig.ctl("unmute", call)
        example.wait_level(call, lambda level: level > -40, "the microphone again")
        self.rig.ctl("hold", call)
        now = time.monotonic()
        meter.wait_silence(now)
        example.wait_level(call, lambda level: level < SILENT, "nothing, when held")
        ear.wait_run(lambda rms: abs(rms / loud - 1) < 0.001, "music as before", now,
                     rig.SILENCE_BLOCKS)
        self.rig.ctl("resume", call)
        meter.wait_sound(time.monotonic(), LOUD)
        self.eventually(lambda: self.is_cancelled(call), "echo canceller after a hold")

        self.rig.ctl("route", "test-headset")
        self.eventually(lambda: self.plays_into(call) == {"test-headset"}, "direct way")
        meter.wait_silence(time.monotonic())
        example.wait_level(call, lambda level: level > -40, "the microphone at the headset")
        self.eventually(lambda: not any(port.startswith("callsd.echo-") for port in links()),
                        "end of the echo canceller")
        self.rig.ctl("route", "test-speaker")
        self.eventually(lambda: self.is_cancelled(call), "echo canceller at the speaker again")
        meter.wait_sound(time.monotonic(), LOUD)
        self.rig.ctl("end", call)
        now = time.monotonic()
        meter.wait_silence(now)
        ear.wait_run(lambda rms: abs(rms / loud - 1) < 0.001, "music as before", now,
                     rig.SILENCE_BLOCKS)

    # one that changes

    def reload(self, text, said="The configuration was read again"):
        """SIGHUP with this file; returns when the log has what is to be said."""
        with open(self.config, "w") as file:
            file.write(text)
        with open(self.rig.log("callsd"), "rb") as log:
            log.seek(0, os.SEEK_END)
            self.rig.callsd.signal(signal.SIGHUP)
            heard = []
            self.eventually(lambda: heard.append(log.read().decode()) or said in "".join(heard),
                            f'"{said}" in the log')
        return "".join(heard)

    def test_sighup(self):
        """In the middle of a call: other sound, the route and the tones of keys follow."""
        self.config = f"{self.rig.directory}/callsd.conf"
        off = "[Audio]\nEchoCancel=off\n"
        with open(self.config, "w") as file:
            file.write(f"{off}OtherMedia=leave\n")
        self.rig.start_callsd("--config", self.config)
        start_loop(self)
        meter = self.rig.start_meter()
        ear, loud = self.music()
        app = App("org.callsd.One")
        call = app.incoming()
        self.rig.ctl("answer", call)
        self.eventually(lambda: app.sessions, "audio session")
        self.talk(call)
        meter.wait_sound(time.monotonic(), LOUD)
        ear.wait_run(lambda rms: abs(rms / loud - 1) < 0.001, "music, left alone",
                     app.sessions[0][0], rig.SILENCE_BLOCKS)

        self.reload(f"{off}OtherMedia=duck\nDuckVolume=-6dB\n")
        ear.wait_run(lambda rms: abs(rms / loud - 10 ** (-6 / 20)) < 0.01, "music, ducked by 6 dB",
                     0, rig.SILENCE_BLOCKS)
        self.rig.ctl("dtmf", call, "5")
        self.eventually(lambda: any(kind == "play-dtmf-call" for _, kind, _ in app.orders), "keys")
        said = self.reload(f"{off}OtherMedia=leave\nPlayFeedbackTones=perhaps\n",
                           "The configuration stays as it was")
        self.assertRegex(said, r"callsd\.conf:4\b")
        self.assertIn("perhaps", said)
        now = time.monotonic()
        ear.wait_run(lambda rms: abs(rms / loud - 10 ** (-6 / 20)) < 0.01, "music, still ducked",
                     now, rig.SILENCE_BLOCKS)

        self.reload(f"{off}OtherMedia=leave\nPlayFeedbackTones=yes\nRoutePreference=headset\n")
        self.eventually(lambda: self.plays_into(call) == {"test-headset"}, "preferred route")
        self.assertEqual(self.audio("Route"), "test-headset")
        meter.wait_silence(time.monotonic())
        key = self.rig.add(KeyMeter(self.rig.programs, "test-headset"))
        key.wait(lambda block: True, "block")
        now = time.monotonic()
        self.rig.ctl("dtmf", call, "5")
        key.wait_run(lambda rms: rms > 0.02, "tone of a key", now, 6)
        self.reload(f"{off}OtherMedia=leave\n")
        self.eventually(lambda: self.plays_into(call) == {"test-speaker"}, "default route")
        meter.wait_sound(time.monotonic(), LOUD)

    # what apps are told, and what they cannot prevent

    def start(self):
        self.rig.start_callsd()
        start_loop(self)
        self.meter = self.rig.start_meter()
        self.rig.feed_microphone()

    def test_end_does_not_wait_for_the_app(self):
        """Microphone and speaker are closed when the end is asked for; the app never answers."""
        self.start()
        app = App("org.callsd.One")
        call = app.incoming()
        self.rig.ctl("answer", call)
        self.rig.monitor.state(call, "active")
        recorder = self.listen(call)
        self.talk(call)
        self.meter.wait_sound(time.monotonic(), LOUD)
        recorder.wait_run(lambda rms: rms > 0.05, "the microphone", 0, rig.TONE_BLOCKS)
        app.obeys = False
        asked = time.monotonic()
        ending = self.rig.add(rig.Program([self.rig.programs.callsctl, "end", call], "end"))
        speaker = self.meter.wait_silence(asked)[0] - asked
        microphone = recorder.wait_silence(asked)[0] - asked
        self.assertEqual(self.rig.calls()[call]["State"], "ending")
        self.assertIn("end-call", [kind for _, kind, _ in app.orders])
        print(f"silent {1000 * speaker:.0f} ms (speaker) and {1000 * microphone:.0f} ms "
              "(microphone) after callsctl was started")
        self.rig.monitor.state(call, "ended")
        self.assertIsNone(app.sessions[-1][2])
        ending.ended()

    def test_hung_callsd(self):
        """It is in nobody's way: the call goes on while it hangs, and new music is heard."""
        self.start()
        app = App("org.callsd.One")
        call = app.incoming()
        self.rig.ctl("answer", call)
        self.rig.monitor.state(call, "active")
        recorder = self.listen(call)
        self.talk(call)
        self.meter.wait_sound(time.monotonic(), LOUD)
        recorder.wait_run(lambda rms: rms > 0.05, "the microphone", 0, rig.TONE_BLOCKS)
        self.rig.callsd.signal(signal.SIGSTOP)
        try:
            now = time.monotonic()
            self.meter.wait_run(lambda rms: rms > 0.05, "call that goes on", now, 200)
            recorder.wait_run(lambda rms: rms > 0.05, "microphone that goes on", now, 200)
            self.music()
        finally:
            self.rig.callsd.signal(signal.SIGCONT)

    def test_without_pipewire(self):
        """Calls work, the property and the log say so, and apps are told of no nodes."""
        os.environ["PIPEWIRE_REMOTE"] = "callsd-no-such-server"
        self.addCleanup(os.environ.pop, "PIPEWIRE_REMOTE", None)
        self.rig.start_callsd()
        start_loop(self)
        app = App("org.callsd.One")
        self.assertFalse(self.audio("Available"))
        self.assertTrue(self.log_has("PipeWire is not running"))
        call = app.incoming()
        self.rig.monitor.state(call, "ringing")
        self.rig.ctl("answer", call)
        self.eventually(lambda: len(app.sessions) == 1, "activation")
        self.assertEqual(app.sessions[0][1:], (call, {}))
        self.rig.ctl("hold", call)
        self.eventually(lambda: len(app.sessions) == 2, "deactivation")
        self.rig.ctl("end", call)
        self.assertEqual(self.rig.calls(), {})

    def test_external(self):
        """The modem's own way to the codec: no nodes, but other sound makes way."""
        self.start()
        ear, loud = self.music()
        app = App("org.callsd.Modem", Audio=V("s", "external"))
        call = app.incoming()
        self.rig.ctl("answer", call)
        self.eventually(lambda: app.sessions, "activation")
        self.assertEqual(app.sessions[0][1], call)
        self.assertNotIn("Sink", app.sessions[0][2])
        self.assertNotIn("Source", app.sessions[0][2])
        self.assertFalse(any(call in port for port in links()))
        self.assertFalse(self.rig.calls()[call]["MuteEnforced"])
        ear.wait_run(lambda rms: abs(rms / loud - DUCK) < 0.01, "ducked music", 0,
                     rig.SILENCE_BLOCKS)
        self.rig.ctl("mute", call)
        self.assertIn("set-muted-call", [kind for _, kind, _ in app.orders])
        self.rig.ctl("end", call)
        now = time.monotonic()
        ear.wait_run(lambda rms: abs(rms / loud - 1) < 0.001, "music as before", now,
                     rig.SILENCE_BLOCKS)

    # a PulseAudio client that opens its microphone when that is closed

    def start_pulse(self):
        path = f"{os.environ['XDG_RUNTIME_DIR']}/pulse/native"
        self.rig.add(rig.Program(["pipewire-pulse"], "pulse", log=self.rig.log("pulse")))
        self.eventually(lambda: os.path.exists(path), "socket of pipewire-pulse")

    def record(self, call, joins):
        properties = [f"callsd.call.id={call}", "media.role=Communication"]
        if joins:
            properties.append(f"target.object=callsd.{call}.source")
        path = f"{self.rig.directory}/{time.monotonic()}.raw"
        program = self.rig.add(rig.Program(
            ["parec", "--raw", "--latency-msec=20", *(f"--property={pair}" for pair in properties),
             path], "parec", log=self.rig.log("parec")))
        return program, path

    def wait_recorded(self, path, since, what, predicate):
        """A fifth of a second, of 44.1 kHz and four bytes, for which it holds."""
        def right():
            if not os.path.exists(path) or os.path.getsize(path) - since < 35280:
                return False
            with open(path, "rb") as file:
                file.seek(since)
                return predicate(file.read()[-35280:])
        self.eventually(right, what)

    def test_pulse_recording_opened_when_closed(self):
        """Held or muted: it is answered, records exactly nothing, and hears when it may."""
        self.start()
        self.start_pulse()
        app = App("org.callsd.One")
        call = app.incoming()
        self.rig.ctl("answer", call)
        self.rig.monitor.state(call, "active")
        for close, open_again in (("hold", "resume"), ("mute", "unmute")):
            for joins in (True, False):
                self.rig.ctl(close, call)
                program, path = self.record(call, joins)
                self.wait_recorded(path, 0, f"silent recording after {close}",
                                   lambda sound: not any(sound))
                if joins:
                    with open(path, "rb") as file:
                        self.assertFalse(any(file.read()), f"{close}: the microphone was open")
                self.rig.ctl(open_again, call)
                since = os.path.getsize(path)
                self.wait_recorded(path, since, f"microphone after {open_again}", any)
                self.rig.ctl(close, call)
                since = os.path.getsize(path)
                self.wait_recorded(path, since, f"silence after another {close}",
                                   lambda sound: not any(sound))
                program.stop()
                self.rig.ctl(open_again, call)

    def test_pipewire_restarts(self):
        """Deactivated, then activated, with nodes that are made anew."""
        self.start()
        app = App("org.callsd.One")
        held, call = app.incoming(), app.incoming()
        self.rig.ctl("answer", held)
        self.eventually(lambda: [s[1] for s in app.sessions] == [held], "session")
        self.rig.ctl("answer", call)
        self.rig.monitor.state(held, "held")
        self.eventually(lambda: [s[1] for s in app.sessions] == [held, held, call], "sessions")
        before = len(app.sessions)
        self.kill(int(os.environ["CALLSD_TEST_PIPEWIRE_PID"]))
        self.eventually(lambda: len(app.sessions) > before, "deactivation")
        self.assertEqual(app.sessions[before][1:], (call, None))
        self.kill(int(os.environ["CALLSD_TEST_WIREPLUMBER_PID"]))
        for name in ("pipewire", "wireplumber"):
            self.rig.add(rig.Program([name], name, log=self.rig.log(name)))
            self.eventually(lambda: subprocess.run(["pw-cli", "info", "0"], timeout=10,
                                                   capture_output=True).returncode == 0, "PipeWire")
        self.eventually(lambda: len(app.sessions) > before + 1, "activation")
        _, activated, session = app.sessions[before + 1]
        self.assertEqual(activated, call)
        self.assertEqual(session["Sink"], f"callsd.{call}.sink")
        self.rig.feed_microphone()
        recorder = self.listen(call)
        recorder.wait_run(lambda rms: rms > 0.05, "the microphone", 0, rig.TONE_BLOCKS)
        closed = self.listen(held)
        closed.wait(lambda block: True, "block")
        closed.wait_silence(0)
        self.assertEqual({rms for _, rms in closed.blocks()}, {0.0})


if __name__ == "__main__":
    rig.main()
