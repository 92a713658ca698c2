# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
docker_runs() { return 1; }
