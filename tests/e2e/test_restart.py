#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd dies or is ended in the middle of calls: the calls do not notice."""
import sys

sys.dont_write_bytecode = True

import signal
import subprocess
import time

import rig

GAP_BLOCKS = 6  # of 5.3 ms


class Restart(rig.TestCase):
    def two_calls(self):
        """One held and one active call of one app."""
        self.rig.start_callsd()
        self.example = self.rig.start_example()
        self.held = self.answered_call(self.example)
        self.active = self.answered_call(self.example)
        self.rig.monitor.state(self.held, "held")
        self.example.expect("did-activate", self.active)
        self.example.expect("streams", self.active)
        self.before = self.rig.calls()
        self.mark = self.example.mark()

    def assert_back(self):
        """Both calls are there as they were, and the app was told nothing."""
        def states():
            return {call: facts["State"] for call, facts in self.rig.calls().items()}
        self.eventually(lambda: states() == {self.held: "held", self.active: "active"},
                        "two calls in their states")
        after = self.rig.calls()
        for call in (self.held, self.active):
            for key in ("DisplayName", "RemoteHandle", "Outgoing", "Muted", "HasConnected"):
                self.assertEqual(after[call][key], self.before[call][key], key)
        self.assertEqual([item for _, item in self.example.items[self.mark:]], [])

    def assert_usable(self):
        self.rig.ctl("swap")
        self.assertEqual(self.rig.calls()[self.held]["State"], "active")
        for call in (self.held, self.active):
            self.rig.ctl("end", call)
        self.assertEqual(self.rig.calls(), {})

    def start_again(self):
        mark = self.rig.monitor.mark()
        self.rig.start_callsd()
        return mark

    def test_killed(self):
        self.two_calls()
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.rig.monitor.expect("callsd-gone")
        self.start_again()
        self.assert_back()
        self.assert_usable()

    def test_killed_sound_goes_on(self):
        meter = self.rig.start_meter()
        self.two_calls()
        loud = rig.tone_level(0.25)
        meter.wait_sound(time.monotonic(), loud)
        begun = time.monotonic()
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.start_again()
        self.assert_back()
        meter.wait_sound(time.monotonic(), loud)
        # A machine that is too busy loses single blocks; a call that was cut off loses them all
        # until callsd is back.
        gap = longest = 0
        for _, rms in meter.blocks(begun):
            gap = gap + 1 if rms < loud * 0.8 else 0
            longest = max(longest, gap)
        self.assertLess(longest, GAP_BLOCKS, "the active call had a gap")

    def has_ringtone(self):
        nodes = subprocess.run(["pw-cli", "ls", "Node"], capture_output=True, text=True, timeout=10)
        self.assertEqual(nodes.returncode, 0)
        return '"callsd.ringtone"' in nodes.stdout

    def test_killed_while_ringing(self):
        """Nothing goes on ringing without callsd; the next one rings again."""
        meter = self.rig.start_meter()
        self.rig.start_callsd()
        example = self.rig.start_example()
        call = example.incoming()
        self.rig.monitor.state(call, "ringing")
        meter.wait_sound(time.monotonic())
        self.assertTrue(self.has_ringtone())
        before = self.rig.calls()
        mark = example.mark()
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.rig.monitor.expect("callsd-gone")
        self.eventually(lambda: not self.has_ringtone(), "end of the ringtone's stream")
        silent = meter.wait_silence(time.monotonic())[0]
        again = time.monotonic()
        started = self.start_again()
        self.assertEqual([rms for _, rms in meter.blocks(silent, again) if rms > 0], [])
        self.eventually(lambda: self.rig.calls().get(call, {}).get("State") == "ringing",
                        "call that rings")
        meter.wait_sound(again)
        self.assertTrue(self.has_ringtone())
        for key in ("DisplayName", "RemoteHandle", "Outgoing", "Muted", "HasConnected"):
            self.assertEqual(self.rig.calls()[call][key], before[call][key], key)
        self.assertEqual([item for _, item in example.items[mark:]], [])
        self.rig.ctl("answer", call)
        self.rig.monitor.state(call, "active", since=started)
        self.eventually(lambda: not self.has_ringtone(), "end of the ringtone's stream")
        self.rig.ctl("end", call)
        meter.wait_silence(time.monotonic())
        self.assertEqual(self.rig.calls(), {})

    def test_terminated(self):
        self.two_calls()
        self.rig.callsd.signal(signal.SIGTERM)
        self.assertEqual(self.rig.callsd.ended(), 0)
        self.start_again()
        self.assert_back()
        self.assert_usable()


if __name__ == "__main__":
    rig.main()
