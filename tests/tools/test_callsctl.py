#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""callsctl against the real callsd: every verb, JSON, exit codes, naming of calls, completion."""
import sys

sys.dont_write_bytecode = True

import json
import os
import pty
import select
import shutil
import subprocess
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import rig

COMPLETIONS = os.path.join(HERE, "../../tools/completions")
OK, FAILED, USAGE, NOT_RUNNING, NO_CALL = range(5)


class Base(rig.TestCase):
    def start(self, *arguments):
        self.rig.start_callsd()
        self.example = self.rig.start_example("org.callsd.Example", *arguments)

    def ringing(self, handle="+15550100", name="Alice"):
        call = self.example.incoming(handle, name)
        self.rig.monitor.state(call, "ringing")
        return call

    def exits(self, status, *arguments):
        answer = self.rig.ctl(*arguments, check=False)
        self.assertEqual(answer.returncode, status,
                         f"callsctl {' '.join(arguments)}: {answer.stdout}{answer.stderr}")
        return answer

    def json(self, *arguments, status=OK):
        return json.loads(self.exits(status, "--json", *arguments).stdout)

    def state(self, call):
        return self.rig.calls()[call]["State"]


class WithoutCallsd(Base):
    def test_exit_code_says_not_running(self):
        for verb in ("list", "answer", "end", "pending", "providers", "silence"):
            answer = self.exits(NOT_RUNNING, verb)
            self.assertIn("callsd is not running", answer.stderr)
        self.assertEqual(self.json("list", status=NOT_RUNNING)["Result"], "failed")

    def test_no_bus(self):
        self.exits(NOT_RUNNING, "--bus-address=unix:path=/nowhere/bus", "list")

    def test_usage(self):
        for arguments in (["bogus"], ["list", "x"], ["--bogus"], ["dial"], ["dtmf"],
                          ["dtmf", "xyz"], ["--color=sometimes"]):
            self.exits(USAGE, *arguments)

    def test_help_names_every_verb(self):
        text = self.exits(OK, "--help").stdout
        self.assertEqual(text, self.exits(OK, "help").stdout)
        for verb in ("list show monitor dial answer decline end hold resume swap mute unmute "
                     "dtmf merge split continue route silence pending providers default "
                     "check-provider --end-others --json --list-checks").split():
            self.assertIn(verb, text)
        self.assertRegex(self.exits(OK, "--version").stdout, r"^callsctl \d+\.\d+\.\d+\n$")


