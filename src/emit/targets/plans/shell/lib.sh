# Made by drc: do not edit; change the spec and build again.
# shellcheck shell=bash
#
# What the steps of a plan are made of. A step is a list of these verbs. A command reaches the shell
# of its host exactly as it stands in the step.
#
# Told by the environment:
#   DRC_TRANSPORT   a program that is called as `DRC_TRANSPORT HOST COMMAND` instead of ssh; HOST is
#                   `-` for this machine, and DRC_STEP tells it the number of the step
#   DRC_SSH_USER    who logs in, `root` when not set
#   DRC_ANSWER      a program that is called as `DRC_ANSWER STEP QUESTION` and prints the answer,
#                   instead of asking on the terminal
#   DRC_MOMENT      the moment up to which data is good, in UTC, instead of asking
#   DRC_DRY_RUN     not empty: say what would be done, and do nothing
#   DRC_POLL        seconds between two looks, 2 when not set
#   DRC_PAUSE       seconds of every fixed pause, instead of what the step says
#   DRC_STATE       the folder in which the runner remembers; not set for a step run by hand
#   DRC_ASK         the folder by which the runner asks for a step; DRC_RUNNER is its process
set -euo pipefail

declare -A address=()
step_number=0
step_title=''
moment=''
since=''

# begin NUMBER TITLE
begin() {
    step_number=$1
    step_title=$2
    export DRC_STEP=$1
    say "step $step_number: $step_title"
}

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'step %s (%s): %s\n' "$step_number" "$step_title" "$*" >&2
    exit 1
}

dry() {
    [[ -n ${DRC_DRY_RUN:-} ]]
}

# show WORDS TEXT: what a dry run says.
show() {
    printf '    %s:\n' "$1"
    printf '%s\n' "$2" | sed 's/^/        /'
}

where() {
    if [[ $1 == - ]]; then printf 'this machine'; else printf '%s' "$1"; fi
}

# quote TEXT: a word of any POSIX shell that stands for exactly this text.
quote() {
    local text=$1 quoted="'\\''"
    printf "'%s'" "${text//"'"/"$quoted"}"
}

# host NAME ADDRESS: how a host of this step is reached.
host() {
    address[$1]=$2
}

# at HOST COMMAND
at() {
    local place=$1 command=$2
    if [[ -n $moment ]]; then
        command="DRC_MOMENT='$moment'; export DRC_MOMENT
$command"
    fi
    if [[ -n ${DRC_TRANSPORT:-} ]]; then
        "$DRC_TRANSPORT" "$place" "$command" </dev/null
    elif [[ $place == - ]]; then
        bash -c "$command" </dev/null
    else
        ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 \
            -o HostKeyAlias="$place" -- "${DRC_SSH_USER:-root}@${address[$place]}" "$command" </dev/null
    fi
}

# unless HOST COMMAND: the step has been done when this succeeds.
unless() {
    if dry; then
        show "done already when this succeeds on $(where "$1")" "$2"
    elif at "$1" "$2" >/dev/null 2>&1; then
        say "done already"
        exit 0
    fi
}

# run HOST COMMAND
run() {
    if dry; then
        show "on $(where "$1")" "$2"
        return
    fi
    at "$1" "$2" || die "exit status $? on $(where "$1")"
}

# attempt HOST COMMAND: a person makes sure of it afterwards, so it may fail.
attempt() {
    if dry; then
        show "try on $(where "$1")" "$2"
        return
    fi
    at "$1" "$2" || say "exit status $? on $(where "$1"): left to people"
}

# await HOST SECONDS COMMAND
await() {
    if dry; then
        show "wait at most $2 s until this succeeds on $(where "$1")" "$3"
        return
    fi
    local end=$((SECONDS + $2))
    until at "$1" "$3" >/dev/null 2>&1; do
        ((SECONDS < end)) || die "not seen on $(where "$1") within $2 s: $3"
        sleep "${DRC_POLL:-2}"
    done
}

# pause SECONDS WHY
pause() {
    if dry; then
        show "wait" "$1 s: $2"
        return
    fi
    say "waiting $1 s: $2"
    sleep "${DRC_PAUSE:-$1}"
}

