#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fake-systemd.py PID: as much of a user's systemd as says that PID is that of callsd.service."""
import sys

from gi.repository import Gio, GLib

XML = """<node>
<interface name="org.freedesktop.systemd1.Manager">
<method name="GetUnit"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
</interface>
<interface name="org.freedesktop.systemd1.Service">
<property name="MainPID" type="u" access="read"/>
</interface>
</node>"""
PATH = "/org/freedesktop/systemd1"
UNIT = f"{PATH}/unit/callsd_2eservice"


def get_unit(_bus, _sender, _path, _interface, _method, parameters, invocation):
    if parameters.unpack() == ("callsd.service",):
        invocation.return_value(GLib.Variant("(o)", (UNIT,)))
    else:
        invocation.return_dbus_error("org.freedesktop.systemd1.NoSuchUnit", "not loaded")


def get_property(_bus, _sender, _path, _interface, _name):
    return GLib.Variant("u", int(sys.argv[1]))


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
manager, service = Gio.DBusNodeInfo.new_for_xml(XML).interfaces
bus.register_object(PATH, manager, get_unit, None, None)
bus.register_object(UNIT, service, None, get_property, None)
Gio.bus_own_name_on_connection(bus, "org.freedesktop.systemd1", 0,
                               lambda *_name: print("ready", flush=True), None)
GLib.MainLoop().run()
