/** What runs on the compute node, as POSIX shell. */

/** nova-compute's service for one cluster on its node. */
export interface NodeService {
  /** Unit of the service manager. */
  unit: string;
  /** Configuration file of this service alone. */
  file: string;
  /** Folder of the service's own files, inside the one that all of nova's services use. */
  stateDirectory: string;
}

/**
 * Commands that run the script on standard input. They hold nothing secret, as they stand in process lists, and nothing
 * long, as the provider repeats them in its errors.
 */
export const nodeCommands = { configure: "sh -s configure", remove: "sh -s remove" };

/** As one word of the shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A line that no configuration has. */
const end = "=== end of the configuration ===";

/**
 * What the node is to do, with the configuration, and so the password, inside.
 *
 * `configure` writes the configuration, enables the service and restarts it, and watches until it has loaded its driver:
 * then vCenter has let it in and has the cluster. What nova-compute refuses is undone again: the file that was there
 * before is put back, and where there was none the service is disabled.
 * `remove` stops and disables the service, and removes what `configure` made.
 */
export function nodeScript({ unit, file, stateDirectory }: NodeService, configuration: string): string {
  return `unit=${quoted(unit)}
file=${quoted(file)}
state=${quoted(stateDirectory)}
${functions.replace("CONFIGURATION", () => configuration.replace(/\n$/, ""))}
# Nothing that runs may read the rest of this script from standard input.
{ main "$1" </dev/null; exit; }
`;
}

const functions = String.raw`dir=$(dirname "$file")
new="$file.new"
old="$file.old"
node=$(uname -n)

fail() { printf '%s\n' "$1" >&2; exit 1; }

# Runs a command with the rights that configuration and service need.
as_root() {
  if [ "$(id -u)" = 0 ] || [ -w "$dir" ]; then "$@"; else sudo -n -- "$@"; fi
}

check_rights() {
  if [ "$(id -u)" != 0 ] && [ ! -w "$dir" ]; then
    command -v sudo >/dev/null || fail "$(id -un) on $node is not root and there is no sudo: log in as root, or install sudo"
    sudo -n true 2>/dev/null || fail "$(id -un) on $node needs a password for sudo: allow sudo without one, or log in as root"
  fi
  command -v systemctl >/dev/null || fail "there is no systemctl on $node: nova-compute must be a service of systemd"
}

write_new() {
  as_root sh -c 'umask 077; cat > "$1"' sh "$new" <<'${end}' || fail "cannot write $new on $node"
CONFIGURATION
${end}
  if as_root test -e "$dir/nova.conf"; then
    # Whoever may read the node's own configuration, with its passwords, is who must read this one.
    as_root chown --reference="$dir/nova.conf" "$new"
    as_root chmod --reference="$dir/nova.conf" "$new"
    as_root chmod o-rwx "$new"
  fi
}

# Undoes what was begun, and fails.
undo() {
  as_root rm -f "$new"
  if [ "$had" = yes ]; then
    as_root mv -f "$old" "$file"
    as_root systemctl restart "$unit" || true
  else
    as_root systemctl stop "$unit" || true
    as_root systemctl disable "$unit" >/dev/null 2>&1 || true
    as_root rm -f "$file"
    as_root rm -rf "$state"
  fi
  fail "$1"
}

# Lines that nova wrote since the restart: they carry its own time stamps. Without a number there are but ten.
log() {
  as_root systemctl status --no-pager --full --lines=500 "$unit" 2>/dev/null | awk -v since="$since" '
    match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) \
      && substr($0, RSTART, RLENGTH) >= since { print substr($0, RSTART) }' || true
}

# The logger "nova" itself speaks only when the program ends by an exception: its name and text are one of the last lines.
reason() {
  log | sed -n 's/.* ERROR nova \(\[[^]]*\] \)\{0,1\}\([A-Za-z0-9_.]*\([.][A-Za-z0-9_]*\|Error\|Exception\)\): /\2: /p' | tail -n 1
}

configure() {
  said=$(as_root systemctl enable "$unit" 2>&1) || fail "nova-compute is not installed on $node as $unit: $(printf '%s' "$said" | tail -n 1)"
  write_new
  as_root mkdir -p "$state"
  as_root chown --reference="$(dirname "$state")" "$state"
  had=no
  if as_root test -e "$file"; then
    had=yes
    as_root cp -p "$file" "$old"
  fi
  trap 'trap - HUP INT TERM; undo "interrupted; the configuration is as it was"' HUP INT TERM
  since=$(date '+%Y-%m-%d %H:%M:%S')
  as_root mv -f "$new" "$file" || undo "cannot rename $new on $node"
  said=$(as_root systemctl restart "$unit" 2>&1) || undo "$unit does not start on $node: $(printf '%s' "$said" | tail -n 1)"
  tries=0
  while [ "$tries" -lt 60 ]; do
    why=$(reason)
    [ -z "$why" ] || undo "nova-compute ($unit on $node) ended: $why"
    active=$(as_root systemctl is-active "$unit" || true)
    [ "$active" = active ] || undo "$unit on $node is $active; see: journalctl -u $unit"
    if log | grep -q "Starting compute node\| INFO nova[.]compute[.]\(manager\|resource_tracker\) "; then break; fi
    tries=$((tries + 1))
    sleep 1
  done
  as_root rm -f "$old"
}

remove() {
  if as_root systemctl is-enabled "$unit" >/dev/null 2>&1 || as_root systemctl is-active "$unit" >/dev/null 2>&1; then
    as_root systemctl stop "$unit" || fail "cannot stop $unit on $node"
    as_root systemctl disable "$unit" >/dev/null 2>&1 || fail "cannot disable $unit on $node"
  fi
  as_root rm -f "$file" "$new" "$old"
  as_root rm -rf "$state"
}

main() {
  check_rights
  "$1"
}`;