# guide HOST COMMAND: what a person does with this; nothing is run.
guide() {
    show "for people, on $(where "$1")" "$2"
}

# ask QUESTION: prints the answer.
ask() {
    local answer=''
    if [[ -n ${DRC_ANSWER:-} ]]; then
        "$DRC_ANSWER" "$step_number" "$1"
    elif [[ -n ${DRC_ASK:-} ]]; then
        local file=$DRC_ASK/$step_number
        rm -f "$file.answer"
        printf '%s\n' "$1" >"$file.new"
        mv "$file.new" "$file.question"
        until [[ -e $file.answer ]]; do
            kill -0 "${DRC_RUNNER:?}" 2>/dev/null || return 1
            sleep 0.2
        done
        answer=$(<"$file.answer")
        rm -f "$file.question" "$file.answer"
        printf '%s\n' "$answer"
    else
        printf '%s ' "$1" >/dev/tty || return 1
        IFS= read -r answer </dev/tty || return 1
        printf '%s\n' "$answer"
    fi
}

# confirm TEXT
confirm() {
    if dry; then
        show "a person confirms" "$1"
        return
    fi
    local answer
    answer=$(ask "$1 [yes or no]") || die "nobody answered: $1"
    case $answer in
    yes | YES | Yes | y | Y) say "confirmed: $1" ;;
    *) die "not confirmed: $1" ;;
    esac
}

# moment: the moment up to which data is good. Asked once for a run.
moment() {
    if dry; then
        show "a person says" "up to which moment, in UTC, the data is good"
        return
    fi
    local file=${DRC_STATE:+$DRC_STATE/moment} answer
    if [[ -n $file && -s $file ]]; then
        answer=$(<"$file")
    elif [[ -n ${DRC_MOMENT:-} ]]; then
        answer=$DRC_MOMENT
    else
        answer=$(ask "Up to which moment is the data good? In UTC, as 2026-01-31 02:30:00:") || die "nobody answered"
    fi
    [[ $answer =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9]{2}:[0-9]{2}:[0-9]{2}$ ]] || die "no moment: $answer"
    date -u -d "$answer" >/dev/null 2>&1 || die "no such moment: $answer"
    moment=$answer
    if [[ -n $file ]]; then
        printf '%s\n' "$answer" >"$file.new"
        sync "$file.new"
        mv "$file.new" "$file"
    fi
}

# console HOST LINE...: what bconsole prints to these lines.
console() {
    local place=$1 line words=''
    shift
    for line in "$@"; do
        words+=" $(quote "$line")"
    done
    at "$place" "printf '%s\\n'$words | bconsole -c /etc/bacula/bconsole.conf"
}

