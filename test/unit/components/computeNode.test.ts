import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeCommands, nodeScript, type NodeService } from "../../../components/computeNode";

/** A service manager that notes what it is asked, and tells of a service what the test wrote into `log` and `state`. */
const systemctl = `#!/bin/sh
node=$(dirname "$0")/..
echo "$*" >> "$node/calls"
case "$1" in
  enable) [ -e "$node/missing" ] && { echo "Failed to enable unit: Unit $2 does not exist." >&2; exit 1; } ;;
  restart) [ -e "$node/stuck" ] && { echo "Job for $2 failed." >&2; exit 1; }; sed "s/NOW/$(date '+%Y-%m-%d %H:%M:%S')/" "$node/log" >> "$node/journal" ;;
  is-active) cat "$node/state"; [ "$(cat "$node/state")" = active ] || exit 3 ;;
  is-enabled) [ -e "$node/enabled" ] || exit 1 ;;
  status) lines=10; for word; do case $word in --lines=*) lines=\${word#*=} ;; esac; done
    tail -n "$lines" "$node/journal" | sed 's/^/Nov 23 10:00:00 node nova[7]: /' ;;
esac
exit 0
`;
const started = "NOW.123 7 INFO nova.service [-] Starting compute node (version 34.0.0)\n";
const refused = `NOW.1 7 CRITICAL nova [-] Unhandled error: nova.exception.NotFound: The specified cluster 'x' was not found in vCenter
NOW.1 7 ERROR nova Traceback (most recent call last):
NOW.1 7 ERROR nova nova.exception.NotFound: The specified cluster 'x' was not found in vCenter
NOW.1 7 ERROR nova Faults: [NotFound]
NOW.1 7 ERROR nova \n`;

