# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Redis: with a password, and with an append-only file, so that a kill loses nothing that was answered.

redis_lacks() { redis_program >/dev/null || echo redis-server; }

redis_program() { program redis-server /usr/bin; }

redis_prepare() {
    local made=$data/redis.new
    mkdir "$made"
    cat >"$data/redis.conf" <<END
bind 127.0.0.1
port $redis_port
protected-mode yes
requirepass $password
dir $data/redis
appendonly yes
save ""
END
    chmod 600 "$data/redis.conf"
    hand_over "$made" "$data/redis.conf"
    mv "$made" "$data/redis"
}

redis_command() { printf '%s\n' "$(redis_program)" "$data/redis.conf"; }

redis_answers() (
    exec 3<>"/dev/tcp/127.0.0.1/$redis_port" || exit
    printf 'AUTH %s\r\nPING\r\n' "$password" >&3
    read -r -t 2 <&3 && read -r -t 2 <&3 && [[ $REPLY == +PONG* ]]
) 2>/dev/null

redis_stop_signal() { echo TERM; }
