#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The attempts of callsd-load probe, by a client of GDBus, and then many requests.

usage: proxied.py IDENTIFIER CALL

sd-bus begins to speak before the bus has let it in, and xdg-dbus-proxy before 0.1.6 takes that for
an error; Debian 12 has such a one. So what is behind a proxy speaks GDBus here.
"""
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

IDENTIFIER, CALL = sys.argv[1:]
ROOT = "/org/callsd"
MANY = 5000
BUS = Gio.bus_get_sync(Gio.BusType.SESSION)


def call(path, interface, member, arguments=None):
    return BUS.call_sync("org.callsd", path, interface, member, arguments, None, 0, -1, None)


def attempt(what, *arguments):
    try:
        answer = call(*arguments)
    except GLib.Error as error:
        print(what, Gio.DBusError.get_remote_error(error), flush=True)
        return None
    print(what, "ok", flush=True)
    return answer


def get(interface, name):
    return GLib.Variant("(ss)", (interface, name))


def register(identifier):
    return (ROOT, "org.callsd.Manager1", "RegisterProvider",
            GLib.Variant("(a{sv})", ({"Identifier": GLib.Variant("s", identifier)},)))


def try_all():
    properties = "org.freedesktop.DBus.Properties"
    attempt("public", ROOT, properties, "Get", get("org.callsd.Manager1", "InCall"))
    attempt("private", ROOT, properties, "Get", get("org.callsd.Manager1", "DefaultProviders"))
    attempt("pending-actions", ROOT, "org.callsd.Manager1", "ListPendingActions")
    attempt("register-other", *register("org.example.SomebodyElse"))
    attempt("register-part", *register("org.example"))
    answer = attempt("register-own", *register(IDENTIFIER))
    if answer:
        uuid = GLib.uuid_string_random()
        call(answer[0], "org.callsd.Provider1", "ReportNewIncomingCall",
             GLib.Variant("(sa{sv})", (uuid, {"RemoteHandleType": GLib.Variant("s", "generic"),
                                              "RemoteHandle": GLib.Variant("s", "sip:a@b.org")})))
        attempt("own-details", f"{ROOT}/call/{uuid.replace('-', '_')}", "org.callsd.Call1",
                "GetDetails")
    attempt("foreign-state", CALL, properties, "Get", get("org.callsd.Call1", "State"))
    attempt("foreign-handle", CALL, properties, "Get", get("org.callsd.Call1", "RemoteHandle"))
    attempt("foreign-details", CALL, "org.callsd.Call1", "GetDetails")
    everything = call(CALL, properties, "GetAll", GLib.Variant("(s)", ("org.callsd.Call1",)))
    print("foreign-properties", len(everything[0]), flush=True)
    attempt("foreign-provider", f"{ROOT}/provider/p1", properties, "Get",
            get("org.callsd.ProviderInfo1", "Identifier"))
    attempt("foreign-calls", f"{ROOT}/provider/p1", "org.callsd.Provider1", "GetCalls")
    attempt("foreign-answer", CALL, "org.callsd.Call1", "Answer")


try_all()
for _ in range(MANY):
    call(ROOT, "org.freedesktop.DBus.Properties", "Get", get("org.callsd.Manager1", "InCall"))
print("done")
