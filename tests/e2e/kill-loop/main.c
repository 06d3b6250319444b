/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load of calls on a callsd that is killed again and again: the loop.
 *
 *      load, kill -9, [kill the next one while it starts], look, let the providers go on, look
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kill-loop.h"

#define PATIENCE (20 * USEC_PER_SEC)
#define LOAD_MAX (60 * USEC_PER_MSEC)
#define RULE_OWNER                                                                      \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "member='NameOwnerChanged',arg0='" NAME "'"
#define START_MAX (40 * USEC_PER_MSEC)

static struct world *the_world;

static const char help[] =
        "Usage: callsd-kill-loop [OPTION...]\n"
        "Puts a load of calls on a callsd that is killed again and again, and compares what the\n"
        "next one shows with what was acknowledged.\n"
        "\n"
        "      --callsd FILE      the program, started by this one\n"
        "      --config FILE      its configuration; ProvidersPerPeer= has to allow all providers\n"
        "      --kill-at LIBRARY  preloaded into every second one: it dies right before a write\n"
        "      --main-pid COMMAND it runs, and is started again, as a service; COMMAND prints the\n"
        "                         number of its process (systemctl --user show -P MainPID callsd)\n"
        "  -n, --kills N          how often (500)\n"
        "      --providers N      connections with a provider (10)\n"
        "      --library N        how many of them use libcallsd (2)\n"
        "      --calls N          that are live at a time (100)\n"
        "      --in-flight N      operations under way at a time (12)\n"
        "      --seed N           of the random choices (the time)\n"
        "  -v, --verbose          say why operations were refused\n";

void fatal(const char *format, ...)
{
        va_list ap;

        fprintf(stderr, "kill-loop (seed %u, kill %u): ", the_world->options.seed,
                the_world->kills);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        if (the_world->options.callsd && the_world->daemon > 0)
                kill(the_world->daemon, SIGTERM);
        _exit(1);
}

uint64_t now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

/* xorshift64 */
unsigned pick(struct world *world, unsigned n)
{
        world->random ^= world->random << 13;
        world->random ^= world->random >> 7;
        world->random ^= world->random << 17;
        return (unsigned)(world->random >> 20) % n;
}

static void run_once(struct world *world, uint64_t most)
{
        if (sd_event_run(world->event, most) < 0)
                fatal("the event loop failed");
}

void run_until(struct world *world, condition_fn condition, const char *what)
{
        uint64_t end = now() + PATIENCE;

        while (!condition(world)) {
                if (now() > end)
                        fatal("no %s in time", what);
                run_once(world, 100 * USEC_PER_MSEC);
        }
}

static bool is_dead(struct world *world)
{
        siginfo_t info = {0};

        return world->options.callsd &&
               waitid(P_PID, (id_t)world->daemon, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == world->daemon;
}

void run_for(struct world *world, uint64_t usec)
{
        uint64_t end = now() + usec, at;

        while ((at = now()) < end && !is_dead(world))
                run_once(world, end - at);
}

struct call *find_call(struct world *world, const char *uuid)
{
        struct call *call;

        HASH_FIND_STR(world->calls, uuid, call);
        return call;
}

/* ---- callsd ---- */

/* From the start on, or from a signal on. */
static void die_before_write(struct world *world, unsigned write, bool at_once)
{
        char number[16];

        snprintf(number, sizeof(number), "%u", write);
        setenv("CALLSD_KILL_AT", number, 1);
        if (!at_once)
                setenv("CALLSD_KILL_ON_SIGNAL", "1", 1);
        setenv("LD_PRELOAD", world->options.kill_at, 1);
        /* Sanitizers want to come first in a program that is to be debugged. */
        setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
}

/* `doomed`: it will be killed before it is looked at. */
static void start_daemon(struct world *world, bool doomed)
{
        const char *log = getenv("CALLSD_KILL_LOOP_LOG");
        unsigned write = 1 + pick(world, doomed ? 25 : 300);

        if (!world->options.callsd)
                return;
        world->dies_by_itself = world->options.kill_at && pick(world, 2);
        world->daemon = fork();
        if (world->daemon < 0)
                fatal("cannot fork");
        if (world->daemon > 0)
                return;
        if (world->dies_by_itself)
                die_before_write(world, write, doomed);
        if (log)
                dup2(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), STDERR_FILENO);
        execl(world->options.callsd, "callsd", "--no-audio", "--log-level",
              log ? "info" : "warning", world->options.config ? "--config" : (char *)NULL,
              world->options.config, (char *)NULL);
        _exit(127);
}

