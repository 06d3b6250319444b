#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: a telephone. The device's callsd, callsd-ofono as a unit of its own, and Debian's
ofonod as it is installed, with its policy on the system bus and a modem of ours. Rows: V7"""
import sys

sys.dont_write_bytecode = True

import json
import os
import shutil
import signal
import unittest

import test_device
from managers import TestCase, rig, shell, wait_until, write

PREFIX = "/usr/local" if os.path.exists("/usr/local/bin/callsd-ofono") else "/usr"
POLICY = "share/dbus-1/system.d/callsd-ofono.conf"
AT_MODEM = "/callsd/tests/support/at-modem"
PORT, CONTROL = "23451", "23452"
MODEM = ["org.ofono", "/phonesim", "org.ofono.Modem", "SetProperty", "sv"]


class Telephone(TestCase):
    def setUp(self):
        super().setUp()
        if PREFIX != "/usr":
            shutil.copy(f"{PREFIX}/{POLICY}", "/etc/dbus-1/system.d")
            shell("systemctl", "reload", "dbus.service")
        write("/etc/ofono/test.conf", f"[phonesim]\nAddress=127.0.0.1\nPort={PORT}\n")
        write("/etc/systemd/system/ofono.service.d/test.conf",
              "[Service]\nEnvironment=OFONO_PHONESIM_CONFIG=/etc/ofono/test.conf\n")
        self.add(rig.Program([sys.executable, AT_MODEM, PORT, CONTROL], "modem"))
        self.manager = test_device.make_system()
        self.root, self.ben = self.manager.owner, self.manager.person
        shell("systemctl", "daemon-reload")
        shell("systemctl", "start", "ofono.service")
        shell("systemctl", "enable", "--now", "callsd.service", "callsd-ofono.service")
        self.monitor = self.add(self.ben.monitor())

    def account(self):
        found = json.loads(self.ben.ctl("--json", "providers").stdout)
        provider = next((one for one in found if one["Identifier"] == "org.callsd.oFono"), None)
        accounts = provider["Accounts"] if provider and provider["Running"] else []
        return next((one["State"] for one in accounts if one["Id"] == "phonesim"), None)

    def go_online(self):
        wait_until(lambda: self.account() == "off", "modem without power")
        for name in ("Powered", "Online"):
            wait_until(lambda name=name: self.root.busctl("call", *MODEM, name, "b", "true",
                                                          check=False).returncode == 0, name)
        wait_until(lambda: self.account() == "online", "modem that is online")

    def modem(self, *words):
        return shell(sys.executable, AT_MODEM, "--control", CONTROL, *words).stdout.strip()

    def pid(self):
        return int(shell("systemctl", "show", "--value", "--property=MainPID",
                         "callsd-ofono.service").stdout)

    def is_active(self, call):
        facts = self.ben.calls().get(call)
        return facts and facts["State"] == "active" and not facts["Reconnecting"]

    def test_a_call_outlives_its_bridge(self):
        self.go_online()
        self.modem("ring", "+15550100")
        call = wait_until(lambda: next(iter(self.ben.calls()), None), "call")
        self.monitor.state(call, "ringing")
        self.ben.ctl("answer", call)
        self.monitor.state(call, "active")
        shell("systemctl", "restart", "callsd-ofono.service")
        wait_until(lambda: self.is_active(call), "the same call after a restart")
        killed = self.pid()
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: self.pid() not in (0, killed), "another bridge")
        wait_until(lambda: self.is_active(call), "the same call after a crash")
        self.assertEqual(json.loads(self.modem("calls"))[0]["state"], "active")
        self.ben.ctl("end", call)
        wait_until(lambda: self.modem("calls") == "[]", "end of the call")


if __name__ == "__main__":
    unittest.main(verbosity=2)
