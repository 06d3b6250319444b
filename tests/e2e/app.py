# SPDX-License-Identifier: LGPL-2.1-or-later
"""A provider that speaks the protocol by itself, on a connection of its own.

For what the example does not do: it follows every order at once, or none, and carries no sound.
The test's GLib loop has to run; see start_loop().
"""
import os
import threading
import time
import uuid

from gi.repository import Gio, GLib

V = GLib.Variant


def start_loop(test):
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()
    test.addCleanup(loop.quit)


class App:
    def __init__(self, identifier, obeys=True, **configuration):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.bus = Gio.DBusConnection.new_for_address_sync(
            os.environ["DBUS_SESSION_BUS_ADDRESS"], flags, None, None)
        self.obeys = obeys
        self.calls = []
        self.orders = []  # (time, kind, call)
        self.sessions = []  # (time, call, what it was activated with; None: deactivated)
        for name, handler in (("PerformTransaction", self._perform),
                              ("AudioSessionActivated", self._activated),
                              ("AudioSessionDeactivated", self._deactivated)):
            self.bus.signal_subscribe("org.callsd", "org.callsd.Provider1", name, None, None, 0,
                                      handler)
        self.path, _ = self.call("/org/callsd", "Manager1", "RegisterProvider", "(a{sv})",
                                 {"Identifier": V("s", identifier), **configuration})

    def call(self, path, interface, method, signature, *arguments, files=None):
        return self.bus.call_with_unix_fd_list_sync(
            "org.callsd", path, f"org.callsd.{interface}", method, V(signature, arguments), None, 0,
            -1, files)[0].unpack()

    def report(self, method, signature, *arguments, files=None):
        return self.call(self.path, "Provider1", method, signature, *arguments, files=files)

    def _perform(self, _bus, _sender, _path, _interface, _signal, parameters):
        for action, kind, arguments in parameters.unpack()[1]:
            if kind == "start-call":
                self.calls.append(arguments["Call"])
            self.orders.append((time.monotonic(), kind, arguments.get("Call")))
            if self.obeys:
                self.bus.call("org.callsd", self.path, "org.callsd.Provider1", "FulfillAction",
                              V("(sa{sv})", (action, {})), None, 0, -1)

    def _activated(self, _bus, _sender, _path, _interface, _signal, parameters):
        self.sessions.append((time.monotonic(), *parameters.unpack()))

    def _deactivated(self, _bus, _sender, _path, _interface, _signal, parameters):
        self.sessions.append((time.monotonic(), parameters.unpack()[0], None))

    def incoming(self, **properties):
        call = str(uuid.uuid4())
        self.report("ReportNewIncomingCall", "(sa{sv})", call, {
            "RemoteHandleType": V("s", "phone-number"), "RemoteHandle": V("s", "+15550100"),
            **properties})
        return call

    def hand_over(self, path):
        files = Gio.UnixFDList()
        with open(path, "rb") as file:
            self.report("SetRingtone", "(h)", files.append(file.fileno()), files=files)

    def vanish(self):
        self.bus.close_sync()
