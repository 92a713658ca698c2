# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Redis: with a password, and with an append-only file, so that a kill loses nothing that was answered.

redis_lacks() { redis_program >/dev/null || echo redis-server; }

redis_program() { program redis-server /usr/bin; }

# Beside its default user there is one that may do nothing but what cartlog does.
redis_prepare() {
    redis_directory redis "$redis_port" "$redis_tls_port" <<END
tls-auth-clients no
user cartlog on >$password ~* -@all +@read +@write +@connection +@scripting +@transaction +info +config|get
END
}

# The directory and configuration of a server of that name, on those ports; what more it is to have comes in.
redis_directory() {
    local name=$1 port=$2 tls_port=$3 made=$data/$1.new
    mkdir "$made"
    tls_of_server "$name"
    cat - >"$data/$name.conf" <(
        cat <<END
bind 127.0.0.1
port $port
tls-port $tls_port
tls-ca-cert-file $data/$name.tls/ca.crt
tls-cert-file $data/$name.tls/server.crt
tls-key-file $data/$name.tls/server.key
protected-mode yes
requirepass $password
dir $data/$name
appendonly yes
save ""
END
    )
    chmod 600 "$data/$name.conf"
    hand_over "$made" "$data/$name.conf"
    mv "$made" "$data/$name"
}

redis_command() { printf '%s\n' "$(redis_program)" "$data/redis.conf"; }

redis_answers() (
    exec 3<>"/dev/tcp/127.0.0.1/$redis_port" || exit
    printf 'AUTH %s\r\nPING\r\n' "$password" >&3
    read -r -t 2 <&3 && read -r -t 2 <&3 && [[ $REPLY == +PONG* ]]
) 2>/dev/null

redis_stop_signal() { echo TERM; }
