import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { discoverCommand, discoveryScript } from "../../../components/cellDiscovery";

/** Lists the hosts of `mapped`; each discovery maps the next line of `records`. */
const novaManage = `#!/bin/sh
node=$(dirname "$0")/..
echo "$*" >> "$node/calls"
[ -e "$node/broken" ] && { echo "Traceback"; echo "OperationalError: no such table"; exit 1; }
case "$2" in
  discover_hosts) head -n 1 "$node/records" >> "$node/mapped"; sed -i 1d "$node/records" ;;
  list_hosts) while read -r host; do echo "| cell1 | 9d2f | $host |"; done < "$node/mapped" ;;
esac
`;

describe("the discovery of a compute host", () => {
  let node: string;
  const file = (name: string): string => join(node, name);
  const run = (host: string, path = `${file("bin")}:/usr/bin:/bin`) => {
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", discoverCommand], {
      input: discoveryScript(host),
      env: { PATH: path },
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

  beforeEach(() => {
    node = mkdtempSync(join(tmpdir(), "controller-"));
    mkdirSync(file("bin"));
    writeFileSync(file("bin/nova-manage"), novaManage, { mode: 0o755 });
    // Whoever runs the tests need not be root.
    writeFileSync(file("bin/sudo"), '#!/bin/sh\nshift\n[ "$1" = -- ] && shift\nexec "$@"\n', { mode: 0o755 });
    for (const name of ["calls", "records", "mapped"]) writeFileSync(file(name), "");
  });
  afterEach(() => rmSync(node, { recursive: true, force: true }));

  it("maps it, and looks again until nova-compute has made its record", () => {
    writeFileSync(file("records"), "other\nha-2\nha\n");
    assert.deepEqual(run("ha"), { status: 0, stdout: "", stderr: "" });
    assert.equal(readFileSync(file("calls"), "utf8").match(/discover_hosts/g)?.length, 3);
  });

  it("fails with nova-manage's last word", () => {
    writeFileSync(file("broken"), "");
    const { status, stderr } = run("ha");
    assert.equal(status, 1);
    assert.match(stderr, /^nova-manage on \S+ refuses cell_v2 discover_hosts: OperationalError: no such table\n$/);
  });

  it("fails where there is no nova-manage", () => {
    const { status, stderr } = run("ha", "/usr/bin:/bin");
    assert.equal(status, 1);
    assert.match(stderr, /^there is no nova-manage on \S+: name a node of nova's control plane as controller\n$/);
  });
});
