# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for callsctl: verbs, options, and the calls that fit the verb right now.

_callsctl_words() {
        callsctl "${bus[@]}" __complete "$@" 2>/dev/null | cut -f1
}

_callsctl() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
        local verb= word i
        local -a bus=()
        local options='--json --end-others --message= --provider= --account= --type= --video
                --wait --once --user --system --bus-address= --color= --help --version'

        for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                case $word in
                --system) bus=(--system) ;;
                -m | -p) ((i++)) ;;
                -* | =) ;;
                *)
                        if [[ ${COMP_WORDS[i - 1]} != = && -z $verb ]]; then
                                verb=$word
                        fi
                        ;;
                esac
        done
        if [[ $cur == = ]]; then
                cur=
        elif [[ $prev == = ]]; then
                prev=${COMP_WORDS[COMP_CWORD - 2]}
        fi

        case $prev in
        -p | --provider) mapfile -t COMPREPLY < <(compgen -W "$(_callsctl_words providers)" -- "$cur") ;;
        --type) mapfile -t COMPREPLY < <(compgen -W 'phone-number email-address generic' -- "$cur") ;;
        --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur") ;;
        -m | --message | --account | --bus-address) ;;
        *)
                if [[ $cur == -* ]]; then
                        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
                        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
                elif [[ -z $verb ]]; then
                        mapfile -t COMPREPLY < <(compgen -W "$(_callsctl_words verbs)" -- "$cur")
                else
                        case $verb in
                        show | answer | decline | end | hold | resume | swap | mute | unmute | dtmf | merge | split)
                                mapfile -t COMPREPLY < <(compgen -W "$(_callsctl_words calls "$verb")" -- "$cur")
                                ;;
                        esac
                fi
                ;;
        esac
}

complete -F _callsctl callsctl
