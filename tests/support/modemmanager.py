# SPDX-License-Identifier: LGPL-2.1-or-later
"""A template for python-dbusmock: ModemManager 1.20's modems and calls, without modems.

The verbs do to the calls what ModemManager's own code does to them (mm-iface-modem-voice.c and
mm-base-call.c), with its order of signals: StateChanged at once, then the reply, then
PropertiesChanged of each object. Where it waits for a modem, and where it is told by one, the
test decides, through the interface org.callsd.Test.ModemManager of the main object.
"""
import dbus
import dbus.service
from gi.repository import GLib

from dbusmock.mockobject import objects

BUS_NAME = "org.freedesktop.ModemManager1"
MAIN_OBJ = "/org/freedesktop/ModemManager1"
MAIN_IFACE = BUS_NAME
SYSTEM_BUS = True

CONTROL = "org.callsd.Test.ModemManager"
MANAGER = "org.freedesktop.DBus.ObjectManager"
MODEM = BUS_NAME + ".Modem"
NETWORK = MODEM + ".Modem3gpp"
VOICE = MODEM + ".Voice"
CALL = BUS_NAME + ".Call"
SIM = BUS_NAME + ".Sim"
ERROR = BUS_NAME + ".Error."

UNKNOWN, DIALING, RINGING_OUT, RINGING_IN, ACTIVE, HELD, WAITING, TERMINATED = range(8)
(R_UNKNOWN, R_OUTGOING_STARTED, R_INCOMING_NEW, R_ACCEPTED, R_TERMINATED, R_REFUSED_OR_BUSY,
 R_ERROR) = range(7)
REGISTERED = 8
# The modem is asked for its calls every 2 s; here it is sooner.
POLL_MS = 200


class World:
    """Everything there is; one for each process."""

    def __init__(self, main):
        self.main = main
        self.modems = {}
        self.calls = {}
        self.behaviours = {}
        self.log = []
        self.waiting = []
        self.habits = {}
        self.serial = {"Modem": 0, "Call": 0, "SIM": 0}

    def path(self, kind):
        number = self.serial[kind]
        self.serial[kind] += 1
        return f"{MAIN_OBJ}/{kind}/{number}"


world = None


def error(name, text):
    return dbus.exceptions.DBusException(text, name=ERROR + name)


def offer(thing, interface, name, arguments, result, function):
    """A method of an object that may answer later."""
    if arguments:
        def method(self, argument, ok, fail):
            function(argument, ok, fail)
    else:
        def method(self, ok, fail):
            function(ok, fail)
    method.__name__ = name
    method = dbus.service.method(interface, in_signature=arguments, out_signature=result,
                                 async_callbacks=("ok", "fail"))(method)
    thing.methods.setdefault(interface, {})[name] = (arguments, result, "", method)


def behave(verb, path, ok, fail, act, broken=None):
    """Writes down that it was asked, and does as the test wishes: at once, later, or not at all."""
    world.log.append(f"{verb} {path}")
    how = world.behaviours.get(verb, "")
    if how == "hang":
        world.waiting.append((ok, fail))
    elif how == "hold-back":
        world.waiting.append((act, None))
    elif how.startswith("fail"):
        when, name = how.split(":")

        def refuse():
            if broken:
                broken(name)
            fail(error(name, f"The test lets {verb} fail."))
        if when == "fail":
            refuse()
        else:
            world.waiting.append((refuse, None))
    else:
        act()


