/** What runs on the compute node, as POSIX shell. No secrets here: these texts stand in Pulumi's state and in process lists. */

/** nova-compute's service for one cluster on its node. */
export interface NodeService {
  /** Unit of the service manager. */
  unit: string;
  /** Configuration file of this service alone. */
  file: string;
  /** Folder of the service's own files, inside the one that all of nova's services use. */
  stateDirectory: string;
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** `as_root` runs a command with the rights that configuration and service need; `fail` tells one thing and ends. */
const prelude = ({ unit, file, stateDirectory }: NodeService): string => `unit=${shellQuoted(unit)}
file=${shellQuoted(file)}
state=${shellQuoted(stateDirectory)}
dir=$(dirname "$file")
fail() { printf '%s\\n' "$1" >&2; exit 1; }
if [ "$(id -u)" = 0 ] || [ -w "$dir" ]; then
  as_root() { "$@"; }
else
  command -v sudo >/dev/null || fail "$(id -un) on $(uname -n) is not root and there is no sudo: log in as root, or install sudo"
  sudo -n true 2>/dev/null || fail "$(id -un) on $(uname -n) needs a password for sudo: allow sudo without one, or log in as root"
  as_root() { sudo -n -- "$@"; }
fi
command -v systemctl >/dev/null || fail "there is no systemctl on $(uname -n): nova-compute must be a service of systemd"
`;

/**
 * Writes the configuration from standard input, enables the service and restarts it, and watches until it has loaded
 * its driver: then vCenter has let it in and has the cluster. What nova-compute refuses is undone again: the file that
 * was there before is put back, and where there was none the service is disabled.
 */
export function configureScript(service: NodeService): string {
  return `${prelude(service)}
said=$(as_root systemctl enable "$unit" 2>&1) || fail "nova-compute is not installed on $(uname -n) as $unit: $(printf '%s' "$said" | tail -n 1)"
umask 077
new="$file.new"
old="$file.old"
as_root sh -c 'umask 077; cat > "$1"' sh "$new" || fail "cannot write $new on $(uname -n)"
if as_root test -e "$dir/nova.conf"; then
  # Whoever may read the node's own configuration, with its passwords, is who must read this one.
  as_root chown --reference="$dir/nova.conf" "$new"
  as_root chmod --reference="$dir/nova.conf" "$new"
  as_root chmod o-rwx "$new"
fi
as_root mkdir -p "$state"
as_root chown --reference="$(dirname "$state")" "$state"
had=no
if as_root test -e "$file"; then
  had=yes
  as_root cp -p "$file" "$old"
fi
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
trap 'trap - HUP INT TERM; undo "interrupted; the configuration is as it was"' HUP INT TERM
since=$(date '+%Y-%m-%d %H:%M:%S')
as_root mv -f "$new" "$file" || undo "cannot rename $new on $(uname -n)"
said=$(as_root systemctl restart "$unit" 2>&1) || undo "$unit does not start on $(uname -n): $(printf '%s' "$said" | tail -n 1)"
# Lines that nova wrote since: they carry its own time stamps.
log() {
  as_root systemctl status --no-pager "$unit" 2>/dev/null | awk -v since="$since" '
    match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) \\
      && substr($0, RSTART, RLENGTH) >= since { print substr($0, RSTART) }' || true
}
# The logger "nova" itself speaks only when the program ends by an exception, whose last line says why.
reason() { log | sed -n 's/.* ERROR nova \\(\\[[^]]*\\] \\)\\{0,1\\}\\([A-Za-z_][A-Za-z0-9_.]*\\): /\\2: /p' | tail -n 1; }
tries=0
while [ "$tries" -lt 60 ]; do
  why=$(reason)
  [ -z "$why" ] || undo "nova-compute ($unit on $(uname -n)) ended: $why"
  active=$(as_root systemctl is-active "$unit" || true)
  [ "$active" = active ] || undo "$unit on $(uname -n) is $active; see: journalctl -u $unit"
  if log | grep -q "Starting compute node\\| INFO nova[.]compute[.]\\(manager\\|resource_tracker\\) "; then break; fi
  tries=$((tries + 1))
  sleep 1
done
as_root rm -f "$old"
`;
}

/** Stops and disables the service, and removes what configureScript made. */
export function removeScript(service: NodeService): string {
  return `${prelude(service)}
if as_root systemctl is-enabled "$unit" >/dev/null 2>&1 || as_root systemctl is-active "$unit" >/dev/null 2>&1; then
  as_root systemctl stop "$unit" || fail "cannot stop $unit on $(uname -n)"
  as_root systemctl disable "$unit" >/dev/null 2>&1 || fail "cannot disable $unit on $(uname -n)"
fi
as_root rm -f "$file" "$file.new" "$file.old"
as_root rm -rf "$state"
`;
}
