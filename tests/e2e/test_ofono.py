#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cellular calls: callsd, callsd-ofono, ofonod with its phonesim plugin, and a modem that keeps the
network's rules. What is looked at is what callsd says and which AT commands the modem got.

Rows: V6 (calls of a bridge), T6 and T20 (hold, merge), X16 (a hold that fails costs nothing).
"""
import sys

sys.dont_write_bytecode = True

import modem
import rig

A, B, C = "+15550101", "+15550102", "+15550103"


class Calls(modem.TestCase):
    """One call at a time."""

    def test_incoming(self):
        self.start()
        call = self.incoming(A, "Alice")
        facts = self.rig.calls()[call]
        self.assertEqual((facts["Account"], facts["LocalizedCallerName"], facts["Outgoing"]),
                         ("sim1", "Alice", False))
        self.rig.ctl("answer", call)
        self.expect({A: "active"})
        self.expect_modem("active")
        self.assertEqual(self.modem.verbs(), ["A"])
        self.modem.do("remote-hold")
        self.fact(call, "RemoteHeld", True)
        self.modem.do("remote-resume")
        self.fact(call, "RemoteHeld", False)
        self.modem.do("end", 1)
        self.assertEqual(self.ended(call), ("remote-ended", "", ""))

    def test_declined_and_missed(self):
        self.start()
        call = self.incoming(A)
        self.rig.ctl("decline", call)
        self.assertEqual(self.ended(call)[0], "declined")
        self.expect_modem()
        self.assertEqual(self.modem.verbs(), ["+CHUP"])
        self.modem.ring("withheld")
        self.expect({"": "ringing"})
        call = next(iter(self.rig.calls()))
        self.modem.do("end", 1)
        self.assertEqual(self.ended(call)[0], "remote-ended")

    def test_outgoing(self):
        self.start()
        self.rig.ctl("dial", A)
        self.expect({A: "connecting"})
        call = self.uuid(A)
        self.assertEqual(self.rig.calls()[call]["Account"], "sim1")
        self.modem.do("alert")
        self.fact(call, "Alerting", True)
        self.modem.do("connect")
        self.expect({A: "active"})
        self.rig.ctl("end", call)
        self.assertEqual(self.ended(call)[0], "local-ended")
        self.expect_modem()
        self.assertEqual(self.modem.verbs(), [f"D{A};", "+CHUP"])
        self.rig.ctl("dial", B)
        self.expect({B: "connecting"})
        call = self.uuid(B)
        self.modem.do("end", 1, "busy")
        self.assertEqual(self.ended(call)[0], "remote-ended")
        self.rig.ctl("dial", C)
        self.expect({C: "connecting"})
        self.rig.ctl("end")
        self.expect_modem()

    def test_not_placed(self):
        """What cannot be dialled fails with the reason, and leaves nothing behind."""
        self.start()
        self.modem.do("fail", "D")
        answer = self.rig.ctl("dial", "--wait", A, check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("the modem or the network refused", answer.stderr)
        answer = self.rig.ctl("dial", "--wait", "*#06#", check=False)
        self.assertIn("cannot be dialled", answer.stderr)
        answer = self.rig.ctl("dial", "--wait", "--type=phone-number", "call-me", check=False)
        self.assertIn("only digits", answer.stderr)
        self.ofono.set("sim1", "Online", False)
        self.eventually(lambda: self.accounts() == {"sim1": "offline"}, "modem that is offline")
        answer = self.rig.ctl("dial", "--wait", A, check=False)
        self.assertIn("no modem is online", answer.stderr)
        self.assertEqual(self.rig.calls(), {})
        self.assertEqual(self.modem.verbs(), [f"D{A};"])

    def test_emergency(self):
        """An emergency call takes a modem out of flight mode."""
        self.start()
        self.ofono.set("sim1", "Online", False)
        self.eventually(lambda: self.accounts() == {"sim1": "offline"}, "modem that is offline")
        self.assertTrue(self.provider()["Accounts"][0]["Emergency"])
        self.rig.ctl("dial", "112")
        self.expect({"112": "connecting"})
        self.modem.do("connect")
        self.expect({"112": "active"})
        self.assertEqual(self.accounts(), {"sim1": "online"})
        self.rig.ctl("end")
        self.expect_modem()

    def test_keys_and_microphone(self):
        self.start()
        call = self.answered(A)
        self.rig.ctl("dtmf", call, "1")
        self.rig.ctl("dtmf", call, "#")
        self.eventually(lambda: self.modem.do("tones") == "1#", "keys")
        self.rig.ctl("mute", call)
        self.assertEqual(self.modem.do("muted"), "1")
        self.assertTrue(self.rig.calls()[call]["Muted"])
        # Its mute is the call's own: the next one can be heard.
        self.modem.do("end", 1)
        self.ended(call)
        call = self.answered(B)
        self.eventually(lambda: self.modem.do("muted") == "0", "open microphone")
        # Somebody else mutes.
        self.bus.call("org.ofono", "/sim1", "org.ofono.CallVolume", "SetProperty", "sv", "Muted",
                      "b", "true")
        self.fact(call, "Muted", True)
        self.rig.ctl("unmute", call)
        self.assertEqual(self.modem.do("muted"), "0")

    def test_keys_after_number(self):
        self.start()
        self.rig.ctl("dial", f"{A},23")
        self.expect({A: "connecting"})
        self.modem.do("connect")
        self.eventually(lambda: self.modem.do("tones") == "23", "keys after the pause")

    def test_hang_up_fails(self):
        """callsd's user is done with it: it is hung up as soon as the modem does it."""
        self.start()
        call = self.answered(A)
        self.modem.do("fail", "+CHUP")
        self.rig.ctl("end", call, check=False)
        self.assertEqual(self.ended(call)[0], "local-ended")
        self.expect_modem()

    def test_answer_fails(self):
        """Nobody asked for its end: it rings again."""
        self.start()
        call = self.incoming(A)
        self.modem.do("fail", "A")
        self.assertNotEqual(self.rig.ctl("answer", call, check=False).returncode, 0)
        self.assertEqual(self.ended(call)[0], "failed")
        self.expect({A: "ringing"})
        self.rig.ctl("answer")
        self.expect({A: "active"})


