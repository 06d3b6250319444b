#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps that do not run are started through the bus when they are wanted.

A real bus starts them. dbus-broker needs systemd for that (tests/systemd has it there); without
systemd it refuses, and then that is what is seen. Rows: I11, R10, V6
"""
import sys

sys.dont_write_bytecode = True

import argparse
import json
import os
import signal
import subprocess
import tempfile
import unittest

import rig

APPS = ("Obeys", "Waits", "Rings", "Idles", "Leaves", "Crashes")
HERE = os.path.dirname(os.path.abspath(__file__))
BROKER = os.environ.get("CALLSD_TEST_BUS") == "dbus-broker"


def identifier(app):
    return f"org.example.{app}"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


class Activation(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.world = os.environ["CALLSD_TEST_DIR"]
        self.addCleanup(self.end_apps)

    def end_apps(self):
        """What the bus has started is nobody's child here; the harness would complain of it."""
        for app in APPS:
            answer = subprocess.run(
                ["busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                 "org.freedesktop.DBus", "GetConnectionUnixProcessID", "s", identifier(app)],
                capture_output=True, text=True, timeout=10)
            if answer.returncode == 0:
                os.kill(int(answer.stdout.split()[1]), signal.SIGTERM)

    def manifest(self, app, *lines):
        write(f"{os.environ['CALLSD_SYSTEM_DATA_DIRS']}/callsd/providers/"
              f"{identifier(app)}.provider",
              "\n".join(["[Provider]", f"Name=The {app} app", f"BusName={identifier(app)}", *lines,
                         ""]))

    def start(self, *arguments):
        self.rig.start_callsd("--no-audio", *arguments)

    def provider(self, app):
        found = json.loads(self.rig.ctl("--json", "providers").stdout)
        return next(item for item in found if item["Identifier"] == identifier(app))

    def said(self, app):
        try:
            with open(f"{self.world}/{identifier(app)}.said") as file:
                return file.read().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def dial(self, app=None):
        mark = self.rig.monitor.mark()
        options = ["--provider", identifier(app)] if app else []
        self.rig.ctl("dial", *options, "tel:+15550100")
        return self.rig.monitor.expect("call-added", since=mark)[1]["Call"]

    def ended(self, call):
        self.rig.monitor.state(call, "ended")
        return json.loads(self.rig.ctl("--json", "show", call).stdout)

    def log(self):
        with open(self.rig.log("callsd"), errors="replace") as file:
            return file.read()

    @unittest.skipIf(BROKER, "only systemd starts apps for dbus-broker")
    def test_a_call_starts_its_app(self):
        self.manifest("Obeys", "HandleTypes=phone-number", "URISchemes=tel")
        self.start()
        before = self.provider("Obeys")
        self.assertEqual((before["DisplayName"], before["Running"]), ("The Obeys app", False))
        self.assertEqual(before["SupportedURISchemes"], ["tel"])
        call = self.dial()  # it is the only one that takes it
        self.rig.monitor.state(call, "started")
        self.assertEqual(self.said("Obeys"), ["woken", "registered"])
        after = self.provider("Obeys")
        self.assertEqual((after["DisplayName"], after["Running"]), ("The Obeys app", True))
        self.assertIn("the bus is asked to start org.example.Obeys", self.log())
        self.rig.ctl("end", call)
        self.assertEqual(self.ended(call)["EndedReason"], "local-ended")

    @unittest.skipIf(BROKER, "only systemd starts apps for dbus-broker")
    def test_a_woken_app_rings_before_it_has_a_window(self):
        """Its own server wakes it; callsd rings though it has never run before."""
        self.manifest("Rings")
        self.start()
        subprocess.run(["busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                        "org.freedesktop.DBus", "StartServiceByName", "su", identifier("Rings"),
                        "0"], check=True, capture_output=True, timeout=30)
        call = self.rig.monitor.expect("call-added", State="ringing")[1]["Call"]
        self.assertEqual(self.said("Rings")[:2], ["woken", "registered"])
        self.rig.ctl("answer", call)
        self.rig.monitor.state(call, "active")

    def test_an_app_that_crashes_while_it_is_started(self):
        self.manifest("Crashes")
        self.start()
        call = self.ended(self.dial("Crashes"))
        self.assertEqual(call["EndedReason"], "failed")
        self.assertIn("The bus cannot start org.example.Crashes: ", call["EndedText"])
        if not BROKER:
            self.assertIn("exited with status 1", call["EndedText"])
        self.assertIn(call["EndedText"], self.log())
        self.assertIn("The bus cannot start", self.ended(self.dial("Crashes"))["EndedText"])

    @unittest.skipIf(BROKER, "only systemd starts apps for dbus-broker")
    def test_an_app_that_leaves_before_it_registers(self):
        self.manifest("Leaves")
        self.start()
        call = self.ended(self.dial("Leaves"))
        self.assertIn("it ended before it had registered as a provider", call["EndedText"])

    @unittest.skipIf(BROKER, "only systemd starts apps for dbus-broker")
    def test_an_app_that_never_registers(self):
        config = f"{self.rig.directory}/callsd.conf"
        write(config, "[Deadlines]\nStartTimeout=300ms\n")
        self.manifest("Idles")
        self.start("--config", config)
        for _ in range(2):
            call = self.ended(self.dial("Idles"))
            self.assertIn("it was started, but did not register in time", call["EndedText"])
        self.eventually(lambda: self.said("Idles") == ["woken"], "app")

    def test_an_app_without_a_service(self):
        self.manifest("Unheard")
        self.start()
        call = self.ended(self.dial("Unheard"))
        self.assertIn("The bus cannot start org.example.Unheard: ", call["EndedText"])

    @unittest.skipIf(BROKER, "only systemd starts apps for dbus-broker")
    def test_callsd_is_killed_while_the_app_is_started(self):
        gate = f"{self.world}/gate"
        os.mkfifo(gate)
        self.manifest("Waits")
        self.start()
        call = self.dial("Waits")
        self.eventually(lambda: self.said("Waits") == ["woken"], "app")
        self.rig.callsd.signal(signal.SIGKILL)
        self.rig.callsd.ended()
        self.start()
        with open(gate, "w"):
            pass
        self.rig.monitor.state(call, "started")
        self.assertEqual(self.said("Waits"), ["woken", "registered"])

    def test_manifests_come_and_go(self):
        self.start()
        self.manifest("Obeys")
        self.rig.monitor.expect("provider-added")
        self.assertEqual(self.provider("Obeys")["Running"], False)
        os.remove(f"{os.environ['CALLSD_SYSTEM_DATA_DIRS']}/callsd/providers/"
                  "org.example.Obeys.provider")
        self.rig.monitor.expect("provider-removed")
        write(f"{os.environ['CALLSD_SYSTEM_DATA_DIRS']}/callsd/providers/org.example.Bad.provider",
              "[Provider]\nReclaimGrace=soon\n")
        self.eventually(lambda: "Bad.provider:2: ReclaimGrace=soon is not possible" in self.log(),
                        "word about the bad manifest")


def write_services(folder):
    for app in APPS:
        write(f"{folder}/{identifier(app)}.service",
              f"[D-BUS Service]\nName={identifier(app)}\n"
              f"Exec={sys.executable} {HERE}/woken-app {identifier(app)} {app.lower()}\n")


def main():
    """In front of rig.main(): which bus, and what it can start."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--impl", default="dbus-daemon")
    arguments, sys.argv[1:] = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="callsd-services-") as services:
        write_services(services)
        rig.main(["--impl", arguments.impl, "--services", services], "with-bus")


if __name__ == "__main__":
    if rig.inside():
        rig.main()
    else:
        main()
