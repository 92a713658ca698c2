# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# What this copy knows of its servers: what it chose for them, and how it tells people and programs.

# Of a copy that is up: `docker` or `packages`, the data directory (of packages), a password, a port for each server.
backend='' data='' password=''
postgres_port='' redis_port='' redis_tls_port='' redis_cluster_port='' redis_cluster_tls_port='' redis_cluster_bus_port=''
kafka_port='' kafka_sasl_port='' kafka_tls_port='' kafka_controller_port='' eventstoredb_port=''
ports=({postgres,redis,redis_tls,redis_cluster,redis_cluster_tls,redis_cluster_bus,kafka,kafka_sasl,kafka_tls,kafka_controller,eventstoredb}_port)
services=(postgres redis redis_cluster kafka)

is_one_of() {
    local wanted=$1 candidate
    shift
    for candidate in "$@"; do
        [[ $candidate != "$wanted" ]] || return 0
    done
    return 1
}

# One command at a time changes this copy.
lock() {
    mkdir -p "$(dirname "$state")"
    [[ -d $state ]] || mkdir -m 700 "$state"
    exec {locked}>"$state/lock"
    flock "$locked"
}

# Reads what an earlier `up` chose, if there was one.
known() {
    if [[ -z $backend ]]; then
        [[ -f $state/state ]] || return 1
        # shellcheck source=/dev/null
        source "$state/state"
    fi
    [[ $backend == packages ]] || services=(postgres redis redis_cluster kafka eventstoredb)
}

# Chooses everything that stays the same until `down`, and writes it down before anything starts. Undone if it does not come up.
begin() {
    rm -f "$state"/*.log "$state"/*.pid
    choose_backend
    choose_ports
    password=$(random_text 18)
    trap 'say "not up; the logs are in $state"; down' EXIT
    "${backend}_begin"
    (umask 077 && chosen >"$state/state")
    known
}

# As a script that `known` reads.
chosen() {
    local name
    for name in backend data password "${ports[@]}"; do
        printf '%s=%q\n' "$name" "${!name}"
    done
}

# random_text BYTES: in base 64 without padding, letters and digits only.
random_text() { head -c "$1" /dev/urandom | base64 | tr '+/' 'xy' | tr -d '='; }

forget() {
    rm -f "$state/state" "$state"/*.pid
    rm -rf "$state/tls"
}

choose_backend() {
    backend=${CARTLOG_SERVICES_BACKEND:-}
    if [[ -z $backend ]]; then
        if docker_runs; then backend=docker; else backend=packages; fi
    fi
    is_one_of "$backend" docker packages || die "CARTLOG_SERVICES_BACKEND is '$backend'; it can be docker or packages"
}

# Below the ports that the system gives to outgoing connections: one of those could be taken by a stranger while a server is
# killed and started again.
choose_ports() {
    local name port taken=()
    for name in "${ports[@]}"; do
        port=$((20000 + RANDOM % 12000))
        while is_one_of "$port" "${taken[@]}" || listens "$port"; do
            port=$((20000 + RANDOM % 12000))
        done
        taken+=("$port")
        printf -v "$name" '%s' "$port"
    done
}

# Whether somebody listens there.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

all_answer() {
    local name
    for name in "${services[@]}"; do
        [[ $("${backend}_state" "$name") == up ]] || return 1
    done
}

show_environment() {
    known || die "nothing is up; start with: tests/services up"
    # It would be spoken to by TLS wherever nobody says otherwise.
    local postgres="postgres://cartlog:$password@127.0.0.1:$postgres_port/cartlog?sslmode=disable"
    local redis="redis://default:$password@127.0.0.1:$redis_port/0" kafka="127.0.0.1:$kafka_port"
    local eventstoredb=${CARTLOG_TEST_EVENTSTOREDB:-}
    if [[ $backend == docker ]]; then
        eventstoredb="eventstoredb://127.0.0.1:$eventstoredb_port?tls=false"
        show_variable CARTLOG_LOG_URL "$eventstoredb"
    fi
    show_variable CARTLOG_VIEWS_URL "$postgres"
    show_variable CARTLOG_WINDOWS_URL "$redis"
    show_variable CARTLOG_KAFKA_BROKERS "$kafka"
    show_variable CARTLOG_TEST_POSTGRES "$postgres"
    show_variable CARTLOG_TEST_REDIS "$redis"
    show_variable CARTLOG_TEST_REDIS_CLUSTER "redis-cluster://default:$password@127.0.0.1:$redis_cluster_port"
    show_variable CARTLOG_TEST_KAFKA "$kafka"
    [[ $backend == docker ]] || show_environment_of_tls
    [[ -z $eventstoredb ]] || show_variable CARTLOG_TEST_EVENTSTOREDB "$eventstoredb"
    # So that a test which kills a server kills this copy's.
    show_variable CARTLOG_SERVICES_STATE "$state"
}

# The directory of what the authority made, and the servers that it vouches for. PostgreSQL is the one above.
show_environment_of_tls() {
    show_variable CARTLOG_TEST_TLS "$state/tls"
    show_variable CARTLOG_TEST_REDIS_TLS "rediss://default:$password@127.0.0.1:$redis_tls_port/0"
    show_variable CARTLOG_TEST_REDIS_CLUSTER_TLS "rediss-cluster://default:$password@127.0.0.1:$redis_cluster_tls_port"
    show_variable CARTLOG_TEST_KAFKA_TLS "127.0.0.1:$kafka_tls_port"
    show_variable CARTLOG_TEST_KAFKA_SASL "127.0.0.1:$kafka_sasl_port"
    show_variable CARTLOG_TEST_KAFKA_PASSWORD "$password"
}

show_variable() { printf "export %s='%s'\n" "$1" "${2//\'/\'\\\'\'}"; }

# For people, or as JSON. A server is up (it answers), silent (it runs and does not answer) or down.
show_status() {
    local name port how rows=() complete=no
    if known; then
        complete=yes
        for name in "${services[@]}"; do
            port=${name}_port
            how=$("${backend}_state" "$name")
            [[ $how == up ]] || complete=no
            rows+=("$name $how 127.0.0.1:${!port} $("${backend}_pid" "$name")")
        done
    fi
    case $1 in
        --json) status_as_json "${rows[@]}" ;;
        '') status_as_table "${rows[@]}" ;;
        *) die "status knows --json, not '$1'" ;;
    esac
    [[ $complete == yes ]] || exit 3
}

status_as_table() {
    if (($# == 0)); then
        echo "nothing is up"
        return
    fi
    local name how address process
    printf '%-13s %-7s %-17s %s\n' service state address process
    while read -r name how address process; do
        printf '%-13s %-7s %-17s %s\n' "$name" "$how" "$address" "${process/null/-}"
    done < <(printf '%s\n' "$@")
    printf '\n'
    "${backend}_place"
}

status_as_json() {
    local name how address process separator=''
    printf '{"backend":%s,"data":%s,"state":%s,"services":[' "$(as_json "$backend")" "$(as_json "$data")" "$(as_json "$state")"
    while (($# > 0)) && read -r name how address process; do
        printf '%s{"name":"%s","state":"%s","address":"%s","pid":%s}' "$separator" "$name" "$how" "$address" "$process"
        separator=,
    done < <(printf '%s\n' "$@")
    printf ']}\n'
}

# Text as a JSON string, none as null.
as_json() {
    local text=${1//\\/\\\\}
    if [[ -n $text ]]; then printf '"%s"' "${text//\"/\\\"}"; else printf null; fi
}
