#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts of callsd-sip: registration with a password, TLS, and encrypted calls."""
import sys

sys.dont_write_bytecode = True

import os
import signal
import subprocess
import time

import registrar
import sip


class AccountCase(sip.TestCase):
    def password(self, text, mode=0o600):
        path = f"{self.rig.directory}/password-{text}"
        with open(path, "w") as file:
            file.write(text + "\n")
        os.chmod(path, mode)
        return path

    def states(self):
        provider = self.rig.provider() or {"Accounts": []}
        return {account["Id"]: account["State"] for account in provider["Accounts"]}

    def section(self, name, server, password, more="", user="me"):
        return (f"[Account {name}]\nAddress=sip:{user}@127.0.0.1\nPasswordFile={password}\n"
                f"Registrar=sip:127.0.0.1:{server.port}\n{more}\n")


class Accounts(AccountCase):
    def test_registration(self):
        plain = registrar.Registrar(self.rig.directory, "me", "right")
        secure = registrar.Registrar(self.rig.directory, "me", "right", "tls")
        right, wrong = self.password("right"), self.password("wrong")
        self.rig.start_callsd()
        self.rig.start_sip(
            self.section("work", plain, right) + self.section("secure", secure, right,
                                                              "Transport=tls"),
            options=f"CaFile={secure.certificate}")
        sip.wait_for(lambda: self.states() == {"work": "online", "secure": "online"},
                     "both accounts online")
        self.assertIn("work online, secure online", self.rig.ctl("providers").stdout)
        self.rig.sip.signal(signal.SIGTERM)
        self.assertEqual(self.rig.sip.ended(), 0)
        # A wrong password, and a certificate that nobody vouches for.
        self.rig.start_sip(self.section("work", plain, wrong, user="you")
                           + self.section("secure", secure, right, "Transport=tls"))
        sip.wait_for(lambda: self.states() == {"work": "failed", "secure": "failed"},
                     "both accounts failed")

    def test_encryption(self):
        self.rig.start_callsd()
        self.speaker = self.rig.start_meter()
        self.rig.feed_microphone(sip.MICROPHONE)
        uri = "sip:me@127.0.0.1"
        self.sip = self.rig.start_sip(f"[Account local]\nAddress={uri}\n"
                                      "Encryption=srtp-required\n")
        alice = self.rig.far_end("alice", sip.TONES["alice"])
        mark = alice.mark_events()
        alice.command("dial", self.sip.uri)
        self.assertIn("488", alice.event("CALL_CLOSED", mark)[1]["param"])
        self.assertEqual(self.rig.calls(), {})
        bob = self.rig.far_end("bob", sip.TONES["bob"], "srtp-mand")
        call = self.answered(bob)
        self.order("end", call)
        bob.event("CALL_CLOSED")
        call = self.rig.ctl("dial", bob.uri).stdout.strip()
        bob.event("CALL_INCOMING")
        bob.command("accept")
        self.rig.monitor.state(call, "active")
        self.assert_talk(bob, time.monotonic())

    def test_bad_configuration(self):
        shared = self.password("shared", 0o644)
        path = f"{self.rig.directory}/bad.conf"
        for text, expected in (
                (f"[Account a]\nAddress=sip:me@x\nPasswordFile={shared}\n",
                 f"{path}:3: PasswordFile={shared} can be read by others than its owner; chmod "
                 f"600 {shared}"),
                ("[Account a]\nAddress=me\n", f"{path}:2: Address=me is not possible; it takes "
                 "sip:user@host")):
            with open(path, "w") as file:
                file.write(text)
            run = subprocess.run([self.rig.programs.sip, f"--config={path}"], text=True,
                                 capture_output=True, timeout=30)
            self.assertEqual((run.returncode, run.stderr), (78, f"callsd-sip: {expected}\n"))


if __name__ == "__main__":
    sip.main()
