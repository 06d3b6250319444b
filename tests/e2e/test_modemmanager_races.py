#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mocked ModemManager whose calls change just while it is being asked for something."""
import sys

sys.dont_write_bytecode = True

import modemmanager
import rig
from modemmanager import ACTIVE, DIALING, HELD, RINGING_IN, TERMINATED, WAITING


class Races(modemmanager.Case):
    def begin(self, verb, *order):
        """An order that ModemManager has got, and does not do before Release()."""
        self.mock.asked()
        self.mock.control.Behave(verb, "hold-back")
        program = rig.Program([self.rig.programs.callsctl, *order])
        self.addCleanup(program.stop)
        self.eventually(lambda: any(line.startswith(verb) for line in self.mock.asked()), verb)
        self.mock.control.Behave(verb, "")
        return program

    def are(self, **states):
        """Waits for exactly these calls, by the last digit of their number: c0="active"."""
        def found():
            return {f"c{call['RemoteHandle'][-1]}": call["State"]
                    for call in self.rig.calls().values()}
        self.eventually(lambda: found() == states, f"{states}, but {found()}")

    def test_a_call_comes_during_a_hold(self):
        """The modem holds, and answers the call that has come: that is told as it is."""
        self.start()
        first, _ = self.active("+15550100")
        hold = self.begin("HoldAndAccept", "hold", first)
        self.mock.incoming(self.modem, "+15550101")
        self.mock.control.Release()
        self.are(c0="held", c1="active")
        self.assertEqual(hold.ended(), 0)

    def test_the_waiting_call_goes_during_hold_and_answer(self):
        """What is active is held then, and nothing answered; nothing is lost."""
        self.start()
        first, first_path = self.active("+15550100")
        second, second_path = self.incoming("+15550101")
        answer = self.begin("HoldAndAccept", "answer", second)
        self.mock.change(second_path, TERMINATED)
        self.mock.control.Release()
        self.assertNotEqual(answer.ended(), 0)
        self.ended(second)
        self.eventually(lambda: self.mock.states().get(first_path) in (ACTIVE, HELD), "first call")
        self.rig.ctl("resume", first)
        self.are(c0="active")
        self.assertEqual(self.mock.states(), {first_path: ACTIVE})

    def test_the_held_call_goes_during_a_swap(self):
        self.start()
        first, first_path, second, second_path = self.two()
        swap = self.begin("HoldAndAccept", "swap")
        self.mock.change(first_path, TERMINATED)
        self.mock.control.Release()
        swap.ended()
        self.ended(first)
        self.eventually(lambda: second_path in self.mock.states(), "second call")
        self.rig.ctl("resume", second)
        self.are(c1="active")
        self.assertEqual(self.mock.states(), {second_path: ACTIVE})

    def test_the_caller_gives_up_during_the_answer(self):
        self.start()
        call, path = self.incoming()
        answer = self.begin("Accept", "answer", call)
        self.mock.change(path, TERMINATED)
        self.mock.control.Release()
        self.assertNotEqual(answer.ended(), 0)
        self.ended(call)
        self.assertEqual(self.rig.calls(), {})

    def test_ended_during_a_hold(self):
        """The end waits until the modem is free, and hits the right call."""
        self.start()
        first, first_path, second, second_path = self.two()
        self.begin("HoldAndAccept", "swap")
        end = rig.Program([self.rig.programs.callsctl, "end", second])
        self.addCleanup(end.stop)
        self.is_state(second, "ending")
        self.mock.control.Release()
        self.assertEqual(end.ended(), 0)
        self.ended(second, EndedReason="local-ended")
        self.eventually(lambda: list(self.mock.states()) == [first_path], "end of one call")
        self.are(c0="active")

    def test_dialled_elsewhere_at_the_same_time(self):
        """Two calls come about; each is taken for what it is."""
        self.start()
        dial = self.begin("CreateCall", "dial", "+15550102")
        other = self.mock.create(self.modem, "+15550103")
        self.mock.call(other).Start()
        self.mock.control.Release()
        self.assertEqual(dial.ended(), 0)
        self.eventually(lambda: len(self.mock.states()) == 2, "two calls")
        self.are(c2="connecting", c3="connecting")
        call = next(c for c, facts in self.rig.calls().items()
                    if facts["RemoteHandle"] == "+15550103")
        self.rig.ctl("end", call)
        self.are(c2="connecting")
        self.assertEqual(self.mock.states()[other], TERMINATED)

    def two_modems(self):
        """An active call at one modem, and one that rings at another."""
        self.start()
        self.first_modem = self.modem
        other = self.mock.add_modem(DeviceIdentifier="device1")
        self.account("device1", "online")
        first, first_path = self.active("+15550100")
        self.modem, second_path = other, self.mock.incoming(other, "+15550101")
        return first, first_path, self.new_call({first}), second_path

    def test_a_hold_fails_at_another_modem(self):
        """Then there is no answer: nobody talks to two at once."""
        first, first_path, second, second_path = self.two_modems()
        self.mock.control.Behave("HoldAndAccept", "fail-later:Core.Failed")
        answer = rig.Program([self.rig.programs.callsctl, "answer", second])
        self.addCleanup(answer.stop)
        self.eventually(lambda: f"HoldAndAccept {self.first_modem}" in self.mock.asked(), "a hold")
        self.mock.control.Release()
        self.assertNotEqual(answer.ended(), 0)
        self.assertEqual(self.mock.states(), {first_path: ACTIVE, second_path: RINGING_IN})
        self.are(c0="active", c1="ringing")
        self.mock.control.Behave("HoldAndAccept", "")
        self.rig.ctl("answer", second)
        self.are(c0="held", c1="active")

    def test_a_hold_takes_time_at_another_modem(self):
        first, first_path, second, second_path = self.two_modems()
        answer = self.begin("HoldAndAccept", "answer", second)
        self.assertEqual(self.mock.states(), {first_path: ACTIVE, second_path: RINGING_IN})
        self.mock.control.Release()
        self.assertEqual(answer.ended(), 0)
        self.assertEqual(self.mock.states(), {first_path: HELD, second_path: ACTIVE})
        self.are(c0="held", c1="active")
        # A swap is one verb at each.
        self.mock.control.Behave("HoldAndAccept", "fail:Core.Failed")
        self.assertNotEqual(self.rig.ctl("swap", check=False).returncode, 0)
        self.are(c0="held", c1="active")
        self.mock.control.Behave("HoldAndAccept", "")
        self.rig.ctl("swap")
        self.are(c0="active", c1="held")

    def test_an_emergency_call_beside_a_hold_that_hangs(self):
        """It is placed at the other modem at once, whatever becomes of the hold."""
        first, first_path, second, second_path = self.two_modems()
        self.rig.ctl("decline", second)
        self.eventually(lambda: not self.mock.states().get(second_path), "one call")
        self.mock.control.Behave("HoldAndAccept", "hang")
        dial = rig.Program([self.rig.programs.callsctl, "dial", "--account=device1", "112"])
        self.addCleanup(dial.stop)
        self.eventually(lambda: DIALING in self.mock.states().values(), "dialling", deadline=2)

    def test_callsd_dies_during_an_order(self):
        self.start()
        first, first_path = self.active("+15550100")
        self.begin("HoldAndAccept", "hold", first)
        self.drop(self.rig.callsd)
        self.mock.control.Release()
        self.rig.start_callsd()
        self.are(c0="held")
        self.rig.ctl("resume", first)
        self.are(c0="active")
        self.assertEqual(self.mock.states(), {first_path: ACTIVE})

    def test_callsd_comes_late(self):
        """A call that rings before there is a callsd, and one whose number comes later still."""
        self.bus = self.rig.add(modemmanager.Bus(self.rig))
        self.start_mock()
        self.modem = self.mock.add_modem()
        path = self.mock.incoming(self.modem, "")
        self.launch_bridge()
        self.rig.start_callsd()
        call = self.new_call()
        self.assertEqual(self.rig.calls()[call]["State"], "ringing")
        self.mock.control.SetNumber(path, "+15550105")
        self.are(c5="ringing")
        self.rig.ctl("answer", call)
        self.are(c5="active")

    def test_the_caller_gives_up_before_it_is_declined(self):
        """A waiting call is declined when ModemManager knows it, or when it goes before that."""
        self.wait_msec = 60000
        self.start()
        first, first_path = self.active("+15550100")
        second, second_path = self.incoming("+15550101")
        decline = rig.Program([self.rig.programs.callsctl, "decline", second])
        self.addCleanup(decline.stop)
        self.is_state(second, "ending")
        self.mock.change(second_path, TERMINATED)
        self.assertEqual(decline.ended(), 0)
        self.mock.asked()
        self.assertEqual(self.order("hold", first), [f"HoldAndAccept {self.modem}"])
        self.are(c0="held")

    def test_a_third_call_beside_two(self):
        """Declined, it leaves the other two as they are."""
        self.start()
        first, first_path, second, second_path = self.two()
        third, third_path = self.incoming("+15550102")
        self.assertEqual(self.mock.states()[third_path], WAITING)
        self.assertEqual(self.order("decline", third), [f"Hangup {third_path}"])
        self.ended(third, EndedReason="declined")
        self.are(c0="held", c1="active")


if __name__ == "__main__":
    modemmanager.main()