# rows HOST COLUMNS REST: the rows of a query, one a line. The console prints all of them one after
# the other, and may go on with words of its own: a column at each end shows where they are.
rows() {
    local out tab=$'\t'
    out=$(console "$1" ".sql query=\"SELECT 'drc',$2,'end' $3\"") || return 1
    [[ $out != *'Query failed'* ]] || return 1
    out=${out//${tab}drc${tab}/$'\n'drc${tab}}
    sed -n "s/^drc${tab}\(.*\)${tab}end\(${tab}.*\)\{0,1\}$/\1/p" <<<"$out"
}

# restore HOST KIND JOB POOL FROM-CLIENT TO-CLIENT RESTORE-JOB TO-HOST FOLDER
#   data    the newest full run before the moment and what builds on it
#   log     the runs that ended after the newest one of the data restored before had begun
# Runs are compared by JobTDate, the end in seconds since 1970: texts are in the zone of the director,
# which need not be that of the shell, and an hour of the year has two of each.
# FOLDER is moved aside before, unless it is empty.
restore() {
    local place=$1 kind=$2 job=$3 pool=$4 from=$5 to=$6 restorejob=$7 target=$8 folder=$9
    local memory=${DRC_STATE:+$DRC_STATE/memory-$step_number.$job.$pool}
    if dry; then
        show "on $(where "$place")" "restore the $kind of $job from pool $pool to $to by $restorejob"
        return
    fi
    local id=''
    if [[ -n $memory && -s $memory ]]; then
        IFS=' ' read -r id since <"$memory"
        say "restore job $id was queued by an earlier run"
    else
        id=''
        queue
    fi
    [[ -n $id ]] || return 0
    follow "$place" "$id" || {
        [[ -z $memory ]] || rm -f "$memory"
        die "restore job $id did not end well: see its messages in bconsole"
    }
}

# word JOB SIGN: the column with what a run says of itself (`> 0`), or of the run it stands on.
word() {
    printf '%s' "(SELECT max(Path.Path) FROM File,Path WHERE File.JobId=Job.JobId AND Path.PathId=File.PathId AND File.FileIndex$2 AND Path.Path LIKE '/var/lib/drc/runs/$1/%')"
}

# begun ENDED START END WORD: when a run began in seconds since 1970, by the director's clock, of which
# START and END are texts. An hour between them that the clock skipped or had twice shows in what the
# run says of itself.
begun() {
    local began off
    began=$(($1 - $(date -u -d "$3" +%s) + $(date -u -d "$2" +%s)))
    if [[ $4 =~ /([0-9]+)-[FDI]/$ ]]; then
        for off in -3600 3600; do
            ((BASH_REMATCH[1] - began - off > 600 || began + off - BASH_REMATCH[1] > 600)) || began=$((began + off))
        done
    fi
    printf '%s' "$began"
}

# queue: the middle of restore, with its variables; leaves the job's number in id.
queue() {
    local before='' out running jobid level ended start end own base n
    local -a chain=() words=() times=()
    local which="Job.Name='$job' AND Job.Type IN ('B','C') AND Job.JobStatus IN ('T','W') AND EXISTS (SELECT 1 FROM JobMedia,Media,Pool WHERE JobMedia.JobId=Job.JobId AND Media.MediaId=JobMedia.MediaId AND Pool.PoolId=Media.PoolId AND Pool.Name IN ('$pool','${pool}_full','${pool}_differential','${pool}_incremental'))"
    if [[ $kind == log ]]; then
        which+=${since:+ AND Job.JobTDate>=$since}
    elif [[ -n $moment ]]; then
        before=$(date -u -d "$moment" +%s)
        which+=" AND Job.JobTDate<=$before"
    fi
    out=$(rows "$place" "Job.JobId,Job.Level,Job.JobTDate,Job.StartTime,Job.EndTime,$(word "$job" '>0'),$(word "$job" '<=0')" \
        "FROM Job WHERE $which ORDER BY Job.JobTDate,Job.JobId") || die "the catalogue of $place does not answer"
    while IFS=$'\t' read -r jobid level ended start end own base; do
        [[ $jobid =~ ^[0-9]+$ ]] || continue
        n=${#chain[@]}
        if [[ $kind != log ]]; then
            if [[ $level == F ]]; then
                n=0
            elif ((n == 0)); then
                continue
            elif [[ $base == */runs/* ]]; then
                # The run that it stands on may have no copy here.
                while ((n > 0)) && [[ ${words[n - 1]} != "$base" ]]; do n=$((n - 1)); done
                if ((n == 0)); then
                    say "run $jobid of $job stands on one that is not here: it is left out"
                    continue
                fi
            elif [[ $level == D ]]; then
                n=1
            fi
        fi
        chain=("${chain[@]:0:n}" "$jobid")
        words=("${words[@]:0:n}" "$own")
        times=("${times[@]:0:n}" "$ended|$start|$end|$own")
    done <<<"$out"
    if ((${#chain[@]} == 0)); then
        [[ $kind == log ]] || die "no run of $job in pool $pool${before:+ before $moment UTC}"
        say "no run of $job${since:+ since $(date -u -d "@$since" '+%F %T') UTC}: no logs to replay"
        return 0
    fi
    if [[ $kind != log ]]; then
        IFS='|' read -r ended start end own <<<"${times[-1]}"
        since=$(begun "$ended" "$start" "$end" "$own")
    fi
    running="FROM Job WHERE Name='$restorejob' AND JobStatus IN ('C','R','F','S','M','m','s','j','c','d','t','p','a','i','l','L')"
    while [[ -n $(rows "$place" JobId "$running") ]]; do
        say "$restorejob is at work: waiting for its end"
        sleep "${DRC_POLL:-2}"
    done
    if [[ -n $folder ]]; then
        at "$target" "$(aside "$folder")" || die "$folder on $target cannot be moved aside"
    fi
    local IFS=,
    say "runs of $job: ${chain[*]}"
    out=$(console "$place" "restore jobid=${chain[*]} client=$from restoreclient=$to restorejob=$restorejob storage=${pool}_restore where=/ replace=always all done yes")
    id=$(sed -n 's/.*Job queued\. JobId=\([0-9][0-9]*\).*/\1/p' <<<"$out" | tail -n 1)
    [[ -n $id ]] || die "the director did not take the restore: $out"
    if [[ -n $memory ]]; then
        printf '%s %s\n' "$id" "$since" >"$memory.new"
        sync "$memory.new"
        mv "$memory.new" "$memory"
    fi
}

# aside FOLDER: the command that moves a folder that is not empty to a free name beside it.
aside() {
    printf 'set -eu\nfolder=%s\n' "$(quote "$1")"
    cat <<'END'
if [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
    number=1
    while [ -e "$folder.before-recovery-$number" ]; do number=$((number + 1)); done
    mv -T -- "$folder" "$folder.before-recovery-$number"
fi
END
}

# follow HOST JOBID: until a job of the director has ended well.
follow() {
    local missed=0 state
    while :; do
        if state=$(rows "$1" JobStatus "FROM Job WHERE JobId=$2"); then
            case $state in
            T) return 0 ;;
            W)
                say "job $2 ended with warnings: read its messages in bconsole"
                return 0
                ;;
            E | e | f | A | D | B | I) return 1 ;;
            '') missed=$((missed + 1)) ;;
            *) missed=0 ;;
            esac
        else
            missed=$((missed + 1))
        fi
        ((missed < 30)) || die "the catalogue of $1 has not answered for job $2"
        sleep "${DRC_POLL:-2}"
    done
}