class Modem:
    def __init__(self, options):
        self.path = world.path("Modem")
        self.calls = []
        numbers = options.pop("EmergencyNumbers", ["144"])
        state = int(options.pop("State", REGISTERED))
        self.sim = world.path("SIM") if options.pop("HasSim", True) else "/"
        has_voice = bool(options.pop("HasVoice", True))
        main = world.main
        main.AddObject(self.path, MODEM, {
            "State": dbus.Int32(state), "StateFailedReason": dbus.UInt32(0),
            "Manufacturer": "callsd", "Model": options.pop("Model", "Mock"),
            "DeviceIdentifier": options.pop("DeviceIdentifier", f"device{self.path[-1]}"),
            "Sim": dbus.ObjectPath(self.sim)}, [])
        self.object = objects[self.path]
        self.object.AddProperties(NETWORK, {
            "OperatorName": options.pop("OperatorName", "Loopback"),
            "Imei": "350000000000000"})
        if self.sim != "/":
            main.AddObject(self.sim, SIM, {
                "EmergencyNumbers": dbus.Array(numbers, signature="s")}, [])
        if has_voice:
            self.add_voice(state)
        world.modems[self.path] = self

    def add_voice(self, state):
        self.object.AddProperties(VOICE, {
            "Calls": dbus.Array([], signature="o"),
            "EmergencyOnly": dbus.Boolean(state < REGISTERED)})
        for name, arguments, result, function in (
                ("ListCalls", "", "ao", lambda ok, fail: ok(self.paths())),
                ("CreateCall", "a{sv}", "o", self.create),
                ("DeleteCall", "o", "", self.delete),
                ("HoldAndAccept", "", "", self.hold_and_accept),
                ("HangupAndAccept", "", "", self.hangup_and_accept),
                ("HangupAll", "", "", self.hangup_all)):
            offer(self.object, VOICE, name, arguments, result, function)

    def paths(self):
        return dbus.Array([call.path for call in self.calls], signature="o")

    def change(self, interface, **properties):
        self.object.props[interface].update(properties)
        self.object.EmitSignal(dbus.PROPERTIES_IFACE, "PropertiesChanged", "sa{sv}as",
                               [interface, dbus.Dictionary(properties, signature="sv"),
                                dbus.Array([], signature="s")])

    def set_state(self, state):
        self.change(MODEM, State=dbus.Int32(state))
        if VOICE in self.object.props:
            self.change(VOICE, EmergencyOnly=dbus.Boolean(state < REGISTERED))

    def add(self, call):
        self.calls.insert(0, call)
        self.change(VOICE, Calls=self.paths())
        self.object.EmitSignal(VOICE, "CallAdded", "o", [dbus.ObjectPath(call.path)])

    def remove(self, call):
        self.calls.remove(call)
        world.calls.pop(call.path)
        world.main.RemoveObject(call.path)
        self.change(VOICE, Calls=self.paths())
        self.object.EmitSignal(VOICE, "CallDeleted", "o", [dbus.ObjectPath(call.path)])

    def in_state(self, *states):
        return [call for call in self.calls if call.state in states]

    def poll(self):
        """What the modem says of its calls when it is next asked for them."""
        members = [call for call in self.in_state(ACTIVE, HELD) if call.multiparty]
        if any(call.state == ACTIVE for call in members):
            for call in members:
                call.change(ACTIVE, R_UNKNOWN)
        if not self.in_state(ACTIVE, HELD):
            for call in self.in_state(WAITING):
                call.change(RINGING_IN, R_UNKNOWN)
        return False

    def create(self, properties, ok, fail):
        def act():
            if "number" not in properties:
                fail(error("Core.InvalidArgs",
                           "Cannot create call: mandatory parameter 'number' is missing"))
                return
            call = Call(self, str(properties["number"]), outgoing=True)
            self.add(call)
            ok(dbus.ObjectPath(call.path))
        behave("CreateCall", properties.get("number", ""), ok, fail, act)

    def delete(self, path, ok, fail):
        def act():
            call = world.calls.get(path)
            if call not in self.calls:
                fail(error("Core.NotFound", f"No call found with path '{path}'"))
                return
            self.remove(call)
            ok()
        behave("DeleteCall", path, ok, fail, act)

    def next(self):
        """Whom +CHLD=1 and =2 answer or resume: as ModemManager sees it, one call."""
        chosen = None
        for call in self.calls:
            if call.state == WAITING or (call.state == HELD and not chosen):
                chosen = call
        return chosen

    def accept_next(self, state, reason):
        active, chosen = self.in_state(ACTIVE), self.next()
        for call in active:
            call.change(state, reason)
        if chosen:
            chosen.change(ACTIVE, R_ACCEPTED)
        GLib.timeout_add(POLL_MS, self.poll)

    def hold_and_accept(self, ok, fail):
        def act():
            self.accept_next(HELD, R_UNKNOWN)
            ok()
        behave("HoldAndAccept", self.path, ok, fail, act)

    def hangup_and_accept(self, ok, fail):
        def act():
            self.accept_next(TERMINATED, R_TERMINATED)
            ok()
        behave("HangupAndAccept", self.path, ok, fail, act)

    def hangup_all(self, ok, fail):
        def act():
            for call in self.in_state(DIALING, RINGING_OUT, RINGING_IN, ACTIVE):
                call.change(TERMINATED, R_TERMINATED)
            ok()
        behave("HangupAll", self.path, ok, fail, act)


