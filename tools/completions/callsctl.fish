# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for callsctl: verbs, options, and the calls that fit the verb right now.

set -l with_call show answer decline end hold resume swap mute unmute dtmf merge split continue
set -l verbs list monitor dial silence pending providers route default push help \
        check-provider $with_call
set -l answer -c callsctl -n '__fish_seen_subcommand_from answer dial'
set -l decline -c callsctl -n '__fish_seen_subcommand_from decline'
set -l dial -c callsctl -n '__fish_seen_subcommand_from dial'
set -l check -c callsctl -n '__fish_seen_subcommand_from check-provider'
set -l pending -c callsctl -n '__fish_seen_subcommand_from pending'

complete -c callsctl -f
complete -c callsctl -n "not __fish_seen_subcommand_from $verbs" \
        -a '(callsctl __complete verbs 2>/dev/null)'
for verb in $with_call
        complete -c callsctl -n "__fish_seen_subcommand_from $verb" \
                -a "(callsctl __complete calls $verb 2>/dev/null)"
end
complete -c callsctl -n '__fish_seen_subcommand_from route' \
        -a '(callsctl __complete routes 2>/dev/null)'
complete -c callsctl -n '__fish_seen_subcommand_from default; and __fish_is_nth_token 2' \
        -a '(callsctl __complete kinds 2>/dev/null)'
complete -c callsctl -n '__fish_seen_subcommand_from default; and __fish_is_nth_token 3' \
        -a 'none (callsctl __complete providers 2>/dev/null)'
complete -c callsctl -n '__fish_seen_subcommand_from push; and __fish_is_nth_token 2' \
        -a '(callsctl __complete providers 2>/dev/null)'
complete -c callsctl -n '__fish_seen_subcommand_from push' -l as -x -d 'A name to take on the bus'
complete -c callsctl -n '__fish_seen_subcommand_from providers' -l check -r -F \
        -d 'Check a manifest'
complete -c callsctl -l json -d 'Print JSON'
complete $answer -l end-others -d 'Calls in the way may be ended'
complete $decline -s m -l message -x -d 'Text for the caller'
complete $dial -s p -l provider -x -d 'App that places the call' \
        -a '(callsctl __complete providers 2>/dev/null)'
complete $dial -l account -x -d 'Line of the app'
complete $dial -l type -x -a 'phone-number email-address generic' -d 'Kind of handle'
complete $dial -l video -d 'With video'
complete $dial -s w -l wait -d 'Return when answered or over'
complete $dial -l ask -d 'Ask in a notification first'
complete $decline -l busy -d 'As if this end were busy'
complete $pending -l once -d 'Print once'
complete $check -a '(callsctl __complete providers 2>/dev/null)'
complete $check -l dial -x -d 'Who answers'
complete $check -l dial-ringing -x -d 'Who never answers'
complete $check -l dial-busy -x -d 'Who is busy'
complete $check -l incoming -x -a '(__fish_complete_command)' -d 'Has somebody call the app'
complete $check -l remote-end -x -a '(__fish_complete_command)' -d 'Has the far end hang up'
complete $check -l remote-hold -x -a '(__fish_complete_command)' -d 'Has the far end hold'
complete $check -l restart -x -a '(__fish_complete_command)' -d 'Has callsd started again'
complete $check -l only -x -a '(callsctl __complete checks 2>/dev/null)' -d 'These checks alone'
complete $check -l patience -x -d 'Seconds that a step may take'
complete $check -l strict -d 'What could not be checked counts as failed'
complete -c callsctl -l list-checks -d 'Print the names of all checks'
complete -c callsctl -l user -d 'The bus of the user'
complete -c callsctl -l system -d 'The bus of the system'
complete -c callsctl -l bus-address -x -d 'A bus by its address'
complete -c callsctl -l color -x -a 'auto always never' -d 'When to use colours'
complete -c callsctl -s h -l help -d 'Show help'
complete -c callsctl -l version -d 'Show the version'
