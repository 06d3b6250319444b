#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls of callsd-sip through the server of an account, which nobody reaches otherwise."""
import sys

sys.dont_write_bytecode = True

import os
import time

import registrar
import sip
from test_sip_accounts import AccountCase

# What callsd-sip(1) promises; sanitizers make it twice as much and more.
IDLE_SHARE = 0.005
SANITIZED = 3


class Server(AccountCase):
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
        self.rig.start_sip(self.section("work", server, self.password("right")), quiet=True)
        sip.wait_for(lambda: self.states() == {"work": "online"}, "account online")
        limit = IDLE_SHARE * (SANITIZED if self.is_sanitized() else 1)
        pid = self.rig.sip.process.pid

        def used():
            """Seconds of CPU, of all threads."""
            seconds = 0
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    seconds += int(file.read().split()[0]) / 1e9
            return seconds

        # What registering began settles first.
        sip.wait_for(lambda: self.share(used, 0.5) < limit, "half a second of rest")
        share = self.share(used, 4)
        print(f"idle: {share:.3%} of a core", file=sys.stderr)
        self.assertLess(share, limit)

    def is_sanitized(self):
        with open(f"{self.build}/CMakeCache.txt") as cache:
            return any(line.startswith("CALLSD_SANITIZE:") and line.split("=")[1].strip()
                       for line in cache)

    @staticmethod
    def share(used, duration):
        began, before = time.monotonic(), used()
        sip.wait_for(lambda: time.monotonic() > began + duration, "the measurement")
        return (used() - before) / (time.monotonic() - began)


if __name__ == "__main__":
    sip.main()
