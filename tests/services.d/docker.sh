# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# The engines of docker-compose.yml as containers: where an engine for them runs. EventStoreDB comes along.

docker_runs() {
    command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

# With a password of this copy's own, in the files that docker-compose.yml takes it from. The containers' users must be able to
# read them; the directory around them is closed.
docker_begin() {
    mkdir -p "$state/secrets"
    echo "$password" >"$state/secrets/postgres_password"
    echo "requirepass $password" >"$state/secrets/redis.conf"
    chmod -R a+rX "$state/secrets"
}

docker_up() { compose up --detach --wait --wait-timeout 300 "${services[@]}" || docker_fail; }

docker_down() {
    compose down --volumes --timeout 10 || die "the containers can't be removed; above is why"
    rm -rf "$state/secrets"
}

docker_start() {
    [[ $(docker_state "$1") == down ]] || die "$1 runs already"
    compose up --detach --no-recreate --wait --wait-timeout 120 "$1" || docker_fail
}

docker_stop() { compose stop "$1"; }

docker_kill9() {
    [[ $(docker_state "$1") != down ]] || die "$1 does not run"
    compose kill --signal SIGKILL "$1"
}

docker_abort() {
    [[ $(docker_state "$1") != down ]] || die "$1 does not run"
    local signal
    signal=$(abort_signal "$1")
    compose kill --signal "SIG$signal" "$1"
    within 20 docker_is_down "$1" || die "$1 does not end"
}

docker_is_down() { [[ $(docker_state "$1") == down ]]; }

docker_state() {
    case $(inspect "$1" '{{.State.Status}} {{.State.Health.Status}}') in
        'running healthy') echo up ;;
        running* | restarting*) echo silent ;;
        *) echo down ;;
    esac
}

docker_pid() {
    local pid
    pid=$(inspect "$1" '{{.State.Pid}}')
    if ((${pid:-0} > 0)); then echo "$pid"; else echo null; fi
}

docker_place() { echo "containers of the project $(project)"; }

# Nothing if there is no container.
inspect() {
    local container
    container=$(compose ps --all --quiet "$1" 2>/dev/null)
    [[ -z $container ]] || docker inspect --format "$2" "$container"
}

docker_fail() {
    compose logs --tail 20 >&2
    die "the containers do not come up; above are their last lines"
}

# Another for each copy.
project() { echo "cartlog-test-$(cksum <<<"$state" | cut -d ' ' -f 1)"; }

compose() {
    env CARTLOG_SECRETS="$state/secrets" \
        CARTLOG_TEST_POSTGRES_PORT="$postgres_port" CARTLOG_TEST_REDIS_PORT="$redis_port" \
        CARTLOG_TEST_REDIS_CLUSTER_PORT="$redis_cluster_port" CARTLOG_TEST_KAFKA_PORT="$kafka_port" \
        CARTLOG_TEST_EVENTSTOREDB_PORT="$eventstoredb_port" \
        docker compose --project-name "$(project)" \
        --file "$repository/docker-compose.yml" --file "$repository/docker-compose.test.yml" "$@" </dev/null
}