class Call:
    def __init__(self, modem, number, outgoing, state=UNKNOWN):
        self.modem, self.path = modem, world.path("Call")
        self.pending, self.flushing = {}, False
        self.starting = None
        world.main.AddObject(self.path, CALL, {
            "State": dbus.Int32(state),
            "StateReason": dbus.Int32(R_UNKNOWN if outgoing else R_INCOMING_NEW),
            "Direction": dbus.Int32(2 if outgoing else 1), "Number": number,
            "Multiparty": dbus.Boolean(False), "AudioPort": "",
            "AudioFormat": dbus.Dictionary({}, signature="sv")}, [])
        self.object = objects[self.path]
        for name, arguments, function in (
                ("Start", "", self.start), ("Accept", "", self.accept),
                ("Hangup", "", self.hangup), ("SendDtmf", "s", self.send_dtmf),
                ("JoinMultiparty", "", self.join), ("LeaveMultiparty", "", self.leave)):
            offer(self.object, CALL, name, arguments, "", function)
        world.calls[self.path] = self

    @property
    def state(self):
        return int(self.object.props[CALL]["State"])

    @property
    def multiparty(self):
        return bool(self.object.props[CALL]["Multiparty"])

    def set(self, **properties):
        """As GDBus does: one message for all that changes until the loop is idle."""
        self.object.props[CALL].update(properties)
        self.pending.update(properties)
        if not self.flushing:
            self.flushing = True
            GLib.idle_add(self.flush)

    def flush(self):
        self.flushing = False
        if self.path in objects:
            self.object.EmitSignal(dbus.PROPERTIES_IFACE, "PropertiesChanged", "sa{sv}as",
                                   [CALL, dbus.Dictionary(self.pending, signature="sv"),
                                    dbus.Array([], signature="s")])
        self.pending = {}
        return False

    def change(self, state, reason):
        old = self.state
        if old == state:
            return
        self.set(State=dbus.Int32(state), StateReason=dbus.Int32(reason))
        self.object.EmitSignal(CALL, "StateChanged", "iiu",
                               [dbus.Int32(old), dbus.Int32(state), dbus.UInt32(reason)])
        if state == TERMINATED and self.starting:
            fail, self.starting = self.starting, None
            fail(error("Connection.NoDialtone", "No dialtone"))

    def start(self, ok, fail):
        number = str(self.object.props[CALL]["Number"])

        def act():
            if self.starting or self.state != TERMINATED:
                self.starting = None
                ok()
            self.answer_as(world.habits.get(number))

        def broken(name):
            reasons = {"Connection.NoDialtone": R_ERROR, "Connection.Busy": R_REFUSED_OR_BUSY,
                       "Connection.NoAnswer": R_REFUSED_OR_BUSY,
                       "Connection.NoCarrier": R_REFUSED_OR_BUSY}
            self.starting = None
            self.change(TERMINATED, reasons.get(name, R_UNKNOWN))

        if self.state != UNKNOWN:
            fail(error("Core.Failed", "This call was not in unknown state, cannot start it"))
        elif (self.modem.object.props[VOICE]["EmergencyOnly"]
              and number not in ("112", "911", "144")):
            self.change(TERMINATED, R_UNKNOWN)
            fail(error("Core.Unauthorized", "only emergency calls allowed"))
        else:
            self.change(DIALING, R_OUTGOING_STARTED)
            self.starting = fail
            behave("Start", self.path, ok, fail, act, broken)

    def answer_as(self, habit):
        """What the far end does, if it has a habit."""
        def later(states, reason):
            if self.state != TERMINATED:
                self.change(states.pop(0), reason)
                return bool(states)
            return False
        states = {"rings": [RINGING_OUT], "answers": [RINGING_OUT, ACTIVE],
                  "is-busy": [TERMINATED]}.get(habit)
        if states:
            GLib.timeout_add(50, later, states,
                             R_REFUSED_OR_BUSY if habit == "is-busy" else R_UNKNOWN)

    def accept(self, ok, fail):
        def act():
            if self.state != RINGING_IN:
                fail(error("Core.Failed", "This call was not ringing, cannot accept"))
                return
            self.change(ACTIVE, R_ACCEPTED)
            ok()
        behave("Accept", self.path, ok, fail, act, lambda name: self.change(TERMINATED, R_ERROR))

    def hangup(self, ok, fail):
        def act():
            if self.state in (UNKNOWN, TERMINATED):
                fail(error("Core.Failed", "This call was not active, cannot hangup"))
                return
            self.change(TERMINATED, R_TERMINATED)
            GLib.timeout_add(POLL_MS, self.modem.poll)
            ok()
        behave("Hangup", self.path, ok, fail, act)

    def send_dtmf(self, keys, ok, fail):
        def act():
            if self.state != ACTIVE:
                fail(error("Core.Failed", "This call was not active, cannot send dtmf"))
                return
            ok()
        behave("SendDtmf", f"{keys[:1]} {self.path}", ok, fail, act)

    def join(self, ok, fail):
        def act():
            if self.multiparty:
                fail(error("Core.WrongState", "this call is already part of a multiparty call"))
                return
            if self.state != HELD:
                fail(error("Core.WrongState", "invalid call state: must be held"))
                return
            for call in self.modem.in_state(ACTIVE, HELD):
                call.set(Multiparty=dbus.Boolean(True))
                call.change(ACTIVE, R_UNKNOWN)
            ok()
        behave("JoinMultiparty", self.path, ok, fail, act)

    def leave(self, ok, fail):
        def act():
            if not self.multiparty:
                fail(error("Core.WrongState", "this call is not part of a multiparty call"))
                return
            others = [call for call in self.modem.in_state(ACTIVE, HELD)
                      if call.multiparty and call is not self]
            if len(others) == 1:
                others[0].set(Multiparty=dbus.Boolean(False))
            for call in others:
                call.change(HELD, R_UNKNOWN)
            self.set(Multiparty=dbus.Boolean(False))
            self.change(ACTIVE, R_UNKNOWN)
            ok()
        behave("LeaveMultiparty", self.path, ok, fail, act)


