#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-modemmanager and `callsctl check-provider`, with a mock of ModemManager."""
import sys

sys.dont_write_bytecode = True

import kit
import modemmanager
from modemmanager import CONTROL, NAME, PATH, PROVIDER

HABITS = {"answers": "+15550101", "rings": "+15550102", "is-busy": "+15550103"}


class Check(modemmanager.Case):
    def tell(self, method, *arguments):
        return " ".join(["busctl", f"--address={self.bus.address}", "call", NAME, PATH, CONTROL,
                         method, *arguments])

    def test_callsd_modemmanager(self):
        self.start_world()
        self.start_mock()
        self.modem = self.mock.add_modem()
        for habit, number in HABITS.items():
            self.mock.control.SetHabit(number, habit)
        self.launch_bridge("--testing")
        self.account("device0", "online")
        rows = kit.check(
            self.rig, PROVIDER, f"--dial={HABITS['answers']}", f"--dial-ringing={HABITS['rings']}",
            f"--dial-busy={HABITS['is-busy']}",
            f"--incoming={self.tell('Incoming', 'os', self.modem, '+15550199')}",
            f"--remote-end={self.tell('FarEndHangsUp')}",
            f"--restart={kit.restart_command(self.rig)}", status=0)
        # ModemManager tells of no hold by the far end, and the sound is not ours.
        kit.assert_passed(self, rows, ["remote-hold"], ["streams"])


if __name__ == "__main__":
    modemmanager.main()
