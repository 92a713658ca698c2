# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# PostgreSQL: a cluster of its own with one superuser, `cartlog`, and one database, `cartlog`. As durable as it comes.

postgres_lacks() { postgres_program initdb >/dev/null || echo postgresql; }

# Debian keeps its programs apart, by version.
postgres_program() { program "$1" '/usr/lib/postgresql/*/bin'; }

postgres_prepare() {
    local made=$data/postgres.new settings=$data/postgres.new/postgresql.conf
    printf '%s\n' "$password" >"$data/postgres.password"
    hand_over "$data/postgres.password"
    (in_clean_environment "$(postgres_program initdb)" --pgdata="$made" --username=cartlog --pwfile="$data/postgres.password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync)
    rm "$data/postgres.password"
    tls_of_server postgres
    cat >>"$settings" <<END
listen_addresses = '127.0.0.1'
port = $postgres_port
unix_socket_directories = '$data'
max_connections = 300
ssl = on
ssl_ca_file = '$data/postgres.tls/ca.crt'
ssl_cert_file = '$data/postgres.tls/server.crt'
ssl_key_file = '$data/postgres.tls/server.key'
END
    # `certified` comes with TLS and a certificate of its own, or not at all.
    cat >"$made/pg_hba.conf" <<END
hostssl all certified 127.0.0.1/32 cert map=certified
host    all cartlog   127.0.0.1/32 scram-sha-256
END
    echo 'certified cartlog certified' >"$made/pg_ident.conf"
    printf 'CREATE DATABASE cartlog\nCREATE ROLE certified LOGIN SUPERUSER\n' | in_clean_environment "$(postgres_program postgres)" --single -D "$made" postgres
    mv "$made" "$data/postgres"
}

postgres_command() { printf '%s\n' "$(postgres_program postgres)" -D "$data/postgres"; }

postgres_answers() (
    in_clean_environment "$(postgres_program pg_isready)" --quiet --host=127.0.0.1 --port="$postgres_port"
)

# Ends sessions at once, in good order.
postgres_stop_signal() { echo INT; }

# Its immediate shutdown: the next start recovers from the write-ahead log.
postgres_abort_signal() { echo QUIT; }
