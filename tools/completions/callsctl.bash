# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for callsctl: verbs, options, and the calls that fit the verb right now.

_callsctl_words() {
        callsctl "${bus[@]}" __complete "$@" 2>/dev/null | cut -f1
}

# Offers those of the words that begin like what is typed.
_callsctl_offer() {
        mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The same for words that may have blanks in them: a line each.
_callsctl_offer_lines() {
        local line

        COMPREPLY=()
        while IFS= read -r line; do
                [[ -n $line && $line == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
        done <<<"$1"
}

# The verb that is typed already, and which bus to ask.
_callsctl_read_line() {
        local word i

        for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                case $word in
                --system) bus=(--system) ;;
                -m | -p) ((i++)) ;;
                -* | =) ;;
                *)
                        if [[ ${COMP_WORDS[i - 1]} != = ]]; then
                                [[ -n $verb ]] && ((n_arguments++))
                                verb=${verb:-$word}
                        fi
                        ;;
                esac
        done
}

_callsctl_argument() {
        case $verb in
        '') _callsctl_offer "$(_callsctl_words verbs)" ;;
        show | answer | decline | end | hold | resume | swap | mute | unmute | dtmf | merge | split | continue)
                _callsctl_offer "$(_callsctl_words calls "$verb")"
                ;;
        check-provider) _callsctl_offer "$(_callsctl_words providers)" ;;
        push) ((n_arguments > 0)) || _callsctl_offer "$(_callsctl_words providers)" ;;
        default)
                if ((n_arguments > 0)); then
                        _callsctl_offer "none $(_callsctl_words providers)"
                else
                        _callsctl_offer "$(_callsctl_words kinds)"
                fi
                ;;
        route) _callsctl_offer_lines "$(_callsctl_words routes)" ;;
        esac
}

_callsctl() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' n_arguments=0
        local -a bus=()
        local options='--json --end-others --message= --provider= --account= --type= --video
                --wait --ask --as= --busy --once --check= --dial= --dial-ringing= --dial-busy= --incoming=
                --remote-end= --remote-hold= --restart= --only= --list-checks --patience= --strict
                --user --system --bus-address= --color= --help --version'

        _callsctl_read_line
        if [[ $cur == = ]]; then
                cur=''
        elif [[ $prev == = ]]; then
                prev=${COMP_WORDS[COMP_CWORD - 2]}
        fi

        case $prev in
        -p | --provider) _callsctl_offer "$(_callsctl_words providers)" ;;
        --type) _callsctl_offer 'phone-number email-address generic' ;;
        --color) _callsctl_offer 'auto always never' ;;
        --only) _callsctl_offer "$(_callsctl_words checks)" ;;
        --check) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --incoming | --remote-end | --remote-hold | --restart)
                mapfile -t COMPREPLY < <(compgen -c -- "$cur")
                ;;
        -m | --message | --account | --as | --bus-address | --dial | --dial-ringing | --dial-busy | --patience) ;;
        *)
                if [[ $cur == -* ]]; then
                        _callsctl_offer "$options"
                        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
                else
                        _callsctl_argument
                fi
                ;;
        esac
}

complete -F _callsctl callsctl
