#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens around calls of a mocked ModemManager: other programs, modems, restarts, crashes."""
import sys

sys.dont_write_bytecode = True

import os
import signal

import modemmanager
import rig
from modemmanager import (ACTIVE, DISABLED, HELD, PROVIDER, REAL, REGISTERED, R_ACCEPTED, SEARCHING,
                          TERMINATED, WAITING)


class Elsewhere(modemmanager.Case):
    """Another program of ModemManager's."""

    def test_dialled_and_held(self):
        self.start()
        path = self.mock.create(self.modem, "5550177")
        self.assertEqual(self.rig.calls(), {})
        self.mock.call(path).Start()
        call = self.new_call()
        shown = self.rig.calls()[call]
        self.assertEqual((shown["Outgoing"], shown["RemoteHandle"]), (True, "5550177"))
        self.mock.change(path, ACTIVE, R_ACCEPTED)
        self.is_state(call, "active")
        self.mock.voice(self.modem).HoldAndAccept()
        self.is_state(call, "held")
        self.mock.voice(self.modem).HoldAndAccept()
        self.is_state(call, "active")
        self.mock.call(path).Hangup()
        self.ended(call, EndedReason="local-ended")
        # Who has made it deletes it.
        self.assertEqual(self.mock.states(), {path: TERMINATED})

    def test_answered_declined_deleted(self):
        self.start()
        call, path = self.incoming()
        self.mock.call(path).Accept()
        self.is_state(call, "active")
        self.mock.call(path).Hangup()
        self.ended(call, EndedReason="local-ended")
        call, path = self.incoming()
        self.mock.voice(self.modem).DeleteCall(path)
        self.ended(call, EndedReason="remote-ended")

    def test_joined(self):
        self.start()
        first, first_path, second, _ = self.two()
        self.mock.call(first_path).JoinMultiparty()
        for call in (first, second):
            self.is_state(call, "active")
        self.eventually(lambda: len({c["Group"] for c in self.rig.calls().values()}) == 1, "group")


class Modems(modemmanager.Case):
    def test_come_and_go(self):
        self.start(modem=False)
        self.eventually(self.bridge_is_known, "registration")
        self.assertEqual(self.accounts(), {})
        self.modem = self.mock.add_modem(Model="EG25")
        self.account("device0", "online")
        self.assertEqual(self.accounts()["device0"]["Label"], "Loopback")
        call, _ = self.active()
        self.mock.control.RemoveModem(self.modem)
        self.ended(call, EndedReason="failed", EndedCause="network")
        self.account("device0", None)
        # The same modem under another path is the same account.
        self.modem = self.mock.add_modem(DeviceIdentifier="device0")
        self.account("device0", "online")
        self.active()

    def bridge_is_known(self):
        return PROVIDER in self.rig.ctl("providers").stdout

    def test_states(self):
        self.start()
        for state, word in ((DISABLED, "offline"), (2, "locked"), (-1, "failed"),
                            (SEARCHING, "searching"), (REGISTERED, "online"), (11, "online")):
            self.mock.control.SetModemState(self.modem, state)
            self.account("device0", word)
        call, _ = self.active()
        self.mock.control.SetVoice(self.modem, False)
        self.ended(call, EndedReason="failed")
        self.refused("dial", "--wait", "5550199")
        self.mock.control.SetVoice(self.modem, True)
        self.active()

    def test_two_of_one_make(self):
        self.start()
        other = self.mock.add_modem(DeviceIdentifier="device0", OperatorName="Other")
        self.account("device0-2", "online")
        self.mock.asked()
        self.dial("--account=device0-2", "5550199")
        call = self.new_call()
        self.assertEqual(self.rig.calls()[call]["Account"], "device0-2")
        self.assertEqual(list(map(str, self.mock.voice(other).ListCalls())),
                         list(self.mock.states()))

    def test_list_that_fails(self):
        self.start_world()
        self.start_mock()
        self.mock.control.Behave("GetManagedObjects", "fail:Core.Failed")
        self.start_bridge()
        self.eventually(lambda: any(line.startswith("GetManagedObjects")
                                    for line in self.mock.control.TakeLog()), "question")
        self.modem = self.mock.add_modem()
        self.mock.control.Behave("GetManagedObjects", "")
        self.account("device0", "online")
        self.active()


