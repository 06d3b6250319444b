#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that die and come back in the middle of cellular calls, and modems that go.

Rows: R13 (a provider is lost), V7 (calls of before).
"""
import sys

sys.dont_write_bytecode = True

import signal

import modem
import rig

A, B, C = "+15550101", "+15550102", "+15550103"


class Restarts(modem.TestCase):
    def two_calls(self):
        """A is held, B active; nothing is asked of the modem from here on."""
        self.start()
        self.answered(A)
        self.answered(B)
        self.expect({A: "held", B: "active"})
        self.before = {number: self.uuid(number) for number in (A, B)}
        self.modem.verbs()

    def assert_same(self, *numbers):
        self.assertEqual({number: self.uuid(number) for number in numbers},
                         {number: self.before[number] for number in numbers})

    def test_bridge_killed(self):
        self.two_calls()
        self.bridge.signal(signal.SIGKILL)
        self.bridge.ended()
        self.eventually(lambda: all(call["Reconnecting"] for call in self.rig.calls().values()),
                        "calls that wait for their provider")
        self.expect_modem("held", "active")
        self.start_bridge()
        self.expect({A: "held", B: "active"})
        self.eventually(lambda: not any(call["Reconnecting"]
                                        for call in self.rig.calls().values()), "calls")
        self.assert_same(A, B)
        self.assertEqual(self.modem.verbs(), [])
        self.rig.ctl("swap")
        self.expect({A: "active", B: "held"})
        self.assertEqual(self.modem.verbs(), ["+CHLD=2"])

    def test_ended_meanwhile(self):
        """Who ends a call while there is no bridge is not overheard when there is one again."""
        self.two_calls()
        self.bridge.signal(signal.SIGKILL)
        self.bridge.ended()
        self.eventually(lambda: self.rig.calls()[self.before[B]]["Reconnecting"], "waiting call")
        end = self.rig.add(rig.Program([self.rig.programs.callsctl, "end", self.before[B]], "end"))
        self.eventually(lambda: self.rig.calls()[self.before[B]]["State"] == "ending", "end")
        self.start_bridge()
        self.assertEqual(end.ended(), 0)
        self.assertEqual(self.ended(self.before[B])[0], "local-ended")
        # And the one that it had interrupted goes on.
        self.expect_modem("active")
        self.expect({A: "active"})

    def test_changes_meanwhile(self):
        """One call ends, one changes and one comes while there is no bridge."""
        self.two_calls()
        self.bridge.signal(signal.SIGKILL)
        self.bridge.ended()
        self.modem.do("end", 2)
        self.eventually(lambda: list(self.ofono.calls("sim1").values()) == ["held"], "one call")
        self.ofono.manager("sim1", "SwapCalls")
        self.modem.ring(C)
        self.eventually(lambda: "waiting" in self.ofono.calls("sim1").values(), "new call")
        self.start_bridge()
        self.expect({A: "active", C: "ringing"})
        self.assert_same(A)
        self.assertEqual(self.ended(self.before[B])[0], "remote-ended")

    def test_bridge_stopped(self):
        """systemctl restart ends no call."""
        self.two_calls()
        self.bridge.stop()
        self.assertEqual(self.bridge.process.returncode, 0)
        self.expect_modem("held", "active")
        self.start_bridge()
        self.expect({A: "held", B: "active"})
        self.assert_same(A, B)
        self.rig.ctl("end", self.before[B])
        self.expect({A: "active"})
        self.rig.ctl("end", self.before[A])
        self.expect_modem()
        # Without calls it says goodbye.
        self.bridge.stop()
        self.eventually(lambda: not self.provider(), "end of the provider")

    def test_callsd_killed(self):
        self.two_calls()
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.rig.monitor.expect("callsd-gone")
        # What comes meanwhile is reported when callsd is back.
        self.modem.do("end", 2)
        self.eventually(lambda: list(self.modem.calls().values()) == ["held"], "one call")
        self.rig.start_callsd()
        self.expect({A: "held"})
        self.assert_same(A)
        self.rig.ctl("resume")
        self.expect_modem("active")

    def test_rings_without_callsd(self):
        self.start()
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.rig.monitor.expect("callsd-gone")
        self.modem.ring(A)
        self.eventually(lambda: list(self.ofono.calls("sim1").values()) == ["incoming"], "call")
        self.rig.start_callsd()
        self.expect({A: "ringing"})
        self.rig.ctl("answer")
        self.expect_modem("active")

    def test_ofonod_killed(self):
        self.two_calls()
        self.ofono.program.signal(signal.SIGKILL)
        self.ofono.program.ended()
        for number in (A, B):
            self.assertEqual(self.ended(self.before[number]),
                             ("failed", "network", "oFono is gone"))
        self.assertEqual(self.accounts(), {})
        # The modem still has them: so has callsd, when ofonod is back.
        self.ofono.start()
        self.eventually(lambda: self.accounts() == {"sim1": "off"}, "modem without power")
        self.ofono.set("sim1", "Powered", True)
        self.expect({A: "held", B: "active"})
        self.eventually(lambda: self.accounts()["sim1"] == "offline", "offline")

    def test_two_modems(self):
        self.start("sim1", "sim2")
        self.assertEqual(self.accounts(), {"sim1": "online", "sim2": "online"})
        self.assertEqual(self.provider()["MaximumCallGroups"], 4)
        self.rig.ctl("dial", "--account=sim2", A)
        self.expect({A: "connecting"})
        self.assertEqual(list(self.modems["sim2"].calls().values()), ["dialing"])
        self.modems["sim2"].do("connect")
        self.expect({A: "active"})
        first = self.uuid(A)
        # A call of the other modem: this one is held at its own modem.
        second = self.incoming(B, modem=self.modems["sim1"])
        self.rig.ctl("answer", second)
        self.expect({A: "held", B: "active"})
        self.expect_modem("held", modem=self.modems["sim2"])
        self.expect_modem("active", modem=self.modems["sim1"])
        # Their conference is beyond any network.
        answer = self.rig.ctl("merge", first, second, check=False)
        self.assertIn("different modems", answer.stderr)
        # A modem that breaks off takes its own calls along, and no others.
        self.modems["sim1"].do("quit")
        self.assertEqual(self.ended(second)[:2], ("failed", "network"))
        self.assertEqual(self.states(), {A: "held"})
        self.eventually(lambda: self.accounts() == {"sim1": "off", "sim2": "online"}, "accounts")

    def test_other_provider(self):
        """Hold and accept across two providers."""
        self.start()
        self.answered(A)
        example = self.rig.start_example()
        other = example.incoming()
        self.rig.ctl("answer", other)
        self.eventually(lambda: self.states()[A] == "held", "call of the modem that is held")
        self.expect_modem("held")
        self.rig.ctl("end", other)
        self.eventually(lambda: self.states() == {A: "active"}, "call that resumes")
        self.expect_modem("active")


if __name__ == "__main__":
    rig.main(program="with-bus") if modem.OFONOD else sys.exit(77)
