#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-sip and a telephone: one call at a time, heard at both ends."""
import sys

sys.dont_write_bytecode = True

import socket
import time

import sip


class OneCall(sip.TestCase):
    def test_incoming(self):
        alice, = self.start("alice")
        quiet_since = time.monotonic()
        call = self.incoming(alice)
        facts = self.rig.calls()[call]
        self.assertEqual((facts["RemoteHandle"], facts["Account"]), (alice.uri, "local"))
        self.assertEqual(self.heard_since(alice.meter, quiet_since), 0.0, "before the answer")
        began = self.order("answer", call, state="active")
        self.assert_talk(alice, began)

        began = self.order("hold", call, state="held")
        self.speaker.wait_silence(began)
        alice.meter.wait_silence(began)
        began = self.order("resume", call, state="active")
        self.assert_talk(alice, began)

        # baresip does not show that it is held, but it can hold.
        alice.command("hold")
        self.rig.monitor.expect("call-changed", call, RemoteHeld=True)
        alice.command("resume")
        mark = self.rig.monitor.mark()
        self.rig.monitor.expect("call-changed", call, RemoteHeld=False)
        self.assert_talk(alice, time.monotonic())

        began = self.order("mute", call)
        alice.meter.wait_run(lambda rms: rms < sip.SILENCE, "silence of a muted microphone", began,
                             sip.rig.SILENCE_BLOCKS)
        self.assertLess(self.heard_since(alice.meter, time.monotonic()), sip.SILENCE)
        self.speaker.wait_sound(time.monotonic())
        began = self.order("unmute", call)
        alice.meter.wait_sound(began)

        self.order("dtmf", call, "159#")
        sip.wait_for(lambda: alice.keys() == "159#", "four keys at the far end")
        alice.command("sndcode", "246*")
        sip.wait_for(lambda: self.sip.keys(call) == "246*", "four keys at this end")

        mark = self.rig.monitor.mark()
        began = self.order("end", call)
        self.ended(call, mark, EndedReason="local-ended")
        alice.event("CALL_CLOSED")
        self.speaker.wait_silence(began)

    def test_outgoing(self):
        alice, = self.start("alice")
        mark, began = self.rig.monitor.mark(), time.monotonic()
        call = self.rig.ctl("dial", alice.uri).stdout.strip()
        alice.event("CALL_INCOMING")
        self.rig.monitor.expect("call-changed", call, Alerting=True)
        self.speaker.wait_sound(began)
        self.assertEqual(self.heard_since(alice.meter, began), 0.0, "before the answer")
        alice.command("accept")
        self.rig.monitor.state(call, "active")
        self.assert_talk(alice, time.monotonic())
        mark = self.rig.monitor.mark()
        alice.command("hangup")
        self.ended(call, mark, EndedReason="remote-ended")

    def test_refused_by_the_far_end(self):
        alice, = self.start("alice")
        mark = self.rig.monitor.mark()
        call = self.rig.ctl("dial", alice.uri).stdout.strip()
        alice.event("CALL_INCOMING")
        alice.command("hangup")
        self.ended(call, mark, EndedReason="remote-ended", EndedCause="busy")
        # Nobody listens on that port any more.
        mark = self.rig.monitor.mark()
        call = self.rig.ctl("dial", f"sip:nobody@127.0.0.1:{alice.port}").stdout.strip()
        self.ended(call, mark, EndedReason="failed", EndedCause="no-such-number")

    def test_early_media(self):
        self.start()
        port = sip.free_port()
        self.rig.sipp("early-media", port, "-m", "1")
        began = time.monotonic()
        call = self.rig.ctl("dial", f"sip:me@127.0.0.1:{port}").stdout.strip()
        self.rig.monitor.expect("call-changed", call, Alerting=True)
        self.speaker.wait_sound(began)
        early = self.rig.monitor.expect("call-changed", call, EarlyMedia=True)[0]
        # Our ringing stops, and nothing comes from there.
        self.speaker.wait_silence(early)
        mark = self.rig.monitor.mark()
        self.order("end", call)
        self.ended(call, mark, EndedReason="local-ended")

    def test_caller_with_a_bad_name(self):
        """A name that is no UTF-8 would cost us the bus, if it were handed on."""
        self.start()
        with socket.socket(type=socket.SOCK_DGRAM) as caller:
            caller.bind(("127.0.0.1", 0))
            own = f"127.0.0.1:{caller.getsockname()[1]}"
            head = (f"INVITE {self.sip.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK1\r\n"
                    f"To: <{self.sip.uri}>\r\nCall-ID: bad@{own}\r\nCSeq: 1 INVITE\r\n"
                    f"Contact: <sip:mallory@{own}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n")
            caller.sendto(head.encode() + b'From: "M\xff\xfe" <sip:mallory@' + own.encode()
                          + b">;tag=1\r\n\r\n", ("127.0.0.1", self.sip.port))
            call = sip.wait_for(lambda: next(iter(self.rig.calls()), None), "incoming call")
            facts = self.rig.calls()[call]
            self.assertEqual((facts["State"], facts["LocalizedCallerName"]), ("ringing", "M??"))
            self.order("decline", call, state="ended")
            self.assertTrue(self.rig.provider())

    def test_declined_and_missed(self):
        alice, = self.start("alice")
        call = self.incoming(alice)
        mark, events = self.rig.monitor.mark(), alice.mark_events()
        self.order("decline", call)
        self.ended(call, mark, EndedReason="declined")
        self.assertIn("603", alice.event("CALL_CLOSED", events)[1]["param"])

        call = self.incoming(alice)
        mark, events = self.rig.monitor.mark(), alice.mark_events()
        self.order("decline", "--busy", call)
        self.ended(call, mark, EndedReason="declined")
        self.assertIn("486", alice.event("CALL_CLOSED", events)[1]["param"])

        call = self.incoming(alice)
        mark = self.rig.monitor.mark()
        alice.command("hangup")
        self.ended(call, mark, EndedReason="remote-ended", HasConnected=False)