class SeveralCalls(modem.TestCase):
    """AT+CHLD changes calls that it does not name."""

    def test_hold_and_swap(self):
        self.start()
        first = self.answered(A)
        self.modem.verbs()
        self.rig.ctl("hold", first)
        self.expect_modem("held")
        self.rig.ctl("resume", first)
        self.expect_modem("active")
        second = self.incoming(B)
        self.assertTrue(self.rig.calls()[second]["Waiting"])
        self.rig.ctl("answer", second)
        self.expect({A: "held", B: "active"})
        self.expect_modem("held", "active")
        self.rig.ctl("swap")
        self.expect({A: "active", B: "held"})
        self.expect_modem("active", "held")
        # One verb for each of them, since CHLD=2 is for both calls at once.
        self.assertEqual(self.modem.verbs(), ["+CHLD=2"] * 4)
        self.rig.ctl("end", second)
        self.expect_modem("active")
        self.assertEqual(self.modem.verbs(), ["+CHLD=0"])
        self.expect({A: "active"})

    def test_end_and_answer(self):
        self.start()
        first = self.answered(A)
        second = self.incoming(B)
        self.modem.verbs()
        busctl = ["busctl", "--user", "call", "org.callsd", self.rig.call_path(second),
                  "org.callsd.Call1", "EndAndAnswer"]
        self.assertEqual(rig.subprocess.run(busctl, timeout=30).returncode, 0)
        self.expect({B: "active"})
        self.expect_modem("active")
        # In one verb, or one after the other if the orders came too far apart.
        self.assertIn(self.modem.verbs(), (["+CHLD=1"], ["+CHLD=11", "A"]))
        self.assertEqual(self.ended(first)[0], "local-ended")

    def three_calls(self):
        """A held, B active, C waiting."""
        self.start()
        self.answered(A)
        self.answered(B)
        self.incoming(C)
        self.expect_modem("held", "active", "waiting")
        self.modem.verbs()

    def test_three(self):
        self.three_calls()
        answer = self.rig.ctl("answer", self.uuid(C), check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.expect_modem("held", "active", "waiting")
        self.assertEqual(self.modem.verbs(), [])
        self.rig.ctl("answer", "--end-others", self.uuid(C))
        self.expect({A: "held", C: "active"})
        self.expect_modem("held", "active")
        self.assertIn(self.modem.verbs(), (["+CHLD=1"], ["+CHLD=12", "+CHLD=2"]))

    def test_decline_third(self):
        self.three_calls()
        self.rig.ctl("decline", self.uuid(C))
        self.expect_modem("held", "active")
        self.expect({A: "held", B: "active"})
        self.assertEqual(self.modem.verbs(), ["+CHLD=0"])

    def test_end_held_beside_waiting(self):
        """The network cannot do that now; it is done as soon as it can."""
        self.three_calls()
        first = self.uuid(A)
        self.rig.ctl("end", first, check=False)
        self.ended(first)
        self.expect({B: "active", C: "ringing"})
        self.expect_modem("held", "active", "waiting")
        self.rig.ctl("decline", self.uuid(C))
        self.expect_modem("active")
        self.expect({B: "active"})

    def test_hold_beside_waiting(self):
        """AT+CHLD=2 would answer the call that waits: it is not sent."""
        self.start()
        first = self.answered(A)
        self.incoming(B)
        self.modem.verbs()
        self.assertNotEqual(self.rig.ctl("hold", first, check=False).returncode, 0)
        self.assertEqual(self.modem.verbs(), [])
        self.expect({A: "active", B: "ringing"})
        self.expect_modem("active", "waiting")

    def test_hold_fails(self):
        """Rows: X16"""
        self.start()
        self.answered(A)
        second = self.incoming(B)
        self.modem.do("fail", "+CHLD=2")
        self.assertNotEqual(self.rig.ctl("answer", second, check=False).returncode, 0)
        self.expect({A: "active", B: "ringing"})
        self.expect_modem("active", "waiting")
        self.rig.ctl("answer", second)
        self.expect({A: "held", B: "active"})

    def test_hold_does_nothing(self):
        """A modem that says OK and changes nothing is not believed."""
        self.start()
        first = self.answered(A)
        self.modem.do("stay", "+CHLD=2")
        answer = self.rig.ctl("hold", first, check=False)
        self.assertIn("nothing has changed", answer.stderr)
        self.expect({A: "active"})

    def test_dial_second(self):
        self.start()
        self.answered(A)
        self.modem.verbs()
        self.rig.ctl("dial", B)
        self.expect({A: "held", B: "connecting"})
        self.modem.do("connect")
        self.expect({A: "held", B: "active"})
        self.assertEqual(self.modem.verbs(), ["+CHLD=2", f"D{B};"])
        # A third cannot be placed.
        self.assertNotEqual(self.rig.ctl("dial", "--wait", C, check=False).returncode, 0)
        # It was interrupted, and the interrupter is ended here: it resumes.
        self.rig.ctl("end", self.uuid(B))
        self.expect({A: "active"})
        self.expect_modem("active")

    def test_conference(self):
        self.start()
        first = self.answered(A)
        second = self.answered(B)
        self.modem.verbs()
        self.rig.ctl("merge", first, second)
        self.expect({A: "active", B: "active"})
        self.expect_modem("active+", "active+")
        self.assertEqual(self.modem.verbs(), ["+CHLD=3"])
        groups = {call["Group"] for call in self.rig.calls().values()}
        self.assertTrue(len(groups) == 1 and groups != {""})
        # Held and resumed as a whole.
        self.rig.ctl("hold", first)
        self.expect({A: "held", B: "held"})
        self.expect_modem("held+", "held+")
        self.rig.ctl("resume", second)
        self.expect_modem("active+", "active+")
        self.assertEqual(self.modem.verbs(), ["+CHLD=2"] * 2)
        # A third one comes in.
        third = self.answered(C)
        self.expect_modem("held+", "held+", "active")
        self.rig.ctl("merge", third, first)
        self.expect_modem("active+", "active+", "active+")
        self.modem.verbs()
        # A word in private: the others are held.
        self.rig.ctl("split", second)
        self.expect({A: "held", B: "active", C: "held"})
        self.expect_modem("held+", "active", "held+")
        self.assertEqual(self.modem.verbs(), ["+CHLD=22"])
        # It had interrupted them, and ends here: they resume.
        self.rig.ctl("end", second)
        self.expect({A: "active", C: "active"})
        self.expect_modem("active+", "active+")
        self.rig.ctl("end", third)
        self.expect({A: "active"})
        self.expect_modem("active")


if __name__ == "__main__":
    rig.main(program="with-bus") if modem.OFONOD else sys.exit(77)
