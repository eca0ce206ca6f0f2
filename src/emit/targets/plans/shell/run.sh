# What follows is the same in every plan.
declare -a numbers=()
declare -A stage=() actor=() after=() most=() file=() title=() state=() pid=() begun=()

# step NUMBER STAGE ACTOR AFTER SECONDS FILE TITLE
#   AFTER     the steps that must be done before, or that have a person, a store, a link or a host
#             before this one gets it
#   SECONDS   the most that it takes; `ever` without a bound
step() {
    local number=$1
    numbers+=("$number")
    stage[$number]=$2 actor[$number]=$3 after[$number]=$4
    most[$number]=$5 file[$number]=$6 title[$number]=$7 state[$number]=waiting
}

usage() {
    cat <<END
usage: run.sh [--dry-run] [--stage recover|afterwards|failback] [--only N] [--redo N]
              [--new | --resume] [--state DIR] [--jobs N]

Runs the steps of the plan, each as soon as what it waits for is done, and keeps a journal: after a
failure or a crash, start it again and it goes on where it was.
  --dry-run   say what would be done, change nothing
  --stage S   which part of the plan, recover when not given
  --only N    step N alone, without what it waits for
  --redo N    forget that step N, and whatever waits for it, was done
  --new       begin again: an older journal is set aside
  --resume    go on with a journal of which nothing was heard for a day
  --state DIR where the journal is, $folder when not given
  --jobs N    most steps at the same time; all that can begin when not given, as the plan's times
              count on
People answer with the number of the step and yes or no, such as: 7 yes
END
}

say() {
    printf '%s\n' "$*"
}

refuse() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 2
}

now() {
    TZ=UTC printf '%(%Y-%m-%dT%H:%M:%SZ)T' -1
}

# note STEP STATUS: a line of the journal, on disk before anything else happens.
note() {
    printf '%s %s %s\n' "$1" "$2" "$(now)" >>"$journal"
    sync "$journal"
}

# What the journal says of each step. A line that a crash cut off says nothing.
remember() {
    local line number
    [[ -e $journal ]] || return 0
    while IFS= read -r line; do
        [[ $line =~ ^([0-9]+)\ (start|done|failed|again)\ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$ ]] || continue
        number=${BASH_REMATCH[1]}
        [[ -n ${state[$number]:-} ]] || continue
        case ${BASH_REMATCH[2]} in
        done) state[$number]='done' ;;
        *) state[$number]=waiting ;;
        esac
    done <"$journal"
}

# Whether the journal says that a step is done, by now.
finished() {
    local last
    last=$(grep -E "^$1 (start|done|failed|again) " "$journal" | tail -n 1)
    [[ $last == "$1 done "* ]]
}

# launch STEP: in the background. The lock outlives this runner with the step, so that a second
# runner waits for a step that the first one left at work instead of doing it twice.
launch() {
    local number=$1
    state[$number]=running
    begun[$number]=$SECONDS
    say "[$number] begins: ${title[$number]}"
    (
        trap '' HUP INT
        exec 8>&-
        exec 9>"$folder/step-$number.lock"
        flock 9
        if finished "$number"; then exit 0; fi
        note "$number" start
        if DRC_STATE=$folder DRC_ASK=$folder/ask DRC_RUNNER=$$ \
            bash "$here/steps/${file[$number]}.sh" >>"$folder/step-$number.log" 2>&1 </dev/null; then
            note "$number" 'done'
        else
            note "$number" failed
            exit 1
        fi
    ) &
    pid[$number]=$!
}