describe("the scripts on the compute node", () => {
  let node: string;
  let service: NodeService;

  const file = (name: string): string => join(node, name);
  const run = (
    verb: keyof typeof nodeCommands,
    { input = "", path = "", of = service }: { input?: string; path?: string; of?: NodeService } = {},
  ) => {
    const env = { PATH: path || `${file("bin")}:/usr/bin:/bin` };
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", nodeCommands[verb]], {
      input: nodeScript(of, input),
      env,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  const calls = (): string[] => readFileSync(file("calls"), "utf8").trim().split("\n");
  const changes = (): string[] => calls().filter((call) => /^(enable|disable|restart|stop)/.test(call));

  beforeEach(() => {
    node = mkdtempSync(join(tmpdir(), "compute-node-"));
    for (const dir of ["bin", "nova", "lib"]) mkdirSync(file(dir));
    writeFileSync(file("bin/systemctl"), systemctl, { mode: 0o755 });
    for (const [name, content] of [
      ["calls", ""],
      ["journal", ""],
      ["log", started],
      ["state", "active\n"],
    ] as const) {
      writeFileSync(file(name), content);
    }
    writeFileSync(file("nova/nova.conf"), "", { mode: 0o640 });
    service = { unit: "nova-compute@ha", file: file("nova/nova-compute-ha.conf"), stateDirectory: file("lib/ha") };
  });
  afterEach(() => rmSync(node, { recursive: true, force: true }));

  it("write the configuration for those who may read nova's own, and start the service", () => {
    const done = run("configure", { input: "[vmware]\nhost_password = $(id) `id` s3cret\\\n" });
    assert.deepEqual(done, { status: 0, stdout: "", stderr: "" });
    assert.equal(readFileSync(service.file, "utf8"), "[vmware]\nhost_password = $(id) `id` s3cret\\\n");
    assert.equal(statSync(service.file).mode & 0o777, 0o640);
    assert.deepEqual(changes(), ["enable nova-compute@ha", "restart nova-compute@ha"]);
    assert.ok(existsSync(service.stateDirectory));
    assert.deepEqual(readdirSync(file("nova")).sort(), ["nova-compute-ha.conf", "nova.conf"], "no temporary files");
  });

  it("leave the file to its owner alone where there is no nova.conf, and never to others", () => {
    rmSync(file("nova/nova.conf"));
    run("configure", { input: "x" });
    assert.equal(statSync(service.file).mode & 0o777, 0o600);
    writeFileSync(file("nova/nova.conf"), "");
    chmodSync(file("nova/nova.conf"), 0o644);
    run("configure", { input: "x" });
    assert.equal(statSync(service.file).mode & 0o007, 0);
  });

  it("fail with nova's last word, and leave nothing of what it refused", () => {
    writeFileSync(file("log"), refused);
    const { status, stderr } = run("configure", { input: "new" });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^nova-compute \(nova-compute@ha on \S+\) ended: nova.exception.NotFound: The specified cluster 'x' was not found in vCenter\n$/,
    );
    assert.deepEqual(readdirSync(file("nova")), ["nova.conf"]);
    assert.ok(!existsSync(service.stateDirectory));
    assert.deepEqual(changes().slice(-2), ["stop nova-compute@ha", "disable nova-compute@ha"]);
  });

  it("put the configuration back that was there before, and run on with it", () => {
    assert.equal(run("configure", { input: "good" }).status, 0);
    writeFileSync(file("log"), refused);
    assert.equal(run("configure", { input: "bad" }).status, 1);
    assert.equal(readFileSync(service.file, "utf8"), "good\n");
    assert.equal(changes().at(-1), "restart nova-compute@ha");
  });

  it("find nova's word among the many lines that it writes", () => {
    writeFileSync(file("log"), started + "NOW.1 7 WARNING oslo_config.cfg [-] Deprecated\n".repeat(100));
    assert.equal(run("configure", { input: "x" }).status, 0);
    writeFileSync(file("log"), refused + "NOW.1 7 INFO oslo_service [-] Exiting\n".repeat(100));
    assert.equal(run("configure", { input: "x" }).status, 1);
  });

  it("do not take what the service said before for an answer", () => {
    writeFileSync(file("journal"), refused.replaceAll("NOW", "2020-01-01 00:00:00"));
    assert.equal(run("configure", { input: "x" }).status, 0);
  });

  const failures: [name: string, prepare: () => void, message: RegExp][] = [
    [
      "is not installed",
      () => {
        writeFileSync(file("missing"), "");
      },
      /^nova-compute is not installed on \S+ as nova-compute@ha: Failed to enable/,
    ],
    [
      "does not start",
      () => {
        writeFileSync(file("stuck"), "");
      },
      /^nova-compute@ha does not start on \S+: Job for nova-compute@ha failed/,
    ],
    [
      "stops at once",
      () => {
        writeFileSync(file("state"), "failed\n");
      },
      /^nova-compute@ha on \S+ is failed; see: journalctl/,
    ],
  ];
  for (const [name, prepare, message] of failures) {
    it(`fail when the service ${name}, in one line, without a configuration left`, () => {
      prepare();
      const { status, stderr } = run("configure", { input: "x" });
      assert.equal(status, 1);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.deepEqual(readdirSync(file("nova")), ["nova.conf"]);
    });
  }

  const elsewhere = (): NodeService => ({ ...service, file: "/nowhere/nova-compute-ha.conf" });
  /** Programs of a node on which the user is not root and may not write to nova's folder. */
  const unprivileged = (sudo?: string): string => {
    const dir = file("user");
    mkdirSync(dir);
    writeFileSync(join(dir, "id"), '#!/bin/sh\n[ "$1" = -un ] && echo stack || echo 1000\n', { mode: 0o755 });
    if (sudo !== undefined) writeFileSync(join(dir, "sudo"), `#!/bin/sh\n${sudo}\n`, { mode: 0o755 });
    for (const name of [
      "dirname",
      "uname",
      "tail",
      "awk",
      "sed",
      "grep",
      "date",
      "cat",
      "rm",
      "mv",
      "cp",
      "mkdir",
      "chown",
      "chmod",
      "sleep",
      "sh",
      "test",
    ]) {
      const at = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
      if (at.startsWith("/")) writeFileSync(join(dir, name), `#!/bin/sh\nexec ${at} "$@"\n`, { mode: 0o755 });
    }
    return `${dir}:${file("bin")}`;
  };

  it("fail where the user is not root and there is no sudo", () => {
    const { status, stderr } = run("configure", { path: unprivileged(), of: elsewhere() });
    assert.equal(status, 1);
    assert.match(stderr, /^stack on \S+ is not root and there is no sudo: log in as root, or install sudo\n$/);
  });

  it("fail where sudo asks for a password", () => {
    const path = unprivileged("exit 1");
    const { status, stderr } = run("configure", { path, of: elsewhere() });
    assert.equal(status, 1);
    assert.match(stderr, /^stack on \S+ needs a password for sudo: /);
    assert.deepEqual(calls(), [""]);
  });

  it("stop and disable the service on removal, and take away what was made; a second time too", () => {
    run("configure", { input: "x" });
    writeFileSync(file("enabled"), "");
    assert.equal(run("remove").status, 0);
    assert.deepEqual(changes().slice(-2), ["stop nova-compute@ha", "disable nova-compute@ha"]);
    assert.deepEqual(readdirSync(file("nova")), ["nova.conf"]);
    assert.ok(!existsSync(service.stateDirectory));
    assert.equal(run("remove").status, 0);
  });

  it("take quotes in names as text", () => {
    const odd = { ...service, unit: "x'; touch broken; '" };
    run("configure", { input: "x", of: odd });
    assert.equal(calls()[0], "enable x'; touch broken; '");
  });
});
