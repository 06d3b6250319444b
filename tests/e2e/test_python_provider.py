#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The provider in docs/, in Python on plain D-Bus, takes a call and places one."""
import sys

sys.dont_write_bytecode = True

import os

import rig

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/python-provider.py")


class PythonProvider(rig.TestCase):
    def start(self, *arguments):
        self.rig.start_callsd()
        return self.rig.add(rig.Program([sys.executable, PROGRAM, *arguments], "python-provider",
                                        log=self.rig.log("python-provider")))

    def end(self, program):
        self.rig.ctl("end")
        program.wait(lambda line: line.startswith("end-call "), "end-call")
        self.assertEqual(program.ended(), 0)

    def test_takes_a_call(self):
        program = self.start("incoming", "+15550100")
        self.rig.monitor.expect("call-added", State="ringing")
        self.rig.ctl("answer")
        program.wait(lambda line: line.startswith("answer-call "), "answer-call")
        call, = self.rig.calls().values()
        self.assertEqual((call["State"], call["DisplayName"]), ("active", "+15550100"))
        program.wait(lambda line: line.startswith(f"sound {call['UUID']} callsd."), "sound")
        self.end(program)

    def test_places_a_call(self):
        program = self.start("dial", "+15550100")
        program.wait(lambda line: line.startswith("start-call "), "start-call")
        self.rig.monitor.expect("call-changed", State="active")
        call, = self.rig.calls().values()
        self.assertEqual((call["Outgoing"], call["RemoteHandle"]), (True, "+15550100"))
        self.end(program)

    def test_is_short(self):
        with open(PROGRAM) as file:
            self.assertLessEqual(len(file.readlines()), 60)


if __name__ == "__main__":
    rig.main()
