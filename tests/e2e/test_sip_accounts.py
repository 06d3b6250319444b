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


# The figure is 0.5 %; sanitizers double what the loop itself costs.
IDLE_SHARE = 0.005


class Accounts(sip.TestCase):
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

    def through_the_server(self, transport):
        """Calls out and in of an account that nobody reaches but through its server."""
        server = registrar.Registrar(self.rig.directory, "me", "right", transport)
        options = "Port=any\n" + (f"CaFile={server.certificate}" if transport == "tls" else "")
        self.rig.start_callsd()
        self.speaker = self.rig.start_meter()
        self.rig.feed_microphone(sip.MICROPHONE)
        self.sip = self.rig.start_sip(
            self.section("work", server, self.password("right"), f"Transport={transport}"),
            options=options)
        alice = self.rig.far_end("alice", sip.TONES["alice"])
        server.users["+12015550123"] = alice.uri
        sip.wait_for(lambda: self.states() == {"work": "online"}, "account online")

        # A number is asked for at the account's own server, which wants the password again.
        call = self.rig.ctl("dial", "tel:+1-201-555-0123").stdout.strip()
        alice.event("CALL_INCOMING")
        self.rig.monitor.expect("call-changed", call, Alerting=True)
        alice.command("accept")
        self.rig.monitor.state(call, "active")
        self.assert_talk(alice, time.monotonic())
        facts = self.rig.calls()[call]
        self.assertEqual((facts["RemoteHandle"], facts["Account"]), ("+12015550123", "work"))
        began = self.order("hold", call, state="held")
        alice.meter.wait_silence(began)
        began = self.order("resume", call, state="active")
        self.assert_talk(alice, began)
        self.order("end", call)
        alice.event("CALL_CLOSED")
        self.assertIn("BYE", server.passed_on)

        # From outside, down the connection that the account has made.
        known, mark = set(self.rig.calls()), alice.mark_events()
        alice.command("dial", f"sip:me@127.0.0.1:{server.outside_port}")
        call = sip.wait_for(lambda: next(iter(set(self.rig.calls()) - known), None), "call")
        self.assertEqual(self.rig.calls()[call]["Account"], "work")
        began = self.order("answer", call, state="active")
        self.assert_talk(alice, began)
        mark = self.rig.monitor.mark()
        alice.command("hangup")
        self.ended(call, mark, EndedReason="remote-ended")

        # Nobody there has this number.
        mark = self.rig.monitor.mark()
        call = self.rig.ctl("dial", "+12015550199").stdout.strip()
        self.ended(call, mark, EndedReason="failed", EndedCause="no-such-number")

    def test_calls_through_the_server_by_udp(self):
        self.through_the_server("udp")

    def test_calls_through_the_server_by_tcp(self):
        self.through_the_server("tcp")

    def test_calls_through_the_server_by_tls(self):
        self.through_the_server("tls")

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

    def test_password_of_systemd(self):
        """A credential, as LoadCredential= hands it over; and several accounts at two servers."""
        folder = f"{self.rig.directory}/credentials"
        os.makedirs(folder)
        for name, text in (("home", "first"), ("work", "second")):
            with open(f"{folder}/{name}-password", "w") as file:
                file.write(f"{text}\n")
            os.chmod(f"{folder}/{name}-password", 0o400)
        home = registrar.Registrar(self.rig.directory, "me", "first")
        work = registrar.Registrar(self.rig.directory, "you", "second", "tcp")
        # liblinphone takes two ports of one host for one server: they have different names.
        sections = "".join(
            f"[Account {name}]\nAddress=sip:{server.user}@{host}:{server.port}\n"
            f"Registrar=sip:{host}:{server.port}\nPasswordCredential={name}-password\n"
            f"Transport={server.transport}\n"
            for name, host, server in (("home", "127.0.0.1", home), ("work", "localhost", work)))
        self.rig.start_callsd("--no-audio")
        self.rig.start_sip(sections, environment={"CREDENTIALS_DIRECTORY": folder})
        sip.wait_for(lambda: self.states() == {"home": "online", "work": "online"},
                     "both accounts online")
        # The line is chosen by name; the first is the default.
        alice = self.rig.far_end("alice", sip.TONES["alice"], deaf=True)
        for server in (home, work):
            server.users["+12015550123"] = alice.uri
        for arguments, server, other in (([], home, work), (["--account=work"], work, home)):
            before, mark = other.passed_on.count("INVITE"), alice.mark_events()
            call = self.rig.ctl("dial", *arguments, "+12015550123").stdout.strip()
            sip.wait_for(lambda: "INVITE" in server.passed_on, "call by the right server")
            self.assertEqual(other.passed_on.count("INVITE"), before)
            alice.event("CALL_INCOMING", mark)
            self.order("end", call, state="ended")
            alice.event("CALL_CLOSED", mark)

    def test_idle(self):
        """A registered account that nobody calls costs next to nothing."""
        server = registrar.Registrar(self.rig.directory, "me", "right")
        self.rig.start_callsd("--no-audio")
        self.rig.start_sip(self.section("work", server, self.password("right")))
        sip.wait_for(lambda: self.states() == {"work": "online"}, "account online")
        pid = self.rig.sip.process.pid

        def used():
            """Seconds of CPU, of all threads."""
            seconds = 0
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    seconds += int(file.read().split()[0]) / 1e9
            return seconds

        # What registering began settles first.
        sip.wait_for(lambda: self.share(used, 0.5) < IDLE_SHARE, "half a second of rest")
        share = self.share(used, 4)
        print(f"idle: {share:.3%} of a core", file=sys.stderr)
        self.assertLess(share, IDLE_SHARE)

    @staticmethod
    def share(used, duration):
        began, before = time.monotonic(), used()
        sip.wait_for(lambda: time.monotonic() > began + duration, "the measurement")
        return (used() - before) / (time.monotonic() - began)

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
