#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of how streams join a call, with real sound through the call's own nodes.

Each example opens its streams when the call is answered, and runs them before the call is active:
until then exactly nothing may be heard in either direction, then the tone, nothing while held.
"""
import sys

sys.dont_write_bytecode = True

import json
import math
import os
import struct
import subprocess
import time
import unittest
import wave

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import rig

AMPLITUDE = 0.2
RATE = 48000


class Base(rig.TestCase):
    def start(self, way, *arguments, environment=None):
        self.rig.start_callsd()
        self.meter = self.rig.start_meter()
        self.rig.feed_microphone()
        program = f"{self.build}/tests/client-lib/examples/example-line-{way}"
        environment = {**rig.REALTIME, **(environment or {})}
        self.phone = self.rig.add(rig.Program([program, *arguments], way, log=self.rig.log(way),
                                              environment=environment))
        _, line = self.phone.wait(lambda line: line.startswith("ringing "), "ringing")
        self.call = line.split()[1]
        self.answer = subprocess.Popen([self.rig.programs.callsctl, "answer", self.call])
        self.addCleanup(self.answer.wait, 30)
        self.phone.wait(lambda line: line == "joined", "streams")

    def start_pulse(self):
        path = f"{os.environ['XDG_RUNTIME_DIR']}/pulse/native"
        self.rig.add(rig.Program(["pipewire-pulse"], "pulse", log=self.rig.log("pulse")))
        self.eventually(lambda: os.path.exists(path), "socket of pipewire-pulse")

    def links(self):
        answer = subprocess.run(["pw-link", "-l"], capture_output=True, text=True, timeout=10)
        return answer.stdout

    def wait_linked(self, *nodes):
        """Until the app's streams are on the call's own nodes."""
        for node in nodes:
            name = f"callsd.{self.call}.{node}:"
            arrow = "|<-" if node == "sink" else "|->"

            def linked():
                lines = self.links().splitlines()
                return any(line.startswith(name) and arrow in following
                           for line, following in zip(lines, lines[1:]))
            self.eventually(linked, f"stream on {name}")

    def wait_answered(self):
        """Until pipewire-pulse has told the app that both streams are ready (docs/audio.md)."""
        def answered():
            dump = subprocess.run(["pw-dump"], capture_output=True, text=True, timeout=10).stdout
            try:
                objects = json.loads(dump)
            except json.JSONDecodeError:  # Something changed meanwhile: it prints a list more.
                return False
            nodes = [object["info"]["props"] for object in objects
                     if object["type"].endswith(":Node") and object.get("info")]
            streams = [node for node in nodes if node.get("client.api") == "pipewire-pulse"]
            return len(streams) == 2 and all("pulse.attr.maxlength" in node for node in streams)
        self.eventually(answered, "answer of pipewire-pulse")

    def connect(self):
        self.phone.tell("connected")
        self.assertEqual(self.answer.wait(rig.DEADLINE), 0)

    def stays_silent_until_active(self, runs):
        """The speaker; `runs` tells that the app has spoken meanwhile."""
        silent_from, _ = self.meter.wait_silence(time.monotonic())
        runs()
        connected = time.monotonic()
        self.assertEqual([rms for _, rms in self.meter.blocks(silent_from, connected)
                          if rms != 0.0], [])
        self.connect()
        self.meter.wait_sound(connected)

    def end(self):
        self.rig.ctl("end", self.call)
        self.assertEqual(self.phone.ended(), 0)


class Streams(Base):
    """Those that speak and listen themselves."""

    def report(self):
        """(samples spoken, samples heard, the loudest of these) since the last report."""
        mark = self.phone.mark()
        self.phone.tell("report")
        _, line = self.phone.wait(lambda line: line.startswith("spoken"), "report", mark)
        words = line.split()
        return int(words[1]), int(words[3]), float(words[5])

    def both_ways_run(self):
        """Some tenths of a second of either; the loudest that was heard in that."""
        spoken = heard = loudest = 0

        def enough():
            nonlocal spoken, heard, loudest
            more = self.report()
            spoken, heard, loudest = spoken + more[0], heard + more[1], max(loudest, more[2])
            return spoken > 0.2 * RATE and heard > 0.2 * RATE
        self.eventually(enough, "streams that run")
        return loudest

    def hears_nothing(self):
        self.assertEqual(self.both_ways_run(), 0.0)

    def becomes_silent(self):
        """What was recorded before may still be on its way to the app."""
        self.eventually(lambda: self.both_ways_run() == 0.0, "silence of the microphone")

    def hears_sound(self):
        self.eventually(lambda: self.report()[2] > 0.01, "sound from the microphone")

    def whole_call(self, way, environment=None):
        self.start(way, environment=environment)
        if way == "pulse":
            self.wait_answered()
        self.wait_linked("sink", "source")
        self.stays_silent_until_active(self.hears_nothing)
        self.hears_sound()
        self.rig.ctl("hold", self.call)
        self.meter.wait_silence(time.monotonic())
        self.becomes_silent()
        self.hears_nothing()
        self.rig.ctl("resume", self.call)
        self.meter.wait_sound(time.monotonic())
        self.hears_sound()
        self.rig.ctl("mute", self.call)
        self.becomes_silent()
        self.hears_nothing()
        self.end()

    def test_pipewire(self):
        self.whole_call("pipewire")

    def test_pulse(self):
        self.start_pulse()
        self.whole_call("pulse")

    def test_gstreamer(self):
        # PipeWire's elements for GStreamer lose a little memory each.
        self.whole_call("gstreamer", {"ASAN_OPTIONS": "detect_leaks=0"})


class Environment(Base):
    """Programs that know nothing of callsd."""

    def tone(self):
        path = f"{self.rig.directory}/tone.wav"
        samples = [round(32767 * AMPLITUDE * math.sin(2 * math.pi * 440 * i / RATE))
                   for i in range(30 * RATE)]
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
        return path

    def test_native_player(self):
        self.start("environment", "playback", "pw-play", self.tone())
        self.stays_silent_until_active(lambda: self.wait_linked("sink"))
        self.rig.ctl("hold", self.call)
        self.meter.wait_silence(time.monotonic())
        self.rig.ctl("resume", self.call)
        self.meter.wait_sound(time.monotonic())
        self.end()

    def test_pulse_clients(self):
        self.start_pulse()
        path = f"{self.rig.directory}/heard"
        self.start("environment", "both", "sh", "-c",
                   f"paplay {self.tone()} & exec parec --raw --channels=1 --latency-msec=20 "
                   f"--format=float32le >{path}")

        def heard(since):
            """The loudest sample since a place in the file, and how many there were."""
            with open(path, "rb") as file:
                file.seek(since)
                data = file.read()
            samples = struct.unpack(f"<{len(data) // 4}f", data[:len(data) // 4 * 4])
            return max((abs(sample) for sample in samples), default=0.0), len(samples)

        def runs():
            # From its very beginning.
            self.eventually(lambda: heard(0)[1] > 0.2 * RATE, "recording")
            self.assertEqual(heard(0)[0], 0.0)
        self.wait_answered()
        self.wait_linked("sink", "source")
        self.stays_silent_until_active(runs)
        connected = os.path.getsize(path) // 4 * 4
        self.eventually(lambda: heard(connected)[0] > 0.01, "sound from the microphone")
        self.end()


if __name__ == "__main__":
    rig.main()
