#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls of a mocked ModemManager as callsd's: every order, one call and several."""
import sys

sys.dont_write_bytecode = True

import rig
import modemmanager
from modemmanager import (ACTIVE, HELD, RINGING_OUT, R_ACCEPTED, R_TERMINATED, R_UNKNOWN, SEARCHING,
                          TERMINATED, WAITING)


class Calls(modemmanager.Case):
    def test_answered(self):
        self.start()
        call, path = self.incoming()
        shown = self.rig.calls()[call]
        self.assertEqual((shown["State"], shown["RemoteHandle"], shown["Account"]),
                         ("ringing", "+15550100", "device0"))
        self.assertEqual(self.order("answer", call), [f"Accept {path}"])
        self.is_state(call, "active")
        self.assertEqual(self.order("dtmf", call, "5#"),
                         [f"SendDtmf 5 {path}", f"SendDtmf # {path}"])
        self.assertIn("mute", self.refused("mute", call))
        self.assertEqual(self.order("end", call), [f"Hangup {path}"])
        self.ended(call, EndedReason="local-ended")
        self.eventually(lambda: not self.mock.states(), "deletion of what is over")

    def test_declined(self):
        self.start()
        call, path = self.incoming()
        self.assertEqual(self.order("decline", call), [f"Hangup {path}"])
        self.ended(call, EndedReason="declined")

    def test_missed(self):
        self.start()
        call, path = self.incoming()
        self.mock.change(path, TERMINATED, R_UNKNOWN)
        self.ended(call, EndedReason="remote-ended")
        # ModemManager says the same of a caller who gives up and of somebody here who declines.
        call, path = self.incoming()
        self.mock.change(path, TERMINATED, R_TERMINATED)
        self.ended(call, EndedReason="remote-ended")
        self.assertEqual(self.mock.asked(), [])

    def test_dialled(self):
        self.start()
        log = self.dial("+1 (555) 010-0199")
        path = next(iter(self.mock.states()))
        self.assertEqual(log, ["CreateCall +15550100199", f"Start {path}"])
        call = self.new_call()
        self.is_state(call, "connecting")
        self.mock.change(path, RINGING_OUT)
        self.eventually(lambda: self.rig.calls()[call]["Alerting"], "ringing at the far end")
        self.mock.change(path, ACTIVE, R_ACCEPTED)
        self.is_state(call, "active")
        self.assertEqual(len(self.rig.calls()), 1)
        self.mock.change(path, TERMINATED, R_UNKNOWN)
        self.ended(call, EndedReason="remote-ended")
        self.eventually(lambda: not self.mock.states(), "deletion of what is over")

    def test_cannot_be_dialled(self):
        self.start()
        for error, reason, cause in (("Connection.Busy", "remote-ended", "busy"),
                                     ("Connection.NoAnswer", "unanswered", "no-answer"),
                                     ("Connection.NoCarrier", "remote-ended", ""),
                                     ("Connection.NoDialtone", "failed", "network")):
            # While the modem dials the call is there already.
            self.mock.control.Behave("Start", f"fail-later:{error}")
            self.rig.ctl("dial", "5550199")
            call = self.new_call()
            self.is_state(call, "connecting")
            self.mock.control.Release()
            self.ended(call, EndedReason=reason, EndedCause=cause)
            self.mock.control.Behave("Start", f"fail:{error}")
            self.refused("dial", "--wait", "5550199")
        self.eventually(lambda: not self.mock.states(), "deletion of what is over")
        self.mock.asked()
        for number in ("5;+CHUP", "alice", "5" * 81):
            self.refused("dial", "--wait", "--type=phone-number", number)
        self.assertEqual(self.mock.asked(), [])
        self.mock.control.Behave("CreateCall", "fail:Core.WrongState")
        self.assertIn("lets CreateCall fail", self.refused("dial", "--wait", "5550199"))

    def test_cancelled_while_dialling(self):
        """ModemManager has not even answered yet."""
        self.start()
        self.mock.control.Behave("Start", "hang")
        self.dial("5550199")
        call = self.new_call()
        path = next(iter(self.mock.states()))
        self.assertEqual(self.order("end", call), [f"Hangup {path}"])
        self.ended(call, EndedReason="local-ended")
        self.assertEqual(self.rig.calls(), {})

    def test_emergency(self):
        self.start()
        self.mock.control.SetModemState(self.modem, SEARCHING)
        self.account("device0", "searching")
        self.mock.asked()
        self.assertIn("online", self.refused("dial", "--wait", "5550199"))
        self.assertEqual(self.mock.asked(), [])
        for number in ("112", "144"):  # everywhere; of this SIM
            self.assertEqual(self.dial(number)[0], f"CreateCall {number}")
            self.rig.ctl("end", self.new_call())
            self.eventually(lambda: not self.rig.calls(), "end of the call")


