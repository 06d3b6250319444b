#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Push: a helper that a manifest names wakes an app, which has a call then. Nothing is mocked: the
bus starts the app, from a service file."""
import sys

sys.dont_write_bytecode = True

import json
import os
import shutil
import subprocess
import tempfile

import rig

HELPER = "org.callsd.PushHelper"
APP, SLOW = "org.callsd.Pushed", "org.callsd.PushedSlowly"
BROKEN, USERS = "org.callsd.PushedNever", "org.callsd.PushedByUser"
EXTENSION = "org.callsd.Error.NotificationServiceExtension."
AWAY = "org.callsd.Error.ProviderAway"
CALLER = "+43 1 23456"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def service(folder, name, command):
    write(f"{folder}/services/{name}.service", f"[D-BUS Service]\nName={name}\nExec={command}\n")


def make_services(folder, build):
    """Apps that the bus can start; the slow one waits until a file is there."""
    example = f"{os.path.abspath(build)}/providers/example/callsd-example-provider --own-name"
    service(folder, APP, f"{example} --identifier={APP}")
    service(folder, SLOW, f"/bin/sh -c 'until [ -e {folder}/go ]; do sleep 0.02; done; "
                          f"exec {example} --identifier={SLOW}'")
    service(folder, BROKEN, "/bin/false")


def make_manifests(folder):
    for name in (APP, SLOW, BROKEN):
        write(f"{folder}/data/callsd/providers/{name}.provider",
              f"[Provider]\nName=Pushed\nBusName={name}\nPushHelpers=org.callsd.Nobody;{HELPER};\n")


class Push(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = os.environ["CALLSD_TEST_PUSH"]
        os.environ["CALLSD_SYSTEM_DATA_DIRS"] = f"{self.folder}/data"
        make_manifests(self.folder)
        if os.path.exists(f"{self.folder}/go"):
            os.unlink(f"{self.folder}/go")
        self.rig.start_callsd("--no-audio")

    def push(self, app, *values):
        return self.rig.ctl("push", f"--as={HELPER}", app, *values)

    def refused(self, app, helper=HELPER):
        """The error and its text."""
        answer = self.rig.ctl("--json", "push", *([f"--as={helper}"] if helper else []), app,
                              "Handle=1", check=False)
        self.assertEqual(answer.returncode, 1)
        answer = json.loads(answer.stdout)
        return answer["Error"], answer["Message"]

    def journal(self):
        with open(f"{self.rig.directory}/callsd.log") as file:
            return file.read()

    def provider(self, app):
        providers = json.loads(self.rig.ctl("--json", "providers").stdout)
        return next((p for p in providers if p["Identifier"] == app), None)

    def the_call(self):
        self.eventually(self.rig.calls, "call")
        (call,) = self.rig.calls().values()
        return call

    def test_app_is_started_and_rings(self):
        """Rows: I11, I12."""
        self.assertFalse(self.provider(APP)["Running"])
        self.push(APP, f"Handle={CALLER}", "Name=Ada", "Attempt:=1", "Urgent:=true")
        call = self.the_call()
        self.assertEqual((call["State"], call["RemoteHandle"], call["LocalizedCallerName"]),
                         ("ringing", CALLER, "Ada"))
        self.assertTrue(self.provider(APP)["Running"])
        # It runs now, and owes nothing while it has a call.
        self.push(APP)
        self.rig.ctl("answer")
        self.rig.ctl("end")
        self.push(APP, "Handle=1")
        self.assertEqual(self.the_call()["RemoteHandle"], "1")

    def test_only_helpers_of_the_manifest(self):
        """Rows: I12."""
        for helper in ("org.callsd.Stranger", None):
            error, text = self.refused(APP, helper)
            self.assertEqual(error, EXTENSION + "InvalidClientProcess")
            self.assertIn(APP, text)
        self.assertEqual(self.refused("org.callsd.Unheard")[0],
                         "org.callsd.Error.RequestTransaction.UnknownCallProvider")
        # What a user's own file says of helpers counts for nothing.
        write(f"{os.environ['XDG_DATA_HOME']}/callsd/providers/{USERS}.provider",
              f"[Provider]\nBusName={USERS}\nPushHelpers={HELPER};\n")
        self.eventually(lambda: self.provider(USERS), "the user's manifest")
        self.assertEqual(self.refused(USERS)[0],
                         EXTENSION + "MissingNotificationFilteringEntitlement")
        self.assertFalse(self.provider(APP)["Running"])

    def test_app_that_cannot_be_started(self):
        error, text = self.refused(BROKEN)
        self.assertEqual(error, AWAY)
        self.assertIn("exited with status 1", text)
        self.assertEqual(self.provider(BROKEN)["PushMisses"], 0)

    def test_nothing_is_lost_while_callsd_is_replaced(self):
        """Rows: I11. The helper is told that callsd went; the payload is on record."""
        helper = subprocess.Popen([self.rig.programs.callsctl, "push", f"--as={HELPER}", SLOW,
                                   f"Handle={CALLER}"], stderr=subprocess.PIPE, text=True)
        self.eventually(lambda: f"asked to start {SLOW}" in self.journal(), "start")
        self.kill(self.rig.callsd.process.pid)
        self.rig.callsd.ended()
        with helper.stderr as said:
            self.assertIn("without replying", said.read())
        self.assertEqual(helper.wait(rig.DEADLINE), 1)
        self.rig.start_callsd("--no-audio")
        self.assertEqual(self.rig.calls(), {})
        write(f"{self.folder}/go", "")
        self.assertEqual(self.the_call()["RemoteHandle"], CALLER)

    def test_who_does_not_report_is_shown(self):
        """Rows: I12."""
        self.push(APP, "Silent=yes")
        self.assertEqual(self.provider(APP)["PushMisses"], 0)
        self.eventually(lambda: self.provider(APP)["PushMisses"] == 1, "a miss")
        self.assertIn("1 push missed", self.rig.ctl("providers").stdout)
        self.push(APP, "Handle=1")
        self.eventually(lambda: self.provider(APP)["PushMisses"] == 0, "end of the misses")

    def test_wrong_values(self):
        for arguments in ([], [APP, "no-value"], [APP, "=x"], [APP, "Key:=maybe"]):
            self.assertEqual(self.rig.ctl("push", *arguments, check=False).returncode, 2, arguments)


if __name__ == "__main__":
    if rig.inside():
        rig.main()
    build = sys.argv[sys.argv.index("--build-dir") + 1]
    made = os.environ["CALLSD_TEST_PUSH"] = tempfile.mkdtemp(prefix="callsd-push-")
    try:
        make_services(made, build)
        rig.main(["--services", f"{made}/services"], "with-bus")
    finally:
        shutil.rmtree(made)
