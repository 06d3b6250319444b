#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-modemmanager with the real ModemManager and its generic plugin, on a modem that speaks AT.

ModemManager's own test interface makes a modem of a socket. polkit is a mock that allows all.
"""
import sys

sys.dont_write_bytecode = True

import json
import os
import shutil
import signal

import modem
import rig

try:
    import dbusmock
except ImportError:
    dbusmock = None

NAME = "org.freedesktop.ModemManager1"
PATH = "/org/freedesktop/ModemManager1"
POLKIT = "org.freedesktop.PolicyKit1"
PROVIDER = "org.callsd.ModemManager"
PROGRAM = shutil.which("ModemManager", path="/usr/sbin:/usr/bin:/sbin:/bin")
REGISTERED = 8
MANIFEST = os.path.join(rig.SUPPORT, "..", "..", "providers", "modemmanager",
                        f"{PROVIDER}.provider")


class RealCase(modem.TestCase):
    """callsd, the bridge, ModemManager, and a modem."""

    def setUp(self):
        super().setUp()
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.bus.address,
                            "DBUS_SESSION_BUS_ADDRESS": self.bus.address}

    def provider(self):
        providers = json.loads(self.rig.ctl("--json", "providers").stdout)
        return next((one for one in providers
                     if one["Identifier"] == PROVIDER and one["Running"]), None)

    def on_bus(self, name):
        return self.bus.busctl("status", name, check=False).returncode == 0

    def properties(self, path, interface):
        got = self.bus.call(NAME, path, "org.freedesktop.DBus.Properties", "GetAll", "s",
                            f"{NAME}.{interface}")[0]
        return {key: value["data"] for key, value in got.items()}

    def start_polkit(self):
        self.rig.add(rig.Program(
            [sys.executable, "-m", "dbusmock", "--system", "--template", "polkitd",
             "--logfile", self.rig.log("polkit")], "polkit", environment=self.environment))
        self.eventually(lambda: self.on_bus(POLKIT), "polkit")
        self.bus.call(POLKIT, "/org/freedesktop/PolicyKit1/Authority",
                      "org.freedesktop.DBus.Mock", "AllowUnknown", "b", "true")

    def start_daemon(self):
        """ModemManager, and its modem enabled and registered."""
        self.daemon = self.rig.add(rig.Program(
            [PROGRAM, "--test-session", "--test-enable", "--test-no-udev",
             "--test-no-suspend-resume", "--test-no-qrtr"], "ModemManager",
            environment=self.environment, log=self.rig.log("ModemManager")))
        self.eventually(lambda: self.on_bus(NAME), "ModemManager")
        self.bus.call(NAME, PATH, f"{NAME}.Test", "SetProfile", "ssas", "test", "generic", "1",
                      self.socket)
        found = {}

        def state():
            objects = self.bus.call(NAME, PATH, "org.freedesktop.DBus.ObjectManager",
                                    "GetManagedObjects")[0]
            found.update({path: facts.get(f"{NAME}.Modem", {}).get("State", {}).get("data")
                          for path, facts in objects.items()})
            return next(iter(found.values()), None)
        self.eventually(lambda: state() == 3, "modem of ModemManager")
        self.path = next(iter(found))
        self.bus.call(NAME, self.path, f"{NAME}.Modem", "Enable", "b", "true")
        self.eventually(lambda: state() == REGISTERED, "network")
        self.account = self.properties(self.path, "Modem")["DeviceIdentifier"]

    def start(self, *_):
        self.socket = f"abstract:callsd-{os.getpid()}"
        self.modem = self.rig.add(modem.AtModem(self.rig, "sim1", f"--abstract={self.socket}"))
        self.start_polkit()
        self.start_daemon()
        self.rig.start_callsd()
        self.launch()
        self.modem.verbs()

    def launch(self):
        self.bridge = self.rig.add(rig.Program(
            [f"{self.build}/providers/modemmanager/callsd-modemmanager",
             f"--modem-bus-address={self.bus.address}", "--verbose"], "callsd-modemmanager",
            log=self.rig.log("callsd-modemmanager")))
        self.eventually(lambda: self.accounts() == {self.account: "online"}, "account")


class Real(RealCase):
    def test_story(self):
        self.start()
        one = self.incoming("+15550100")
        self.rig.ctl("answer", one)
        self.expect({"+15550100": "active"})
        self.expect_modem("active")
        self.rig.ctl("dtmf", one, "5#")
        self.assertEqual(self.modem.do("tones"), "5#")
        self.rig.ctl("hold", one)
        self.expect_modem("held")
        self.rig.ctl("resume", one)
        self.expect_modem("active")
        two = self.incoming("+15550101")
        self.expect_modem("active", "waiting")
        self.rig.ctl("answer", two)
        self.expect_modem("held", "active")
        self.expect({"+15550100": "held", "+15550101": "active"})
        self.rig.ctl("swap")
        self.expect_modem("active", "held")
        self.rig.ctl("merge")
        self.expect_modem("active+", "active+")
        self.expect({"+15550100": "active", "+15550101": "active"})
        self.rig.ctl("hold", one)
        self.expect_modem("held+", "held+")
        self.rig.ctl("resume", one)
        self.expect({"+15550100": "active", "+15550101": "active"})
        self.rig.ctl("split", two)
        self.expect_modem("held", "active")
        self.expect({"+15550100": "held", "+15550101": "active"})
        self.modem.do("end", 2)
        self.assertEqual(self.ended(two)[0], "remote-ended")
        self.rig.ctl("resume", one)
        self.expect_modem("active")
        self.rig.ctl("end", one)
        self.expect_modem()

    def test_dialled(self):
        self.start()
        self.rig.ctl("dial", "+15550102")
        self.expect({"+15550102": "connecting"})
        self.modem.do("alert")
        self.fact(self.uuid("+15550102"), "Alerting", True)
        self.modem.do("connect")
        self.expect({"+15550102": "active"})
        call = self.uuid("+15550102")
        self.modem.do("end", 1)
        self.assertEqual(self.ended(call)[0], "remote-ended")
        self.modem.do("person", "+15550103", "is-busy")
        self.rig.ctl("dial", "--wait", "+15550103", check=False)
        self.eventually(lambda: not self.rig.calls(), "end of the busy call")
        self.assertIn("144", self.numbers())

    def numbers(self):
        sim = self.properties(self.path, "Modem")["Sim"]
        return self.properties(sim, "Sim")["EmergencyNumbers"]

    def test_lives(self):
        """The bridge is killed and comes back; then ModemManager is."""
        self.start()
        one = self.incoming("+15550100")
        self.rig.ctl("answer", one)
        self.bridge.signal(signal.SIGKILL)
        self.bridge.ended()
        self.bridge.stop()
        self.rig.running.remove(self.bridge)
        self.launch()
        self.eventually(lambda: not self.rig.calls()[one]["Reconnecting"], "the same call")
        self.rig.ctl("hold", one)
        self.expect_modem("held")
        self.daemon.signal(signal.SIGTERM)
        self.daemon.ended()
        self.rig.running.remove(self.daemon)
        self.daemon.stop()
        self.assertEqual(self.ended(one)[0], "failed")
        self.modem.do("lost")
        self.start_daemon()
        self.eventually(lambda: self.accounts() == {self.account: "online"}, "account")
        self.incoming("+15550101")


class Known(RealCase):
    """Which of the modem's calls is which: ModemManager has to ask for it."""

    def test_the_right_call_ends(self):
        """ModemManager does not know at once which of the modem's calls is which."""
        self.start()
        one = self.incoming("+15550100")
        self.rig.ctl("answer", one)
        two = self.incoming("+15550101")
        self.rig.ctl("decline", two)
        self.expect_modem("active")
        self.expect({"+15550100": "active"})
        two = self.incoming("+15550102")
        self.rig.ctl("answer", two)
        self.expect_modem("held", "active")
        self.rig.ctl("end", one)
        self.expect_modem("active")
        self.expect({"+15550102": "active"})

    def test_emergency(self):
        """A call that waits is ended for it, as soon as ModemManager knows which that is."""
        folder = f"{self.rig.directory}/callsd/providers"
        os.makedirs(folder)
        shutil.copy(MANIFEST, folder)
        os.environ["CALLSD_SYSTEM_DATA_DIRS"] = self.rig.directory
        self.start()
        one = self.incoming("+15550100")
        self.rig.ctl("answer", one)
        self.incoming("+15550101")
        self.rig.ctl("dial", "112")
        self.expect_modem("held", "dialing")
        self.expect({"+15550100": "held", "112": "connecting"})


if __name__ == "__main__":
    if not PROGRAM or not dbusmock:
        print("skipped: ModemManager or python3-dbusmock is not there; ./dev setup installs them")
        sys.exit(77)
    rig.main(program="with-bus")