def interfaces(path):
    return {name: dbus.Dictionary(values, signature="sv")
            for name, values in objects[path].props.items()}


def managed(self):
    return dbus.Dictionary(
        {dbus.ObjectPath(path): dbus.Dictionary(interfaces(path), signature="sa{sv}")
         for path in world.modems}, signature="oa{sa{sv}}")


def load(mock, parameters):
    global world
    world = World(mock)
    objects[MAIN_OBJ] = mock

    def get_managed(ok, fail):
        behave("GetManagedObjects", "", ok, fail, lambda: ok(managed(mock)))
    offer(mock, MANAGER, "GetManagedObjects", "", "a{oa{sa{sv}}}", get_managed)


# --- what the test decides ------------------------------------------------------------------------

@dbus.service.method(CONTROL, in_signature="a{sv}", out_signature="o")
def AddModem(self, options):
    modem = Modem(dict(options))
    self.EmitSignal(MANAGER, "InterfacesAdded", "oa{sa{sv}}",
                    [dbus.ObjectPath(modem.path), interfaces(modem.path)])
    return dbus.ObjectPath(modem.path)


@dbus.service.method(CONTROL, in_signature="o", out_signature="")
def RemoveModem(self, path):
    modem = world.modems.pop(path)
    names = list(modem.object.props)
    for call in modem.calls:
        world.calls.pop(call.path)
        self.RemoveObject(call.path)
    self.RemoveObject(path)
    if modem.sim != "/":
        self.RemoveObject(modem.sim)
    self.EmitSignal(MANAGER, "InterfacesRemoved", "oas",
                    [dbus.ObjectPath(path), dbus.Array(names, signature="s")])


