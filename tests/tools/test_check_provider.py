#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-provider: what is right passes, and what is wrong is found out by the rows for it."""
import sys

sys.dont_write_bytecode = True

import json
import os
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import kit
import rig
from test_callsctl import Terminal

FAULTY = os.path.join(HERE, "faulty-provider.py")
OK, FAILED, USAGE, NOT_RUNNING = range(4)
RULES = "completes-all,completes-once,in-order,valid,keys,dates,final,stays,streams"


class Base(rig.TestCase):
    def start_faulty(self, fault=""):
        self.rig.start_callsd()
        self.provider = self.rig.add(rig.Program([sys.executable, FAULTY, fault], "faulty",
                                                 log=self.rig.log("faulty")))
        self.provider.wait(lambda line: line == "registered", "registration")
        pid = self.provider.process.pid
        return ["--dial=+15550100", f"--incoming=kill -USR1 {pid}",
                f"--remote-end=kill -USR2 {pid}"]

    def start_example(self, *arguments):
        """What it is told comes through a pipe with a name, so that a shell can do it."""
        self.rig.start_callsd()
        example = self.rig.start_example("org.callsd.Example", "--testing", "--connect-after=50",
                                         "--busy=+15550199", *arguments)
        pipe = f"{self.rig.directory}/commands"
        os.mkfifo(pipe)
        descriptor = os.open(pipe, os.O_RDWR)

        def pass_on():
            with os.fdopen(descriptor) as commands:
                for line in commands:
                    if line == "end of test\n":
                        return
                    example.tell(line.rstrip("\n"))

        thread = threading.Thread(target=pass_on)
        thread.start()

        def stop():
            with open(pipe, "w") as commands:
                commands.write("end of test\n")
            thread.join()

        self.addCleanup(stop)
        return ["--dial=+15550100", "--dial-busy=+15550199", f"--incoming=echo incoming >{pipe}",
                f"--remote-end=echo end $CALLSD_CHECK_CALL >{pipe}",
                f"--remote-hold=echo remote-hold $CALLSD_CHECK_CALL >{pipe}"]

    def exits(self, status, *arguments):
        answer = self.rig.ctl("check-provider", *arguments, check=False)
        self.assertEqual(answer.returncode, status, answer.stdout + answer.stderr)
        return answer


class Right(Base):
    def test_the_example(self):
        """Rows: R14 I1 U1 E1 E2 E6 E7 G1 G2 T1 T4 T7 T10 T11 T13 T15 T21 X1 X8 X10 X11 X12 X14"""
        options = self.start_example()
        rows = kit.check(self.rig, "org.callsd.Example", *options,
                         f"--restart={kit.restart_command(self.rig)}", status=OK)
        kit.assert_passed(self, rows)
        self.assertEqual(self.rig.calls(), {})
        for name in ("outgoing", "incoming", "end", "late-answer"):
            self.assertGreater(rows[name]["TimeUSec"], 0)

    def test_plain_dbus(self):
        options = self.start_faulty()
        rows = kit.check(self.rig, "org.example.Faulty", *options,
                         f"--restart={kit.restart_command(self.rig)}", status=OK)
        kit.assert_passed(self, rows, skipped=["remote-hold", "outgoing-refused"],
                          unseen=["streams"])


    def test_calls_that_only_the_app_knows(self):
        """callsd's record is lost: apps bring their calls back. Rows: R14"""
        options = self.start_faulty()
        restart = f"--restart={kit.restart_command(self.rig, forget=True)}"
        rows = kit.check(self.rig, "org.example.Faulty", *options, restart, status=OK,
                         *[f"--only=outgoing,mute,restart-pending,restart,{RULES}"])
        kit.assert_passed(self, rows, skipped=["restart-pending"], unseen=["streams"])

    def test_one_that_can_do_little(self):
        """It is asked for nothing else. Rows: U5 U6 U7"""
        options = self.start_faulty("poor")
        rows = kit.check(self.rig, "org.example.Faulty", options[0], status=OK,
                         *["--only=outgoing,mute,dtmf,hold,several,second-call,group,cancelled,"
                           f"restart,end,{RULES}", f"--restart={kit.restart_command(self.rig)}"])
        kit.assert_passed(self, rows, skipped=["several", "second-call", "group", "cancelled"],
                          unseen=["streams"])
        for name in ("mute", "dtmf", "hold"):
            self.assertIn("is false, and it was not asked to", rows[name]["Text"])


