# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Redis as a cluster, of one node that has all slots: clients speak to it as to many. With TLS it lets nobody in without a
# certificate.

redis_cluster_lacks() { redis_lacks; }

redis_cluster_prepare() {
    redis_directory redis_cluster "$redis_cluster_port" "$redis_cluster_tls_port" <<END
tls-auth-clients yes
tls-cluster yes
cluster-enabled yes
cluster-port $redis_cluster_bus_port
cluster-announce-ip 127.0.0.1
END
}

redis_cluster_command() { printf '%s\n' "$(redis_program)" "$data/redis_cluster.conf"; }

# Gives it the slots, unless it has them.
redis_cluster_answers() (
    exec 3<>"/dev/tcp/127.0.0.1/$redis_cluster_port" || exit
    printf 'AUTH %s\r\nCLUSTER ADDSLOTSRANGE 0 16383\r\nGET any\r\n' "$password" >&3
    read -r -t 2 <&3 && read -r -t 2 <&3 && read -r -t 2 <&3 && [[ $REPLY == \$-1* ]]
) 2>/dev/null

redis_cluster_stop_signal() { echo TERM; }
