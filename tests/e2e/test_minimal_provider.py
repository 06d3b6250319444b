#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The provider of README.md, as it stands there: rings, is answered, is ended."""
import sys

sys.dont_write_bytecode = True

import rig


class MinimalProvider(rig.TestCase):
    def test_rings_is_answered_and_ended(self):
        self.rig.start_callsd()
        self.rig.add(rig.Program([self.rig.programs.minimal], "minimal-provider",
                                 log=self.rig.log("minimal-provider")))
        self.rig.monitor.expect("call-added", State="ringing")
        self.rig.ctl("answer")
        call, = self.rig.calls().values()
        self.assertEqual((call["State"], call["DisplayName"]), ("active", "Ada"))
        self.rig.ctl("end")
        self.rig.monitor.expect("call-changed", State="ended")


if __name__ == "__main__":
    rig.main()
