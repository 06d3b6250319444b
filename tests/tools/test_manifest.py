#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsctl providers --check: exit codes, lines, warnings, and where callsd is found."""
import sys

sys.dont_write_bytecode = True

import argparse
import glob
import os
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD, BAD, USAGE = range(3)
MANIFEST = "[Provider]\nName=A phone\nBusName=org.example.Phone\n"


class Check(unittest.TestCase):
    build = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="callsd-check-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.callsctl = f"{self.build}/tools/callsctl/callsctl"
        self.environment = {**os.environ, "PATH": f"{self.build}/daemon/app:/usr/bin:/bin",
                            "CALLSD_SYSTEM_DATA_DIRS": f"{self.folder}/system",
                            "XDG_DATA_HOME": f"{self.folder}/user", "LC_ALL": "de_DE.UTF-8"}

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def check(self, status, path, *options, callsctl=None, environment=None):
        answer = subprocess.run([callsctl or self.callsctl, *options, "providers", "--check", path],
                                capture_output=True, text=True, timeout=30,
                                env=environment or self.environment)
        self.assertEqual(answer.returncode, status, answer.stdout + answer.stderr)
        return answer

    def test_a_good_one(self):
        path = self.write("org.example.Phone.provider", MANIFEST + "Name[de]=Ein Telefon\n")
        answer = self.check(GOOD, path)
        self.assertEqual(answer.stdout, f'{path}: good; org.example.Phone, "Ein Telefon", is '
                                        "started by the name org.example.Phone\n")
        self.assertEqual(answer.stderr, "")

    def test_all_that_is_wrong(self):
        path = self.write("org.example.Phone.provider", "[Provider]\nNmae=x\nReclaimGrace=soon\n")
        answer = self.check(BAD, path)
        self.assertEqual(answer.stderr,
                         f"{path}:2: unknown key Nmae=; did you mean Name=?\n"
                         f"{path}:3: ReclaimGrace=soon is not possible; it takes a time from 0 to "
                         "24h, such as 30s or 2min\n")
        self.assertEqual(answer.stdout, "")

    def test_what_only_the_system_can_say(self):
        text = MANIFEST + "EmergencyNumbers=112\n"
        anywhere = self.check(GOOD, self.write("org.example.Phone.provider", text))
        self.assertIn("warning: in a user's folder: ", anywhere.stderr)
        system = self.check(GOOD, self.write("system/callsd/providers/org.example.Phone.provider",
                                             text))
        self.assertEqual(system.stderr, "")
        user = self.check(GOOD, self.write("user/callsd/providers/org.example.Phone.provider",
                                           text))
        self.assertRegex(user.stderr, r"^warning: .*:4: EmergencyNumbers= counts only in a folder")

    def test_desktop_files(self):
        entry = "[Desktop Entry]\nType=Application\nName=Phone\n"
        path = self.write("org.example.Phone.desktop", entry)
        self.assertIn("[X-Callsd Provider]", self.check(BAD, path).stderr)
        path = self.write("org.example.Phone.desktop", entry + "[X-Callsd Provider]\n")
        self.assertIn("cannot be started by callsd (no BusName=)", self.check(GOOD, path).stdout)

    def test_what_cannot_be_read(self):
        self.assertIn("No such file", self.check(USAGE, f"{self.folder}/a.b.provider").stderr)
        os.mkdir(f"{self.folder}/a.b.provider")
        self.assertIn("no regular file", self.check(USAGE, f"{self.folder}/a.b.provider").stderr)
        path = self.write("org.example.Big.provider", "[Provider]\n" + 70000 * "#")
        self.assertIn("at most 65536 are read", self.check(USAGE, path).stderr)
        path = self.write("org.example.Phone.conf", MANIFEST)
        self.assertIn(".provider or .desktop", self.check(BAD, path).stderr)

    def test_those_that_ship(self):
        found = glob.glob(f"{HERE}/../../providers/*/*.provider")
        self.assertTrue(found)
        for path in found:
            installed = f"{self.folder}/system/callsd/providers/{os.path.basename(path)}"
            os.makedirs(os.path.dirname(installed), exist_ok=True)
            shutil.copy(path, installed)
            self.assertEqual(self.check(GOOD, installed).stderr, "")

    def test_a_relative_path(self):
        self.write("org.example.Phone.provider", MANIFEST)
        answer = subprocess.run([self.callsctl, "providers", "--check",
                                 "org.example.Phone.provider"], cwd=self.folder,
                                capture_output=True, text=True, timeout=30, env=self.environment)
        self.assertEqual(answer.returncode, GOOD, answer.stderr)

    def test_usage(self):
        path = self.write("org.example.Phone.provider", MANIFEST)
        self.check(USAGE, path, "--json")
        answer = subprocess.run([self.callsctl, "list", "--check", path], capture_output=True,
                                text=True, timeout=30, env=self.environment)
        self.assertEqual(answer.returncode, USAGE)
        self.assertIn("--check belongs to providers", answer.stderr)

    def test_where_callsd_is(self):
        """Beside callsctl, as it is installed, whatever PATH says; nowhere: an error."""
        path = self.write("org.example.Phone.provider", MANIFEST)
        lost = {**self.environment, "PATH": self.folder}
        answer = self.check(USAGE, path, environment=lost)
        self.assertIn("callsd reads manifests, and cannot be run", answer.stderr)
        os.mkdir(f"{self.folder}/bin")
        for program in (self.callsctl, f"{self.build}/daemon/app/callsd"):
            shutil.copy(program, f"{self.folder}/bin/")
        self.check(GOOD, path, callsctl=f"{self.folder}/bin/callsctl", environment=lost)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--build-dir", required=True)
    options, rest = parser.parse_known_args()
    Check.build = os.path.abspath(options.build_dir)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
