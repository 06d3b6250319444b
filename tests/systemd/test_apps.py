#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: apps that the bus starts when a call is for them. Rows: I11, V6"""
import sys

sys.dont_write_bytecode = True

import json
import os
import unittest

import test_units
from managers import Stopwatch, TestCase, wait_until, write

APP = "/callsd/tests/e2e/woken-app"
SAID = "/tmp/callsd-apps"


class Apps(TestCase):
    def setUp(self):
        super().setUp()
        self.manager = test_units.UserUnit.make_manager()
        self.person = self.manager.person
        self.manager.fresh()
        os.makedirs(SAID, exist_ok=True)
        os.chmod(SAID, 0o777)
        self.monitor = self.add(self.person.monitor())

    def install(self, app):
        """What a package brings: a manifest, and a service."""
        name = f"org.example.{app}"
        write(f"/usr/share/callsd/providers/{name}.provider",
              f"[Provider]\nName=The {app} app\nBusName={name}\nURISchemes=tel\n")
        write(f"/usr/share/dbus-1/services/{name}.service",
              f"[D-BUS Service]\nName={name}\nExec=/usr/bin/env CALLSD_TEST_DIR={SAID} "
              f"{APP} {name} {app.lower()}\n")
        self.person.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "ReloadConfig")
        return name

    def known(self, name):
        found = json.loads(self.person.ctl("--json", "providers").stdout)
        return next((item for item in found if item["Identifier"] == name), None)

    def dial(self, name):
        mark = self.monitor.mark()
        self.person.ctl("dial", "--provider", name, "tel:+15550100")
        return self.monitor.expect("call-added", since=mark)[1]["Call"]

    def test_a_call_starts_its_app(self):
        name = self.install("Obeys")
        self.assertEqual(wait_until(lambda: self.known(name), "provider")["Running"], False)
        watch = Stopwatch()
        call = self.dial(name)
        self.monitor.state(call, "started")
        self.say(f"the app was started and has its call after {watch.ms():.0f} ms")
        self.assertEqual(self.known(name)["Running"], True)
        self.person.ctl("end", call)
        self.monitor.state(call, "ended")

    def test_an_app_that_crashes_while_it_is_started(self):
        name = self.install("Crashes")
        wait_until(lambda: self.known(name), "provider")
        call = self.dial(name)
        self.monitor.state(call, "ended")
        shown = json.loads(self.person.ctl("--json", "show", call).stdout)
        self.say(shown["EndedText"])
        self.assertIn(f"The bus cannot start {name}: ", shown["EndedText"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
