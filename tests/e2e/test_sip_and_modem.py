#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SIP call and a cellular one: two providers that know nothing of each other, one active call.

Everything is real but the network: callsd-sip and baresip, with tones that are measured; and
callsd-ofono, ofonod, and a modem that keeps the rules of AT+CHLD. Rows: T6, X15.
"""
import sys

sys.dont_write_bytecode = True

import time

import modem
import rig
import sip

NUMBER = "+15550101"


class TwoProviders(modem.TestCase, sip.TestCase):
    def setUp(self):
        super().setUp()
        self.alice, = sip.TestCase.start(self, "alice")
        self.start_modems()
        self.start_bridge()

    def sip_incoming(self):
        return sip.TestCase.incoming(self, self.alice)

    def state(self, call):
        return self.rig.calls()[call]["State"]

    def assert_silent(self, since):
        """Nothing from alice, and nothing to her."""
        self.speaker.wait_silence(since)
        self.alice.meter.wait_silence(since)

    def test_hold_and_accept(self):
        on_sip = self.sip_incoming()
        began = self.order("answer", on_sip, state="active")
        self.assert_talk(self.alice, began)

        # A cellular call comes in and is answered: the SIP call is held, by a re-INVITE.
        cellular = self.incoming(NUMBER)
        self.assertTrue(self.rig.calls()[cellular]["Waiting"])
        self.speaker.wait_sound(time.monotonic())
        began = self.order("answer", cellular, state="active")
        self.assertEqual(self.state(on_sip), "held")
        self.assert_silent(began)
        self.assertEqual(self.modem.verbs(), ["A"])
        self.expect_modem("active")

        # And back, and forth.
        began = self.order("swap", on_sip, state="active")
        self.assertEqual(self.state(cellular), "held")
        self.expect_modem("held")
        self.assert_talk(self.alice, began)
        began = self.order("swap", cellular, state="active")
        self.expect_modem("active")
        self.assertEqual(self.state(on_sip), "held")
        self.assert_silent(began)

        # The cellular call is over by the user's hand: the SIP call goes on where it was.
        self.modem.verbs()
        began = self.order("end", cellular, state="ended")
        self.expect_modem()
        self.order("resume", on_sip, state="active")
        self.assert_talk(self.alice, time.monotonic())
        self.order("end", on_sip, state="ended")
        self.alice.event("CALL_CLOSED")

    def test_the_other_way_round(self):
        cellular = self.answered(NUMBER)
        self.modem.verbs()
        on_sip = self.sip_incoming()
        began = self.order("answer", on_sip, state="active")
        self.assertEqual(self.state(cellular), "held")
        self.assertEqual(self.modem.verbs(), ["+CHLD=2"])
        self.expect_modem("held")
        self.assert_talk(self.alice, began)
        # What the SIP call has interrupted comes back by itself when the user ends that.
        mark = self.rig.monitor.mark()
        self.order("end", on_sip, state="ended")
        self.rig.monitor.state(cellular, "active", since=mark)
        self.expect_modem("active")
        self.order("end", cellular, state="ended")
        self.expect_modem()

    def test_a_modem_that_cannot_hold(self):
        """The second call rings on, and the first is as it was: nothing is lost."""
        cellular = self.answered(NUMBER)
        self.modem.do("fail", "+CHLD")
        on_sip = self.sip_incoming()
        answer = self.rig.ctl("answer", on_sip, check=False)
        self.assertEqual(answer.returncode, 1)
        self.assertIn("could not be held", answer.stderr)
        self.assertEqual((self.state(cellular), self.state(on_sip)), ("active", "ringing"))
        self.expect_modem("active")
        began = self.order("answer", on_sip, "--end-others", state="active")
        self.expect_modem()
        self.assert_talk(self.alice, began)

    def test_dialled_over_an_active_call(self):
        """A number goes to the modem and an address to the SIP telephone, as was chosen."""
        self.rig.ctl("default", "tel", modem.PROVIDER)
        self.rig.ctl("default", "sip", sip.PROVIDER)
        on_sip = self.rig.ctl("dial", self.alice.uri).stdout.strip()
        self.alice.event("CALL_INCOMING")
        self.alice.command("accept")
        self.rig.monitor.state(on_sip, "active")
        self.modem.verbs()
        cellular = self.rig.ctl("dial", "tel:+1-555-010-1").stdout.strip()
        self.rig.monitor.state(cellular, "connecting")
        self.assertEqual(self.state(on_sip), "held")
        self.assertEqual(self.modem.verbs(), [f"D{NUMBER};"])
        self.alice.meter.wait_silence(time.monotonic())
        # Nobody answers there: the call that was interrupted goes on.
        mark = self.rig.monitor.mark()
        self.modem.do("end", 1, "busy")
        self.rig.monitor.state(cellular, "ended", since=mark)
        self.rig.monitor.state(on_sip, "active", since=mark)
        self.assert_talk(self.alice, time.monotonic())


if __name__ == "__main__":
    lacking = sip.missing() + ([] if modem.OFONOD else ["ofonod"])
    if lacking:
        print(f"skipped: there is no {' and no '.join(lacking)}; ./dev setup installs it")
        sys.exit(77)
    rig.main(("--pulse",))
