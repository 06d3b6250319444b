#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a phone plays by itself, at the speaker: the app's ringtone, ringback, the tones of keys."""
import sys

sys.dont_write_bytecode = True

import math
import os
import struct
import wave

from gi.repository import Gio

import rig
from app import App, V, start_loop

RINGBACK = 425
KEY_5 = 1336
LOUD = 0.02
BLOCKS = 6


class PitchMeter(rig.Meter):
    """How much of one frequency the speaker plays; others that are 400 Hz away do not count."""

    def __init__(self, programs, frequency):
        rig.Program.__init__(self, [programs.tone, "meter", "-f", str(frequency), "test-speaker"],
                             f"meter-{frequency}", self._block, rig.REALTIME)
        self.wait(lambda block: True, "block")

    def wait_loud(self, since):
        return self.wait_run(lambda rms: rms > LOUD, "tone", since, BLOCKS)[0]


class Ringtone(rig.TestCase):
    def start(self, *arguments):
        self.rig.start_callsd(*arguments)
        start_loop(self)

    def make_wav(self, name, frequency):
        path = f"{self.rig.directory}/{name}.wav"
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(48000)
            file.writeframes(b"".join(
                struct.pack("<h", round(8000 * math.sin(2 * math.pi * frequency * i / 48000)))
                for i in range(24000)))
        return path

    def meter(self, frequency):
        return self.rig.add(PitchMeter(self.rig.programs, frequency))

    def ringing(self):
        answer = Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
            "org.callsd", "/org/callsd/audio", "org.freedesktop.DBus.Properties", "Get",
            V("(ss)", ("org.callsd.Audio1", "Ringing")), None, 0, -1, None)
        return answer.unpack()[0]

    def assert_no_repair(self):
        """callsd compares what rings with what the calls want, and complains when it has to."""
        with open(self.rig.log("callsd")) as file:
            self.assertNotIn("set right", file.read())

    def silent_from_now(self, *meters):
        for meter in meters:
            meter.wait_silence(rig.time.monotonic())
        self.assertFalse(self.ringing())

    def test_own_pitch(self):
        """Each app by its own sound; every way in which a call stops ringing stops it."""
        self.start()
        high, low = self.meter(2000), self.meter(1200)
        one = App("org.callsd.One", RingtoneSound=V("s", self.make_wav("one", 2000)))
        two = App("org.callsd.Two", RingtoneSound=V("s", self.make_wav("two", 1200)))
        begun = rig.time.monotonic()
        one.incoming()
        high.wait_loud(begun)
        self.assertTrue(self.ringing())
        self.assertLess(max(rms for _, rms in low.blocks(begun)), LOUD)
        self.rig.ctl("decline")
        self.silent_from_now(high, low)
        begun = rig.time.monotonic()
        call = two.incoming()
        low.wait_loud(begun)
        self.assertLess(max(rms for _, rms in high.blocks(begun)), LOUD)
        self.rig.ctl("answer", call)
        self.silent_from_now(low)
        self.rig.ctl("end", call)
        begun = rig.time.monotonic()
        two.incoming()
        low.wait_loud(begun)
        two.vanish()
        self.silent_from_now(low)
        begun = rig.time.monotonic()
        one.incoming()
        high.wait_loud(begun)
        self.rig.ctl("silence")
        self.silent_from_now(high)
        self.assert_no_repair()

    def test_handed_over(self):
        """A descriptor comes before the name, for every call that follows."""
        self.start()
        high, low = self.meter(2000), self.meter(1200)
        app = App("org.callsd.One", RingtoneSound=V("s", self.make_wav("one", 1200)))
        path = self.make_wav("two", 2000)
        app.hand_over(path)
        os.unlink(path)
        for _ in range(2):
            begun = rig.time.monotonic()
            app.incoming()
            high.wait_loud(begun)
            self.assertLess(max(rms for _, rms in low.blocks(begun)), LOUD)
            self.rig.ctl("decline")
            self.silent_from_now(high)

    def test_feedback(self):
        """Ringback until somebody answers or the network is heard, and keys; when asked for."""
        config = f"{self.rig.directory}/callsd.conf"
        with open(config, "w") as file:
            file.write("[Audio]\nPlayFeedbackTones=yes\n")
        self.start("--config", config)
        ringback, key = self.meter(RINGBACK), self.meter(KEY_5)
        app = App("org.callsd.One")
        self.rig.ctl("dial", "+15550100")
        self.eventually(lambda: app.calls, "start")
        call = app.calls[0]
        self.rig.monitor.state(call, "started")
        begun = rig.time.monotonic()
        app.report("ReportCallUpdated", "(sa{sv})", call, {"Alerting": V("b", True)})
        ringback.wait_loud(begun)
        self.assertFalse(self.ringing())
        app.report("ReportCallUpdated", "(sa{sv})", call, {"EarlyMedia": V("b", True)})
        ringback.wait_silence(rig.time.monotonic())
        begun = rig.time.monotonic()
        app.report("ReportCallUpdated", "(sa{sv})", call, {"EarlyMedia": V("b", False)})
        ringback.wait_loud(begun)
        app.report("ReportOutgoingCallConnected", "(sa{sv})", call, {})
        self.rig.monitor.state(call, "active")
        connected = rig.time.monotonic()
        ringback.wait_silence(connected)
        self.rig.ctl("dtmf", call, "5")
        key.wait_loud(connected)
        key.wait_silence(rig.time.monotonic())


if __name__ == "__main__":
    rig.main()
