#!/usr/bin/env bash
# Stands for every program that a plan calls on a host, by the name it is called by: records its
# words and plays a small part of what the real one does. DRC_WORLD is its memory, DRC_HOST the host.
set -u
name=${0##*/}
here=$DRC_WORLD/$DRC_HOST
mkdir -p "$here" "$DRC_WORLD/calls"
(
    flock 9
    number=$(ls "$DRC_WORLD/calls" | wc -l)
    printf '%s\0' "$DRC_HOST" "$name" "$@" >"$DRC_WORLD/calls/$(printf %05d "$number")"
) 9>"$DRC_WORLD/calls.lock"
last=${*: -1}
case $name in
systemctl)
    case $1 in
    start) : >"$here/active" ;;
    stop) rm -f "$here/active" ;;
    is-active) [[ -e $here/active ]] ;;
    esac
    ;;
ss) [[ -e $here/active ]] && echo LISTEN ;;
ip) echo "2: eth0 inet ${*: -1}" ;;
curl | nsupdate | chown | du | rsync) [[ $name == nsupdate ]] && cat >"$here/nsupdate" || true ;;
dig)
    [[ $last == A ]] && kind=A || kind=AAAA
    sed -n "s/^update add .* $kind //p" "$here/nsupdate"
    ;;
bconsole)
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$here/console"
        echo "$line"
        case $line in
        *"JobStatus,'end' FROM Job"*) printf 'drc\tT\tend\t' ;;
        *"JobStatus IN ('C'"*) ;;
        *"Job.Name='shop-db-vault-a'"*)
            printf 'drc\t1\tF\t1767231005\t2026-01-01 01:30:00\t2026-01-01 01:30:05\t*None*\t*None*\tend\tdrc\t2\tI\t1767317405\t2026-01-02 01:30:00\t2026-01-02 01:30:05\t*None*\t*None*\tend\tdrc\t3\tF\t1767835805\t2026-01-08 01:30:00\t2026-01-08 01:30:05\t*None*\t*None*\tend\tdrc\t4\tI\t1767922205\t2026-01-09 01:30:00\t2026-01-09 01:30:05\t*None*\t*None*\tend\tYou have messages.'
            ;;
        *"Job.Name='"*) printf 'drc\t11\tF\t1767841205\t2026-01-08 03:00:00\t2026-01-08 03:00:05\t*None*\t*None*\tend\tdrc\t12\tI\t1767927605\t2026-01-09 03:00:00\t2026-01-09 03:00:05\t*None*\t*None*\tend\t' ;;
        restore*)
            cp -a "$DRC_WORLD/restored/." "$DRC_WORLD/fs/"
            echo 'Job queued. JobId=77'
            ;;
        esac
    done
    ;;
mariadb-backup)
    for word in "$@"; do
        case $word in
        --datadir=*) : >"${word#--datadir=}/ibdata1" ;;
        esac
    done
    ;;
mariadb-binlog) printf '%s\n' "$@" ;;
mariadb)
    if [[ " $* " != *" -e "* ]]; then
        cat >>"$here/loaded"
        exit 0
    fi
    [[ $last == *"RESET SLAVE ALL"* ]] && rm -f "$here/replica"
    [[ $last == *"read_only = 0"* ]] && : >"$here/writable"
    [[ $last == *"read_only = 1"* ]] && rm -f "$here/writable"
    if [[ $last =~ MASTER_HOST=\'([^\']*)\' ]]; then
        echo "${BASH_REMATCH[1]}" >"$here/replica"
        # Whoever follows a server that the test knows has all of it at once.
        [[ ! -e $DRC_WORLD/has-${BASH_REMATCH[1]} ]] || cp "$DRC_WORLD/has-${BASH_REMATCH[1]}" "$here/gtid"
    fi
    case $last in
    "SELECT 1") [[ -e $here/active ]] && echo 1 ;;
    *SLAVE*STATUS*)
        [[ -e $here/replica ]] || exit 0
        echo "    Master_Host: $(<"$here/replica")"
        echo "    Slave_IO_Running: Yes"
        echo "    Slave_SQL_Running: Yes"
        echo "    Gtid_IO_Pos: $(cat "$here/gtid" 2>/dev/null)"
        echo "    Slave_SQL_Running_State: Slave has read all relay log; waiting for more updates"
        ;;
    *gtid_current_pos*) cat "$here/gtid" 2>/dev/null || echo 0-1-1 ;;
    *MASTER_GTID_WAIT*) echo 0 ;;
    *@@GLOBAL.read_only*) [[ -e $here/writable ]] && echo 0 || echo 1 ;;
    *COUNT*) echo 5 ;;
    *Rpl_semi_sync*) printf 'Rpl_semi_sync_master_status\tOFF\n' ;;
    esac
    true
    ;;
esac