@dbus.service.method(CONTROL, in_signature="oi", out_signature="")
def SetModemState(self, path, state):
    world.modems[path].set_state(state)


@dbus.service.method(CONTROL, in_signature="ob", out_signature="")
def SetVoice(self, path, has):
    modem = world.modems[path]
    if has:
        modem.add_voice(REGISTERED)
        self.EmitSignal(MANAGER, "InterfacesAdded", "oa{sa{sv}}",
                        [dbus.ObjectPath(path), {VOICE: interfaces(path)[VOICE]}])
    else:
        for call in modem.calls:
            world.calls.pop(call.path)
            self.RemoveObject(call.path)
        modem.calls = []
        modem.object.props.pop(VOICE)
        self.EmitSignal(MANAGER, "InterfacesRemoved", "oas",
                        [dbus.ObjectPath(path), dbus.Array([VOICE], signature="s")])


@dbus.service.method(CONTROL, in_signature="os", out_signature="o")
def Incoming(self, path, number):
    """Somebody calls. It waits if there is a call already."""
    modem = world.modems[path]
    busy = modem.in_state(DIALING, RINGING_OUT, RINGING_IN, ACTIVE, HELD, WAITING)
    call = Call(modem, number, outgoing=False, state=WAITING if busy else RINGING_IN)
    modem.add(call)
    return dbus.ObjectPath(call.path)


@dbus.service.method(CONTROL, in_signature="oii", out_signature="")
def ChangeCall(self, path, state, reason):
    """The modem says so, or is found to have it so."""
    call = world.calls[path]
    call.change(state, reason)
    GLib.timeout_add(POLL_MS, call.modem.poll)


@dbus.service.method(CONTROL, in_signature="ss", out_signature="")
def SetHabit(self, number, habit):
    """What becomes of calls to this number: "rings", "answers", "is-busy"."""
    world.habits[number] = habit


@dbus.service.method(CONTROL, in_signature="", out_signature="")
def FarEndHangsUp(self):
    """The far end of the newest call does."""
    living = [call for call in world.calls.values() if call.state not in (UNKNOWN, TERMINATED)]
    if living:
        living[-1].change(TERMINATED, R_UNKNOWN)
        GLib.timeout_add(POLL_MS, living[-1].modem.poll)


@dbus.service.method(CONTROL, in_signature="os", out_signature="")
def SetNumber(self, path, number):
    world.calls[path].set(Number=number)


@dbus.service.method(CONTROL, in_signature="os", out_signature="")
def ReceiveDtmf(self, path, key):
    world.calls[path].object.EmitSignal(CALL, "DtmfReceived", "s", [key])


@dbus.service.method(CONTROL, in_signature="ss", out_signature="")
def Behave(self, verb, how):
    """How: "" as usual; "hang": no answer; "hold-back": later (Release); "fail:Core.Failed",
    "fail-later:Core.Failed"."""
    world.behaviours[verb] = how


@dbus.service.method(CONTROL, in_signature="", out_signature="")
def Release(self):
    """What was held back is done now."""
    waiting, world.waiting = world.waiting, []
    for act, fail in waiting:
        if not fail:
            act()


@dbus.service.method(CONTROL, in_signature="", out_signature="as")
def TakeLog(self):
    """Which verbs were asked for, with the path or the number, since the last time."""
    log, world.log = world.log, []
    return dbus.Array(log, signature="s")


@dbus.service.method(CONTROL, in_signature="", out_signature="a{sa{sv}}")
def GetAllCalls(self):
    return dbus.Dictionary({path: dbus.Dictionary(call.object.props[CALL], signature="sv")
                            for path, call in world.calls.items()}, signature="sa{sv}")
