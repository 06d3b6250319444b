#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: callsd on the system bus. Who may talk to it, its sound, and a user's own."""
import sys

sys.dont_write_bytecode = True

import os
import unittest

from managers import (MANAGER, Manager, Person, Stopwatch, TestCase, journal, rig, shell,
                      wait_until, write)

PIPEWIRE = "/run/pipewire"
POLICY = "/etc/dbus-1/system.d/org.callsd.conf"
DENIED = "Access denied"
# 1,000 answers for one connection: more than callsd sends without asking.
READER = """
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
for _ in range(1000):
    bus.call_sync("org.callsd", "/org/callsd", "org.freedesktop.DBus.Properties", "Get",
                  GLib.Variant("(ss)", ("org.callsd.Manager1", "InCall")), None, 0, -1, None)
"""


def make_system():
    return Manager(Person("root", "--system"), Person("ben", "--system"), "/etc/systemd/system",
                   "/run/callsd", "/etc/callsd/callsd.conf")


def make_user():
    anna = Person("anna", "--user")
    shell("systemctl", "start", f"user@{anna.uid}.service")
    return Manager(anna, anna, "/etc/systemd/user", f"/run/user/{anna.uid}/callsd",
                   "/etc/callsd/callsd.conf")


class Enabling(TestCase):
    """Installed it does nothing; it is the device's administrator who wants it."""

    def test_not_enabled(self):
        shell("systemctl", "disable", "callsd.service")
        watch = Stopwatch()
        refused = Person("root", "--system").call("ListPendingActions", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertLess(watch.ms(), 5000, "a request waits for a unit that nobody enabled")
        self.assertEqual(make_system().show("ActiveState"), "inactive")


class Policy(TestCase):
    """Real users, one bus, and what it lets through."""

    def setUp(self):
        super().setUp()
        shell("systemctl", "enable", "--now", "callsd.service")
        self.root, self.ben, self.carl = (Person(name, "--system")
                                          for name in ("root", "ben", "carl"))

    def test_controllers(self):
        for person in (self.root, self.ben):
            self.assertEqual(person.call("ListPendingActions").stdout, "aa{sv} 0\n")

    def test_readers(self):
        """Who is sent much is asked whether it reads, and the bus has to let callsd ask."""
        self.ben.run("/usr/bin/python3", "-c", READER)
        self.assertNotIn("does not let callsd ask",
                         shell("journalctl", "--no-pager", "-u", "callsd.service").stdout)

    def test_strangers(self):
        for command in (("call", *MANAGER, "ListPendingActions"),
                        ("call", *MANAGER, "RegisterProvider", "a{sv}", "0"),
                        ("get-property", *MANAGER, "InCall"),
                        ("introspect", *MANAGER[:2]),
                        ("call", *MANAGER[:2], "org.freedesktop.DBus.Peer", "Ping")):
            refused = self.carl.busctl(*command, check=False)
            self.assertIn(DENIED, refused.stderr, command)

    def test_name(self):
        """Root is nobody special here, and the group may talk to callsd but not be it."""
        shell("systemctl", "stop", "callsd.service")
        for person in (self.root, self.ben, self.carl):
            refused = person.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "RequestName", "su", MANAGER[0], "0",
                                    check=False)
            self.assertIn(DENIED, refused.stderr, person.name)

    def reload_bus(self):
        self.root.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                         "org.freedesktop.DBus", "ReloadConfig")

    def test_not_installed(self):
        """Without the policy callsd does not come up, and says what is missing."""
        shell("systemctl", "stop", "callsd.service")
        os.rename(POLICY, "/root/policy")
        self.reload_bus()
        try:
            failed = shell("systemctl", "start", "callsd.service", check=False)
        finally:
            shell("systemctl", "stop", "callsd.service")
            shell("systemctl", "reset-failed", "callsd.service", check=False)
            os.rename("/root/policy", POLICY)
            self.reload_bus()
        self.assertNotEqual(failed.returncode, 0)
        self.assertTrue([entry for entry in journal("_SYSTEMD_UNIT=callsd.service")
                         if "is its policy org.callsd.conf in" in entry["MESSAGE"]])

    def test_signals(self):
        """A stranger hears nothing of a call that a controller hears everything of."""
        listeners = {person: self.add(rig.Program(
            [*person.prefix, "stdbuf", "-oL", "gdbus", "monitor", "--system", "--dest", MANAGER[0]],
            person.name)) for person in (self.ben, self.carl)}
        for listener in listeners.values():
            listener.wait(lambda line: "owned by" in line, "owner of the name")
        example = self.add(self.ben.example())
        example.expect("began")
        call = example.incoming()
        listeners[self.ben].wait(lambda line: "InterfacesAdded" in line and
                                 call.replace("-", "_") in line, "new call")
        self.ben.ctl("end", call)
        listeners[self.ben].wait(lambda line: "RingingCalls" in line and "@ao []" in line,
                                 "end of the ringing")
        heard = [line for _, line in listeners[self.carl].items if "/org/callsd" in line]
        self.assertEqual(heard, [])


