# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# TLS: an authority of this copy's own, and what it vouches for. Its servers are 127.0.0.1 and nobody else, so that `localhost` is
# a wrong name for them.

tls_lacks() { openssl_program >/dev/null || echo openssl; }

openssl_program() { program openssl /usr/bin; }

# In the state directory, where tests find it: ca.crt, and for the servers and one client, `cartlog`, a certificate and a key.
tls_prepare() {
    local made=$state/tls.new
    rm -rf "$made"
    mkdir -p "$made"
    (
        cd "$made"
        # Whatever the system's says, if it has one.
        printf '[req]\ndistinguished_name = name\n[name]\n' >openssl.cnf
        export OPENSSL_CONF=$made/openssl.cnf
        tls_key ca
        tls_say req -x509 -key ca.key -subj '/CN=authority of tests' -days 30 -addext 'basicConstraints=critical,CA:TRUE' \
            -addext 'keyUsage=critical,keyCertSign' -out ca.crt
        tls_vouch server 'subjectAltName=IP:127.0.0.1'
        tls_vouch cartlog 'extendedKeyUsage=clientAuth'
        rm ca.key ca.srl openssl.cnf
    )
    rm -rf "$state/tls"
    mv "$made" "$state/tls"
}

tls_key() { tls_say genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }

# tls_vouch NAME EXTENSION
tls_vouch() {
    tls_key "$1"
    tls_say req -new -key "$1.key" -subj "/CN=$1" |
        tls_say x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile <(echo "$2") -out "$1.crt"
}

tls_say() (
    libraries=$(unpacked_libraries)
    [[ -z $libraries ]] || export LD_LIBRARY_PATH=$libraries
    exec "$(openssl_program)" "$@"
)

# A copy of a server's own: certificate and key, one after the other and each by itself, and whom it lets in.
tls_of_server() {
    local made=$data/$1.tls
    mkdir -p "$made"
    cp "$state/tls/"{ca.crt,server.crt,server.key} "$made"
    cat "$made/server.key" "$made/server.crt" >"$made/server.pem"
    chmod 600 "$made/server.key" "$made/server.pem"
    hand_over "$made"
}
