#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpv pauses for a call and plays on after it, as loud as before."""
import sys

sys.dont_write_bytecode = True

import array
import math
import os
import shutil
import signal
import subprocess
import time
import unittest
import wave

import rig

# Four periods in a block of 256 samples: every block has the same level.
TONE = 750
NAME = "org.mpris.MediaPlayer2.mpv"
PLUGIN = "/usr/lib/mpv-mpris/mpris.so"


def write_sound(path, seconds=120):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        period = array.array("h", (round(8192 * math.sin(2 * math.pi * TONE * i / 48000))
                                   for i in range(64)))
        file.writeframes(period.tobytes() * (750 * seconds))


def is_near(level, expected):
    """Within a tenth of a decibel."""
    return min(level, expected) > 0 and abs(20 * math.log10(level / expected)) <= 0.1


@unittest.skipUnless(shutil.which("mpv") and os.path.exists(PLUGIN), "no mpv with MPRIS here")
class Media(rig.TestCase):
    seen = 0

    def start(self):
        self.rig.start_callsd()
        self.meter = self.rig.start_meter()
        write_sound(self.sound())
        self.start_mpv("mpv")
        self.eventually(lambda: self.status() == "Playing", "mpv that plays")
        self.example = self.rig.start_example()

    def sound(self):
        return f"{self.rig.directory}/music.wav"

    def start_mpv(self, name):
        return self.rig.add(rig.Program(
            ["mpv", "--no-config", "--no-terminal", "--no-video", "--ao=pipewire", "--loop=inf",
             f"--script={PLUGIN}", "--load-scripts=no", self.sound()], name,
            log=self.rig.log(name)))

    def player(self, *arguments):
        return subprocess.run(["busctl", "--user", *arguments], capture_output=True, text=True,
                              timeout=10).stdout

    def status(self, name=NAME):
        answer = self.player("get-property", name, "/org/mpris/MediaPlayer2",
                             "org.mpris.MediaPlayer2.Player", "PlaybackStatus").split('"')
        return answer[1] if len(answer) > 1 else None

    def order(self, method):
        self.player("call", NAME, "/org/mpris/MediaPlayer2", "org.mpris.MediaPlayer2.Player",
                    method)

    def wait_said(self, said, status):
        """Until mpv has told everybody."""
        item = said.wait(
            lambda line: "PropertiesChanged" in line and f"<'{status}'>" in line, status,
            since=self.seen)
        self.seen = said.items.index(item) + 1

    def wait_level(self, expected, what):
        since = time.monotonic()

        def steady():
            last = [rms for _, rms in self.meter.blocks(since)][-8:]
            return len(last) == 8 and all(is_near(rms, expected) for rms in last)
        self.eventually(steady, what)

    def music_level(self):
        """What is heard now, when it has become steady."""
        found = []

        def steady():
            last = [rms for _, rms in self.meter.blocks(0)][-8:]
            found[:] = last[-1:]
            return len(last) == 8 and all(is_near(rms, last[-1]) for rms in last)
        self.eventually(steady, "steady music")
        return found[0]

    def test_pauses_and_plays_on(self):
        self.start()
        loud = self.music_level()
        begun = time.monotonic()
        call = self.answered_call(self.example)
        self.eventually(lambda: self.status() == "Paused", "pause")
        print(f"paused {1000 * (time.monotonic() - begun):.0f} ms after the call came in")
        self.rig.ctl("end", call)
        self.eventually(lambda: self.status() == "Playing", "music after the call")
        self.wait_level(loud, "music as loud as before")

    def test_of_the_user(self):
        """Played and paused again during the call: it stays as the user left it."""
        self.start()
        witness = self.start_mpv("witness")
        name = f"{NAME}.instance{witness.process.pid}"
        self.eventually(lambda: self.status(name) == "Playing", "the other mpv that plays")
        said = self.rig.add(rig.Program(
            ["gdbus", "monitor", "--session", "--dest", NAME], "gdbus",
            log=self.rig.log("gdbus")))
        said.wait(lambda line: "is owned by" in line, "monitor")
        call = self.answered_call(self.example)
        self.eventually(lambda: self.status(name) == "Paused", "pause of the other")
        # mpv tells a change a little later, and not at all when it is undone by then.
        self.wait_said(said, "Paused")
        self.order("Play")
        self.wait_said(said, "Playing")
        self.order("Pause")
        self.wait_said(said, "Paused")
        self.rig.ctl("end", call)
        self.eventually(lambda: self.status(name) == "Playing", "the music of the other")
        self.assertEqual(self.status(), "Paused")

    def test_killed(self):
        """callsd dies during the call; the next one knows whom it has to let play on."""
        self.start()
        call = self.answered_call(self.example)
        self.eventually(lambda: self.status() == "Paused", "pause")
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.rig.start_callsd()
        self.eventually(lambda: self.rig.calls().get(call, {}).get("State") == "active",
                        "the call, imported")
        self.assertEqual(self.status(), "Paused")
        self.rig.ctl("end", call)
        self.eventually(lambda: self.status() == "Playing", "music after the call")


if __name__ == "__main__":
    rig.main()
