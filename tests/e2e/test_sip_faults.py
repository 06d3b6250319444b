#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-sip when something dies: a far end, callsd, itself."""
import sys

sys.dont_write_bytecode = True

import os
import signal
import socket
import subprocess
import time

import sip

GAP_BLOCKS = 6  # of 5.3 ms


class Faults(sip.TestCase):
    def test_far_end_vanishes(self):
        alice, = self.start("alice", options="MediaTimeoutSec=2")
        call = self.answered(alice)
        # A held call has no media that could be missed.
        began = self.order("hold", call, state="held")
        sip.wait_for(lambda: time.monotonic() > began + 3, "three seconds of hold")
        self.order("resume", call, state="active")
        mark = self.rig.monitor.mark()
        alice.signal(signal.SIGKILL)
        self.ended(call, mark, EndedReason="failed", EndedCause="network")

    def test_answers_that_have_no_way(self):
        """Requests that lie about how they came, each of them twice."""
        self.rig.start_callsd()
        self.sip = self.rig.start_sip()
        for i, via in enumerate(("TCP 127.0.0.1:9", "TLS 127.0.0.1:9", "SCTP 127.0.0.1:9",
                                 "X 127.0.0.1:9", "UDP [::1]:9", "UDP 127.0.0.1:0",
                                 "UDP 192.0.2.1:99999", "UDP 127.0.0.1:9;maddr=[::1]")):
            for method in ("INVITE", "OPTIONS", "BYE"):
                self.send_twice(f"{method}-{i}", method, via)
        # What is no message, a chat that nobody reads, and what a message has to have.
        whole = self.request("MESSAGE", "chat", "UDP 127.0.0.1:9")
        for data in (whole, whole.replace("MESSAGE sip:", "MESS"), whole.replace("Call-ID:", "X:"),
                     whole.replace("CSeq: 1", "CSeq: x"), whole.replace("From: <", "From: "),
                     whole.replace("To: <", "To"), whole.replace("Via:", "Via"), "\r\n\r\n", "x"):
            with socket.socket(type=socket.SOCK_DGRAM) as liar:
                liar.sendto(data.encode(), ("127.0.0.1", self.sip.port))
        # It is there still, and takes a call.
        alice = self.rig.far_end("alice", sip.TONES["alice"], deaf=True)
        call = self.incoming(alice)
        self.order("decline", call, state="ended")
        # belle-sip leaks the answers that it cannot send, which is not what this test is about.
        self.sip.signal(signal.SIGKILL)

    def request(self, method, name, via):
        return (f"{method} {self.sip.uri} SIP/2.0\r\nVia: SIP/2.0/{via};branch=z9hG4bK{name}\r\n"
                f"From: <sip:liar@127.0.0.1>;tag=1\r\nTo: <{self.sip.uri}>\r\n"
                f"Call-ID: {name}\r\nCSeq: 1 {method}\r\nContact: <sip:liar@127.0.0.1:9>\r\n"
                "Max-Forwards: 70\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")

    def send_twice(self, name, method, via):
        request = self.request(method, name, via)
        with socket.socket(type=socket.SOCK_DGRAM) as liar:
            for n in (1, 2):
                liar.sendto(request.encode(), ("127.0.0.1", self.sip.port))
                sip.wait_for(lambda: self.seen(f"Call-ID: {name}\n") >= n, f"{name} in the trace")

    def seen(self, text):
        with open(self.sip.trace, errors="replace") as trace:
            return trace.read().replace("\r", "").count(text)

    def test_hung_up_while_being_held(self):
        """The call that is held for another ends just then: the other is answered all the same."""
        alice, bob = self.start("alice", "bob")
        for delay in range(0, 60, 10):
            one = self.answered(alice)
            two = self.incoming(bob)
            mark = self.rig.monitor.mark()
            answer = self.rig.add(sip.rig.Program([self.rig.programs.callsctl, "answer", two]))
            began = time.monotonic()
            sip.wait_for(lambda: time.monotonic() - began > delay / 1000, "the delay")
            alice.command("hangup")
            self.assertEqual(answer.ended(), 0)
            self.rig.monitor.state(two, "active", since=mark)
            self.rig.monitor.state(one, "ended", since=mark)
            self.order("end", two, state="ended")

    def test_callsd_is_killed(self):
        alice, = self.start("alice")
        call = self.answered(alice)
        mark, since = self.rig.monitor.mark(), time.monotonic()
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.rig.monitor.expect("callsd-gone", since=mark)
        gone = time.monotonic()
        self.speaker.wait_sound(gone)
        alice.meter.wait_sound(gone)
        self.rig.start_callsd()
        sip.wait_for(lambda: self.rig.calls().get(call, {}).get("State") == "active",
                     "the call as it was")
        back = time.monotonic()
        self.speaker.wait_sound(back)
        for meter in (self.speaker, alice.meter):
            gaps = [level for _, level in meter.blocks(since) if level < 0.003]
            self.assertLessEqual(len(gaps), GAP_BLOCKS, meter.name)
        # Orders reach it again.
        began = self.order("hold", call, state="held")
        alice.meter.wait_silence(began)
        self.order("end", call)
        alice.event("CALL_CLOSED")

    def test_calls_while_callsd_is_away(self):
        alice, bob = self.start("alice", "bob")
        call = self.answered(alice)
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        alice.command("hangup")
        alice.event("CALL_CLOSED")
        # It rings at bob's end until somebody can be told.
        bob.command("dial", self.sip.uri)
        bob.event("CALL_RINGING")
        self.rig.start_callsd()
        new = sip.wait_for(lambda: next(iter(set(self.rig.calls()) - {call}), None),
                           "the call that has been ringing")
        self.assertEqual(self.rig.calls().keys(), {new})
        began = self.order("answer", new, state="active")
        self.assert_talk(bob, began)

    def test_pipewire_restarts(self):
        self.rig.start_callsd()
        self.sip = self.rig.start_sip()
        alice = self.rig.far_end("alice", sip.TONES["alice"], deaf=True)
        call = self.incoming(alice)
        self.order("answer", call, state="active")
        for name in ("WIREPLUMBER", "PIPEWIRE"):
            self.kill(int(os.environ[f"CALLSD_TEST_{name}_PID"]))
        for name in ("pipewire", "wireplumber"):
            self.rig.add(sip.rig.Program([name], name, log=self.rig.log(name)))
            self.eventually(lambda: subprocess.run(["pw-cli", "info", "0"], timeout=10,
                                                   capture_output=True).returncode == 0, "PipeWire")
        self.rig.start_meter().wait_sound(0)
        self.assertEqual(self.rig.calls()[call]["State"], "active")

    def test_killed_itself(self):
        alice, = self.start("alice")
        call = self.answered(alice)
        mark = self.rig.monitor.mark()
        self.sip.signal(signal.SIGKILL)
        self.ended(call, mark, EndedReason="provider-lost")

    def test_ended_itself(self):
        alice, = self.start("alice")
        call = self.answered(alice)
        mark = self.rig.monitor.mark()
        self.sip.signal(signal.SIGTERM)
        self.rig.monitor.state(call, "ended", since=mark)
        alice.event("CALL_CLOSED")
        self.assertEqual(self.sip.ended(), 0)


if __name__ == "__main__":
    sip.main()