class SeveralCalls(modemmanager.Case):
    def test_hold_and_resume(self):
        self.start()
        call, path = self.active()
        hold = [f"HoldAndAccept {self.modem}"]
        for _ in range(3):
            self.assertEqual(self.order("hold", call), hold)
            self.is_state(call, "held")
            self.assertEqual(self.mock.states(), {path: HELD})
            self.assertEqual(self.order("resume", call), hold)
            self.is_state(call, "active")
            self.assertEqual(self.mock.states(), {path: ACTIVE})

    def test_hold_and_answer(self):
        """One verb for both: the answer does not need a hold of its own."""
        self.start()
        first, first_path = self.active("+15550100")
        second, second_path = self.incoming("+15550101")
        self.assertTrue(self.rig.calls()[second]["Waiting"])
        self.assertEqual(self.order("answer", second), [f"HoldAndAccept {self.modem}"])
        self.is_state(first, "held")
        self.is_state(second, "active")
        self.assertEqual(self.mock.states(), {first_path: HELD, second_path: ACTIVE})

    def test_swap(self):
        self.start()
        first, first_path, second, second_path = self.two()
        for active, held in ((first, second), (second, first), (first, second)):
            self.assertEqual(self.order("swap"), [f"HoldAndAccept {self.modem}"])
            self.is_state(active, "active")
            self.is_state(held, "held")
        self.assertEqual(self.order("end", second), [f"Hangup {second_path}"])
        self.ended(second, EndedReason="local-ended")
        self.is_state(first, "active")
        self.assertEqual(self.mock.states(), {first_path: ACTIVE})

    def test_end_and_answer(self):
        self.start()
        first, first_path = self.active("+15550100")
        second, second_path = self.incoming("+15550101")
        # One verb if both orders are there when the modem is asked; callsd sends ends ahead.
        self.assertIn(self.order("answer", second, "--end-others"),
                      ([f"HangupAndAccept {self.modem}"],
                       [f"Hangup {first_path}", f"HoldAndAccept {self.modem}"]))
        self.ended(first, EndedReason="local-ended")
        self.is_state(second, "active")
        self.assertEqual(self.mock.states(), {second_path: ACTIVE})

    def test_no_hold_while_a_call_waits(self):
        """HoldAndAccept would answer it."""
        self.start()
        first, first_path = self.active("+15550100")
        second, second_path = self.incoming("+15550101")
        self.mock.asked()
        self.assertIn("waits", self.refused("hold", first))
        self.assertEqual(self.mock.asked(), [])
        self.assertEqual(self.mock.states(), {first_path: ACTIVE, second_path: WAITING})
        self.assertEqual(self.order("decline", second), [f"Hangup {second_path}"])
        self.assertEqual(self.order("hold", first), [f"HoldAndAccept {self.modem}"])
        self.is_state(first, "held")

    def test_waiting_call_alone(self):
        """The first call ends: ModemManager has the other as waiting for a while still."""
        self.start()
        first, first_path = self.active("+15550100")
        second, second_path = self.incoming("+15550101")
        self.mock.change(first_path, TERMINATED, R_UNKNOWN)
        self.ended(first, EndedReason="remote-ended")
        self.rig.ctl("answer", second)
        self.is_state(second, "active")

    def test_third_call_is_not_answered(self):
        """A modem holds one call; nothing is ended that nobody asked to end."""
        self.start()
        first, first_path, second, second_path = self.two()
        third, third_path = self.incoming("+15550102")
        self.refused("answer", third)
        self.assertEqual(self.mock.states(),
                         {first_path: HELD, second_path: ACTIVE, third_path: WAITING})

    def test_conference(self):
        self.start()
        first, first_path, second, second_path = self.two()
        self.assertEqual(self.order("merge"), [f"JoinMultiparty {first_path}"])
        for call in (first, second):
            self.is_state(call, "active")
        groups = {call["Group"] for call in self.rig.calls().values()}
        self.assertTrue(len(groups) == 1 and groups != {""}, groups)
        # As a whole. Made active again, ModemManager says so of one member first.
        self.assertEqual(self.order("hold", first), [f"HoldAndAccept {self.modem}"])
        for call in (first, second):
            self.is_state(call, "held")
        self.assertEqual(self.order("resume", second), [f"HoldAndAccept {self.modem}"])
        for call in (first, second):
            self.is_state(call, "active")
        self.assertEqual(self.order("split", second), [f"LeaveMultiparty {second_path}"])
        self.is_state(first, "held")
        self.is_state(second, "active")
        self.assertEqual(self.mock.states(), {first_path: HELD, second_path: ACTIVE})

    def test_conference_of_three(self):
        """A held conference cannot join in ModemManager: the lone call joins it."""
        self.start()
        first, first_path, second, second_path = self.two()
        self.rig.ctl("merge")
        self.is_state(first, "active")
        third, third_path = self.active("+15550102")
        self.is_state(first, "held")
        self.assertEqual(self.order("merge", third, first),
                         [f"HoldAndAccept {self.modem}", f"JoinMultiparty {third_path}"])
        for call in (first, second, third):
            self.is_state(call, "active")
        groups = {call["Group"] for call in self.rig.calls().values()}
        self.assertTrue(len(groups) == 1 and groups != {""}, groups)
        self.assertEqual(self.order("end", second), [f"Hangup {second_path}"])
        self.assertEqual(self.mock.states(), {first_path: ACTIVE, third_path: ACTIVE})


