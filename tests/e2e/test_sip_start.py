#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsd-sip does not run, and a call is to be placed: callsd has the bus start it."""
import sys

sys.dont_write_bytecode = True

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import rig
import sip

HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = os.path.join(HERE, "../../providers/sip/org.callsd.Sip.provider")


class Start(sip.TestCase):
    def setUp(self):
        super().setUp()
        data = f"{self.rig.directory}/data"
        os.makedirs(f"{data}/callsd/providers")
        shutil.copy(MANIFEST, f"{data}/callsd/providers")
        os.environ["CALLSD_SYSTEM_DATA_DIRS"] = data
        self.port = sip.free_port()

    def write_config(self):
        """Where a callsd-sip without arguments looks."""
        path = f"{os.environ['XDG_CONFIG_HOME']}/callsd/sip.conf"
        with open(path, "w") as file:
            file.write(f"[Sip]\nListen=127.0.0.1\nPort={self.port}\nCodecs=PCMU\n"
                       f"[Account local]\nAddress=sip:me@127.0.0.1:{self.port}\n")

    def known(self):
        providers = json.loads(self.rig.ctl("--json", "providers").stdout)
        return {p["Identifier"]: p["Running"] for p in providers}

    def test_manifest_is_good(self):
        check = subprocess.run([self.rig.programs.callsctl, "providers", "--check", MANIFEST],
                               capture_output=True, text=True, timeout=30,
                               env={**os.environ, "PATH": self.rig.programs.path()})
        self.assertEqual((check.returncode, check.stderr), (0, ""))

    def end_activated(self, also=None):
        """It is the bus's child and not ours; the next start is a new one."""
        answer = subprocess.run(
            ["busctl", "--user", "--json=short", "call", "org.freedesktop.DBus",
             "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixProcessID", "s",
             sip.PROVIDER], check=True, capture_output=True, text=True, timeout=10)
        pid = json.loads(answer.stdout)["data"][0]
        os.kill(pid, signal.SIGTERM)

        def has_ended():
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        self.eventually(lambda: not os.path.exists(f"/proc/{pid}") or has_ended(),
                        "end of callsd-sip")
        self.assertEqual(self.known(), {sip.PROVIDER: False, **(also or {})})

    def test_started_for_a_call(self):
        self.write_config()
        self.rig.start_callsd()
        self.speaker = self.rig.start_meter()
        self.rig.feed_microphone(sip.MICROPHONE)
        self.assertEqual(self.known(), {sip.PROVIDER: False})
        alice = self.rig.far_end("alice", sip.TONES["alice"])
        call = self.rig.ctl("dial", alice.uri).stdout.strip()
        alice.event("CALL_INCOMING")
        self.assertEqual(self.known(), {sip.PROVIDER: True})
        alice.command("accept")
        self.rig.monitor.state(call, "active")
        self.assert_talk(alice, time.monotonic())
        self.order("end", call)
        alice.event("CALL_CLOSED")
        self.end_activated()

    def test_chosen_though_another_runs(self):
        """Rows: V7. The choice is started; an app that runs and was not chosen is not used."""
        self.write_config()
        self.rig.start_callsd()
        other = self.rig.start_example()
        self.rig.ctl("default", "sip", sip.PROVIDER)
        alice = self.rig.far_end("alice", sip.TONES["alice"], deaf=True)
        call = self.rig.ctl("dial", alice.uri).stdout.strip()
        alice.event("CALL_INCOMING")
        self.order("end", call)
        alice.event("CALL_CLOSED")
        self.assertNotIn("perform-start", [item.get("event") for item in other.events()])
        self.end_activated(also={"org.callsd.Example": True})

    def test_cannot_start(self):
        """Without a configuration it ends at once, and so does the call, with a reason."""
        self.rig.start_callsd("--no-audio")
        mark = self.rig.monitor.mark()
        call = self.rig.ctl("dial", "sip:bob@127.0.0.1").stdout.strip()
        self.rig.monitor.state(call, "ended", since=mark)
        facts = json.loads(self.rig.ctl("--json", "show", call).stdout)
        self.assertEqual(facts["EndedReason"], "failed")
        self.assertIn(sip.PROVIDER, facts["EndedText"])
        self.assertEqual(self.known(), {sip.PROVIDER: False})


def make_services():
    """A folder for the bus that knows the callsd-sip of this build."""
    build = os.path.abspath(sys.argv[sys.argv.index("--build-dir") + 1])
    folder = tempfile.mkdtemp(prefix="callsd-services-")
    atexit.register(shutil.rmtree, folder)
    with open(f"{folder}/{sip.PROVIDER}.service", "w") as file:
        file.write(f"[D-BUS Service]\nName={sip.PROVIDER}\n"
                   f"Exec={build}/providers/sip/callsd-sip\n")
    return folder


if __name__ == "__main__":
    lacking = sip.missing()
    if lacking:
        print(f"skipped: there is no {' and no '.join(lacking)}; ./dev setup installs it")
        sys.exit(77)
    rig.main(("--pulse",) if rig.inside() else ("--pulse", "--services", make_services()))
