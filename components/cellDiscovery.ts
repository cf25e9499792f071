/** What runs on a node of nova's control plane, as POSIX shell. */
import { quoted } from "./computeNode";

/** Runs the script on standard input. */
export const discoverCommand = "sh -s";

/**
 * Maps a compute host to its cell (nova, Cells, "nova-manage cell_v2 discover_hosts"), once nova-compute has made its
 * record there, which it does with its first look at vCenter.
 */
export function discoveryScript(computeHost: string): string {
  return `host=${quoted(computeHost)}
${functions}
# Nothing that runs may read the rest of this script from standard input.
{ main </dev/null; exit; }
`;
}

const functions = String.raw`node=$(uname -n)

fail() { printf '%s\n' "$1" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi
}

manage() {
  said=$(as_root nova-manage cell_v2 "$@" 2>&1) || fail "nova-manage on $node refuses cell_v2 $1: $(printf '%s' "$said" | tail -n 1)"
}

main() {
  command -v nova-manage >/dev/null || fail "there is no nova-manage on $node: name a node of nova's control plane as controller"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "$(id -un) on $node is not root and there is no sudo: log in as root, or install sudo"
    sudo -n true 2>/dev/null || fail "$(id -un) on $node needs a password for sudo: allow sudo without one, or log in as root"
  fi
  tries=0
  while :; do
    manage discover_hosts
    manage list_hosts
    # | cell's name | cell's UUID | host |
    if printf '%s\n' "$said" | awk -F'|' -v host="$host" '{ gsub(/ /, "", $4) } $4 == host { found = 1 } END { exit !found }'; then
      return
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || fail "nova-compute has made no record of $host yet; read its log on its node"
    sleep 1
  done
}`;