class Refusals(modemmanager.Case):
    def test_verbs_that_fail(self):
        self.start()
        first, first_path = self.active("+15550100")
        self.mock.control.Behave("HoldAndAccept", "fail:Core.Unsupported")
        self.assertIn("HoldAndAccept", self.refused("hold", first))
        self.is_state(first, "active")
        second, second_path = self.incoming("+15550101")
        self.refused("answer", second)
        self.assertEqual(self.mock.states(), {first_path: ACTIVE, second_path: WAITING})
        self.mock.control.Behave("HoldAndAccept", "")
        again = self.new_call({first})
        self.rig.ctl("answer", again)
        self.is_state(again, "active")
        self.mock.control.Behave("JoinMultiparty", "fail:Core.Failed")
        self.refused("merge")
        self.mock.control.Behave("SendDtmf", "fail:Core.Failed")
        self.assertIn("SendDtmf", self.refused("dtmf", again, "1"))
        self.is_state(again, "active")
        self.is_state(first, "held")

    def test_call_ends_under_a_verb(self):
        """The far end hangs up while ModemManager is at it."""
        self.start()
        first, first_path = self.active("+15550100")
        self.mock.control.Behave("HoldAndAccept", "hold-back")
        held = self.rig.add(rig.Program([self.rig.programs.callsctl, "hold", first]))
        self.eventually(lambda: self.mock.asked(), "HoldAndAccept")
        self.mock.change(first_path, TERMINATED, R_UNKNOWN)
        self.ended(first, EndedReason="remote-ended")
        self.mock.control.Release()
        held.ended()
        held.stop()
        self.rig.running.remove(held)
        self.mock.control.Behave("HoldAndAccept", "")
        second, _ = self.active("+15550101")
        self.rig.ctl("hold", second)
        self.is_state(second, "held")


if __name__ == "__main__":
    modemmanager.main()