class Wrong(Base):
    """Each is found out, and nothing else is said to be wrong."""

    def found(self, fault, only, *expected, restart=False, forget=False,
              patience=15):
        options = self.start_faulty(fault)
        if restart:
            options.append(f"--restart={kit.restart_command(self.rig, forget)}")
        rows = kit.check(self.rig, "org.example.Faulty", *options, f"--only={only},{RULES}",
                         patience=patience, status=FAILED)
        self.assertEqual(kit.named(rows, "fail"), list(expected),
                         json.dumps([row for row in rows.values() if row["Result"] == "fail"]))
        for name in expected:
            self.assertTrue(rows[name]["Text"])
        return rows

    def test_completes_twice(self):
        self.found("twice", "outgoing,end", "completes-once")

    def test_never_completes(self):
        rows = self.found("play-dtmf-call", "outgoing,dtmf,end", "dtmf", "completes-all",
                          patience=1)
        self.assertIn("within 1 s", rows["dtmf"]["Text"])

    def test_completes_backwards(self):
        rows = self.found("backwards", "several", "in-order")
        self.assertIn("FulfillAction", rows["in-order"]["Text"])

    def test_wants_no_answers(self):
        self.found("blind,twice", "outgoing,end", "completes-once")

    def test_backwards_without_answers(self):
        self.found("blind,backwards", "several", "in-order")

    def test_reports_what_is_over(self):
        rows = self.found("reports-ended", "end", "final")
        self.assertIn("ReportCallUpdated", rows["final"]["Text"])

    def test_dies(self):
        rows = self.found("dies", "incoming,declined", "incoming", "stays", patience=1)
        self.assertIn("left the bus", rows["incoming"]["Text"])
        self.assertEqual(rows["declined"]["Result"], "skipped")

    def test_what_it_says(self):
        rows = self.found("seconds,mistyped-key,invalid,early-streams", "incoming,outgoing",
                          "valid", "keys", "dates", "streams")
        for name, text in (("valid", "RemoteHeld"), ("keys", "LocalisedCallerName"),
                           ("dates", "before the call began"), ("streams", "before the order")):
            self.assertIn(text, rows[name]["Text"])

    def test_connected_before_it_started(self):
        self.found("connected-first", "outgoing", "outgoing")

    def test_goes_on(self):
        self.found("goes-on", "hold", "hold")

    def test_answers_too_late(self):
        self.found("zombie", "late-answer", "late-answer", "final")

    def test_far_end(self):
        self.found("silent-end", "remote-end,missed", "remote-end", "missed", patience=1)

    def test_reason(self):
        rows = self.found("wrong-reason", "remote-end", "remote-end")
        self.assertIn("failed", rows["remote-end"]["Text"])

    def test_name(self):
        self.found("nameless", "configuration", "configuration")

    def test_forgets(self):
        rows = self.found("forgets", "restart", "restart", restart=True)
        self.assertIn("no such call", rows["restart"]["Text"])

    def test_brings_nothing_back(self):
        rows = self.found("keeps-quiet", "restart", "restart", restart=True, forget=True)
        self.assertIn("did not survive", rows["restart"]["Text"])

    def test_does_not_return(self):
        rows = self.found("deaf", "restart", "restart", restart=True, patience=1)
        self.assertIn("did not register", rows["restart"]["Text"])


