#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The modem bridge with a modem daemon that is a script: orders, facts and faults in every order,
also those that no modem shows on demand.

Rows: X8 (a late answer), X16 (a hold that fails), V7 (calls of before).
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "e2e"))

import signal

import rig

ALL, DEAF = "1ff", "3"
A, B = "5550101", "5550102"


class Core(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.rig.programs.scripted = f"{self.build}/tests/providers/scripted-modem"
        self.rig.start_callsd()

    def start(self, abilities=ALL, listed=True):
        self.bridge = self.rig.add(rig.Program(
            [self.rig.programs.scripted, "--verbose",
             f"--modem-bus-address={os.environ['DBUS_SESSION_BUS_ADDRESS']}"], "scripted-modem",
            log=self.rig.log("scripted-modem")))
        self.bridge.wait(lambda line: line == "open", "open()")
        self.tell(f"modem m1 online {abilities}")
        if listed:
            self.tell("listed")
            self.eventually(lambda: "m1" in self.rig.ctl("--json", "providers").stdout, "account")

    def tell(self, *lines):
        self.mark = self.bridge.mark()
        self.bridge.tell("\n".join(lines))

    def asked(self, verb, rest="", since=None):
        """Waits for this question."""
        line = f"{verb} m1 {rest}".strip()
        self.bridge.wait(lambda said: said.startswith(line), line,
                         self.mark if since is None else since)
        self.mark = self.bridge.mark()

    def states(self):
        return {call["RemoteHandle"]: call["State"] for call in self.rig.calls().values()}

    def expect(self, states):
        try:
            self.eventually(lambda: self.states() == states, "calls")
        except AssertionError:
            self.assertEqual(self.states(), states)

    def uuid(self, number):
        return next(uuid for uuid, call in self.rig.calls().items()
                    if call["RemoteHandle"] == number)

    def later(self, *arguments):
        """callsctl, whose answer is to come."""
        return self.rig.add(rig.Program([self.rig.programs.callsctl, *arguments],
                                        " ".join(arguments), log=self.rig.log("callsctl")))

    def either_way(self, command):
        """It ends, with an error or not."""
        status = command.ended()
        self.rig.running.remove(command)
        command.stop()
        return status

    def assert_failed(self, command):
        """It ends with an error, which is what was to be."""
        self.assertEqual(self.either_way(command), 1)

    def active_and_waiting(self):
        self.start()
        self.tell(f"call m1 c1 active in {A}", f"call m1 c2 waiting in {B}")
        self.expect({A: "active", B: "ringing"})

    def test_swap_elsewhere_in_pieces(self):
        """Two active calls are a moment of a swap, and no reason to hold one."""
        self.start()
        self.tell(f"call m1 c1 active in {A}", f"call m1 c2 held in {B}")
        self.expect({A: "active", B: "held"})
        mark = self.rig.monitor.mark()
        first, second = self.uuid(A), self.uuid(B)
        self.tell(f"call m1 c2 active in {B}")
        self.tell(f"modem m1 roaming {ALL}")
        self.eventually(lambda: "roaming" in self.rig.ctl("--json", "providers").stdout, "state")
        self.assertEqual(self.states(), {A: "active", B: "held"})
        self.tell(f"call m1 c1 held in {A}")
        self.expect({A: "held", B: "active"})
        self.rig.monitor.state(first, "held", since=mark)
        self.rig.monitor.state(second, "active", since=mark)
        self.assertEqual([line for _, line in self.bridge.items], ["open"])

    def test_rings_beside_a_question(self):
        """A modem that thinks for long about one call does not hide another."""
        self.start()
        self.tell(f"call m1 c1 active in {A}")
        self.expect({A: "active"})
        key = self.later("dtmf", self.uuid(A), "5")
        self.asked("tones", "c1 5")
        self.tell(f"call m1 c2 waiting in {B}")
        self.expect({A: "active", B: "ringing"})
        self.tell("done")
        self.assertEqual(key.ended(), 0)

    def test_busy(self):
        self.start()
        self.tell(f"call m1 c1 active in {A}")
        self.expect({A: "active"})
        end = self.later("end", self.uuid(A))
        for _ in range(3):
            self.asked("hang-up", "c1")
            self.tell("busy")
        self.asked("hang-up", "c1")
        self.tell("done", "over m1 c1 local")
        self.assertEqual(end.ended(), 0)
        self.expect({})

    def test_first_hangs_up_meanwhile(self):
        """Hold and answer, but the first has just gone and the second rings alone."""
        self.active_and_waiting()
        answer = self.later("answer", self.uuid(B))
        self.asked("hold-and-answer", "c2")
        self.tell("over m1 c1 remote", f"call m1 c2 incoming in {B}", "fail refused")
        self.asked("answer", "c2")
        self.tell(f"call m1 c2 active in {B}", "done")
        self.expect({B: "active"})
        self.either_way(answer)

    def test_hold_fails(self):
        self.active_and_waiting()
        uuid = self.uuid(B)
        answer = self.later("answer", uuid)
        self.asked("hold-and-answer", "c2")
        self.tell("fail refused")
        self.assert_failed(answer)
        self.expect({A: "active", B: "ringing"})
        self.assertEqual(self.uuid(B), uuid)

    def test_answer_too_late(self):
        """callsd gave up: a modem that answers then would open the microphone unasked."""
        self.start()
        self.tell(f"call m1 c1 incoming in {A}")
        self.expect({A: "ringing"})
        action = ["answer-call", self.uuid(A), "{}"]
        busctl = ["busctl", "--user", "call", "org.callsd", "/org/callsd", "org.callsd.Manager1",
                  "RequestTransaction", "a(sa{sv})a{sv}", "1", action[0], "1", "Call", "s",
                  action[1], "1", "TimeoutUSec", "t", "1000000"]
        done = rig.subprocess.run(busctl, capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.asked("answer", "c1")
        self.expect({})
        self.tell(f"call m1 c1 active in {A}", "done")
        self.asked("hang-up", "c1")
        self.tell("done", "over m1 c1 local")

    def test_slow_callsd(self):
        """A report that callsd was too slow for is made again, and is one call."""
        self.start()
        self.rig.callsd.signal(signal.SIGSTOP)
        try:
            self.tell(f"call m1 c1 incoming in {A}")
            self.eventually(lambda: "callsd is away" in self.log(), "line that says so")
        finally:
            self.rig.callsd.signal(signal.SIGCONT)
        self.expect({A: "ringing"})
        self.eventually(lambda: "callsd is there" in self.log(), "line that says so")
        self.assertEqual(len(self.rig.calls()), 1)
        answer = self.later("answer", self.uuid(A))
        self.asked("answer", "c1")
        self.tell("done", f"call m1 c1 active in {A}")
        self.assertEqual(answer.ended(), 0)
        self.assertEqual(self.states(), {A: "active"})

    def log(self):
        with open(self.rig.log("scripted-modem"), errors="replace") as file:
            return file.read()

    def test_modem_goes_with_a_question(self):
        self.active_and_waiting()
        first = self.uuid(A)
        hold = self.later("hold", first)
        self.asked("swap")
        self.tell("modem-gone m1")
        self.either_way(hold)
        self.expect({})
        # Its answer comes late, and to nobody.
        self.tell("done", f"modem m1 online {ALL}", f"call m1 c9 incoming in {B}")
        self.expect({B: "ringing"})

    def test_dialled(self):
        """The new call is heard of before, or after, the answer; it is the same call."""
        self.start()
        self.rig.ctl("default", "tel", "org.callsd.Scripted", check=False)
        for n, early in ((1, True), (2, False)):
            dial = self.later("dial", A)
            self.asked("dial", f"- {A}")
            uuid = self.uuid(A)
            lines = [f"call m1 d{n} dialing out {A}", f"done d{n}"]
            self.tell(*(lines if early else reversed(lines)))
            self.assertEqual(dial.ended(), 0)
            self.expect({A: "connecting"})
            self.assertEqual(self.uuid(A), uuid)
            self.tell(f"over m1 d{n} network gone")
            self.expect({})

    def test_not_dialled(self):
        """What was refused here was placed by somebody else."""
        self.start()
        dial = self.later("dial", "--wait", A)
        self.asked("dial", f"- {A}")
        self.tell(f"call m1 d1 dialing out {B}", "fail refused")
        self.assert_failed(dial)
        self.expect({B: "connecting"})
        dial = self.later("dial", "--wait", "99")
        self.assert_failed(dial)
        self.expect({B: "connecting"})

    def test_ended_while_dialled(self):
        self.start()
        dial = self.later("dial", A)
        self.asked("dial", f"- {A}")
        end = self.later("end", self.uuid(A))
        self.tell("done d1", f"call m1 d1 dialing out {A}")
        self.asked("hang-up", "d1", since=0)
        self.tell("done", "over m1 d1 local")
        self.assertEqual((dial.ended(), end.ended()), (0, 0))
        self.expect({})

    def test_abilities(self):
        """What the modem cannot do is not offered, and waits for no modem."""
        self.start(DEAF)
        self.tell(f"call m1 c1 active in {A}")
        self.expect({A: "active"})
        facts = self.rig.calls()[self.uuid(A)]
        for name in ("Holding", "Grouping", "Ungrouping", "DTMF", "Muting"):
            self.assertFalse(facts[f"Supports{name}"], name)
        self.tell(f"modem m1 online {ALL}")
        self.eventually(lambda: self.rig.calls()[self.uuid(A)]["SupportsHolding"], "ability")

    def test_conference_elsewhere(self):
        self.start()
        self.tell(f"call m1 c1 active in {A}", f"call m1 c2 held in {B}")
        self.expect({A: "active", B: "held"})
        self.tell(f"call m1 c1 active in {A} multiparty", f"call m1 c2 active in {B} multiparty")
        self.expect({A: "active", B: "active"})
        self.assertEqual(len({call["Group"] for call in self.rig.calls().values()} - {""}), 1)
        self.assertEqual([line for _, line in self.bridge.items], ["open"])

    def test_late_list(self):
        """Calls of before are not over as long as the daemon has not said what there is."""
        self.start()
        self.tell(f"call m1 c1 active in {A}", f"call m1 c2 held in {B}")
        self.expect({A: "active", B: "held"})
        before = {number: self.uuid(number) for number in (A, B)}
        self.bridge.signal(signal.SIGKILL)
        self.bridge.ended()
        self.eventually(lambda: all(call["Reconnecting"] for call in self.rig.calls().values()),
                        "calls that wait")
        self.start(listed=False)
        self.eventually(lambda: not any(call["Reconnecting"]
                                        for call in self.rig.calls().values()), "provider")
        self.assertEqual(self.states(), {A: "active", B: "held"})
        self.tell(f"call m1 x1 held in {A}", "listed")
        self.expect({A: "held"})
        self.assertEqual(self.uuid(A), before[A])


if __name__ == "__main__":
    rig.main(program="with-bus")
