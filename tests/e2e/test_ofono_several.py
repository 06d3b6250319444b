#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several cellular calls at one modem: holds, swaps, conferences, and what is refused because the
network's verbs would move a call that nobody spoke of.

Rows: T6 and T20 (hold, merge), X16 (a hold that fails costs nothing).
"""
import sys

sys.dont_write_bytecode = True

import os
import shutil

import modem
import rig

A, B, C = "+15550101", "+15550102", "+15550103"


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

    def install_manifest(self):
        """What makes 112 an emergency number for callsd."""
        folder = f"{self.rig.directory}/data/callsd/providers"
        os.makedirs(folder)
        shutil.copy(f"{rig.SUPPORT}/../../providers/ofono/org.callsd.oFono.provider", folder)
        os.environ["CALLSD_SYSTEM_DATA_DIRS"] = f"{self.rig.directory}/data"

    def test_emergency(self):
        """It waits for nobody: a held and a waiting call make room."""
        self.install_manifest()
        self.three_calls()
        self.rig.ctl("dial", "112")
        self.eventually(lambda: "dialing" in self.modem.calls().values(), "emergency call")
        self.eventually(lambda: self.states().get("112") == "connecting", "emergency call")
        self.assertTrue(self.rig.calls()[self.uuid("112")]["Emergency"])
        self.modem.do("connect")
        self.eventually(lambda: self.states().get("112") == "active", "active call")
        self.assertEqual(list(self.modem.calls().values()).count("active"), 1)
        self.eventually(lambda: sorted(self.states().values())
                        == sorted(self.modem.calls().values()), "both sides to agree")

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
