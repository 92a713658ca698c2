# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Servers as processes of this machine: prepared, started, stopped and killed by their own process ids.

# What is put before a command that must not run as root; nothing for an ordinary user.
as_user=()
if ((EUID == 0)); then
    user=${CARTLOG_SERVICES_USER:-nobody}
    id "$user" >/dev/null 2>&1 || die "there is no user '$user'; name one with CARTLOG_SERVICES_USER"
    (($(id -u "$user") != 0)) || die "the servers must not run as root; name another user with CARTLOG_SERVICES_USER"
    as_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups --no-new-privs --)
fi

packages_begin() {
    data=$(mktemp -d "${TMPDIR:-/tmp}/cartlog-services.XXXXXXXX")
    hand_over "$data"
    "${as_user[@]}" test -w "$data" || die "the servers' user can't reach $data; set TMPDIR to a directory that everybody can reach"
}

# Gives files to the servers' user.
hand_over() {
    ((EUID != 0)) || chown -R "$user:$(id -g "$user")" "$@"
}

packages_up() {
    [[ -d $data ]] || die "the data in $data is gone; start anew with: tests/services down, then up"
    local name preparing=()
    fetch_lacking
    kafka_fetch
    [[ -e $state/tls ]] || tls_prepare >>"$state/tls.log" 2>&1 || fail tls "can't be prepared"
    for name in "${services[@]}"; do
        if [[ -e $data/$name ]]; then preparing+=(''); continue; fi
        "${name}_prepare" >>"$state/$name.log" 2>&1 &
        preparing+=($!)
    done
    for name in "${services[@]}"; do
        [[ -z ${preparing[0]} ]] || wait "${preparing[0]}" || fail "$name" "can't be prepared"
        preparing=("${preparing[@]:1}")
        runs "$name" || launch "$name"
    done
    for name in "${services[@]}"; do
        wait_for "$name"
    done
}

packages_down() {
    local name
    for name in "${services[@]}"; do
        packages_stop "$name"
    done
    # Only what `packages_begin` made.
    [[ $data != */cartlog-services.* ]] || rm -rf "$data"
}

packages_start() {
    ! runs "$1" || die "$1 runs already"
    launch "$1"
    wait_for "$1"
}

packages_stop() {
    runs "$1" || return 0
    kill "-$("$1_stop_signal")" "$(process "$1")"
    within 20 stopped "$1" || packages_kill9 "$1"
}

packages_abort() {
    runs "$1" || die "$1 does not run"
    local signal
    signal=$(abort_signal "$1")
    kill "-$signal" "$(process "$1")"
    within 20 stopped "$1" || die "$1 does not end"
}

# By which a server ends at once, and in its own way; not every server has one.
abort_signal() {
    declare -F "$1_abort_signal" >/dev/null || die "$1 has no such shutdown; kill it: tests/services kill9 $1"
    "$1_abort_signal"
}

# With its children, so that nothing of it writes any more once this returns.
packages_kill9() {
    runs "$1" || die "$1 does not run"
    local family
    family=("$(process "$1")")
    # It gets no more children while they are counted.
    kill -STOP "${family[0]}"
    mapfile -t -O 1 family < <(children_of "${family[0]}")
    kill -KILL "${family[@]}" 2>/dev/null || true
    local pid
    for pid in "${family[@]}"; do
        within 20 ended "$pid" || die "$1 (process $pid) does not end"
    done
}

packages_state() {
    if ! runs "$1"; then
        echo down
    elif "$1_answers"; then
        echo up
    else
        echo silent
    fi
}

packages_pid() { if runs "$1"; then process "$1"; else echo null; fi; }

packages_place() { echo "data in $data, logs in $state"; }

# In a session of its own, so that it outlives this command and its terminal.
launch() {
    local name=$1 command pid
    mapfile -t command < <("${name}_command")
    pid=$(in_clean_environment setsid sh -c "$keeper" sh "${command[@]}" 3>>"$state/$name.log" {locked}>&- &)
    echo "$pid $(started_at "$pid")" >"$state/$name.pid"
}

# The server's parent: says its process id, and takes note of its end, which in a container nobody else may do. PostgreSQL does
# not start while the process that it ran as before is still listed.
# shellcheck disable=SC2016 # for another shell
keeper='"$@" </dev/null >&3 2>&3 3>&- & echo $!; exec >&- 2>&- 3>&-; wait'

# As the servers' user, and with nothing of this command's environment; in place of the shell that calls it.
in_clean_environment() {
    local clean=("PATH=$PATH" "HOME=$data" LC_ALL=C.UTF-8 TZ=UTC) libraries
    libraries=$(unpacked_libraries)
    [[ -z $libraries ]] || clean+=("LD_LIBRARY_PATH=$libraries")
    exec "${as_user[@]}" env -i "${clean[@]}" "$@"
}

wait_for() {
    local until=$((SECONDS + 240))
    until "$1_answers"; do
        runs "$1" || fail "$1" "ended while it started"
        ((SECONDS < until)) || fail "$1" "does not answer"
        sleep 0.1
    done
}

fail() {
    tail -n 20 "$state/$1.log" >&2 || true
    die "$1 $2; above are the last lines of $state/$1.log"
}

# within SECONDS COMMAND…: repeats it until it succeeds.
within() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < until)) || return 1
        sleep 0.05
    done
}

process() {
    local pid
    read -r pid _ <"$state/$1.pid"
    echo "$pid"
}

# Whether the very process that was started still runs: its number may have gone to another.
runs() {
    local pid started
    [[ -f $state/$1.pid ]] || return 1
    read -r pid started <"$state/$1.pid"
    [[ -n $started && $(started_at "$pid") == "$started" ]]
}

stopped() { ! runs "$1"; }

ended() { [[ -z $(started_at "$1") ]]; }

# When a process started, in the system's ticks; nothing for one that has ended, also while nobody has taken note of its end.
started_at() {
    local fields
    fields=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # Its name, before the last parenthesis, can hold anything.
    read -ra fields <<<"${fields##*) }"
    # While a thread of it is left, its ports and files are still held.
    [[ ${fields[0]} == Z && ${fields[17]} -le 1 ]] || echo "${fields[19]}"
}

children_of() {
    local stat fields
    for stat in /proc/[0-9]*/stat; do
        fields=$(cat "$stat" 2>/dev/null) || continue
        read -ra fields <<<"${fields##*) }"
        [[ ${fields[1]} != "$1" ]] || basename "${stat%/stat}"
    done
}
