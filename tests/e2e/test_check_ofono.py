#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-ofono does what `callsctl check-provider` asks of it, with real ofonod."""
import sys

sys.dont_write_bytecode = True

import kit
import modem
import rig


class Check(modem.TestCase):
    def test_callsd_ofono(self):
        self.start_modems()
        self.start_bridge("--testing")
        tell = f"{sys.executable} {rig.SUPPORT}/at-modem --control {self.modem.control_port}"
        for number, fate in (("+15550101", "answers"), ("+15550102", "rings"),
                             ("+15550103", "is-busy")):
            self.modem.do("person", number, fate)
        rows = kit.check(
            self.rig, modem.PROVIDER, "--dial=+15550101", "--dial-ringing=+15550102",
            "--dial-busy=+15550103", f"--incoming={tell} ring +15550104",
            f"--remote-end={tell} end 1", f"--remote-hold={tell} remote-hold",
            f"--restart={kit.restart_command(self.rig)}", status=0)
        kit.assert_passed(self, rows, unseen=["streams"])


if __name__ == "__main__":
    rig.main(program="with-bus") if modem.OFONOD else sys.exit(77)
