#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cellular calls that others act on or that were there before, and callsd-ofono as a program.

Rows: V7 (calls of before).
"""
import sys

sys.dont_write_bytecode = True

import os
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
            self.eventually(
                lambda: {"incoming", "waiting"} & set(self.ofono.calls("sim1").values()), "call")
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
