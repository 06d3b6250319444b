#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cellular calls: callsd, callsd-ofono, ofonod with its phonesim plugin, and a modem that keeps the
network's rules. What is looked at is what callsd says and which AT commands the modem got.

Rows: V6 (calls of a bridge).
"""
import sys

sys.dont_write_bytecode = True

import subprocess

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

    def test_refused(self):
        """What callsd does not let ring is hung up."""
        self.start()
        subprocess.run(["busctl", "--user", "set-property", "org.callsd", "/org/callsd",
                        "org.callsd.Manager1", "DoNotDisturb", "b", "true"], check=True, timeout=30)
        self.modem.ring(A)
        self.eventually(lambda: "+CHUP" in self.modem.verbs(), "end of the call")
        self.expect_modem()
        self.assertEqual(self.rig.calls(), {})

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


if __name__ == "__main__":
    rig.main(program="with-bus") if modem.OFONOD else sys.exit(77)
