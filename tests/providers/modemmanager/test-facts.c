/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dictionaries of properties, as ModemManager sends them and as it never should. */
#include "facts.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/suite.h"
#include "words.h"

static sd_bus *bus;

static void make_bus(void)
{
        int fds[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        ck_assert_int_ge(sd_bus_new(&bus), 0);
        ck_assert_int_ge(sd_bus_set_fd(bus, fds[0], fds[0]), 0);
        ck_assert_int_ge(sd_bus_start(bus), 0);
        close(fds[1]);
}

static void free_bus(void)
{
        sd_bus_close(bus);
        bus = sd_bus_unref(bus);
}

static sd_bus_message *new_message(void)
{
        sd_bus_message *message;

        ck_assert_int_ge(sd_bus_message_new_signal(bus, &message, "/a", "a.b", "C"), 0);
        return message;
}

static void finish(sd_bus_message *message)
{
        ck_assert_int_ge(sd_bus_message_seal(message, 1, 0), 0);
        ck_assert_int_ge(sd_bus_message_rewind(message, 1), 0);
}

#define append(message, ...) ck_assert_int_ge(sd_bus_message_append(message, __VA_ARGS__), 0)

START_TEST(a_modem_with_all_its_interfaces)
{
        sd_bus_message *message = new_message();
        struct modem_facts facts = {0};

        append(message, "a{sa{sv}}", 4, MM_MODEM_INTERFACE, 7, "Manufacturer", "s", "Quectel",
               "Model", "s", "EG25", "DeviceIdentifier", "s", "abc", "Sim", "o", MM_PATH "/SIM/3",
               "State", "i", 8, "StateFailedReason", "u", 0, "SignalQuality", "(ub)", 70, 1,
               MM_3GPP_INTERFACE, 2, "OperatorName", "s", "Loopback", "Imei", "s", "1",
               MM_VOICE_INTERFACE, 2, "Calls", "ao", 2, MM_PATH "/Call/0", MM_PATH "/Call/7",
               "EmergencyOnly", "b", 1, "org.freedesktop.ModemManager1.Modem.Signal", 1, "Rate",
               "u", 5);
        finish(message);
        ck_assert_int_eq(read_interfaces(message, &facts), 1);
        ck_assert(facts.modem && facts.voice && facts.emergency_only);
        ck_assert_str_eq(facts.device, "abc");
        ck_assert_str_eq(facts.model, "EG25");
        ck_assert_str_eq(facts.network, "Loopback");
        ck_assert_str_eq(facts.sim, MM_PATH "/SIM/3");
        ck_assert_int_eq(facts.state, MM_MODEM_REGISTERED);
        ck_assert_str_eq(facts.calls[0], MM_PATH "/Call/0");
        ck_assert_str_eq(facts.calls[1], MM_PATH "/Call/7");
        ck_assert_ptr_null(facts.calls[2]);
        modem_facts_done(&facts);
        sd_bus_message_unref(message);
}
END_TEST

START_TEST(what_is_not_named_stays)
{
        struct modem_facts facts = {0};
        sd_bus_message *message = new_message();

        append(message, "a{sv}", 3, "Sim", "o", MM_PATH "/SIM/3", "State", "i", -1,
               "StateFailedReason", "u", 2);
        append(message, "a{sv}", 2, "State", "i", 3, "Sim", "o", "/");
        append(message, "a{sv}", 1, "Model", "s", "");
        finish(message);
        ck_assert_int_ge(read_modem(message, MM_MODEM_INTERFACE, &facts), 0);
        ck_assert_int_eq(facts.state, MM_MODEM_FAILED);
        ck_assert_uint_eq(facts.failed_reason, MM_FAILED_SIM_MISSING);
        ck_assert_int_ge(read_modem(message, MM_MODEM_INTERFACE, &facts), 0);
        ck_assert_int_eq(facts.state, MM_MODEM_DISABLED);
        ck_assert_uint_eq(facts.failed_reason, MM_FAILED_SIM_MISSING);
        ck_assert_ptr_null(facts.sim);
        ck_assert_int_ge(read_modem(message, MM_MODEM_INTERFACE, &facts), 0);
        ck_assert_ptr_null(facts.model);
        /* To be known by its interfaces, not by a change of one. */
        ck_assert(!facts.modem && !facts.voice);
        modem_facts_done(&facts);
        sd_bus_message_unref(message);
}
END_TEST

START_TEST(other_types_are_passed_over)
{
        struct modem_facts facts = {0};
        struct call_facts call = {0};
        sd_bus_message *message = new_message();
        char **numbers = NULL;

        append(message, "a{sv}", 4, "Sim", "s", "/no/path", "State", "s", "on", "Model", "as", 1,
               "x", "DeviceIdentifier", "s", "abc");
        append(message, "a{sv}", 2, "Calls", "as", 1, "/a", "EmergencyOnly", "u", 1);
        append(message, "a{sv}", 4, "State", "x", (int64_t)4, "Multiparty", "i", 1, "Number", "o",
               "/a", "Direction", "i", 1);
        append(message, "a{sv}", 1, "EmergencyNumbers", "s", "112");
        finish(message);
        ck_assert_int_ge(read_modem(message, MM_MODEM_INTERFACE, &facts), 0);
        ck_assert_int_ge(read_modem(message, MM_VOICE_INTERFACE, &facts), 0);
        ck_assert_str_eq(facts.device, "abc");
        ck_assert(!facts.sim && !facts.model && !facts.state);
        ck_assert(!facts.calls && !facts.emergency_only);
        ck_assert_int_ge(read_call(message, &call), 0);
        ck_assert(!call.state && !call.multiparty && !call.number);
        ck_assert_int_eq(call.direction, MM_DIRECTION_INCOMING);
        ck_assert_int_ge(read_sim(message, &numbers), 0);
        ck_assert_ptr_null(numbers);
        modem_facts_done(&facts);
        call_facts_done(&call);
        sd_bus_message_unref(message);
}
END_TEST

START_TEST(a_call_and_its_changes)
{
        struct call_facts facts = {0};
        sd_bus_message *message = new_message();

        append(message, "a{sv}", 6, "State", "i", 3, "StateReason", "i", 2, "Direction", "i", 1,
               "Number", "s", "+15550100", "Multiparty", "b", 0, "AudioPort", "s", "ttyUSB2");
        append(message, "a{sv}", 3, "State", "i", 4, "StateReason", "u", 3, "Multiparty", "b", 1);
        append(message, "a{sv}", 0);
        finish(message);
        ck_assert_int_ge(read_call(message, &facts), 0);
        ck_assert_int_eq(facts.state, MM_CALL_RINGING_IN);
        ck_assert_int_eq(facts.direction, MM_DIRECTION_INCOMING);
        ck_assert_str_eq(facts.number, "+15550100");
        ck_assert_int_ge(read_call(message, &facts), 0);
        ck_assert_int_eq(facts.state, MM_CALL_ACTIVE);
        ck_assert_int_eq(facts.reason, MM_REASON_ACCEPTED);
        ck_assert(facts.multiparty);
        ck_assert_str_eq(facts.number, "+15550100");
        ck_assert_int_ge(read_call(message, &facts), 0);
        ck_assert_int_eq(facts.state, MM_CALL_ACTIVE);
        call_facts_done(&facts);
        sd_bus_message_unref(message);
}
END_TEST

START_TEST(emergency_numbers_of_a_sim)
{
        sd_bus_message *message = new_message();
        char **numbers = NULL;

        append(message, "a{sv}", 2, "Imsi", "s", "1", "EmergencyNumbers", "as", 2, "144", "133");
        append(message, "a{sv}", 1, "EmergencyNumbers", "as", 0);
        finish(message);
        ck_assert_int_ge(read_sim(message, &numbers), 0);
        ck_assert_str_eq(numbers[0], "144");
        ck_assert_str_eq(numbers[1], "133");
        ck_assert_ptr_null(numbers[2]);
        ck_assert_int_ge(read_sim(message, &numbers), 0);
        ck_assert_ptr_null(numbers);
        sd_bus_message_unref(message);
}
END_TEST

START_TEST(no_dictionary_is_an_error)
{
        struct modem_facts facts = {0};
        struct call_facts call = {0};
        sd_bus_message *message = new_message();

        append(message, "s", "no dictionary");
        finish(message);
        ck_assert_int_lt(read_interfaces(message, &facts), 0);
        ck_assert_int_lt(read_modem(message, MM_VOICE_INTERFACE, &facts), 0);
        ck_assert_int_lt(read_call(message, &call), 0);
        sd_bus_message_unref(message);
}
END_TEST

static TCase *facts_case(void)
{
        TCase *tcase = tcase_create("facts");

        tcase_add_checked_fixture(tcase, make_bus, free_bus);
        tcase_add_test(tcase, a_modem_with_all_its_interfaces);
        tcase_add_test(tcase, what_is_not_named_stays);
        tcase_add_test(tcase, other_types_are_passed_over);
        tcase_add_test(tcase, a_call_and_its_changes);
        tcase_add_test(tcase, emergency_numbers_of_a_sim);
        tcase_add_test(tcase, no_dictionary_is_an_error);
        return tcase;
}

SUITE_MAIN("modemmanager-facts", facts_case());
