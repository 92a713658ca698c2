# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Where programs come from when they are not on the machine: Debian's packages, installed by root, else unpacked into the cache.

# Where packages are unpacked to.
unpacked=$cache/packages

# The packages that the servers need and the machine lacks.
lacking() {
    local name
    for name in tls "${services[@]}"; do
        "${name}_lacks"
    done
}

fetch_lacking() {
    local missing
    mapfile -t missing < <(lacking)
    ((${#missing[@]} > 0)) || return 0
    command -v apt-get >/dev/null || die "there is no apt-get to fetch ${missing[*]} with; install them, or start Docker"
    in_cache "fetching packages: ${missing[*]}" fetch_packages
    mapfile -t missing < <(lacking)
    ((${#missing[@]} == 0)) || die "the packages ${missing[*]} do not bring what is needed; see $state/fetch.log"
}

# What another copy has fetched meanwhile is not fetched again.
fetch_packages() {
    local missing
    mapfile -t missing < <(lacking)
    ((${#missing[@]} > 0)) || return 0
    if ((EUID == 0)); then install_packages "${missing[@]}"; else unpack_packages "${missing[@]}"; fi
}

# in_cache WHAT COMMAND…: one copy at a time fills the cache.
in_cache() {
    local what=$1 log=$state/fetch.log result
    shift
    mkdir -p "$cache"
    say "$what; what happens is in $log"
    # Not by `||`, which would let the work go on after an error.
    set +e
    (
        exec {filling}>"$cache/lock"
        flock "$filling"
        set -e
        "$@"
    ) >>"$log" 2>&1 </dev/null
    result=$?
    set -e
    ((result == 0)) || {
        tail -n 20 "$log" >&2
        die "it failed; above are the last lines of $log"
    }
}

# Packages start what they bring, as the system's own server on its usual port; while this installs, nothing may start.
install_packages() {
    local guard=/usr/sbin/policy-rc.d
    if [[ ! -e $guard ]]; then
        trap 'rm -f '"$guard" EXIT
        printf '#!/bin/sh\nexit 101\n' >"$guard"
        chmod 755 "$guard"
    fi
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

# With lists of its own: an ordinary user can't refresh the system's.
unpack_packages() {
    local work=$cache/apt into=$unpacked.new apt names package
    rm -rf "$work" "$into"
    [[ ! -d $unpacked ]] || into=$unpacked
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$into"
    apt=(apt-get -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
    "${apt[@]}" update
    names=$("${apt[@]}" --simulate install --no-install-recommends "$@")
    mapfile -t names < <(sed -n 's/^Inst \([^ ]*\) .*/\1/p' <<<"$names")
    cd "$work/packages"
    "${apt[@]}" download "${names[@]}"
    for package in ./*.deb; do
        dpkg -x "$package" "$into"
    done
    turn_links "$into"
    [[ $into == "$unpacked" ]] || mv "$into" "$unpacked"
    cd "$cache"
    rm -rf "$work"
}

# Absolute links point into the system; those whose target was unpacked too must point there.
turn_links() {
    local root=$1 link target
    while IFS= read -r -d '' link; do
        target=$root$(readlink "$link")
        [[ ! -e $target ]] || ln -sfnr "$target" "$link"
    done < <(find "$root" -type l -lname '/*' -print0)
}

# program NAME DIRECTORY…: the first that there is, in the directories (patterns, the last in order of each), on the path, unpacked.
program() {
    local name=$1 place candidate IFS=
    shift
    for place in "$@" "$(dirname "$(command -v "$name" || echo /)")" "${@/#/$unpacked}"; do
        # shellcheck disable=SC2086 # a pattern
        candidate=$(printf '%s\n' $place/"$name" | tail -n 1)
        if [[ -x $candidate && ! -d $candidate ]]; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Where unpacked programs find their libraries: a path, or nothing.
unpacked_libraries() {
    local directory path=''
    for directory in "$unpacked"/usr/lib/*-linux-gnu "$unpacked"/lib/*-linux-gnu; do
        [[ ! -d $directory ]] || path+=:$directory
    done
    echo "${path#:}"
}