static pid_t ask_main_pid(struct world *world)
{
        FILE *pipe = popen(world->options.main_pid, "r");
        int pid = 0;

        if (!pipe || fscanf(pipe, "%d", &pid) != 1 || pid <= 1)
                fatal("\"%s\" does not print the number of a process", world->options.main_pid);
        pclose(pipe);
        return pid;
}

static void kill_daemon(struct world *world)
{
        int status;

        world->kills++;
        world->kills_at_write += is_dead(world);
        if (kill(world->daemon, SIGKILL) < 0)
                fatal("callsd was not there to be killed");
        if (!world->options.callsd)
                return;
        if (waitpid(world->daemon, &status, 0) < 0 || !WIFSIGNALED(status) ||
            WTERMSIG(status) != SIGKILL)
                fatal("callsd ended by itself, with status %#x", (unsigned)status);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct world *world = userdata;
        const char *name, *before, *after;

        (void)error;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) >= 0)
                snprintf(world->owner, sizeof(world->owner), "%s", after);
        return 0;
}

/* The owner that was just announced may be one that has been killed meanwhile. */
static pid_t owner_pid(struct world *world)
{
        sd_bus_creds *creds;
        pid_t pid = 0;

        if (sd_bus_get_name_creds(world->controller, world->owner, SD_BUS_CREDS_PID, &creds) < 0)
                return 0;
        if (sd_bus_creds_get_pid(creds, &pid) < 0)
                pid = 0;
        sd_bus_creds_unref(creds);
        return pid;
}

static bool is_there(struct world *world)
{
        pid_t pid = *world->owner ? owner_pid(world) : 0;

        return pid > 0 && (pid == world->daemon) == (world->options.callsd != NULL);
}

static bool is_away(struct world *world)
{
        return !*world->owner && world->in_flight == 0;
}

static bool is_settled(struct world *world)
{
        return providers_idle(world) && world->library_in_flight == 0;
}

static bool is_loaded(struct world *world)
{
        return world->n_live >= world->options.calls;
}

/* ---- the loop ---- */

/* Until no order is pending anywhere: delegates go on. */
static void let_go_on(struct world *world)
{
        uint64_t end = now() + PATIENCE;

        providers_resume(world);
        do {
                if (now() > end)
                        fatal("%zu actions are not completed", world->n_pending);
                run_until(world, is_settled, "end of all operations");
                look(world, false);
        } while (world->n_pending > 0 || !is_settled(world));
        look(world, true);
}

static void load_and_kill(struct world *world)
{
        if (world->options.main_pid)
                world->daemon = ask_main_pid(world);
        if (world->dies_by_itself)
                kill(world->daemon, SIGUSR2);
        world->loading = true;
        load_more(world);
        run_for(world, pick(world, LOAD_MAX));
        world->loading = false;
        world->paused = true;
        kill_daemon(world);
}

static void kill_at_start(struct world *world)
{
        run_until(world, is_away, "end of callsd");
        start_daemon(world, true);
        run_for(world, pick(world, START_MAX));
        kill_daemon(world);
        world->kills_at_start++;
}

static void kill_once(struct world *world)
{
        uint64_t killed;

        load_and_kill(world);
        killed = now();
        while (world->options.callsd && pick(world, 4) == 0)
                kill_at_start(world);
        run_until(world, is_away, "end of callsd");
        start_daemon(world, false);
        run_until(world, is_there, "callsd");
        killed = now() - killed;
        world->sum_away += killed;
        world->worst_away = killed > world->worst_away ? killed : world->worst_away;
        look(world, false);
        let_go_on(world);
}

static void set_up(struct world *world)
{
        if (sd_event_new(&world->event) < 0 || sd_bus_open_user(&world->controller) < 0 ||
            sd_bus_attach_event(world->controller, world->event, SD_EVENT_PRIORITY_NORMAL) < 0 ||
            sd_bus_add_match(world->controller, NULL, RULE_OWNER, on_owner, world) < 0)
                fatal("there is no bus");
        start_daemon(world, false);
        if (world->options.callsd)
                run_until(world, is_there, "callsd");
        else
                snprintf(world->owner, sizeof(world->owner), "?");
        for (unsigned i = 0; i < world->options.providers; i++)
                provider_start(world, i);
}