# client FAMILY OPTIONS: the start of a command that speaks to a database.
client() {
    local program=mariadb
    [[ $1 == mariadb ]] || program=mysql
    printf '%s --defaults-extra-file=%s --batch --skip-column-names' "$program" "$(quote "$2")"
}

# position FAMILY OPTIONS HOST: all that a server has received or applied, without spaces.
position() {
    local sql
    sql=$(client "$1" "$2")
    if [[ $1 == mariadb ]]; then
        at "$3" "set -e
$sql -e 'SELECT @@GLOBAL.gtid_current_pos'
$sql -e 'SHOW ALL SLAVES STATUS\\G' | sed -n 's/^ *Gtid_IO_Pos: //p'" | paste -s -d, - | tr -d ' \t'
    else
        at "$3" "set -e
$sql -e 'SELECT @@GLOBAL.gtid_executed'
$sql -e 'SELECT RECEIVED_TRANSACTION_SET FROM performance_schema.replication_connection_status'" |
            sed 's/\\n//g' | paste -s -d, - | tr -d ' \t' | sed 's/,,*/,/g; s/^,//; s/,$//'
    fi
}

# ahead A B: whether position A has something, in any domain, that position B has not.
ahead() {
    local one domain sequence
    local -A reached=()
    for one in ${2//,/ }; do
        [[ $one =~ ^([0-9]+)-[0-9]+-([0-9]+)$ ]] || continue
        domain=${BASH_REMATCH[1]} sequence=${BASH_REMATCH[2]}
        if ((sequence > ${reached[$domain]:-0})); then reached[$domain]=$sequence; fi
    done
    for one in ${1//,/ }; do
        [[ $one =~ ^([0-9]+)-[0-9]+-([0-9]+)$ ]] || continue
        domain=${BASH_REMATCH[1]} sequence=${BASH_REMATCH[2]}
        if ((sequence > ${reached[$domain]:-0})); then return 0; fi
    done
    return 1
}

# readable POSITION: whether it is a list of DOMAIN-SERVER-SEQUENCE.
readable() {
    local number='[0-9]{1,18}'
    [[ $1 =~ ^(,|$number-$number-$number)*$ ]]
}

# further FAMILY OPTIONS HOST THEIRS MINE: whether THEIRS has something that MINE, of HOST, has not.
further() {
    if [[ $1 == mariadb ]]; then
        readable "$4,$5" || die "a position that cannot be read"
        ahead "$4" "$5"
    else
        [[ $4 =~ ^[0-9A-Fa-f:,-]+$ && $5 =~ ^[0-9A-Fa-f:,-]*$ ]] || die "a position that cannot be read"
        [[ $(at "$3" "$(client "$1" "$2") -e \"SELECT GTID_SUBSET('$4','$5')\"") != 1 ]]
    fi
}

# furthest FAMILY OPTIONS SECONDS CHOSEN [OTHER STATEMENT]...: the chosen replica gets all that any
# other in reach has received. STATEMENT makes it follow that other.
furthest() {
    local family=$1 options=$2 seconds=$3 chosen=$4 mine theirs other statement try end
    shift 4
    if dry; then
        show "compare positions" "$chosen fetches what others have more of"
        return
    fi
    mine=$(position "$family" "$options" "$chosen") || die "$chosen does not say its position"
    say "$chosen: $mine"
    while (($# > 1)); do
        other=$1 statement=$2
        shift 2
        theirs=''
        for try in 1 2 3; do
            if theirs=$(position "$family" "$options" "$other"); then break; fi
            theirs=''
            ((try == 3)) || sleep "${DRC_POLL:-2}"
        done
        if [[ -z $theirs ]]; then
            say "$other is not in reach: left out"
            continue
        fi
        say "$other: $theirs"
        further "$family" "$options" "$chosen" "$theirs" "$mine" || continue
        say "$other is further than $chosen, which fetches the rest"
        at "$chosen" "$(client "$family" "$options") -e $(quote "$statement")" || die "$chosen cannot follow $other"
        end=$((SECONDS + seconds))
        while further "$family" "$options" "$chosen" "$theirs" "$mine"; do
            ((SECONDS < end)) || die "$chosen has not caught up with $other in time: promote $other, or fence it first"
            sleep "${DRC_POLL:-2}"
            mine=$(position "$family" "$options" "$chosen") || mine=''
        done
        say "$chosen: $mine"
    done
}

# handover FAMILY OPTIONS FROM TO SECONDS: the primary stops taking writes, its replica gets all of
# them and takes over; nothing is lost.
handover() {
    local family=$1 options=$2 from=$3 to=$4 seconds=$5 sql goal answer
    if dry; then
        show "hand over" "$from stops taking writes; when $to has all of them it becomes the primary"
        return
    fi
    sql=$(client "$family" "$options")
    at "$from" "$sql -e 'SET GLOBAL read_only = 1'" || die "$from does not stop taking writes"
    if [[ $family == mariadb ]]; then
        goal=$(at "$from" "$sql -e 'SELECT @@GLOBAL.gtid_current_pos'") || die "$from does not say its position"
        [[ $goal =~ ^[0-9,-]+$ ]] || die "a position that cannot be read: $goal"
        answer=$(at "$to" "$sql -e \"SELECT MASTER_GTID_WAIT('$goal', $seconds)\"") || answer=''
    else
        at "$from" "$sql -e 'SET GLOBAL super_read_only = 1'" || die "$from does not stop taking writes"
        goal=$(at "$from" "$sql -e 'SELECT @@GLOBAL.gtid_executed'" | sed 's/\\n//g' | tr -d ' \n') || die "$from does not say its position"
        [[ $goal =~ ^[0-9A-Fa-f:,-]+$ ]] || die "a position that cannot be read: $goal"
        answer=$(at "$to" "$sql -e \"SELECT WAIT_FOR_EXECUTED_GTID_SET('$goal', $seconds)\"") || answer=''
    fi
    [[ $answer == 0 ]] || die "$to does not have all of $from's writes: $from stays read-only until somebody decides"
}