class Lives(modemmanager.Case):
    def test_calls_before_the_start(self):
        self.start_world()
        self.start_mock()
        self.modem = self.mock.add_modem()
        paths = [self.mock.incoming(self.modem, f"+1555010{i}") for i in range(4)]
        for path, state in zip(paths, (HELD, ACTIVE, WAITING, TERMINATED)):
            self.mock.change(path, state)
        self.start_bridge()
        self.eventually(lambda: {call["RemoteHandle"]: call["State"]
                                 for call in self.rig.calls().values()}
                        == {"+15550100": "held", "+15550101": "active", "+15550102": "ringing"},
                        "calls of before")

    def test_modemmanager_restarts(self):
        self.start()
        call, _ = self.active()
        self.drop(self.mock)
        self.ended(call, EndedReason="failed", EndedCause="network")
        self.account("device0", None)
        self.start_mock()
        self.modem = self.mock.add_modem()
        self.account("device0", "online")
        self.active()

    def test_its_bus_restarts(self):
        self.start()
        call, _ = self.active()
        self.drop(self.bus)
        self.drop(self.mock)
        self.ended(call, EndedReason="failed", EndedCause="network")
        os.unlink(f"{self.rig.directory}/modem-bus")
        self.bus = self.rig.add(modemmanager.Bus(self.rig))
        self.start_mock()
        self.modem = self.mock.add_modem()
        self.account("device0", "online")
        self.active()

    def test_bridge_is_killed(self):
        self.start()
        first, first_path, second, second_path = self.two()
        third, third_path = self.incoming("+15550102")
        self.drop(self.bridge)
        self.eventually(lambda: all(call["Reconnecting"] for call in self.rig.calls().values()),
                        "calls that wait for their app")
        self.mock.change(third_path, TERMINATED)
        self.start_bridge()
        self.ended(third, EndedReason="remote-ended")
        self.eventually(lambda: {call: facts["State"] for call, facts in self.rig.calls().items()
                                 if not facts["Reconnecting"]}
                        == {first: "held", second: "active"}, "the same calls")
        self.assertEqual(self.order("swap"), [f"HoldAndAccept {self.modem}"])
        self.is_state(first, "active")
        self.assertEqual(self.order("end", first), [f"Hangup {first_path}"])

    def test_callsd_is_killed(self):
        self.start()
        first, first_path, second, second_path = self.two()
        self.drop(self.rig.callsd)
        self.mock.change(first_path, TERMINATED)
        self.rig.start_callsd()
        self.eventually(lambda: {call: facts["State"] for call, facts in self.rig.calls().items()}
                        == {second: "active"}, "the call that is left")
        self.assertEqual(self.order("hold", second), [f"HoldAndAccept {self.modem}"])
        self.is_state(second, "held")


class Real(modemmanager.Case):
    """The real ModemManager, which finds no modem here."""

    def start_real(self):
        """Its plugins are of no use, and its polkit is nobody's."""
        self.real = self.rig.add(rig.Program(
            [REAL, "--no-auto-scan"], "ModemManager", log=self.rig.log("ModemManager"),
            environment={"DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}))

    def test_no_modem(self):
        if not REAL:
            self.skipTest("ModemManager is not installed; ./dev setup installs it")
        self.start_world()
        self.start_real()
        self.start_bridge()
        log = self.rig.log("callsd-modemmanager")

        def said(what):
            with open(log) as file:
                return file.read().count(what)
        self.eventually(lambda: said("ModemManager is there") == 1, "ModemManager")
        self.eventually(lambda: PROVIDER in self.rig.ctl("providers").stdout, "registration")
        self.assertEqual(self.accounts(), {})
        self.assertIn("no modem", self.refused("dial", "--wait", "5550199"))
        self.real.signal(signal.SIGTERM)
        self.real.ended()
        self.rig.running.remove(self.real)
        self.real.stop()
        self.eventually(lambda: said("ModemManager is gone") == 1, "loss of ModemManager")
        self.start_real()
        self.eventually(lambda: said("ModemManager is there") == 2, "ModemManager again")
        self.assertEqual(self.accounts(), {})


if __name__ == "__main__":
    modemmanager.main()