class Orders(Base):
    def test_life_of_a_call(self):
        self.start()
        call = self.ringing()
        self.assertEqual(self.json("silence")["Result"], "fulfilled")
        self.assertEqual(self.json("answer"),
                         {"Result": "fulfilled", "Verb": "answer", "Call": call})
        self.assertEqual(self.state(call), "active")
        self.exits(OK, "hold")
        self.assertEqual(self.state(call), "held")
        self.exits(OK, "resume")
        self.assertEqual(self.state(call), "active")
        self.exits(OK, "mute")
        self.assertTrue(self.rig.calls()[call]["Muted"])
        self.exits(NO_CALL, "mute")
        self.exits(OK, "unmute")
        self.assertFalse(self.rig.calls()[call]["Muted"])
        mark = self.example.mark()
        self.exits(OK, "dtmf", "1#")
        for _ in range(2):
            self.example.expect("perform", call, since=mark, type="play-dtmf-call")
        self.exits(OK, "end")
        self.assertEqual(self.rig.calls(), {})
        self.exits(NO_CALL, "end")

    def test_decline(self):
        self.start()
        for arguments in (["decline"], ["decline", "I will call back"]):
            call = self.ringing()
            self.exits(OK, *arguments)
            ended = self.rig.monitor.expect("call-changed", call, EndedReason="declined")
            self.assertTrue(ended)

    def test_decline_as_busy(self):
        self.start()
        call = self.ringing()
        self.assertEqual(self.json("decline", "--busy", call, "Later"),
                         {"Result": "fulfilled", "Verb": "decline", "Call": call})
        self.rig.monitor.expect("call-changed", call, EndedReason="declined")
        self.exits(NO_CALL, "decline", "--busy")
        error = self.json("decline", "--busy", status=NO_CALL)
        self.assertEqual(error["Result"], "failed")

    def test_a_mistyped_call_is_never_a_message(self):
        self.start()
        call = self.ringing()
        wrong = "0" if call[0] != "0" else "1"
        self.exits(NO_CALL, "decline", wrong)
        self.assertEqual(self.state(call), "ringing")
        self.exits(OK, "decline", "-m", "dad", call[:8])

    def test_two_calls(self):
        self.start()
        first = self.ringing()
        self.exits(OK, "answer")
        second = self.ringing("+15550101", "Bob")
        self.exits(OK, "answer")
        self.assertEqual((self.state(first), self.state(second)), ("held", "active"))
        self.exits(OK, "swap")
        self.assertEqual((self.state(first), self.state(second)), ("active", "held"))
        self.exits(OK, "merge", first[:8], second[:8])
        self.assertEqual((self.state(first), self.state(second)), ("active", "active"))
        groups = {facts["Group"] for facts in self.rig.calls().values()}
        self.assertEqual(len(groups), 1)
        self.assertNotEqual(groups, {""})
        answer = self.exits(NO_CALL, "end")
        self.assertIn(first, answer.stderr)
        self.assertIn(second, answer.stderr)
        self.exits(OK, "split", first)
        self.assertEqual((self.state(first), self.state(second)), ("active", "held"))
        self.exits(OK, "merge")
        self.assertEqual(self.state(second), "active")
        self.exits(USAGE, "merge", first, first)

    def test_end_others(self):
        self.start()
        first = self.ringing()
        self.exits(OK, "answer")
        second = self.ringing("+15550101", "Bob")
        self.exits(OK, "answer", "--end-others", second[:8])
        self.assertEqual(list(self.rig.calls()), [second])
        self.rig.monitor.state(first, "ended")

    def test_route(self):
        self.start()
        ids = {route["Id"]: route for route in self.json("route")}
        self.assertLessEqual({"test-speaker", "test-headset"}, set(ids))
        self.assertTrue(ids["test-speaker"]["Current"])
        self.assertRegex(self.exits(OK, "route").stdout, r"\* +speaker +test-speaker")
        answer = self.exits(FAILED, "route", "headset")
        self.assertIn("No call is active", answer.stderr)
        self.ringing()
        self.exits(OK, "answer")
        self.assertEqual(self.json("route", "headset")["Route"], "test-headset")
        self.assertEqual(self.current_route(), "test-headset")
        self.exits(OK, "route", "test-s")
        self.assertEqual(self.current_route(), "test-speaker")
        for name, text in (("test-", "could be 2 routes"), ("moon", "no route 'moon'")):
            self.assertIn(text, self.exits(FAILED, "route", name).stderr)
        self.exits(OK, "route", "test-headset")
        self.exits(OK, "route", "default")
        self.assertEqual(self.current_route(), "test-speaker")
        self.exits(OK, "route", "test-headset")
        self.exits(OK, "end")
        self.eventually(lambda: self.current_route() == "test-speaker", "forgotten choice")

    def test_an_answer_may_name_a_route(self):
        self.start()
        call = self.ringing()
        subprocess.run(["busctl", "--user", "call", "org.callsd", "/org/callsd",
                        "org.callsd.Manager1", "RequestTransaction", "a(sa{sv})a{sv}", "1",
                        "answer-call", "1", "Call", "s", call, "2", "Origin", "s", "accessory",
                        "Route", "s", "test-headset"], check=True, capture_output=True)
        self.rig.monitor.state(call, "active")
        self.eventually(lambda: self.current_route() == "test-headset", "route of the answer")

    def current_route(self):
        current, = (route["Id"] for route in self.json("route") if route["Current"])
        return current

    def test_dial(self):
        self.start("--connect-after=100")
        call = self.json("dial", "+15550100")["Call"]
        self.rig.monitor.state(call, "active")
        self.exits(OK, "end", call)
        answer = self.exits(OK, "dial", "--wait", "--provider=org.callsd.Example", "+15550100")
        self.assertEqual(self.state(answer.stdout.strip()), "active")
        error = self.json("dial", "--provider=org.example.Nobody", "+1", status=FAILED)
        self.assertEqual(error["Error"],
                         "org.callsd.Error.RequestTransaction.UnknownCallProvider")

    def test_refusals_are_plain(self):
        self.start()
        call = self.ringing()
        answer = self.exits(FAILED, "hold", call)
        self.assertIn("makes no sense", answer.stderr)
        error = self.json("hold", call, status=FAILED)
        self.assertEqual(error["Error"], "org.callsd.Error.RequestTransaction.InvalidAction")


