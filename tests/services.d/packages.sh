# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Where programs come from when they are not on the machine: Debian's packages, installed by root, else unpacked into the cache.

# Where packages are unpacked to.
unpacked=$cache/packages

# fetch_packages PACKAGE…: once it returns, they are there.
fetch_packages() {
    command -v apt-get >/dev/null || die "this needs $*, and there is no apt-get to fetch them with; install them, or start Docker"
    in_cache "fetching $*" "$(if ((EUID == 0)); then echo install_packages; else echo unpack_packages; fi)" "$@"
}

# One copy at a time fills the cache; what the work says is kept in a log.
in_cache() {
    local what=$1 log=$cache/fetch.log
    shift
    mkdir -p "$cache"
    say "$what; what happens is in $log"
    local result
    # Not by `||`, which would let the work go on after an error.
    set +e
    (
        exec {filling}>"$cache/lock"
        flock "$filling"
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null
    result=$?
    set -e
    ((result == 0)) || {
        tail -n 20 "$log" >&2
        die "$what failed; above are the last lines of $log"
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
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

# With lists of its own: an ordinary user can't refresh the system's.
unpack_packages() {
    local apt=(-o "Dir::State::lists=$cache/apt/lists" -o "Dir::Cache=$cache/apt/cache") names package
    mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial" "$unpacked"
    apt-get "${apt[@]}" update
    names=$(apt-get "${apt[@]}" --simulate install --no-install-recommends "$@")
    mapfile -t names < <(sed -n 's/^Inst \([^ ]*\) .*/\1/p' <<<"$names")
    cd "$cache/apt"
    rm -f ./*.deb
    apt-get "${apt[@]}" download "${names[@]}"
    for package in ./*.deb; do
        dpkg -x "$package" "$unpacked"
    done
    rm -f ./*.deb
    turn_links
}

# Absolute links point into the system; those whose target was unpacked too must point there.
turn_links() {
    local link target
    while IFS= read -r -d '' link; do
        target=$unpacked$(readlink "$link")
        [[ ! -e $target ]] || ln -sfnr "$target" "$link"
    done < <(find "$unpacked" -type l -lname '/*' -print0)
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
