#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two apps with one call each: at no moment that anybody can observe are both active."""
import sys

sys.dont_write_bytecode = True

import time

import rig

LEVEL = rig.tone_level(0.25)
# Two tones at once have twice the power of one; a single tone varies by 4 % from block to block.
TOO_LOUD = LEVEL * 1.2
SWAPS = 6


class TwoProviders(rig.TestCase):
    def start(self):
        self.rig.start_callsd()
        self.meter = self.rig.start_meter()
        self.one = self.rig.start_example("org.callsd.One", "--tone=440")
        self.two = self.rig.start_example("org.callsd.Two", "--tone=660")

    def assert_never_two(self, begun):
        active = set()
        for call, state in self.rig.monitor.states():
            active.add(call) if state == "active" else active.discard(call)
            self.assertLessEqual(len(active), 1, f"both active: {self.rig.monitor.states()}")
        loud = [block for block in self.meter.blocks(begun) if block[1] > TOO_LOUD]
        self.assertEqual(loud, [], "two tones were heard at once")

    def assert_sessions_alternate(self, example, call):
        events = [e["event"] for e in example.events(call) if e["event"].startswith("did-")]
        for i, event in enumerate(events):
            self.assertEqual(event, ("did-activate", "did-deactivate")[i % 2], events)

    def test_never_both_active(self):
        self.start()
        first = self.answered_call(self.one)
        begun = time.monotonic()
        self.meter.wait_sound(begun, LEVEL)
        second = self.two.incoming("+15550101", "Bob")
        self.rig.monitor.state(second, "ringing")
        self.rig.ctl("answer")
        for _ in range(SWAPS):
            begun_swap, mark = time.monotonic(), self.rig.monitor.mark()
            self.rig.ctl("swap")
            self.meter.wait_sound(begun_swap, LEVEL)
            self.rig.monitor.expect("call-changed", since=mark, State="active")
        states = {call: facts["State"] for call, facts in self.rig.calls().items()}
        self.assertEqual(sorted(states.values()), ["active", "held"])
        self.rig.ctl("end", first)
        self.rig.ctl("end", second)
        self.meter.wait_silence(time.monotonic())
        self.assert_never_two(begun)
        self.assert_sessions_alternate(self.one, first)
        self.assert_sessions_alternate(self.two, second)

    def test_end_and_answer(self):
        self.start()
        first = self.answered_call(self.one)
        begun = time.monotonic()
        self.meter.wait_sound(begun, LEVEL)
        second = self.two.incoming("+15550101", "Bob")
        self.rig.monitor.state(second, "ringing")
        self.rig.ctl("answer", "--end-others")
        self.rig.monitor.state(first, "ended")
        self.rig.monitor.state(second, "active")
        self.assertEqual(list(self.rig.calls()), [second])
        self.assert_never_two(begun)

    def test_provider_that_dies_frees_the_way(self):
        self.start()
        first = self.answered_call(self.one)
        second = self.two.incoming("+15550101", "Bob")
        self.rig.monitor.state(second, "ringing")
        self.one.signal(9)
        self.rig.monitor.state(first, "ended")
        self.rig.ctl("answer")
        self.assertEqual(self.rig.calls()[second]["State"], "active")


if __name__ == "__main__":
    rig.main()