class Names(Base):
    def test_naming_a_call(self):
        self.start()
        call = self.ringing()
        path = self.rig.call_path(call)
        for name in (call, call.upper(), call[:6], path, call.replace("-", "_")):
            self.assertEqual(self.json("show", name)["UUID"], call)
        self.assertEqual(self.json("show")["UUID"], call)

    def test_unknown_and_ambiguous(self):
        self.start("--name=Example")
        first = self.ringing()
        others = [self.ringing(f"+1555010{i}", f"Caller {i}") for i in range(1, 4)]
        wrong = next(c for c in "0123456789abcdef"
                     if not any(call.startswith(c) for call in (first, *others)))
        self.assertIn(f"'{wrong}'", self.exits(NO_CALL, "answer", wrong).stderr)
        answer = self.exits(NO_CALL, "answer")
        for call in (first, *others):
            self.assertIn(call, answer.stderr)
        candidates = self.json("answer", status=NO_CALL)["Candidates"]
        self.assertEqual(sorted(candidates), sorted([first, *others]))
        self.assertEqual(len(self.rig.calls()), 4)


class Output(Base):
    def test_list(self):
        self.assertIn("No calls.", (self.start(), self.exits(OK, "list"))[1].stdout)
        self.assertEqual(self.json("list"), [])
        call = self.ringing(name="Alice A.")
        text = self.exits(OK).stdout
        for word in (call[:8], "ringing", "from", "Alice A."):
            self.assertIn(word, text)
        self.assertNotIn("\033", text)
        self.assertIn("\033", self.exits(OK, "--color=always", "list").stdout)
        facts, = self.json("list")
        for key in ("UUID", "State", "Path", "DisplayName", "Allowed", "StartedAtBoottime"):
            self.assertIn(key, facts)
        self.assertRegex(text, r"ringing +from +Alice A\. +0:0\d ")
        self.exits(OK, "answer")
        self.assertRegex(self.exits(OK).stdout, r"active +from +Alice A\. +0:0\d ")

    def test_names_cannot_steer_the_terminal(self):
        self.start()
        self.ringing(name="\033[2JEvil\u202e")
        for verb in ("list", "show"):
            text = self.exits(OK, verb).stdout
            self.assertIn("Evil", text)
            self.assertNotIn("\033", text)
            self.assertNotIn("\u202e", text)

    def test_show(self):
        self.start()
        self.ringing()
        text = self.exits(OK, "show").stdout
        for word in ("ringing", "Alice", "RemoteHandle", "+15550100", "Allowed"):
            self.assertIn(word, text)

    def test_providers(self):
        self.start()
        provider, = self.json("providers")
        self.assertEqual((provider["Identifier"], provider["Running"]),
                         ("org.callsd.Example", True))
        self.assertIn("org.callsd.Example", self.exits(OK, "providers").stdout)

    def test_pending(self):
        self.start()
        self.assertEqual(self.json("pending"), [])
        self.assertIn("Nothing is pending.", self.exits(OK, "pending").stdout)
        call = self.ringing()
        self.example.signal(19)
        self.addCleanup(self.example.signal, 18)
        order = self.rig.add(rig.Program([self.rig.programs.callsctl, "answer"], "answer"))
        self.eventually(lambda: self.json("pending"), "pending answer")
        action, = self.json("pending")
        self.assertEqual((action["Type"], action["Call"], action["State"], action["Provider"]),
                         ("answer-call", call, "delivered", "org.callsd.Example"))
        text = self.exits(OK, "pending").stdout
        self.assertRegex(text, r"\d+\.\d s +answer +delivered")
        self.example.signal(18)
        self.assertEqual(order.ended(), OK)
        self.assertEqual(self.json("pending"), [])

    def test_pending_counts_down_on_a_terminal(self):
        self.start()
        screen = Terminal([self.rig.programs.callsctl, "--color=never", "pending"])
        self.addCleanup(screen.close)
        screen.read_until("Nothing is pending.")
        self.ringing()
        self.example.signal(19)
        self.addCleanup(self.example.signal, 18)
        order = self.rig.add(rig.Program([self.rig.programs.callsctl, "answer"], "answer"))
        first = screen.read_until(" s  answer")
        self.assertIn("\033[", first)
        screen.read_until(" s  answer")
        self.example.signal(18)
        screen.read_until("Nothing is pending.")
        self.assertEqual(order.ended(), OK)

    def test_monitor_for_people(self):
        self.start()
        people = self.rig.add(rig.Program([self.rig.programs.callsctl, "monitor"], "people"))
        people.wait(lambda line: "callsd-running" in line, "first line")
        call = self.ringing()
        self.exits(OK, "answer")
        for text in ("call-added", "Alice", "> active"):
            people.wait(lambda line: call[:8] in line and text in line, text)
        people.signal(15)
        self.assertEqual(people.ended(), OK)

    def test_no_color(self):
        self.start()
        self.ringing()
        for value, coloured in (("1", False), ("", True)):
            screen = Terminal([self.rig.programs.callsctl, "list"],
                              {"NO_COLOR": value, "TERM": "xterm"})
            text = screen.read_until("Alice")
            screen.close()
            self.assertEqual("\033[" in text, coloured, text)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, environment=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, {**os.environ, "TERM": "xterm",
                                             **(environment or {})})
        self.rest = ""

    def read_until(self, text, deadline=rig.DEADLINE):
        """What came, up to and with `text`."""
        end = time.monotonic() + deadline
        while text not in self.rest:
            if time.monotonic() > end:
                raise rig.Failure(f"no {text!r} on the terminal but {self.rest!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.rest += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:
                    raise rig.Failure(f"no {text!r} on the terminal but {self.rest!r}") from None
        head, self.rest = self.rest.split(text, 1)
        return head + text

    def send(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        try:
            os.kill(self.pid, 1)
            os.kill(self.pid, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Completion(Base):
    def setUp(self):
        super().setUp()
        self.start()
        self.call = self.ringing()
        self.path = {"PATH": self.rig.programs.path(), "LC_ALL": "C.UTF-8"}

    def run_shell(self, *command):
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                env={**os.environ, **self.path})
        self.assertEqual(answer.stderr, "")
        return answer.stdout

    def test_bash(self):
        complete = f"source {COMPLETIONS}/callsctl.bash; complete -p callsctl; t() {{ " \
            "COMP_WORDS=(\"$@\"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); " \
            "_callsctl; echo \"$* | ${COMPREPLY[*]}\"; }; "
        text = self.run_shell("bash", "-c", complete + "t callsctl an; t callsctl answer ''; "
                              "t callsctl hold ''; t callsctl route test-h; "
                              "t callsctl dial -p org; t callsctl --js; "
                              "t callsctl default te; t callsctl default tel o; "
                              "t callsctl default tel n; t callsctl check-provider o; "
                              "t callsctl check-provider --only = late")
        self.assertIn("complete -F _callsctl callsctl", text)
        self.assertIn("callsctl an | answer\n", text)
        self.assertIn(f"callsctl answer  | {self.call}\n", text)
        self.assertIn("callsctl hold  | \n", text)
        self.assertIn("callsctl dial -p org | org.callsd.Example\n", text)
        self.assertIn("callsctl --js | --json\n", text)
        self.assertIn("callsctl default te | tel\n", text)
        self.assertIn("callsctl default tel o | org.callsd.Example\n", text)
        self.assertIn("callsctl default tel n | none\n", text)
        self.assertIn("callsctl check-provider o | org.callsd.Example\n", text)
        self.assertIn("callsctl check-provider --only = late | late-answer\n", text)
        self.assertIn("callsctl route test-h | test-headset\n", text)

    @unittest.skipUnless(shutil.which("fish"), "there is no fish")
    def test_fish(self):
        text = self.run_shell("fish", "--no-config", "-c",
                              f"source {COMPLETIONS}/callsctl.fish; complete -C 'callsctl an'; "
                              "complete -C 'callsctl answer '; complete -C 'callsctl hold '; "
                              "complete -C 'callsctl route test-h'; "
                              "complete -C 'callsctl dial -p '; complete -C 'callsctl --js'; "
                              "complete -C 'callsctl default ph'; "
                              "complete -C 'callsctl default tel no'; "
                              "complete -C 'callsctl check-provider --only late'")
        self.assertIn("answer\t", text)
        self.assertEqual(text.count(self.call), 1)
        self.assertIn("org.callsd.Example\t", text)
        self.assertIn("--json\t", text)
        self.assertIn("test-headset\t", text)
        self.assertIn("phone-number\t", text)
        self.assertIn("none\n", text)
        self.assertIn("late-answer\t", text)

    @unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
    def test_zsh(self):
        shell = Terminal(["zsh", "-f", "-i"], self.path)
        self.addCleanup(shell.close)
        shell.send(f"fpath=({COMPLETIONS} $fpath); autoload -U compinit; compinit -u -D; "
                   "PS1='ready''> '\n")
        shell.read_until("ready> ")
        shell.send("callsctl answer \t")
        shell.read_until(self.call)
        shell.send("\x15callsctl dial -p \t")
        shell.read_until("org.callsd.Example")
        shell.send("\x15callsctl route test-h\t")
        shell.read_until("eadset")
        shell.send("\x15callsctl default phone-n\t")
        shell.read_until("umber")
        shell.send("\x15callsctl default tel org.c\t")
        shell.read_until("allsd.Example")
        shell.send("\x15callsctl anon\b\b\t")
        shell.read_until("swer")


if __name__ == "__main__":
    rig.main()