class TwoCalls(sip.TestCase):
    def test_swap_and_merge(self):
        alice, bob = self.start("alice", "bob")
        meters = {name: self.rig.add(sip.rig.Meter(self.rig.programs, frequency=tone))
                  for name, tone in sip.TONES.items()}
        one = self.answered(alice)
        two = self.incoming(bob)
        began = self.order("answer", two, state="active")
        self.assertEqual(self.rig.calls()[one]["State"], "held")
        self.assert_talk(bob, began)
        alice.meter.wait_silence(began)
        meters["bob"].wait_sound(began)
        meters["alice"].wait_run(lambda rms: rms < 0.003, "alice held", began, 20)

        began = self.order("swap", one, state="active")
        self.assertEqual(self.rig.calls()[two]["State"], "held")
        meters["alice"].wait_sound(began)
        bob.meter.wait_silence(began)
        alice.meter.wait_sound(began)

        began = time.monotonic()
        self.rig.ctl("merge", one, two)
        self.rig.monitor.state(two, "active")
        for name, meter in meters.items():
            meter.wait_sound(began)
        # callsd mixes: each hears the microphone and the other, and not itself. A pitch lets a
        # tenth of the others through at the most; a tone that is meant is 0.27 and more.
        for far_end, own, other in ((alice, "alice", "bob"), (bob, "bob", "alice")):
            ears = {tone: self.rig.add(sip.rig.Meter(self.rig.programs, far_end.ear, tone))
                    for tone in (sip.MICROPHONE, *sip.TONES.values())}
            for tone in (sip.TONES[other], sip.MICROPHONE):
                ears[tone].wait_run(lambda rms: rms > 0.2, f"{tone} Hz", began, 10)
            ears[sip.TONES[own]].wait_run(lambda rms: rms < 0.15, "end of its own pitch", began, 20)
        for call in (one, two):
            self.order("end", call)
        self.assertEqual(self.rig.calls(), {})


if __name__ == "__main__":
    sip.main()
