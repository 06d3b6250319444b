#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A record that callsd cannot live with is not read for ever."""
import sys

sys.dont_write_bytecode = True

import os
import signal

import rig

CRASHES_MAX = 3


class Crash(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = f"{os.environ['XDG_RUNTIME_DIR']}/callsd"
        self.rig.start_callsd("--no-audio")
        self.example = self.rig.start_example()
        self.call = self.answered_call(self.example)

    def end(self, number):
        self.rig.callsd.signal(number)
        self.rig.callsd.ended()
        self.rig.start_callsd("--no-audio")

    def set_aside(self):
        return [name for name in os.listdir(self.folder) if "deadly" in name]

    def log(self):
        with open(self.rig.log("callsd"), errors="replace") as file:
            return file.read()

    def assert_call_lives(self):
        self.eventually(lambda: self.call in self.rig.calls(), "call")
        self.assertEqual(self.rig.calls()[self.call]["State"], "active")

    def test_crashes_in_a_row(self):
        """The call lives on, at first by the record and then by its app."""
        for _ in range(CRASHES_MAX - 1):
            self.end(signal.SIGABRT)
            self.assertEqual(self.set_aside(), [])
            self.assertIn(self.call, self.rig.calls(), "it is known from the record, at once")
        self.end(signal.SIGABRT)
        self.assertEqual(len(self.set_aside()), 1)
        self.assertIn(f"was there when {CRASHES_MAX} callsd in a row crashed", self.log())
        self.assert_call_lives()
        # And counting begins anew.
        self.end(signal.SIGABRT)
        self.assertEqual(len(self.set_aside()), 1)
        self.assert_call_lives()

    def test_who_is_killed_did_not_crash(self):
        for _ in range(CRASHES_MAX + 2):
            self.end(signal.SIGKILL)
        self.assertEqual(self.set_aside(), [])
        self.assert_call_lives()

    def test_an_end_in_order_forgives(self):
        for number in (signal.SIGABRT, signal.SIGABRT, signal.SIGTERM, signal.SIGABRT):
            self.end(number)
        self.assertEqual(self.set_aside(), [])
        self.assert_call_lives()


if __name__ == "__main__":
    rig.main()
