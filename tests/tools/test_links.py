#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links to telephones, as desktops open them: gio, and xdg-open with a display. A person is asked
in a notification, and told there what went wrong."""
import sys

sys.dont_write_bytecode = True

import json
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import rig

DESKTOP = os.path.join(HERE, "../../tools/callsctl/org.callsd.Dial.desktop")
SCHEMES = ("tel", "sip", "sips", "callto")
NEEDED = ("gio", "xdg-mime", "xdg-open", "Xvfb", "desktop-file-validate",
          "update-desktop-database")
OK, FAILED, USAGE = range(3)


class Links(rig.TestCase):
    def setUp(self):
        super().setUp()
        os.environ["PATH"] = self.rig.programs.path()
        # Nobody else's handlers, and none of the machine's.
        empty = f"{self.rig.directory}/empty"
        os.makedirs(empty)
        os.environ["XDG_DATA_DIRS"] = os.environ["XDG_CONFIG_DIRS"] = empty
        folder = f"{os.environ['XDG_DATA_HOME']}/applications"
        os.makedirs(folder)
        shutil.copy(DESKTOP, folder)
        subprocess.run(["update-desktop-database", folder], check=True, timeout=30)
        for scheme in SCHEMES:
            subprocess.run(["xdg-mime", "default", "org.callsd.Dial.desktop",
                            f"x-scheme-handler/{scheme}"], check=True, timeout=30)
        self.rig.start_callsd("--no-audio")
        self.app = self.rig.start_example("org.callsd.Example", "--connect-after=100")

    def start_screen(self, *arguments):
        self.screen = self.rig.add(rig.Program(
            [f"{rig.SUPPORT}/notifications", *arguments], "notifications", json.loads,
            log=self.rig.log("notifications")))
        self.screen.wait(lambda item: item["event"] == "ready", "notification server")

    def shown(self, title, since=0):
        return self.screen.wait(lambda item: item["event"] == "shown" and item["title"] == title,
                                f"notification {title!r}", since)[1]

    def placed(self, handle, question, button="call"):
        """The question comes, and once it is answered the app gets the call."""
        asked = self.shown(question)
        self.assertEqual((asked["actions"], asked["text"]),
                         (["call", "cancel"], "A link asks for this call."))
        self.assertEqual(self.rig.calls(), {})
        mark = self.app.mark()
        self.screen.tell(f"press {asked['id']} {button}")
        call = self.app.expect("perform-start", since=mark)[1]["call"]
        facts = self.rig.calls()[call]
        self.assertEqual((facts["RemoteHandleType"], facts["RemoteHandle"]), handle)
        self.rig.monitor.state(call, "active")
        self.rig.ctl("end", call)

    def test_desktop_file(self):
        subprocess.run(["desktop-file-validate", DESKTOP], check=True, timeout=30)

    def test_gio(self):
        self.start_screen()
        for link, handle, question in (
                ("tel:+1-201-555-0123", ("phone-number", "+12015550123"), "Call +12015550123?"),
                ("sip:bob@example.org?X=1", ("generic", "sip:bob@example.org"),
                 "Call sip:bob@example.org?"),
                ("sips:bob@example.org", ("generic", "sips:bob@example.org"),
                 "Call sips:bob@example.org?"),
                ("callto:+1202", ("phone-number", "+1202"), "Call +1202?")):
            subprocess.run(["gio", "open", link], check=True, timeout=30)
            self.placed(handle, question)

    def test_xdg_open(self):
        self.start_screen()
        display = self.rig.add(rig.Program(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "320x240x8", "-nolisten", "tcp"], "Xvfb",
            log=self.rig.log("Xvfb")))
        number = display.wait(lambda line: line.strip().isdigit(), "display")[1].strip()
        opener = self.rig.add(rig.Program(["xdg-open", "tel:+1-201-555-0123;ext=4"], "xdg-open",
                                          environment={"DISPLAY": f":{number}"},
                                          log=self.rig.log("xdg-open")))
        self.placed(("phone-number", "+12015550123"), "Call +12015550123,4?")
        self.assertEqual(opener.ended(), OK)

    def start_dial(self, *arguments):
        return self.rig.add(rig.Program([self.rig.programs.callsctl, "dial", "--ask", "--wait",
                                         *arguments], "dial", log=self.rig.log("dial")))

    def leaves(self, program, status):
        """It ends with this status, as it should."""
        self.assertEqual(program.ended(), status)
        self.rig.running.remove(program)
        program.stop()

    def test_not_wanted(self):
        self.start_screen()
        for answer in ("press {} cancel", "close {}"):
            mark = self.screen.mark()
            dial = self.start_dial("tel:112")
            asked = self.shown("Call 112?", mark)
            self.screen.tell(answer.format(asked["id"]))
            self.leaves(dial, FAILED)
        self.assertEqual(self.rig.calls(), {})

    def test_others_cannot_answer(self):
        self.start_screen()
        dial = self.start_dial("tel:112")
        asked = self.shown("Call 112?")
        subprocess.run(["busctl", "--user", "emit", "/org/freedesktop/Notifications",
                        "org.freedesktop.Notifications", "ActionInvoked", "us", str(asked["id"]),
                        "call"], check=True, timeout=10)
        self.screen.tell(f"press {asked['id']} cancel")
        self.leaves(dial, FAILED)
        self.assertNotIn("perform-start", [item.get("event") for item in self.app.events()])

    def test_bad_news(self):
        self.start_screen()
        for arguments, status, text in (
                (["tel:*2767*3855%23"], USAGE, "codes with * or #"),
                (["sip:<bob>@example.org"], USAGE, "&lt;bob&gt;"),
                (["-p", "org.callsd.Nobody", "tel:1"], FAILED, "no app can place this call")):
            mark = self.screen.mark()
            dial = self.start_dial(*arguments)
            if status == FAILED:
                self.screen.tell(f"press {self.shown('Call 1?', mark)['id']} call")
            news = self.shown("The call could not be placed", mark)
            self.assertIn(text, news["text"])
            self.assertEqual(news["actions"], [])
            self.leaves(dial, status)

    def test_busy(self):
        self.start_screen()
        self.app.stop()
        self.rig.running.remove(self.app)
        self.app = self.rig.start_example("org.callsd.Example", "--connect-after=60000")
        dial = self.start_dial("tel:1")
        self.screen.tell(f"press {self.shown('Call 1?')['id']} call")
        call = self.app.expect("perform-start")[1]["call"]
        self.app.tell(f"end {call}")
        self.assertIn("before it connected",
                      self.shown("The call could not be placed")["text"])
        self.leaves(dial, FAILED)

    def test_nobody_to_ask(self):
        """Without buttons nothing is dialled; without a server there is standard error."""
        answer = self.rig.ctl("dial", "--ask", "tel:+1-201", check=False)
        self.assertEqual(answer.returncode, FAILED)
        self.assertIn("nothing was dialled; type: callsctl dial '+1201'", answer.stderr)
        self.start_screen("--no-actions")
        dial = self.start_dial("tel:+1-201")
        self.assertIn("nothing was dialled",
                      self.shown("The call could not be placed")["text"])
        self.leaves(dial, FAILED)
        self.assertEqual(self.rig.calls(), {})


if __name__ == "__main__":
    lacking = [name for name in NEEDED if not shutil.which(name)]
    if lacking:
        print(f"skipped: there is no {' and no '.join(lacking)}; ./dev setup installs it")
        sys.exit(77)
    rig.main()
