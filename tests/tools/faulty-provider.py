#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A provider on plain D-Bus that does everything right, or with an argument one thing wrong.

SIGUSR1: somebody calls. SIGUSR2: the far end of the latest call hangs up. The names of what can be
wrong are the methods' below, and those that stand in the code.
"""
import os
import signal
import sys
import time
import uuid

from gi.repository import Gio, GLib

V = GLib.Variant
FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
IDENTIFIER = "org.example.Faulty"
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
calls = {}  # UUID -> state
done = {}  # orders that were followed: an order may come again after a restart of callsd
provider = None


def ask(path, interface, method, signature, *arguments):
    """What is refused is seen by whoever looks; "blind": not even callsd is asked to answer."""
    bus.call("org.callsd", path, f"org.callsd.{interface}", method, V(signature, arguments), None,
             Gio.DBusCallFlags.NO_AUTO_START, -1, None,
             None if FAULT.startswith("blind") else lambda *_answer: None)


def report(method, signature, *arguments):
    ask(provider, "Provider1", method, signature, *arguments)


def complete(action, details=None, method="FulfillAction"):
    report(method, "(sa{sv})", action, details or {})


def date():
    return V("t", int(time.time()) if FAULT == "seconds" else int(time.time() * 1e6))


def connected(call):
    if call in calls:
        report("ReportOutgoingCallConnected", "(sa{sv})", call, {"Date": date()})


def start(call, action):
    calls[call] = "started"
    if FAULT == "connected-first":
        connected(call)
    complete(action, {"Date": date()})
    if FAULT != "connected-first":
        report("ReportOutgoingCallStartedConnecting", "(sa{sv})", call, {})
        GLib.timeout_add(50, connected, call)


def end(call, action):
    complete(action)
    calls.pop(call, None)
    if FAULT == "reports-ended":
        report("ReportCallUpdated", "(sa{sv})", call, {"LocalizedCallerName": V("s", "Late")})


def hold(call, action, arguments):
    complete(action)
    if FAULT == "goes-on" and arguments["OnHold"]:
        report("ReportCallState", "(ssa{sv})", call, "active", {"By": V("s", "self")})


def follow(action, kind, arguments):
    call = arguments["Call"]
    if action in done:
        return
    done[action] = True
    if kind == "answer-call" and FAULT == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if FAULT == kind:
        return  # never completed
    if kind == "start-call":
        start(call, action)
    elif call not in calls:
        complete(action, {"Reason": V("s", "no such call")}, "FailAction")
    elif kind == "end-call":
        end(call, action)
    elif kind == "set-held-call":
        hold(call, action, arguments)
    else:
        complete(action, {"Date": date()} if kind == "answer-call" else None)
    if FAULT in ("twice", "blind-twice"):
        complete(action)


def perform(actions):
    if FAULT in ("backwards", "blind-backwards") and len(actions) > 1:
        for action, _, _ in reversed(actions[1:]):
            complete(action)
    for action, kind, arguments in actions:
        follow(action, kind, arguments)


def on_signal(_bus, _sender, _path, _interface, name, parameters):
    values = parameters.unpack()
    if name == "PerformTransaction":
        perform(values[1])
    elif name == "Reset":
        for call in values[0]:
            calls.pop(call, None)
    elif name == "ActionTimedOut" and FAULT != "zombie":
        calls.pop(values[1], None)


def incoming():
    if FAULT == "zombie":
        for other in calls:
            report("ReportCallState", "(ssa{sv})", other, "active", {})
    call = str(uuid.uuid4())
    calls[call] = "ringing"
    update = {"RemoteHandleType": V("s", "phone-number"), "RemoteHandle": V("s", "+15550100")}
    if FAULT == "mistyped-key":
        update["LocalisedCallerName"] = V("s", "Ada")
    report("ReportNewIncomingCall", "(sa{sv})", call, update)
    if FAULT == "invalid":
        report("ReportCallUpdated", "(sa{sv})", call, {"RemoteHeld": V("s", "yes")})
    if FAULT == "early-streams":
        report("GetStreamProperties", "(s)", call)
    return True


def remote_end():
    if calls:
        call = list(calls)[-1]
        if FAULT != "silent-end":
            del calls[call]
            reason = "failed" if FAULT == "wrong-reason" else "remote-ended"
            report("ReportCallEnded", "(ssa{sv})", call, reason, {})
    return True


def register():
    global provider
    configuration = {"Identifier": V("s", IDENTIFIER), "LocalizedName": V("s", "Faulty"),
                     "Testing": V("b", FAULT != "real")}
    if FAULT == "nameless":
        del configuration["LocalizedName"]
    provider, kept = bus.call_sync(
        "org.callsd", "/org/callsd", "org.callsd.Manager1", "RegisterProvider",
        V("(a{sv})", (configuration,)), None, Gio.DBusCallFlags.NO_AUTO_START, -1,
        None).unpack()
    if FAULT == "forgets":
        calls.clear()
    for call, state in calls.items():
        if call not in kept:
            report("ReportCall", "(sa{sv})", call, {"State": V("s", "active")})
    pending, = bus.call_sync("org.callsd", provider, "org.callsd.Provider1",
                             "GetPendingTransactions", None, None, 0, -1, None).unpack()
    for _, actions in pending:
        perform(actions)


def on_owner(_bus, _name, _owner):
    if FAULT == "deaf" and provider:
        return
    register()
    print("registered", flush=True)


loop = GLib.MainLoop()
bus.signal_subscribe("org.callsd", "org.callsd.Provider1", None, None, None, 0, on_signal)
Gio.bus_watch_name_on_connection(bus, "org.callsd", 0, on_owner, None)
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, incoming)
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR2, remote_end)
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
loop.run()
