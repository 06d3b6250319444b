#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cellular calls that others act on, and programs that die: nothing that happens to callsd-ofono or
callsd ends a call, and no call of the modem is unknown to callsd.

Rows: V7 (calls of before), R13 (a provider is lost).
"""
import sys

sys.dont_write_bytecode = True

import os
import signal
import subprocess
import time

import modem
import rig

A, B, C = "+15550101", "+15550102", "+15550103"


class Elsewhere(modem.TestCase):
    """Another program talks to oFono, too."""

    def voice_call(self, path, method):
        self.bus.call("org.ofono", path, "org.ofono.VoiceCall", method)

    def test_others_act(self):
        self.start()
        first = self.incoming(A)
        path = next(iter(self.ofono.calls("sim1")))
        self.voice_call(path, "Answer")
        self.expect({A: "active"})
        self.ofono.manager("sim1", "SwapCalls")
        self.expect({A: "held"})
        self.assertEqual(self.rig.calls()[first]["HoldReason"], "provider")
        self.ofono.manager("sim1", "SwapCalls")
        self.expect({A: "active"})
        self.ofono.manager("sim1", "Dial", "ss", B, "")
        self.expect({A: "held", B: "connecting"})
        self.modem.do("connect")
        self.expect({A: "held", B: "active"})
        self.modem.verbs()
        self.ofono.manager("sim1", "SwapCalls")
        self.expect({A: "active", B: "held"})
        # Nothing was ordered for what had happened already.
        self.assertEqual(self.modem.verbs(), ["+CHLD=2"])
        second = self.uuid(B)
        for path in self.ofono.calls("sim1"):
            self.voice_call(path, "Hangup")
        self.assertEqual(self.ended(first)[0], "local-ended")
        self.assertEqual(self.ended(second)[0], "local-ended")
        third = self.incoming(C)
        self.voice_call(next(iter(self.ofono.calls("sim1"))), "Hangup")
        self.assertEqual(self.ended(third)[0], "declined-elsewhere")

    def test_calls_of_before(self):
        """The bridge starts in the middle."""
        self.start_modems("sim1")
        self.modem.ring(A)
        self.eventually(lambda: list(self.ofono.calls("sim1").values()) == ["incoming"], "call")
        self.voice_call(next(iter(self.ofono.calls("sim1"))), "Answer")
        self.modem.ring(B)
        self.eventually(lambda: "waiting" in self.ofono.calls("sim1").values(), "second call")
        self.modem.verbs()
        self.start_bridge()
        self.expect({A: "active", B: "ringing"})
        self.assertTrue(self.rig.calls()[self.uuid(A)]["HasConnected"])
        self.assertGreater(self.rig.calls()[self.uuid(A)]["ConnectedAt"], 0)
        self.rig.ctl("answer", self.uuid(B))
        self.expect({A: "held", B: "active"})
        self.assertEqual(self.modem.verbs(), ["+CHLD=2"])

    def test_conference_of_before(self):
        self.start_modems("sim1")
        for number in (A, B):
            self.modem.ring(number)
            self.eventually(lambda: {"incoming", "waiting"} & set(self.ofono.calls("sim1").values()),
                            "call")
            if number == A:
                self.voice_call(next(iter(self.ofono.calls("sim1"))), "Answer")
            else:
                self.ofono.manager("sim1", "HoldAndAnswer")
        self.eventually(lambda: sorted(self.ofono.calls("sim1").values()) == ["active", "held"],
                        "two calls")
        self.ofono.manager("sim1", "CreateMultiparty")
        self.expect_modem("active+", "active+")
        self.start_bridge()
        self.expect({A: "active", B: "active"})
        self.assertEqual(len({call["Group"] for call in self.rig.calls().values()} - {""}), 1)


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


class Program(modem.TestCase):
    def run_bridge(self, *arguments):
        return subprocess.run([self.rig.programs.ofono, *arguments], capture_output=True,
                              text=True, timeout=20)

    def log(self):
        with open(self.rig.log("callsd-ofono"), errors="replace") as file:
            return file.read()

    def test_arguments(self):
        self.assertIn("--modem-bus-address", self.run_bridge("--help").stdout)
        self.assertRegex(self.run_bridge("--version").stdout, r"^callsd-ofono [0-9.]+\n$")
        answer = self.run_bridge("nonsense")
        self.assertEqual((answer.returncode, "'nonsense' is not expected" in answer.stderr),
                         (2, True))
        self.assertEqual(self.run_bridge("--nonsense").returncode, 2)
        for option in ("--bus-address", "--modem-bus-address"):
            answer = self.run_bridge(f"{option}=nonsense")
            self.assertEqual((answer.returncode, f'{option}: "nonsense" is not the address'
                              in answer.stderr), (2, True))

    def test_waits_for_ofono(self):
        """Said once; and oFono may come, or its whole bus."""
        self.modems = {}
        self.bus.stop()
        os.unlink(self.bus.path) if os.path.exists(self.bus.path) else None
        self.start_bridge(ready=False)
        self.eventually(lambda: "waiting for it" in self.log(), "line that says so")
        self.assertEqual(self.accounts(), {})
        self.assertNotEqual(self.rig.ctl("dial", "--wait", A, check=False).returncode, 0)
        self.bus = self.rig.add(modem.SystemBus(self.rig))
        self.start_modems("sim1")
        self.eventually(lambda: self.accounts() == {"sim1": "online"}, "modem")
        self.assertEqual(self.log().count("waiting for it"), 1)

    def switches(self):
        """How often it has been woken up."""
        with open(f"/proc/{self.bridge.process.pid}/status") as file:
            return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)

    def test_idle(self):
        """A bridge that has nothing to do does nothing, also with a call."""
        self.start()
        self.answered(A)
        self.ofono.set("sim1", "Lockdown", False)
        last, since = self.switches(), time.monotonic()

        def quiet():
            nonlocal last, since
            if self.switches() != last:
                last, since = self.switches(), time.monotonic()
            return time.monotonic() - since > 2
        self.eventually(quiet, "two seconds without a wakeup")


if __name__ == "__main__":
    rig.main(program="with-bus") if modem.OFONOD else sys.exit(77)
