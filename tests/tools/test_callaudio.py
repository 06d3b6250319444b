#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-callaudio with callaudiod's own client, and with a client that stays, as dialers do.

callaudiocli prints what it knew before it asked, so its state is read in a second run.
"""
import sys

sys.dont_write_bytecode = True

import os
import shutil
import signal
import subprocess
import unittest

from gi.repository import Gio, GLib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import rig

NAME = "org.mobian_project.CallAudio"
PATH = "/org/mobian_project/CallAudio"
UNKNOWN = 255


class Dialer:
    """As GNOME Calls does it: a GDBus proxy on a connection that lives as long as the app."""

    def __init__(self):
        self.bus = Gio.DBusConnection.new_for_address_sync(
            os.environ["DBUS_SESSION_BUS_ADDRESS"],
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.bus.set_exit_on_close(False)
        self.proxy = Gio.DBusProxy.new_sync(self.bus, Gio.DBusProxyFlags.DO_NOT_AUTO_START, None,
                                            NAME, PATH, NAME, None)

    def ask(self, method, signature, value):
        return self.proxy.call_sync(method, GLib.Variant(f"({signature})", (value,)),
                                    Gio.DBusCallFlags.NONE, 5000, None).unpack()[0]

    def get(self, name):
        """As the proxy has it, from signals alone."""
        while GLib.MainContext.default().iteration(False):
            pass
        value = self.proxy.get_cached_property(name)
        return None if value is None else value.unpack()

    def close(self):
        self.bus.close_sync(None)


class Base(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.program = os.path.join(self.build, "tools/callsd-callaudio/callsd-callaudio")

    def start_facade(self):
        facade = self.rig.add(rig.Program([self.program], "callaudio",
                                          log=self.rig.log("callaudio")))
        self.eventually(lambda: self.owner() is not None, "owner of the name")
        return facade

    def owner(self):
        answer = subprocess.run(["busctl", "--user", "call", "org.freedesktop.DBus", "/",
                                 "org.freedesktop.DBus", "GetNameOwner", "s", NAME],
                                capture_output=True, text=True, timeout=10)
        return answer.stdout.strip() if answer.returncode == 0 else None

    def log_has(self, text, name="callaudio"):
        with open(self.rig.log(name)) as file:
            return text in file.read()

    def start(self):
        self.rig.start_callsd()
        self.example = self.rig.start_example()
        facade = self.start_facade()
        self.dialer = Dialer()
        self.addCleanup(self.dialer.close)
        self.eventually(lambda: self.dialer.get("MicState") == 1, "callsd seen by the facade")
        return facade

    def cli(self, *arguments, status=0):
        answer = subprocess.run(["callaudiocli", *arguments], capture_output=True, text=True,
                                timeout=20)
        self.assertEqual(answer.returncode, status, answer.stdout + answer.stderr)
        return answer.stdout

    def cli_states(self):
        """(mode, speaker, microphone) as callaudiocli prints them: a name, or a number."""
        lines = [line.split(":", 1) for line in self.cli("-S").splitlines() if ":" in line]
        return [value.strip() for _, value in lines]

    def anonymous(self):
        """The calls that the facade told callsd of: those of no app of this test."""
        ours = {event.get("call") for event in self.example.events()}
        return [facts for uuid, facts in self.rig.calls().items() if uuid not in ours]


class Cli(Base):
    def test_mute(self):
        self.start()
        call = self.answered_call(self.example)
        self.eventually(lambda: self.dialer.get("AudioMode") == 1, "call mode of callsd's call")
        open_states = self.cli_states()
        self.cli("-u", "1")
        self.assertTrue(self.rig.calls()[call]["Muted"])
        muted_states = self.cli_states()
        self.assertNotEqual(open_states[2], muted_states[2])
        self.assertEqual(open_states[:2], muted_states[:2])
        self.cli("-u", "1")
        self.assertTrue(self.rig.calls()[call]["Muted"])
        self.cli("-u", "0")
        self.assertFalse(self.rig.calls()[call]["Muted"])
        self.assertEqual(self.cli_states(), open_states)

    def test_mode(self):
        self.start()
        idle = self.cli_states()
        self.cli("-m", "1")
        self.assertEqual(self.cli_states(), idle, "call mode outlived callaudiocli")
        self.cli("-m", "0")
        self.answered_call(self.example)
        self.eventually(lambda: self.cli_states()[0] != idle[0], "call mode of callsd's call")
        in_call = self.cli_states()
        self.cli("-m", "0")
        self.assertEqual(self.cli_states(), in_call, "a client ended the mode of callsd's call")

    def test_without_a_call(self):
        self.start()
        self.cli("-u", "1", status=1)
        self.cli("-u", "0")
        self.cli("-s", "1", status=1)
        self.cli("-s", "0")

    def test_without_callsd(self):
        self.start_facade()
        self.dialer = Dialer()
        self.addCleanup(self.dialer.close)
        self.eventually(lambda: self.log_has("callsd is not running"), "word about callsd")
        self.assertEqual(self.dialer.get("SpeakerState"), UNKNOWN)
        self.assertEqual(self.dialer.get("MicState"), UNKNOWN)
        self.cli("-m", "1")
        self.cli("-u", "1", status=1)
        self.cli("-s", "1", status=1)
        self.cli("-m", "0")
        self.rig.start_callsd()
        self.eventually(lambda: self.dialer.get("MicState") == 1, "callsd that came later")
        self.rig.callsd.signal(signal.SIGKILL)
        self.eventually(lambda: self.dialer.get("MicState") == UNKNOWN, "callsd that went")


class Speaker(Base):
    def test_speaker(self):
        self.start()
        self.answered_call(self.example)
        routes = self.routes()
        kinds = {route["Kind"] for route in routes if route["Available"]}
        self.assertIn("speaker", kinds)
        self.assertTrue(kinds & {"headset", "earpiece", "bluetooth", "other"}, kinds)
        for wanted in (1, 0, 1, 0):
            self.cli("-s", str(wanted))
            self.eventually(lambda: self.dialer.get("SpeakerState") == wanted, "speaker state")
            self.eventually(lambda: (self.route_kind() == "speaker") == bool(wanted), "route")
        states = self.cli_states()
        self.cli("-s", "1")
        self.assertNotEqual(self.cli_states()[1], states[1])

    def audio(self, name):
        bus = self.dialer.bus
        return bus.call_sync("org.callsd", "/org/callsd/audio", "org.freedesktop.DBus.Properties",
                             "Get", GLib.Variant("(ss)", ("org.callsd.Audio1", name)), None,
                             Gio.DBusCallFlags.NONE, 5000, None).unpack()[0]

    def routes(self):
        return self.audio("Routes")

    def route_kind(self):
        now = self.audio("Route")
        return next((route["Kind"] for route in self.routes() if route["Id"] == now), None)


class Dialers(Base):
    def test_call_mode_of_a_dialer(self):
        self.start()
        self.assertEqual(self.dialer.get("AudioMode"), 0)
        self.assertTrue(self.dialer.ask("SelectMode", "u", 1))
        self.assertEqual(self.dialer.get("AudioMode"), 1, "announced after the reply")
        self.eventually(lambda: len(self.anonymous()) == 1, "callsd told of the call")
        facts = self.anonymous()[0]
        self.assertEqual(facts["State"], "active")
        self.assertNotIn("mute", facts["Allowed"])
        self.assertTrue(self.dialer.ask("SelectMode", "u", 1))
        self.assertTrue(self.dialer.ask("SelectMode", "u", 0))
        self.assertEqual(self.dialer.get("AudioMode"), 0)
        self.eventually(lambda: self.anonymous() == [], "end of the call in callsd")
        with self.assertRaises(GLib.Error) as caught:
            self.dialer.ask("SelectMode", "u", 2)
        self.assertIn("InvalidArgs", str(caught.exception))

    def test_claims_are_each_clients_own(self):
        self.start()
        other = Dialer()
        self.assertTrue(self.dialer.ask("SelectMode", "u", 1))
        self.assertTrue(other.ask("SelectMode", "u", 1))
        self.assertTrue(self.dialer.ask("SelectMode", "u", 0))
        self.assertEqual(self.dialer.get("AudioMode"), 1)
        other.close()
        self.eventually(lambda: self.dialer.get("AudioMode") == 0, "end of a dead client's mode")

    def test_a_dialer_that_is_killed_leaves_nothing(self):
        self.start()
        dialer = self.rig.add(rig.Program([sys.executable, "-c", KILLED], "dialer"))
        dialer.wait(lambda line: line == "in call", "call mode")
        self.eventually(lambda: len(self.anonymous()) == 1, "callsd told of the call")
        dialer.signal(signal.SIGKILL)
        self.eventually(lambda: self.dialer.get("AudioMode") == 0, "end of the mode")
        self.eventually(lambda: self.anonymous() == [], "end of the call in callsd")

    def test_a_real_call_comes_first(self):
        self.start()
        self.assertTrue(self.dialer.ask("SelectMode", "u", 1))
        self.eventually(lambda: len(self.anonymous()) == 1, "callsd told of the call")
        call = self.answered_call(self.example)
        self.eventually(lambda: self.anonymous() == [], "way for the real call")
        self.assertTrue(self.dialer.ask("SelectMode", "u", 0))
        self.assertEqual(self.rig.calls()[call]["State"], "active")
        self.assertEqual(self.dialer.get("AudioMode"), 1)
        self.rig.ctl("end", call)
        self.eventually(lambda: self.dialer.get("AudioMode") == 0, "end of the mode")

    def test_a_mute_is_announced_before_the_reply(self):
        self.start()
        self.answered_call(self.example)
        self.eventually(lambda: self.dialer.get("AudioMode") == 1, "call mode of callsd's call")
        for muted in (True, False):
            self.assertTrue(self.dialer.ask("MuteMic", "b", muted))
            self.assertEqual(self.dialer.get("MicState"), 0 if muted else 1)
        self.rig.ctl("mute")
        self.eventually(lambda: self.dialer.get("MicState") == 0, "a mute by somebody else")

    def test_leaving_call_mode_opens_no_microphone(self):
        self.start()
        call = self.answered_call(self.example)
        self.eventually(lambda: self.dialer.get("AudioMode") == 1, "call mode of callsd's call")
        self.assertTrue(self.dialer.ask("SelectMode", "u", 1))
        self.assertTrue(self.dialer.ask("MuteMic", "b", True))
        self.assertTrue(self.dialer.ask("SelectMode", "u", 0))
        self.assertTrue(self.rig.calls()[call]["Muted"])


class Program(Base):
    def test_off_where_callaudiod_is(self):
        bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName",
                      GLib.Variant("(su)", (NAME, 0)), None, Gio.DBusCallFlags.NONE, 5000, None)
        answer = subprocess.run([self.program], capture_output=True, text=True, timeout=20)
        self.assertEqual(answer.returncode, 0)
        self.assertIn("is taken", answer.stderr)
        self.assertIn("callaudiod", answer.stderr)

    def test_arguments(self):
        for arguments, status, said in ((["--help"], 0, "callaudiod"), (["--version"], 0, "."),
                                        (["--bogus"], 2, "--help"), (["x"], 2, '"x"'),
                                        (["-b", "unix:path=/nowhere"], 1, "no bus")):
            answer = subprocess.run([self.program, *arguments], capture_output=True, text=True,
                                    timeout=20)
            self.assertEqual(answer.returncode, status, arguments)
            self.assertIn(said, answer.stdout + answer.stderr)

    def test_ends_with_a_signal(self):
        facade = self.start()
        self.assertTrue(self.dialer.ask("SelectMode", "u", 1))
        self.eventually(lambda: len(self.anonymous()) == 1, "callsd told of the call")
        facade.signal(signal.SIGTERM)
        self.assertEqual(facade.ended(), 0)
        self.eventually(lambda: self.anonymous() == [], "end of the call in callsd")

    def test_interface_is_callaudiods(self):
        self.start_facade()
        answer = subprocess.run(["busctl", "--user", "introspect", "--list", NAME, PATH, NAME],
                                capture_output=True, text=True, timeout=10)
        members = sorted(tuple(line.split()[:4]) for line in answer.stdout.splitlines()
                         if line.startswith("."))
        self.assertEqual([member[:3] for member in members],
                         [(".AudioMode", "property", "u"), (".EnableSpeaker", "method", "b"),
                          (".MicState", "property", "u"), (".MuteMic", "method", "b"),
                          (".SelectMode", "method", "u"), (".SpeakerState", "property", "u")])
        self.assertEqual({member[3] for member in members if member[1] == "method"}, {"b"})


@unittest.skipUnless(shutil.which("gnome-calls") and shutil.which("Xvfb"),
                     "no GNOME Calls with Xvfb here")
class GnomeCalls(Base):
    """GNOME Calls itself, unmodified, with the provider that it has for tests."""

    def start_gnome_calls(self):
        display = next(n for n in range(90, 200) if not os.path.exists(f"/tmp/.X11-unix/X{n}"))
        self.rig.add(rig.Program(["Xvfb", f":{display}", "-nolisten", "tcp"], "Xvfb",
                                 log=self.rig.log("Xvfb")))
        self.eventually(lambda: os.path.exists(f"/tmp/.X11-unix/X{display}"), "X server")
        self.gnome = self.rig.add(rig.Program(
            ["gnome-calls", "--daemon", "-p", "dummy"], "gnome-calls", log=self.rig.log("gnome"),
            environment={"DISPLAY": f":{display}", "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1",
                         "GSETTINGS_BACKEND": "memory"}))

    def busctl(self, *arguments):
        return subprocess.run(["busctl", "--user", *arguments], capture_output=True, text=True,
                              timeout=20)

    def take_a_call(self, n):
        """SIGUSR1 makes its provider ring; it would end the program before that is loaded."""
        path = f"/org/gnome/Calls/Call/{n}"
        self.eventually(lambda: self.has_handler(), "provider of GNOME Calls")
        self.gnome.signal(signal.SIGUSR1)
        self.eventually(lambda: path in self.busctl("tree", "--list", "org.gnome.Calls").stdout,
                        "call in GNOME Calls")
        self.order(path, "Accept")
        self.eventually(lambda: self.dialer.get("AudioMode") == 1, "call mode")
        self.eventually(lambda: len(self.anonymous()) == 1, "callsd told of the call")
        return path

    def order(self, path, method):
        answer = self.busctl("call", "org.gnome.Calls", path, "org.gnome.Calls.Call", method)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def has_handler(self):
        with open(f"/proc/{self.gnome.process.pid}/status") as file:
            caught = next(line for line in file if line.startswith("SigCgt:"))
        return int(caught.split()[1], 16) >> (signal.SIGUSR1 - 1) & 1

    def test_takes_calls(self):
        self.start()
        self.start_gnome_calls()
        path = self.take_a_call(1)
        call = self.answered_call(self.example)
        self.eventually(lambda: self.anonymous() == [], "way for the real call")
        self.rig.ctl("end", call)
        self.order(path, "Hangup")
        self.eventually(lambda: self.dialer.get("AudioMode") == 0, "end of call mode")
        self.take_a_call(2)
        self.gnome.signal(signal.SIGKILL)
        self.eventually(lambda: self.dialer.get("AudioMode") == 0, "end of a dead dialer's mode")
        self.eventually(lambda: self.anonymous() == [], "end of the call in callsd")


KILLED = f"""
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
bus.call_sync("{NAME}", "{PATH}", "{NAME}", "SelectMode", GLib.Variant("(u)", (1,)), None, 0, 5000,
              None)
print("in call", flush=True)
GLib.MainLoop().run()
"""


if __name__ == "__main__":
    rig.main()
