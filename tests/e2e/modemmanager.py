# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world for callsd-modemmanager: a bus of its own for modems, and ModemManager as a mock."""
import json
import os
import shutil
import signal
import sys

try:
    import dbus
    import dbusmock
except ImportError:
    dbus = dbusmock = None

import rig

NAME = "org.freedesktop.ModemManager1"
PATH = "/org/freedesktop/ModemManager1"
CONTROL = "org.callsd.Test.ModemManager"
VOICE = f"{NAME}.Modem.Voice"
CALL = f"{NAME}.Call"
TEMPLATE = os.path.join(rig.SUPPORT, "modemmanager.py")
PROVIDER = "org.callsd.ModemManager"
REAL = shutil.which("ModemManager", path="/usr/sbin:/usr/bin")

(UNKNOWN, DIALING, RINGING_OUT, RINGING_IN, ACTIVE, HELD, WAITING, TERMINATED) = range(8)
(R_UNKNOWN, R_STARTED, R_NEW, R_ACCEPTED, R_TERMINATED, R_REFUSED, R_ERROR, R_AUDIO, R_TRANSFERRED,
 R_DEFLECTED) = range(10)
DISABLED, SEARCHING, REGISTERED = 3, 7, 8


class Bus(rig.Program):
    """A private bus that is "the system's" for modems."""

    def __init__(self, world):
        super().__init__(["dbus-daemon", "--session", "--nofork", "--print-address=1",
                          f"--address=unix:path={world.directory}/modem-bus"], "modem bus",
                         log=world.log("modem-bus"))
        # Without the GUID: the next bus at this address has another.
        self.address = self.wait(lambda line: line, "address")[1].split(",guid=")[0]


class Mock(rig.Program):
    """ModemManager, as python-dbusmock plays it."""

    def __init__(self, world, bus):
        super().__init__([sys.executable, "-B", "-m", "dbusmock", "--system", "--template",
                          TEMPLATE, "--logfile", world.log("mock")], "dbusmock",
                         environment={"DBUS_SYSTEM_BUS_ADDRESS": bus.address},
                         log=world.log("dbusmock"))
        self.connection = dbus.bus.BusConnection(bus.address)

    def interface(self, path, name):
        return dbus.Interface(self.connection.get_object(NAME, path, introspect=False), name)

    @property
    def control(self):
        return self.interface(PATH, CONTROL)

    def voice(self, modem):
        return self.interface(modem, VOICE)

    def call(self, path):
        return self.interface(path, CALL)

    def add_modem(self, **options):
        return str(self.control.AddModem(dbus.Dictionary(options, signature="sv"),
                                         signature="a{sv}"))

    def incoming(self, modem, number="+15550100"):
        return str(self.control.Incoming(modem, number))

    def create(self, modem, number):
        """Another program makes a call, and does not start it yet."""
        return str(self.voice(modem).CreateCall(
            dbus.Dictionary({"number": number}, signature="sv")))

    def change(self, path, state, reason=R_UNKNOWN):
        self.control.ChangeCall(path, state, reason)

    def states(self):
        return {str(path): int(call["State"])
                for path, call in self.control.GetAllCalls().items()}

    def asked(self):
        """What the bridge asked for since the last time, without its looking around."""
        return [str(line).strip() for line in self.control.TakeLog()
                if not line.startswith(("GetManagedObjects", "DeleteCall"))]


class Case(rig.TestCase):
    """callsd, a modem bus, a mock with a modem, and the bridge."""

    wait_msec = 0  # the mock knows at once which call is which

    def start_world(self):
        """Without the bridge."""
        self.rig.start_callsd()
        self.bus = self.rig.add(Bus(self.rig))
        self.modem = None

    def start(self, modem=True):
        self.start_world()
        self.start_mock()
        self.modem = self.mock.add_modem() if modem else None
        self.start_bridge()

    def drop(self, program):
        """Kills it, and does not mind."""
        program.signal(signal.SIGKILL)
        program.ended()
        program.stop()
        self.rig.running.remove(program)

    def start_mock(self):
        self.mock = self.rig.add(Mock(self.rig, self.bus))
        self.eventually(lambda: self.mock.connection.name_has_owner(NAME), "the mock's name")

    def launch_bridge(self, *arguments):
        path = f"{self.build}/providers/modemmanager/callsd-modemmanager"
        self.bridge = self.rig.add(rig.Program(
            [path, f"--modem-bus-address={self.bus.address}", "--verbose", *arguments],
            "callsd-modemmanager", log=self.rig.log("callsd-modemmanager"),
            environment={"CALLSD_MODEMMANAGER_WAIT_MSEC": str(self.wait_msec)}))

    def start_bridge(self):
        self.launch_bridge()
        if self.modem:
            self.account("device0", "online")

    def accounts(self):
        found = [p for p in json.loads(self.rig.ctl("--json", "providers").stdout)
                 if p["Identifier"] == PROVIDER]
        return {account["Id"]: account for account in found[0]["Accounts"]} if found else {}

    def account(self, name, state):
        """Waits until the account is in this state; None: until it is gone."""
        def is_so():
            return self.accounts().get(name, {}).get("State") == state
        self.eventually(is_so, f"account {name} in state {state}")

    def new_call(self, known=()):
        found = []

        def is_there():
            found[:] = [call for call in self.rig.calls() if call not in known]
            return found
        self.eventually(is_there, "call of callsd's")
        return found[0]

    def incoming(self, number="+15550100"):
        """Somebody calls: (the call, ModemManager's path)."""
        known = set(self.rig.calls())
        path = self.mock.incoming(self.modem, number)
        return self.new_call(known), path

    def order(self, verb, *arguments):
        """callsctl's verb; what ModemManager was asked for it."""
        self.mock.asked()
        self.rig.ctl(verb, *arguments)
        return self.mock.asked()

    def dial(self, *arguments):
        """What ModemManager was asked to place a call: two things, if it is placed."""
        asked = self.order("dial", *arguments)
        self.eventually(lambda: asked.extend(self.mock.asked()) or len(asked) >= 2, "Start")
        return asked

    def is_state(self, call, state):
        self.eventually(lambda: self.rig.calls().get(call, {}).get("State") == state,
                        f"call in state {state}, but {self.rig.calls().get(call)}")

    def active(self, number="+15550100"):
        call, path = self.incoming(number)
        self.rig.ctl("answer", call)
        self.is_state(call, "active")
        return call, path

    def two(self):
        """One held and one active call."""
        first, first_path = self.active("+15550100")
        second, second_path = self.active("+15550101")
        self.is_state(first, "held")
        return first, first_path, second, second_path

    def ended(self, call, **facts):
        found = {}

        def is_so():
            found.update(json.loads(self.rig.ctl("--json", "show", call).stdout))
            return found["HasEnded"]
        self.eventually(is_so, "end of the call")
        self.assertEqual({key: found[key] for key in facts}, facts)

    def refused(self, *arguments):
        """callsctl has to fail; what it says."""
        answer = self.rig.ctl(*arguments, check=False)
        self.assertNotEqual(answer.returncode, 0, answer.stdout)
        return answer.stderr


def main():
    if not dbusmock:
        print("skipped: there is no python3-dbusmock; ./dev setup installs it")
        sys.exit(77)
    rig.main(program="with-bus")