class Refused(Base):
    def test_usage(self):
        for arguments in ([], ["org.x.Y"], ["org.x.Y", "--dial=1", "--only=nothing"],
                          ["org.x.Y", "--dial=1", "--patience=0"],
                          ["org.x.Y", "--dial=1", "--patience=soon"]):
            self.exits(USAGE, *arguments)
        self.exits(NOT_RUNNING, "org.x.Y", "--dial=1")

    def test_list(self):
        text = self.rig.ctl("--list-checks").stdout
        for name in ("configuration", "late-answer", *RULES.split(",")):
            self.assertRegex(text, rf"(?m)^{name}\t.*\([A-Z]\d.*\)$")

    def test_who_does_not_offer_itself(self):
        options = self.start_faulty("real")
        answer = self.exits(FAILED, "org.example.Faulty", *options)
        self.assertIn("does not offer itself", answer.stderr)
        answer = self.exits(FAILED, "org.example.Nobody", *options)
        self.assertIn("no app is registered", answer.stderr)

    def test_a_call_that_is_there(self):
        options = self.start_faulty()
        other = self.rig.start_example("org.callsd.Other")
        call = other.incoming()
        self.rig.monitor.state(call, "ringing")
        answer = self.exits(FAILED, "org.example.Faulty", *options)
        self.assertIn("there is 1 call", answer.stderr)
        self.assertEqual(self.rig.calls()[call]["State"], "ringing")

    def run_on(self, *options):
        """In the background, and expected to fail."""
        run = rig.Program([self.rig.programs.callsctl, "check-provider", "org.example.Faulty",
                           "--patience=30", *options], "check")
        self.addCleanup(run.stop)
        return run

    def test_a_call_that_comes(self):
        """A real one: everything stops, and it alone is left."""
        options = self.start_faulty("end-call")
        other = self.rig.start_example("org.callsd.Other")
        mark = self.rig.monitor.mark()
        run = self.run_on(*options)
        self.rig.monitor.expect("call-changed", since=mark, State="active")
        call = other.incoming()
        run.wait(lambda line: "Stopped: there is a call of another app" in line, "reason")
        self.assertEqual(run.ended(), FAILED)
        self.assertEqual(list(self.rig.calls()), [call])

    def test_interrupted(self):
        options = self.start_faulty("end-call")
        mark = self.rig.monitor.mark()
        run = self.run_on(*options)
        self.rig.monitor.expect("call-changed", since=mark, State="active")
        run.signal(2)
        self.assertEqual(run.ended(), FAILED)
        self.eventually(lambda: not self.rig.calls(), "end of the test call")

    def test_stopped_process_goes_on(self):
        """Interrupted while the app is stopped: it must not stay so."""
        options = self.start_faulty()
        run = self.run_on("--only=late-answer", *options)
        self.eventually(lambda: self.process_state() == "T", "stopped provider")
        run.signal(15)
        self.assertEqual(run.ended(), FAILED)
        self.assertNotEqual(self.process_state(), "T")

    def process_state(self):
        with open(f"/proc/{self.provider.process.pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]


class Commands(Base):
    def test_one_that_fails_is_blamed(self):
        options = self.start_faulty()
        rows = kit.check(self.rig, "org.example.Faulty", options[0], "--incoming=exit 3",
                         "--remote-end=false", "--only=incoming,remote-end", patience=1,
                         status=FAILED)
        self.assertEqual(rows["incoming"]["Text"], "'exit 3' ended with status 3")
        self.assertEqual(rows["remote-end"]["Text"], "'false' ended with status 1")

    def test_one_that_goes_on_is_ended_with_its_call(self):
        self.start_faulty()
        log = f"{self.rig.directory}/commands.log"
        pid = self.provider.process.pid
        kit.check(self.rig, "org.example.Faulty",
                  f"--incoming=trap 'echo ended >>{log}; exit' TERM; kill -USR1 {pid}; "
                  f"echo $CALLSD_CHECK_PROVIDER >>{log}; read x <{self.pipe()}",
                  "--only=incoming,declined", status=OK)
        with open(log) as file:
            self.assertEqual(file.read().split(), ["org.example.Faulty", "ended"] * 2)

    def pipe(self):
        path = f"{self.rig.directory}/nobody-writes"
        os.mkfifo(path)
        return path

    def test_restart_by_systemctl(self):
        """What is asked of systemd is answered by the test, as systemd would."""
        options = self.start_faulty()
        folder = f"{self.rig.directory}/bin"
        os.mkdir(folder)
        with open(f"{folder}/systemctl", "w") as file:
            file.write(f"#!/bin/sh\n[ \"$*\" = '--user restart callsd.service' ] || exit 1\n"
                       f"{kit.restart_command(self.rig)}\n")
        os.chmod(f"{folder}/systemctl", 0o755)
        manager = self.rig.add(rig.Program(
            [sys.executable, os.path.join(HERE, "fake-systemd.py"),
             str(self.rig.callsd.process.pid)], "systemd", log=self.rig.log("systemd")))
        manager.wait(lambda line: line == "ready", "name")
        former = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", former)
        os.environ["PATH"] = f"{folder}:{former}"
        rows = kit.check(self.rig, "org.example.Faulty", *options, "--only=restart", status=OK)
        self.assertEqual(rows["restart"]["Result"], "pass")
        # Another callsd than the unit's is left alone.
        rows = kit.check(self.rig, "org.example.Faulty", *options, "--only=restart", status=OK)
        self.assertIn("callsd is not the unit", rows["restart"]["Text"])


class Unwatched(Base):
    """A bus that lets nobody be a monitor, as a system's may be."""

    CONFIG = """<busconfig><listen>unix:dir={0}</listen>
<policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
<policy context="mandatory"><deny send_interface="org.freedesktop.DBus.Monitoring"/></policy>
</busconfig>
"""

    def setUp(self):
        super().setUp()
        config = f"{self.rig.directory}/bus.conf"
        with open(config, "w") as file:
            file.write(self.CONFIG.format(self.rig.directory))
        bus = self.rig.add(rig.Program(["dbus-daemon", "--nofork", "--print-address",
                                        f"--config-file={config}"], "bus"))
        former = os.environ["DBUS_SESSION_BUS_ADDRESS"]
        self.addCleanup(os.environ.__setitem__, "DBUS_SESSION_BUS_ADDRESS", former)
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.wait(lambda line: line, "address")[1]

    def test_what_needs_a_monitor_is_not_seen(self):
        options = self.start_faulty("twice")
        rows = kit.check(self.rig, "org.example.Faulty", *options, status=OK)
        kit.assert_passed(self, rows, skipped=["remote-hold", "outgoing-refused", "restart",
                                               "restart-pending"],
                          unseen=["end-during-start", "end-during-answer", "cancelled",
                                  "late-answer", *RULES.split(",")])
        self.assertIn("lets nobody watch", rows["completes-once"]["Text"])
        self.assertGreater(rows["incoming"]["TimeUSec"], 0)


class Output(Base):
    def test_table(self):
        options = self.start_faulty("mistyped-key")
        answer = self.exits(FAILED, "org.example.Faulty", *options,
                            "--only=incoming,remote-hold,keys")
        self.assertRegex(answer.stdout, r"(?m)^incoming +pass +(<1|\d+) ms  active")
        self.assertRegex(answer.stdout, r"(?m)^remote-hold +skipped +- +needs --remote-hold$")
        self.assertRegex(answer.stdout, r"(?m)^keys +FAIL .*LocalisedCallerName")
        self.assertRegex(answer.stdout, r"(?m)^ +> look for a mistyped key.*\(U1\)$")
        self.assertIn("1 passed, 1 failed, 1 skipped, 0 not seen.", answer.stdout)
        self.assertNotIn("\033", answer.stdout)

    def test_strict(self):
        options = self.start_faulty()
        only = "--only=outgoing,remote-hold"
        self.exits(OK, "org.example.Faulty", *options, only)
        self.exits(FAILED, "org.example.Faulty", *options, only, "--strict")

    def test_colours_on_a_terminal(self):
        options = self.start_faulty()
        screen = Terminal([self.rig.programs.callsctl, "check-provider", "org.example.Faulty",
                           *options, "--only=outgoing"])
        self.addCleanup(screen.close)
        self.assertIn("\033[32mpass", screen.read_until("1 passed"))


if __name__ == "__main__":
    rig.main()
