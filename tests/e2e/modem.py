# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world for modem bridges: a private "system" bus, real ofonod, modems that speak AT over TCP."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import rig
from rig import DEADLINE, POLL_INTERVAL, Failure

OFONOD = shutil.which("ofonod", path="/usr/sbin:/usr/bin:/sbin:/bin")
PROVIDER = "org.callsd.oFono"

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"no {what} within {deadline:g} s")
        time.sleep(POLL_INTERVAL)


class SystemBus(rig.Program):
    """Where the modem daemon lives. It stands in for the system bus."""

    def __init__(self, world):
        self.path = f"{world.directory}/system-bus"
        self.address = f"unix:path={self.path}"
        self.config = f"{world.directory}/system-bus.conf"
        with open(self.config, "w") as file:
            file.write(BUS_CONFIG.format(path=self.path))
        super().__init__(["dbus-daemon", "--nofork", "--print-address",
                          f"--config-file={self.config}"], "system-bus",
                         log=world.log("system-bus"))
        self.wait(lambda line: True, "address")

    def busctl(self, *arguments, check=True):
        answer = subprocess.run(["busctl", f"--address={self.address}", "--json=short",
                                 *arguments], capture_output=True, text=True, timeout=60)
        if check and answer.returncode != 0:
            raise Failure(f"busctl {' '.join(arguments)}: {answer.stderr.strip()}")
        return answer

    def call(self, *arguments):
        """A method; what it answered."""
        answer = self.busctl("call", *arguments).stdout.strip()
        return json.loads(answer)["data"] if answer else None


class AtModem(rig.Program):
    """at-modem, with what its control port can do as methods."""

    def __init__(self, world, name, *options):
        self.port, self.control_port = free_ports(2)
        super().__init__([sys.executable, f"{rig.SUPPORT}/at-modem", str(self.port),
                          str(self.control_port), *options], f"modem-{name}",
                         log=world.log(f"modem-{name}"))
        self.control = None
        wait_for(self._connect, "control port of the modem")
        self.lines = self.control.makefile("r")

    def _connect(self):
        try:
            self.control = socket.create_connection(("127.0.0.1", self.control_port))
        except OSError:
            return False
        return True

    def do(self, *words):
        self.control.sendall((" ".join(str(word) for word in words) + "\n").encode())
        answer = self.lines.readline().rstrip("\n")
        if answer in ("what?", "no such call", "nothing is being dialled"):
            raise Failure(f"{self.name}: {words}: {answer}")
        return answer

    def ring(self, number, name=None):
        return int(self.do("ring", number, *([name] if name else [])))

    def calls(self):
        """{id: state}, a multiparty call with a + behind its state."""
        return {call["id"]: call["state"] + "+" * call["multiparty"]
                for call in json.loads(self.do("calls"))}

    def verbs(self):
        """What it was told to do with calls since the last question."""
        return [command for command in json.loads(self.do("commands"))
                if command.startswith(("A", "D", "+CHUP", "+CHLD", "+VTS", "+CMUT="))
                and not command.startswith(("AT", "+CHLD=?"))]

    def stop(self):
        self.lines.close()
        self.control.close()
        return super().stop()


class Ofono:
    """ofonod with its phonesim plugin, one section for each modem."""

    def __init__(self, world, bus, **modems):
        self.world, self.bus, self.modems = world, bus, modems
        self.config = f"{world.directory}/phonesim.conf"
        with open(self.config, "w") as file:
            for name, modem in modems.items():
                file.write(f"[{name}]\nAddress=127.0.0.1\nPort={modem.port}\n")
        self.program = None
        self.start()

    def start(self):
        self.program = self.world.add(rig.Program(
            [OFONOD, "-n"], "ofonod", log=self.world.log("ofonod"),
            environment={"DBUS_SYSTEM_BUS_ADDRESS": self.bus.address, "OFONO_AT_DEBUG": "1",
                         "OFONO_PHONESIM_CONFIG": self.config}))
        wait_for(lambda: set(self.modems) <= {path.strip("/") for path, _ in self._modems()},
                 "modems of ofonod")

    def _modems(self):
        if self.bus.busctl("status", "org.ofono", check=False).returncode != 0:
            return []
        return self.bus.call("org.ofono", "/", "org.ofono.Manager", "GetModems")[0]

    def set(self, modem, name, value):
        self.bus.call("org.ofono", f"/{modem}", "org.ofono.Modem", "SetProperty", "sv", name, "b",
                      "true" if value else "false")

    def properties(self, modem, interface="Modem"):
        answer = self.bus.call("org.ofono", f"/{modem}", f"org.ofono.{interface}", "GetProperties")
        return {name: value["data"] for name, value in answer[0].items()}

    def has(self, modem, interface):
        return f"org.ofono.{interface}" in self.properties(modem)["Interfaces"]

    def go_online(self, *modems):
        for modem in modems or self.modems:
            self.set(modem, "Powered", True)
            wait_for(lambda modem=modem: self.has(modem, "RadioSettings"), "SIM card of the modem")
            self.set(modem, "Online", True)
            wait_for(lambda modem=modem: self.has(modem, "NetworkRegistration"), "network")

    def calls(self, modem):
        """{path: state}"""
        answer = self.bus.call("org.ofono", f"/{modem}", "org.ofono.VoiceCallManager", "GetCalls")
        return {path: facts["State"]["data"] for path, facts in answer[0]}

    def manager(self, modem, method, *arguments):
        return self.bus.call("org.ofono", f"/{modem}", "org.ofono.VoiceCallManager", method,
                             *arguments)