# Takes in the steps that have ended.
collect() {
    local number still
    still=" $(jobs -pr | tr '\n' ' ')"
    for number in "${!pid[@]}"; do
        if [[ $still == *" ${pid[$number]} "* ]]; then
            if [[ ${most[$number]} != ever ]] && ((SECONDS - ${begun[$number]} > ${most[$number]})); then
                say "[$number] is late: it was to take at most ${most[$number]} s"
                most[$number]=ever
            fi
            continue
        fi
        if wait "${pid[$number]}"; then
            state[$number]='done'
            say "[$number] is done: ${title[$number]}"
        else
            state[$number]=failed
            failed=1
            say "[$number] FAILED: ${title[$number]}"
            tail -n 5 "$folder/step-$number.log" 2>/dev/null | sed 's/^/    /'
            say "    all of it: $folder/step-$number.log; what to do: step $number in plan.md"
        fi
        unset "pid[$number]"
    done
}

# ready STEP: whether it can begin. Marks it as blocked when something that it waits for will not be done.
ready() {
    local number=$1 before
    for before in ${after[$number]}; do
        case ${state[$before]} in
        done) ;;
        failed | blocked)
            state[$number]=blocked
            return 1
            ;;
        *)
            if [[ ${stage[$before]} != "$chosen" ]]; then
                state[$number]=blocked
                say "[$number] cannot begin: step $before, ${title[$before]}, is not done"
            fi
            return 1
            ;;
        esac
    done
    return 0
}