class TwoCallsd(TestCase):
    """A user's gives way to the device's."""

    def setUp(self):
        super().setUp()
        self.system, self.user = make_system(), make_user()
        shell("systemctl", "enable", "callsd.service")
        self.system.fresh()
        self.user.fresh()

    def assert_refused(self):
        wait_until(lambda: self.user.show("ActiveState") == "failed", "end of the user's callsd")
        self.assertEqual(self.user.show("ExecMainStatus"), "3")
        self.assertEqual(self.user.show("NRestarts"), "0")
        self.assertIn("This device has a callsd for everybody", self.user.show("StatusText"))

    def test_user_comes_second(self):
        self.system.systemctl("start", "callsd.service")
        watch = Stopwatch()
        refused = self.user.systemctl("start", "callsd.service", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.say(f"a second callsd was refused after {watch.ms():.0f} ms")
        self.assert_refused()
        # dbus-daemon does not hear that a unit could not start; who asks waits until he tires.
        refused = self.user.person.busctl("--timeout=2", "call", *MANAGER, "ListPendingActions",
                                          check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assert_refused()
        self.system.person.call("ListPendingActions")

    def test_device_comes_second(self):
        self.user.systemctl("start", "callsd.service")
        self.system.systemctl("start", "callsd.service")
        self.assert_refused()

    def test_device_comes_in_the_middle_of_a_call(self):
        self.user.systemctl("start", "callsd.service")
        example = self.add(self.user.person.example())
        example.expect("began")
        monitor = self.add(self.user.person.monitor())
        call = example.incoming()
        monitor.state(call, "ringing")
        self.system.systemctl("start", "callsd.service")
        self.user.person.ctl("answer", call)
        monitor.state(call, "active")
        self.user.person.ctl("end", call)
        self.assert_refused()


class Sound(TestCase):
    """A PipeWire for the whole device, of a user of its own."""

    @classmethod
    def setUpClass(cls):
        cls.system = make_system()
        shell("systemctl", "enable", "callsd.service")
        cls.system.fresh()
        write("/etc/pipewire/pipewire.conf.d/test.conf", """context.objects = [
    { factory = adapter args = { factory.name = support.null-audio-sink node.name = speaker
        media.class = Audio/Sink audio.position = "FL,FR" object.linger = true } }
    { factory = adapter args = { factory.name = support.null-audio-sink node.name = microphone
        media.class = Audio/Source/Virtual audio.position = MONO object.linger = true } }
]
""")
        # WirePlumber wants a session bus of its own.
        for name, command in (("pipewire", ["pipewire"]),
                              ("wireplumber", ["dbus-run-session", "wireplumber"])):
            shell("systemd-run", "--quiet", f"--unit={name}.service", "--property=User=pipewire",
                  "--property=RuntimeDirectory=pipewire", "--property=RuntimeDirectoryPreserve=yes",
                  "--property=UMask=0007", f"--setenv=PIPEWIRE_RUNTIME_DIR={PIPEWIRE}",
                  f"--setenv=XDG_RUNTIME_DIR={PIPEWIRE}", f"--setenv=HOME={PIPEWIRE}", *command)
            wait_until(lambda: os.path.exists(f"{PIPEWIRE}/pipewire-0"), "socket of PipeWire")
        # As the manual page says.
        cls.system.drop_in("sound", "[Service]\nSupplementaryGroups=pipewire\n")

    def wait_audio(self, name):
        audio = (MANAGER[0], "/org/callsd/audio", "org.callsd.Audio1")
        wait_until(lambda: self.system.person.busctl("get-property", *audio, name).stdout ==
                   "b true\n", name)

    def test_call_has_sound(self):
        ben = self.system.person
        self.system.systemctl("start", "callsd.service")
        self.wait_audio("Available")
        ben.prefix.append(f"PIPEWIRE_RUNTIME_DIR={PIPEWIRE}")
        example = self.add(ben.example())
        example.expect("began")
        call = example.incoming()
        self.wait_audio("Ringing")
        ben.ctl("answer", call)
        example.expect("streams", call, open="1", joined="1")
        example.expect("did-activate", call)


if __name__ == "__main__":
    unittest.main(verbosity=2)
