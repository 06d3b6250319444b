#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who places a call: callsctl default, over restarts and boots; and callsctl dial with links."""
import sys

sys.dont_write_bytecode = True

import json
import os
import shutil
import signal
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import rig

OK, FAILED, USAGE = range(3)
ONE, TWO = "org.callsd.One", "org.callsd.Two"
LIST_ERROR = "org.callsd.Error.RequestTransaction.UnknownCallProvider"


class Base(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.file = f"{os.environ['XDG_STATE_HOME']}/callsd/default-providers"
        self.rig.start_callsd("--no-audio")

    def start_apps(self):
        self.one = self.rig.start_example(ONE, "--name=First", "--connect-after=100")
        self.two = self.rig.start_example(TWO, "--name=Second", "--connect-after=100")

    def exits(self, status, *arguments):
        answer = self.rig.ctl(*arguments, check=False)
        self.assertEqual(answer.returncode, status,
                         f"callsctl {' '.join(arguments)}: {answer.stdout}{answer.stderr}")
        return answer

    def json(self, *arguments, status=OK):
        return json.loads(self.exits(status, "--json", *arguments).stdout)

    def choices(self):
        return {row["Kind"]: row["Identifier"] for row in self.json("default")}

    def lines(self):
        if not os.path.exists(self.file):
            return []
        with open(self.file) as file:
            return sorted(line for line in file.read().splitlines() if line[:1] != "#")

    def dialled(self, app, *arguments):
        """Dials, and ends the call; the handle that the app was given."""
        mark = app.mark()
        call = self.json("dial", *arguments)["Call"]
        app.expect("perform-start", call, since=mark)
        facts = self.rig.calls()[call]
        self.exits(OK, "end", call)
        return facts["RemoteHandleType"], facts["RemoteHandle"]

    def restart(self, boot=False):
        self.rig.callsd.signal(signal.SIGTERM)
        self.assertEqual(self.rig.callsd.ended(), 0)
        if boot:
            for app in (self.one, self.two):
                app.stop()
            shutil.rmtree(f"{os.environ['XDG_RUNTIME_DIR']}/callsd")
        self.rig.start_callsd("--no-audio")


class Default(Base):
    def test_choose_and_show(self):
        self.assertIn("No app is chosen", self.exits(OK, "default").stdout)
        self.assertEqual(self.exits(OK, "default", "tel").stdout, "none\n")
        self.start_apps()
        self.assertEqual(self.json("default", "TEL", ONE)["Identifier"], ONE)
        self.exits(OK, "default", "sip", TWO)
        self.assertEqual(self.choices(), {"tel": ONE, "sip": TWO})
        self.assertEqual(self.exits(OK, "default", "tel").stdout, f"{ONE}\n")
        self.assertRegex(self.exits(OK, "default").stdout, rf"tel +{ONE} +First\n")
        self.exits(OK, "default", "tel", "none")
        self.assertEqual(self.choices(), {"sip": TWO})
        self.assertEqual(self.json("default", "tel"),
                         {"Kind": "tel", "Identifier": "", "Known": False})
        self.two.stop()
        self.eventually(lambda: not self.json("default", "sip")["Known"], "app that has gone")
        self.assertIn("not there any more", self.exits(OK, "default").stdout)

    def test_refused(self):
        self.start_apps()
        self.assertEqual(self.json("default", "tel", "org.callsd.Nobody", status=FAILED)["Error"],
                         LIST_ERROR)
        self.assertIn("neither a URI scheme", self.exits(FAILED, "default", "sip:", ONE).stderr)
        self.exits(USAGE, "default", "tel", ONE, "more")
        self.assertEqual(self.choices(), {})
        self.assertEqual(self.lines(), [])

    def test_who_is_called_by_a_link(self):
        self.start_apps()
        # two apps and no choice: callsd does not guess
        self.assertEqual(self.json("dial", "tel:+1-201", status=FAILED)["Error"], LIST_ERROR)
        self.exits(OK, "default", "tel", TWO)
        self.exits(OK, "default", "sip", ONE)
        self.assertEqual(self.dialled(self.two, "tel:+1-201-555-0123;isub=1"),
                         ("phone-number", "+12015550123"))
        self.assertEqual(self.dialled(self.two, "callto:+1%20201"), ("phone-number", "+1201"))
        self.assertEqual(self.dialled(self.one, "SIP:bob@example.org?Subject=x"),
                         ("generic", "sip:bob@example.org"))
        self.assertEqual(self.dialled(self.one, "sips:bob@example.org"),
                         ("generic", "sips:bob@example.org"))
        # what the user says now counts more
        self.assertEqual(self.dialled(self.one, "-p", ONE, "tel:112"), ("phone-number", "112"))
        self.assertEqual(self.dialled(self.two, "--type=phone-number", "*100#"),
                         ("phone-number", "*100#"))
        # an app that has gone is as good as none
        self.two.stop()
        self.eventually(lambda: not self.json("default", "tel")["Known"], "app that has gone")
        self.assertEqual(self.dialled(self.one, "tel:+1-202"), ("phone-number", "+1202"))

    def test_extension_is_keyed_in(self):
        self.start_apps()
        mark = self.one.mark()
        call = self.json("dial", "-p", ONE, "tel:+1-201-555-0123;ext=4-5")["Call"]
        self.rig.monitor.state(call, "active")
        self.assertEqual(self.rig.calls()[call]["RemoteHandle"], "+12015550123")
        self.one.expect("perform", call, since=mark, type="play-dtmf-call")
        self.exits(OK, "end", call)
        call = self.json("dial", "-p", ONE, "tel:+1-201-555-0123w4-5%23")["Call"]
        self.rig.monitor.state(call, "active")
        self.eventually(lambda: self.rig.calls()[call]["PostDial"] == "45#", "rest that waits")
        mark = self.one.mark()
        self.exits(OK, "continue")
        self.one.expect("perform", call, since=mark, type="play-dtmf-call")
        self.eventually(lambda: self.rig.calls()[call]["PostDial"] == "", "end of the rest")
        self.assertEqual(self.exits(4, "continue").stderr,
                         "callsctl: there is no call to continue\n")

    def test_bad_links(self):
        self.start_apps()
        self.exits(OK, "default", "tel", ONE)
        for link, text in (("tel:*2767*3855%23", "codes"), ("tel:+1%0aATD1", "0x0a"),
                           ("sip:", "user@host"), ("tel:", "no number")):
            self.assertIn(text, self.exits(USAGE, "dial", link).stderr)
        self.assertEqual(self.rig.calls(), {})

    def test_over_a_boot(self):
        self.start_apps()
        self.exits(OK, "default", "tel", TWO)
        self.exits(OK, "default", "sip", ONE)
        self.eventually(lambda: self.lines() == [f"sip={ONE}", f"tel={TWO}"], "file of choices")
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        self.restart(boot=True)
        self.assertEqual(self.choices(), {"tel": TWO, "sip": ONE})
        self.assertFalse(self.json("default", "tel")["Known"])
        self.start_apps()
        self.assertEqual(self.dialled(self.two, "tel:+1-201"), ("phone-number", "+1201"))
        self.exits(OK, "default", "sip", "none")
        self.eventually(lambda: self.lines() == [f"tel={TWO}"], "file of one choice")

    def test_the_record_counts(self):
        """Killed before the file was written; and a file that somebody has edited meanwhile."""
        self.start_apps()
        self.exits(OK, "default", "tel", TWO)
        self.eventually(lambda: self.lines() == [f"tel={TWO}"], "file of choices")
        with open(self.file, "w") as file:
            file.write("tel=org.callsd.Other\n")
        self.restart()
        self.assertEqual(self.choices(), {"tel": TWO})
        self.eventually(lambda: self.lines() == [f"tel={TWO}"], "file as the record")
        with open(f"{self.file}.old") as file:
            self.assertEqual(file.read(), "tel=org.callsd.Other\n")

    def test_bad_file(self):
        self.start_apps()
        self.exits(OK, "default", "tel", TWO)
        self.eventually(lambda: self.lines() == [f"tel={TWO}"], "file of choices")
        bad = f"tel={ONE}\nnonsense\nsip=nodot\n# fine\n\n"
        with open(self.file, "w") as file:
            file.write(bad)
        self.restart(boot=True)
        self.assertEqual(self.choices(), {"tel": ONE})
        with open(self.rig.log("callsd")) as log:
            text = log.read()
        for number, line in ((2, "nonsense"), (3, "sip=nodot")):
            self.assertIn(f'{self.file}:{number}: "{line}" is not KIND=IDENTIFIER', text)
        self.start_apps()
        self.exits(OK, "default", "sip", TWO)
        self.eventually(lambda: self.lines() == [f"sip={TWO}", f"tel={ONE}"], "whole file")
        with open(f"{self.file}.old") as file:
            self.assertEqual(file.read(), bad)

    def test_nowhere_to_write(self):
        self.start_apps()
        os.makedirs(f"{self.file}.new")
        self.exits(OK, "default", "tel", TWO)
        self.assertEqual(self.choices(), {"tel": TWO})
        self.log_says("cannot be kept in")
        os.rmdir(f"{self.file}.new")
        self.restart()
        self.assertEqual(self.choices(), {"tel": TWO})
        self.eventually(lambda: self.lines() == [f"tel={TWO}"], "file, late")

    @unittest.skipUnless(os.geteuid() == 0, "only root and the group callsd may ask the device's")
    def test_of_a_device(self):
        """What systemd names as the folder for state, else /var/lib/callsd."""
        self.rig.callsd.signal(signal.SIGTERM)
        self.rig.callsd.ended()
        folder = f"{self.rig.directory}/state"
        os.environ["STATE_DIRECTORY"] = folder
        self.rig.start_callsd("--no-audio", "--system",
                              f"--bus-address={os.environ['DBUS_SESSION_BUS_ADDRESS']}")
        self.start_apps()
        self.exits(OK, "default", "tel", TWO)
        self.file = f"{folder}/default-providers"
        self.eventually(lambda: self.lines() == [f"tel={TWO}"], "file of choices")
        self.assertEqual(os.listdir(folder), ["default-providers"])

    def log_says(self, text):
        def found():
            with open(self.rig.log("callsd")) as log:
                return text in log.read()
        self.eventually(found, f"log with {text!r}")


if __name__ == "__main__":
    rig.main()