static void report_figures(const struct world *world, uint64_t usec)
{
        unsigned lives = world->kills - world->kills_at_start;

        printf("%u kills (%u of them while callsd started, %u right before a write) in %.1f s, %u "
               "providers (%u of "
               "libcallsd), %u calls: %u were made\n",
               world->kills, world->kills_at_start, world->kills_at_write, (double)usec / 1e6,
               world->options.providers, world->options.library, world->options.calls,
               HASH_COUNT(world->calls));
        if (world->excused > 0)
                printf("given up by the library, and told later: %" PRIu64 "\n", world->excused);
        printf("acknowledged %" PRIu64 ", refused %" PRIu64 ", open at a kill %" PRIu64
               " (of which had happened: %" PRIu64 " or more)\n",
               world->acknowledged, world->refused, world->unsure, world->happened);
        printf("actions completed %" PRIu64 ", shown a second time after a restart %" PRIu64
               "; calls compared %" PRIu64 ": none lost, none invented, none torn\n",
               world->orders, world->repeated, world->compared);
        printf("from the kill to the name %.1f ms on average, %.1f ms at most\n",
               lives ? (double)world->sum_away / lives / 1000 : 0.0,
               (double)world->worst_away / 1000);
}

static void tear_down(struct world *world)
{
        struct call *call, *next;

        for (unsigned i = 0; i < world->options.providers; i++)
                provider_stop(&world->providers[i]);
        sd_bus_flush_close_unref(world->controller);
        sd_event_unref(world->event);
        HASH_ITER (hh, world->calls, call, next) {
                HASH_DEL(world->calls, call);
                free(call);
        }
        if (world->options.callsd) {
                int status;

                kill(world->daemon, SIGTERM);
                waitpid(world->daemon, &status, 0);
                if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                        fatal("callsd ended with status %#x", (unsigned)status);
        }
}

enum {
        OPTION_CALLSD = 256,
        OPTION_CONFIG,
        OPTION_KILL_AT,
        OPTION_MAIN_PID,
        OPTION_PROVIDERS,
        OPTION_LIBRARY,
        OPTION_CALLS,
        OPTION_IN_FLIGHT,
        OPTION_SEED,
};

static const struct option long_options[] = {
        {"callsd", required_argument, NULL, OPTION_CALLSD},
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"kill-at", required_argument, NULL, OPTION_KILL_AT},
        {"main-pid", required_argument, NULL, OPTION_MAIN_PID},
        {"kills", required_argument, NULL, 'n'},
        {"providers", required_argument, NULL, OPTION_PROVIDERS},
        {"library", required_argument, NULL, OPTION_LIBRARY},
        {"calls", required_argument, NULL, OPTION_CALLS},
        {"in-flight", required_argument, NULL, OPTION_IN_FLIGHT},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {0},
};

static void parse(int argc, char **argv, struct options *options)
{
        unsigned *const numbers[] = {
                [OPTION_PROVIDERS - OPTION_CALLSD] = &options->providers,
                [OPTION_LIBRARY - OPTION_CALLSD] = &options->library,
                [OPTION_CALLS - OPTION_CALLSD] = &options->calls,
                [OPTION_IN_FLIGHT - OPTION_CALLSD] = &options->in_flight,
                [OPTION_SEED - OPTION_CALLSD] = &options->seed,
        };
        int option;

        while ((option = getopt_long(argc, argv, "n:vh", long_options, NULL)) != -1) {
                if (option == OPTION_CALLSD)
                        options->callsd = optarg;
                else if (option == OPTION_CONFIG)
                        options->config = optarg;
                else if (option == OPTION_KILL_AT)
                        options->kill_at = optarg;
                else if (option == OPTION_MAIN_PID)
                        options->main_pid = optarg;
                else if (option == 'n')
                        options->kills = (unsigned)strtoul(optarg, NULL, 10);
                else if (option == 'v')
                        options->verbose = true;
                else if (option > OPTION_MAIN_PID)
                        *numbers[option - OPTION_CALLSD] = (unsigned)strtoul(optarg, NULL, 10);
                else
                        exit(fputs(help, option == 'h' ? stdout : stderr) < 0 || option != 'h');
        }
}

int main(int argc, char **argv)
{
        static struct world world = {
                .options = {.kills = 500,
                            .providers = 10,
                            .library = 2,
                            .calls = 100,
                            .in_flight = 12},
        };
        uint64_t begun;

        the_world = &world;
        setvbuf(stdout, NULL, _IOLBF, 0);
        world.options.seed = (unsigned)time(NULL);
        parse(argc, argv, &world.options);
        if (!world.options.callsd == !world.options.main_pid ||
            world.options.providers > PROVIDERS_MAX) {
                fputs(help, stderr);
                return 2;
        }
        world.random = UINT64_C(88172645463325252) ^ ((uint64_t)world.options.seed << 17);
        set_up(&world);
        begun = now();
        world.loading = true;
        load_more(&world);
        run_until(&world, is_loaded, "load");
        while (world.kills < world.options.kills)
                kill_once(&world);
        report_figures(&world, now() - begun);
        tear_down(&world);
        return 0;
}