class TestCase(rig.TestCase):
    """Real everything: callsd, callsd-ofono, ofonod, and a modem called sim1."""

    def setUp(self):
        super().setUp()
        self.rig.programs.ofono = f"{self.build}/providers/ofono/callsd-ofono"
        self.bus = self.rig.add(SystemBus(self.rig))
        self.bridge = None

    def start_modems(self, *names, online=True):
        self.modems = {name: self.rig.add(AtModem(self.rig, name)) for name in names or ["sim1"]}
        self.modem = next(iter(self.modems.values()))
        self.ofono = Ofono(self.rig, self.bus, **self.modems)
        if online:
            self.ofono.go_online()
            for modem in self.modems.values():
                modem.verbs()

    def start_bridge(self, *arguments, ready=True, registered=True):
        if not self.rig.callsd:
            self.rig.start_callsd()
        self.bridge = self.rig.add(rig.Program(
            [self.rig.programs.ofono, f"--modem-bus-address={self.bus.address}", "--verbose",
             *arguments], "callsd-ofono", log=self.rig.log("callsd-ofono")))
        if registered:
            self.eventually(self.provider, "provider")
        if ready:
            self.eventually(lambda: all(self.accounts().get(name) == "online"
                                        for name in self.modems), "accounts that are online")
        return self.bridge

    def start(self, *names):
        self.start_modems(*names)
        self.start_bridge()

    def provider(self):
        providers = json.loads(self.rig.ctl("--json", "providers").stdout)
        return next((one for one in providers
                     if one["Identifier"] == PROVIDER and one["Running"]), None)

    def accounts(self):
        """{id: state}"""
        provider = self.provider()
        return {one["Id"]: one.get("State") for one in provider["Accounts"]} if provider else {}

    def states(self):
        """{number: state in callsd}"""
        return {call["RemoteHandle"]: call["State"] for call in self.rig.calls().values()}

    def expect(self, states):
        """Callsd's calls are these: {number: state}."""
        try:
            self.eventually(lambda: self.states() == states, "calls")
        except AssertionError:
            self.assertEqual(self.states(), states)

    def expect_modem(self, *states, modem=None):
        modem = modem or self.modem
        try:
            self.eventually(lambda: list(modem.calls().values()) == list(states), "calls")
        except AssertionError:
            self.assertEqual(list(modem.calls().values()), list(states))

    def uuid(self, number):
        return next(uuid for uuid, call in self.rig.calls().items()
                    if call["RemoteHandle"] == number)

    def fact(self, call, name, value):
        self.eventually(lambda: self.rig.calls()[call][name] == value, f"{name} {value}")

    def incoming(self, number, name=None, modem=None):
        """Somebody calls; the UUID in callsd."""
        (modem or self.modem).ring(number, name)
        self.eventually(lambda: self.states().get(number) == "ringing", f"call of {number}")
        return self.uuid(number)

    def answered(self, number, modem=None):
        call = self.incoming(number, modem=modem)
        self.rig.ctl("answer", call)
        self.eventually(lambda: self.states().get(number) == "active", "active call")
        return call

    def ended(self, call):
        """(reason, cause, text) of a call that is over, and still listed for 3 s."""
        def find():
            calls = json.loads(self.rig.ctl("--json", "list").stdout)
            return next((one for one in calls if one["UUID"] == call and one["HasEnded"]), None)
        self.eventually(find, f"end of {call}")
        facts = find()
        return facts["EndedReason"], facts["EndedCause"], facts["EndedText"]
