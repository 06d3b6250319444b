#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A provider on plain D-Bus that does everything right, or what its argument names wrong.

SIGUSR1: somebody calls. SIGUSR2: the far end of the latest call hangs up. What can
be wrong stands in the code; the name of an order stands for one that is never completed.
"""
import os
import signal
import sys
import time
import uuid

from gi.repository import Gio, GLib

V = GLib.Variant
FAULTS = set(sys.argv[1].split(",")) if len(sys.argv) > 1 else set()
IDENTIFIER = "org.example.Faulty"
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
calls = {}  # UUID -> state
done = {}  # orders that were followed: an order may come again after a restart of callsd
provider = None


def ask(path, interface, method, signature, *arguments):
    """What is refused is seen by whoever looks; "blind": not even callsd is asked to answer."""
    bus.call("org.callsd", path, f"org.callsd.{interface}", method, V(signature, arguments), None,
             Gio.DBusCallFlags.NO_AUTO_START, -1, None,
             None if "blind" in FAULTS else lambda *_answer: None)


def report(method, signature, *arguments):
    ask(provider, "Provider1", method, signature, *arguments)


def complete(action, details=None, method="FulfillAction"):
    report(method, "(sa{sv})", action, details or {})


def date():
    return V("t", int(time.time()) if "seconds" in FAULTS else int(time.time() * 1e6))


def connected(call):
    if call in calls:
        report("ReportOutgoingCallConnected", "(sa{sv})", call, {"Date": date()})


def start(call, action):
    calls[call] = "started"
    if "connected-first" in FAULTS:
        connected(call)
    complete(action, {"Date": date()})
    if "poor" in FAULTS:
        report("ReportCallUpdated", "(sa{sv})", call, {
            f"Supports{what}": V("b", False) for what in
            ("Holding", "Muting", "DTMF", "Grouping", "Ungrouping")})
    if "connected-first" not in FAULTS:
        report("ReportOutgoingCallStartedConnecting", "(sa{sv})", call, {})
        GLib.timeout_add(50, connected, call)


def end(call, action):
    complete(action)
    calls.pop(call, None)
    if "reports-ended" in FAULTS:
        report("ReportCallUpdated", "(sa{sv})", call, {"LocalizedCallerName": V("s", "Late")})


def hold(call, action, arguments):
    complete(action)
    if "goes-on" in FAULTS and arguments["OnHold"]:
        report("ReportCallState", "(ssa{sv})", call, "active", {"By": V("s", "self")})


def follow(action, kind, arguments):
    call = arguments["Call"]
    if action in done:
        return
    done[action] = True
    if kind == "answer-call" and "dies" in FAULTS:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind in FAULTS:
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
    if "twice" in FAULTS:
        complete(action)


def perform(actions):
    if "backwards" in FAULTS and len(actions) > 1:
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
    elif name == "ActionTimedOut" and "zombie" not in FAULTS:
        calls.pop(values[1], None)


def incoming():
    if "zombie" in FAULTS:
        for other in calls:
            report("ReportCallState", "(ssa{sv})", other, "active", {})
    call = str(uuid.uuid4())
    calls[call] = "ringing"
    update = {"RemoteHandleType": V("s", "phone-number"), "RemoteHandle": V("s", "+15550100")}
    if "mistyped-key" in FAULTS:
        update["LocalisedCallerName"] = V("s", "Ada")
    report("ReportNewIncomingCall", "(sa{sv})", call, update)
    if "invalid" in FAULTS:
        report("ReportCallUpdated", "(sa{sv})", call, {"RemoteHeld": V("s", "yes")})
    if "early-streams" in FAULTS:
        report("GetStreamProperties", "(s)", call)
    return True


def remote_end():
    if calls:
        call = list(calls)[-1]
        if "silent-end" not in FAULTS:
            del calls[call]
            reason = "failed" if "wrong-reason" in FAULTS else "remote-ended"
            report("ReportCallEnded", "(ssa{sv})", call, reason, {})
    return True


def register():
    global provider
    configuration = {"Identifier": V("s", IDENTIFIER), "LocalizedName": V("s", "Faulty"),
                     "Testing": V("b", "real" not in FAULTS)}
    if "nameless" in FAULTS:
        del configuration["LocalizedName"]
    provider, kept = bus.call_sync(
        "org.callsd", "/org/callsd", "org.callsd.Manager1", "RegisterProvider",
        V("(a{sv})", (configuration,)), None, Gio.DBusCallFlags.NO_AUTO_START, -1,
        None).unpack()
    if "forgets" in FAULTS:
        calls.clear()
    for call, state in calls.items():
        if call not in kept and "keeps-quiet" not in FAULTS:
            report("ReportCall", "(sa{sv})", call, {"State": V("s", "active")})
    pending, = bus.call_sync("org.callsd", provider, "org.callsd.Provider1",
                             "GetPendingTransactions", None, None, 0, -1, None).unpack()
    for _, actions in pending:
        perform(actions)


def on_owner(_bus, _name, _owner):
    if "deaf" in FAULTS and provider:
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
