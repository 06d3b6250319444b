#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-sip does what `callsctl check-provider` asks of it, with baresip at the far end."""
import sys

sys.dont_write_bytecode = True

import os

import kit
import sip

COMMAND = os.path.join(os.path.dirname(os.path.abspath(__file__)), "baresip-command")


class Check(sip.TestCase):
    def test_callsd_sip(self):
        self.rig.start_callsd()
        phone = self.rig.start_sip(None, "", "--testing")
        alice = self.rig.far_end("alice", sip.TONES["alice"], deaf=True, answers=True)
        bob = self.rig.far_end("bob", sip.TONES["bob"], deaf=True)
        tell = f"{sys.executable} {COMMAND} {alice.control}"
        rows = kit.check(
            self.rig, sip.PROVIDER, f"--dial={alice.uri}", f"--dial-ringing={bob.uri}",
            f"--dial-busy=sip:nobody@127.0.0.1:{bob.port}", f"--incoming={tell} dial {phone.uri}",
            f"--remote-end={tell} hangup", f"--remote-hold={tell} hold",
            f"--restart={kit.restart_command(self.rig)}", status=0)
        kit.assert_passed(self, rows)


if __name__ == "__main__":
    sip.main()