# Begins what can begin, in the order of the plan.
dispatch() {
    local number
    for number in "${selected[@]}"; do
        [[ ${state[$number]} == waiting ]] || continue
        if ((${#pid[@]} >= limit)); then return; fi
        if ready "$number"; then launch "$number"; fi
    done
}

declare -A shown=()

# Puts new questions on the terminal and takes in one line of answer.
converse() {
    local path number line open=()
    for path in "$folder"/ask/*.question; do
        [[ -e $path ]] || continue
        number=${path##*/}
        number=${number%.question}
        open+=("$number")
        if [[ ${shown[$number]:-} != "$(<"$path")" ]]; then
            shown[$number]=$(<"$path")
            printf '[%s] ? %s\n' "$number" "${shown[$number]}"
        fi
    done
    if ((${#open[@]} == 0)) || [[ -n ${DRC_ANSWER:-} ]]; then
        sleep 0.2
        return
    fi
    IFS= read -r -t 0.5 line || return 0
    if [[ $line =~ ^([0-9]+)\ +(.*)$ && -e $folder/ask/${BASH_REMATCH[1]}.question ]]; then
        number=${BASH_REMATCH[1]} line=${BASH_REMATCH[2]}
    elif ((${#open[@]} == 1)); then
        number=${open[0]}
    else
        say "which step? Begin with its number: ${open[*]}"
        return
    fi
    unset "shown[$number]"
    printf '%s\n' "$line" >"$folder/ask/$number.given"
    mv "$folder/ask/$number.given" "$folder/ask/$number.answer"
    rm -f "$folder/ask/$number.question"
}

main() {
    local dry='' only='' redo='' new='' resume='' number before first
    limit=$((${#numbers[@]} + 1)) chosen=recover failed=0 stop=0
    here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
    folder=${XDG_STATE_HOME:-${HOME:-/root}/.local/state}/drc/$plan
    while (($# > 0)); do
        case $1 in
        --dry-run) dry=1 ;;
        --new) new=1 ;;
        --resume) resume=1 ;;
        --stage | --only | --redo | --state | --jobs)
            (($# > 1)) || refuse "$1 needs a value"
            case $1 in
            --stage) chosen=$2 ;;
            --only) only=$2 ;;
            --redo) redo=$2 ;;
            --state) folder=$2 ;;
            --jobs) limit=$2 ;;
            esac
            shift
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) refuse "no such option: $1 (see --help)" ;;
        esac
        shift
    done
    [[ $chosen =~ ^(recover|afterwards|failback)$ ]] || refuse "no such stage: $chosen"
    [[ $limit =~ ^[1-9][0-9]{0,6}$ ]] || refuse "--jobs needs a number from 1 to 9999999"
    for number in $only $redo; do
        [[ -n ${state[$number]:-} ]] || refuse "no such step: $number"
    done
    [[ -z $new || -z $resume ]] || refuse "--new and --resume exclude each other"
    [[ -r $here/steps/lib.sh ]] || refuse "the folder steps/ is not beside this script: use the folder that drc build wrote"
    [[ $folder == /* ]] || folder=$PWD/$folder
    journal=$folder/journal

    selected=()
    for number in "${numbers[@]}"; do
        if [[ -n $only ]]; then
            [[ $number != "$only" ]] || selected+=("$number")
        elif [[ ${stage[$number]} == "$chosen" ]]; then
            selected+=("$number")
        fi
    done

    if [[ -n $dry ]]; then
        [[ -n $new ]] || remember
        for number in "${selected[@]}"; do
            if [[ ${state[$number]} == 'done' ]]; then
                say "step $number: ${title[$number]}: done by an earlier run"
            else
                DRC_DRY_RUN=1 bash "$here/steps/${file[$number]}.sh"
            fi
        done
        exit 0
    fi

    umask 077
    mkdir -p "$folder"
    exec 8>"$folder/lock"
    flock -w 2 8 || refuse "another run of this plan is going on ($folder)"
    if [[ -n $new && -e $journal ]]; then
        before=$folder/before-$(now)
        mkdir "$before"
        for number in "$folder"/*; do
            case ${number##*/} in
            lock | before-* | step-*.lock) ;;
            *) mv "$number" "$before/" ;;
            esac
        done
    fi
    if [[ -s $journal ]]; then
        IFS= read -r first <"$journal" || true
        [[ $first == "plan $digest "* ]] || refuse "$journal was begun with another version of this plan: finish it with that one, or give --new"
        if [[ -z $resume && -n $(find "$journal" -mmin +1440) ]]; then
            refuse "the last entry of $journal is more than a day old: give --resume to go on with it, or --new to begin again"
        fi
        # A line that a crash cut off must not swallow the next one.
        [[ -z $(tail -c 1 "$journal") ]] || printf '\n' >>"$journal"
    else
        note plan "$digest"
        sync "$folder"
    fi
    remember
    if [[ -n $redo ]]; then
        state[$redo]=waiting
        rm -f "$folder/memory-$redo".*
        note "$redo" again
        for number in "${numbers[@]}"; do
            for before in ${after[$number]}; do
                if [[ ${state[$before]} == waiting && ${state[$number]} == 'done' ]]; then
                    state[$number]=waiting
                    rm -f "$folder/memory-$number".*
                    note "$number" again
                fi
            done
        done
    fi
    if [[ -n $only ]]; then
        if [[ ${state[$only]} == 'done' ]]; then refuse "step $only is done: --redo $only forgets that"; fi
        after[$only]=''
    fi

    number=0
    for before in "${selected[@]}"; do
        [[ ${state[$before]} == 'done' ]] || number=$((number + 1))
    done
    # What a rehearsal left must not pass for the recovery.
    if ((number == 0 && ${#selected[@]} > 0)); then
        before=$(tail -n 1 "$journal")
        refuse "this plan ran to its end on ${before##* }: start anew with --new"
    fi
    rm -rf "$folder/ask"
    mkdir "$folder/ask"
    say "$plan, $chosen: $number of ${#selected[@]} steps to do; journal: $journal"
    if [[ -z ${DRC_ANSWER:-} && ! -t 0 ]]; then
        for before in "${selected[@]}"; do
            if [[ ${actor[$before]} == person && ${state[$before]} != 'done' ]]; then
                refuse "people must confirm step $before: run this on a terminal"
            fi
        done
    fi
    trap 'stop=1; say "no further step begins; those at work go on to their end"' INT TERM
    while :; do
        collect
        ((stop)) || dispatch
        ((${#pid[@]} > 0)) || break
        converse
    done
    for number in "${selected[@]}"; do
        if [[ ${state[$number]} != 'done' ]]; then
            failed=1
            say "not done: [$number] ${title[$number]} (${state[$number]})"
        fi
    done
    if ((failed)); then
        say "start this again to go on"
        exit 1
    fi
    say "all steps are done"
}

steps
main "$@"
