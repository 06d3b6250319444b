#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A call is never worse off: no callsd, one that hangs, one that comes later."""
import sys

sys.dont_write_bytecode = True

import signal
import time

import rig

LEVEL = rig.tone_level(0.25)


class WithoutCallsd(rig.TestCase):
    def ring_and_answer_alone(self, example, meter):
        started = time.monotonic()
        call = example.incoming()
        example.expect("ringing-alone", call)
        meter.wait_sound(started, LEVEL)
        answered = example.expect("answered-alone", call)[0]
        meter.wait_sound(answered, LEVEL)
        return call

    def test_no_callsd(self):
        meter = self.rig.start_meter()
        self.rig.feed_microphone()
        example = self.rig.start_example(began=False)
        call = self.ring_and_answer_alone(example, meter)
        example.wait_level(call, lambda level: level > -60, "the microphone is heard")
        ended = time.monotonic()
        example.tell(f"end {call}")
        meter.wait_silence(ended)

    def test_callsd_hangs(self):
        meter = self.rig.start_meter()
        self.rig.start_callsd()
        example = self.rig.start_example()
        self.rig.callsd.signal(signal.SIGSTOP)
        try:
            call = self.ring_and_answer_alone(example, meter)
        finally:
            self.rig.callsd.signal(signal.SIGCONT)
        self.rig.monitor.state(call, "active")

    def test_callsd_comes_later(self):
        meter = self.rig.start_meter()
        example = self.rig.start_example(began=False)
        call = self.ring_and_answer_alone(example, meter)
        self.rig.start_callsd()
        self.rig.monitor.state(call, "active")
        self.rig.ctl("end")
        example.expect("perform", call, type="end-call")


if __name__ == "__main__":
    rig.main()
