#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manners of the daemon, and busctl as the least of all call UIs."""
import sys

sys.dont_write_bytecode = True

import signal
import subprocess

import rig


class Daemon(rig.TestCase):
    def run_callsd(self, *arguments):
        return subprocess.run([self.rig.programs.callsd, *arguments], capture_output=True,
                              text=True, timeout=rig.DEADLINE)

    def busctl(self, *arguments):
        return subprocess.run(["busctl", "--user", *arguments], capture_output=True, text=True,
                              timeout=30)

    def write_config(self, text):
        path = f"{self.rig.directory}/callsd.conf"
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_help_and_version(self):
        answer = self.run_callsd("--help")
        self.assertEqual(answer.returncode, 0)
        for option in ("--config", "--bus-address", "--log-level", "--version"):
            self.assertIn(option, answer.stdout)
        answer = self.run_callsd("--version")
        self.assertEqual(answer.returncode, 0)
        self.assertRegex(answer.stdout, r"\d+\.\d+\.\d+")

    def test_wrong_options(self):
        for arguments in (["--nonsense"], ["--log-level", "shouting"], ["extra"]):
            self.assertNotEqual(self.run_callsd(*arguments).returncode, 0, arguments)

    def test_config_errors_name_the_line(self):
        path = self.write_config("[Limits]\nCallsPerProvider=3\nCalsPerProvider=4\n")
        answer = self.run_callsd("--config", path)
        self.assertNotEqual(answer.returncode, 0)
        self.assertRegex(answer.stderr, r"callsd\.conf:3\b")
        self.assertIn("CalsPerProvider", answer.stderr)

    def test_missing_config(self):
        answer = self.run_callsd("--config", "/nowhere/callsd.conf")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("/nowhere/callsd.conf", answer.stderr)

    def test_no_bus(self):
        answer = self.run_callsd("--bus-address", "unix:path=/nowhere/bus")
        self.assertNotEqual(answer.returncode, 0)

    def test_second_callsd_gives_way(self):
        self.rig.start_callsd()
        self.assertNotEqual(self.run_callsd().returncode, 0)
        self.assertEqual(self.rig.callsd.process.poll(), None)

    def test_sigterm_ends_no_call(self):
        self.rig.start_callsd()
        example = self.rig.start_example()
        call = self.answered_call(example)
        example.expect("streams", call)
        example.expect("did-activate", call)
        mark = example.mark()
        self.rig.callsd.signal(signal.SIGTERM)
        self.assertEqual(self.rig.callsd.ended(), 0)
        self.rig.monitor.expect("callsd-gone")
        example.tell(f"level {call}")
        # The answer to a command comes after whatever was told before it.
        example.expect("level", call, since=mark)
        events = [item["event"] for _, item in example.items[mark:]]
        self.assertEqual(events, ["level"])

    def test_sighup_reads_the_configuration(self):
        path = self.write_config("[Limits]\nCallsPerProvider=1\n")
        self.rig.start_callsd("--config", path)
        example = self.rig.start_example()
        self.rig.monitor.state(example.incoming(), "ringing")
        self.assertEqual(example.expect("refused", example.incoming())[1]["error"],
                         "org.callsd.Error.LimitReached")
        self.write_config("[Limits]\nCallsPerProvider=2\n")
        self.rig.callsd.signal(signal.SIGHUP)
        # A signal has no answer: report until it has had its effect.
        self.eventually(lambda: self.is_reported(example), "second call after SIGHUP")

    def test_sighup_with_a_broken_file_changes_nothing(self):
        path = self.write_config("[Limits]\nCallsPerProvider=1\n")
        self.rig.start_callsd("--config", path)
        example = self.rig.start_example()
        self.rig.monitor.state(example.incoming(), "ringing")
        self.write_config("[Limits]\nCallsPerProvider=2\nNonsense=1\n")
        self.rig.callsd.signal(signal.SIGHUP)
        self.eventually(lambda: "callsd.conf:3" in self.callsd_log(), "complaint in the log")
        self.assertFalse(self.is_reported(example))

    def callsd_log(self):
        with open(self.rig.log("callsd"), errors="replace") as file:
            return file.read()

    def is_reported(self, example):
        mark = example.mark()
        call = example.incoming()
        seen = example.wait(lambda e: e.get("call") == call and e["event"] in
                            ("reported", "refused"), "answer to the report", since=mark)
        return seen[1]["event"] == "reported"

    def test_busctl_answers(self):
        self.rig.start_callsd()
        example = self.rig.start_example()
        call = example.incoming()
        self.rig.monitor.state(call, "ringing")
        path = self.rig.call_path(call)
        answer = self.busctl("call", "org.callsd", path, "org.callsd.Call1", "Answer")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        state = self.busctl("get-property", "org.callsd", path, "org.callsd.Call1", "State")
        self.assertEqual(state.stdout, 's "active"\n')
        answer = self.busctl("call", "org.callsd", path, "org.callsd.Call1", "Answer")
        self.assertNotEqual(answer.returncode, 0, "an active call can't be answered")
        tree = self.busctl("--list", "tree", "org.callsd")
        self.assertIn(path, tree.stdout)


if __name__ == "__main__":
    rig.main()
