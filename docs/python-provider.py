#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A call app in Python with plain D-Bus, no library of callsd: usage, with callsd running,

    python-provider.py incoming NUMBER      somebody calls; answer with `callsctl answer`
    python-provider.py dial NUMBER          this app places a call through callsd

It follows every order and prints what happens; once the call has ended, so does the program.
"""
import sys
import uuid

from gi.repository import Gio, GLib

V = GLib.Variant
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()


def call(path, interface, method, signature, *arguments):
    return bus.call_sync("org.callsd", path, f"org.callsd.{interface}", method,
                         V(signature, arguments), None, 0, -1).unpack()


def perform(actions):
    """callsd wants these done, in this order: tell it of each when it is."""
    for action, kind, arguments in actions:
        print(kind, arguments["Call"], flush=True)
        call(provider, "Provider1", "FulfillAction", "(sa{sv})", action, {})
        if kind == "start-call":  # the network is as quick as can be
            call(provider, "Provider1", "ReportOutgoingCallConnected", "(sa{sv})",
                 arguments["Call"], {})
        elif kind == "end-call":
            GLib.idle_add(loop.quit)


def on_signal(_bus, _sender, _path, _interface, signal, parameters):
    values = parameters.unpack()
    if signal == "PerformTransaction":
        perform(values[1])
    elif signal == "AudioSessionActivated":
        print("sound", values[0], values[1].get("Sink", "not by callsd"), flush=True)
    elif signal == "Reset":
        loop.quit()


if len(sys.argv) != 3 or sys.argv[1] not in ("incoming", "dial"):
    sys.exit(__doc__)
# Delegate signals come to us alone, so a match on the sender is enough.
bus.signal_subscribe("org.callsd", "org.callsd.Provider1", None, None, None, 0, on_signal)
provider, _calls = call("/org/callsd", "Manager1", "RegisterProvider", "(a{sv})", {
    "Identifier": V("s", "org.example.Python"), "LocalizedName": V("s", "Python")})
if sys.argv[1] == "incoming":
    call(provider, "Provider1", "ReportNewIncomingCall", "(sa{sv})", str(uuid.uuid4()), {
        "RemoteHandleType": V("s", "phone-number"), "RemoteHandle": V("s", sys.argv[2])})
else:
    call("/org/callsd", "Manager1", "StartCall", "(sssa{sv})", "org.example.Python",
         "phone-number", sys.argv[2], {})
loop.run()
