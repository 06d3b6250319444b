#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many calls at once from sipp: none is lost, on either side."""
import sys

sys.dont_write_bytecode = True

import sip

ACCEPTED = 50
DECLINED = 100
PARALLEL = 4
DEADLINE = 60


class Load(sip.TestCase):
    def run_calls(self, scenario, n, rate, handle):
        """sipp makes `n` calls; `handle` does something with each that rings. The calls."""
        self.start()
        sipp = self.rig.sipp(scenario, sip.free_port(), f"127.0.0.1:{self.sip.port}", "-m", str(n),
                             "-r", str(rate), "-l", str(PARALLEL))
        seen, calls = 0, []
        for _ in range(n):
            _, item = self.rig.monitor.wait(
                lambda item: item["Event"] == "call-added" and item["Call"] not in calls,
                f"call {len(calls) + 1} of {n}", seen, DEADLINE)
            calls.append(item["Call"])
            handle(item["Call"])
        self.assertEqual(sipp.ended(DEADLINE), 0, "sipp has calls that failed")
        self.eventually(lambda: not self.rig.calls(), "end of all calls")
        states = self.rig.monitor.states()
        for call in calls:
            self.assertIn((call, "ended"), states)
        return calls, states

    def test_accepted(self):
        calls, states = self.run_calls("accepted", ACCEPTED, 10, lambda call: self.rig.ctl(
            "answer", call))
        for call in calls:
            self.assertIn((call, "active"), states)

    def test_declined(self):
        self.run_calls("declined", DECLINED, 50, lambda call: self.rig.ctl(
            "decline", "--busy", call))


if __name__ == "__main__":
    sip.main()
