import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { commandOf, waitFor } from "../../../lab/processes";

const SCRIPT = resolve(__dirname, "../../../lab/openstack/node/systemctl.py");
const PATIENCE_MS = 10_000;

describe("the compute node's service manager", () => {
  let root: string;
  const log = (unit: string): string => {
    const file = join(root, "var", "log", `${unit}.log`);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const systemctl = (...args: string[]): { code: number | null; out: string; error: string } => {
    const { status, stdout, stderr } = spawnSync("python3", [SCRIPT, "--root", root, ...args], { encoding: "utf8" });
    return { code: status, out: stdout.trim(), error: stderr.trim() };
  };
  const unit = (name: string, service: string): void =>
    writeFileSync(join(root, "etc/systemd/system", name), `[Unit]\nDescription=d\n\n[Service]\n${service}\n`);
  const seen = (name: string, text: string | RegExp): Promise<boolean> =>
    waitFor(() => (typeof text === "string" ? log(name).includes(text) : text.test(log(name))), PATIENCE_MS);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "systemctl-"));
    mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
    unit(
      "job@.service",
      `Environment=WORD=%i\nExecStart=/bin/sh -c 'echo "$WORD of $$"; exec sleep 600'\nRestart=on-failure`,
    );
  });

  afterEach(() => {
    systemctl("stop", "job@one", "job@two");
    rmSync(root, { recursive: true, force: true });
  });

  it("shows the last ten lines of a service, or as many as it is asked for", async () => {
    unit("talk@.service", "ExecStart=/bin/sh -c 'seq 100 120; exec sleep 600'");
    systemctl("start", "talk@one");
    assert.ok(await seen("talk@one", "120"));
    const lines = (...options: string[]) => systemctl("status", ...options, "talk@one").out.match(/^1\d\d$/gm);
    assert.deepEqual(lines(), ["111", "112", "113", "114", "115", "116", "117", "118", "119", "120"]);
    assert.deepEqual(lines("--no-pager", "--full", "--lines=2"), ["119", "120"]);
    assert.equal(lines("-l", "-n", "500")?.length, 21);
    systemctl("stop", "talk@one");
  });

  it("starts, tells of and stops one instance without touching another", async () => {
    assert.deepEqual(systemctl("is-active", "job@one"), { code: 3, out: "inactive", error: "" });
    assert.equal(systemctl("start", "job@one").code, 0);
    assert.equal(systemctl("start", "job@two.service").code, 0);
    assert.ok(await seen("job@one", "one of"));
    assert.deepEqual(systemctl("is-active", "job@one"), { code: 0, out: "active", error: "" });
    assert.equal(systemctl("stop", "job@one").code, 0);
    assert.equal(systemctl("is-active", "job@one").out, "inactive");
    assert.equal(systemctl("is-active", "job@two").out, "active");
  });

  it("ends the service itself when it stops", async () => {
    systemctl("start", "job@one");
    assert.ok(await seen("job@one", /of (\d+)/));
    const pid = Number(/of (\d+)/.exec(log("job@one"))?.[1]);
    assert.match(commandOf(pid) ?? "", /sleep 600/);
    systemctl("stop", "job@one");
    assert.equal(commandOf(pid), undefined);
  });

  it("starts a new process on restart, also of what was not running", async () => {
    assert.equal(systemctl("restart", "job@one").code, 0);
    assert.ok(await seen("job@one", /of \d+\n/));
    assert.equal(systemctl("restart", "job@one").code, 0);
    assert.ok(await seen("job@one", /of \d+\n.*of \d+\n/s));
    const [first, second] = [...log("job@one").matchAll(/of (\d+)/g)].map((match) => match[1]);
    assert.notEqual(first, second);
  });

  it("does not start twice what runs", async () => {
    systemctl("start", "job@one");
    systemctl("start", "job@one");
    assert.ok(await seen("job@one", "one of"));
    assert.equal(log("job@one").split("\n").filter(Boolean).length, 1);
  });

  it("runs a service again that was killed", async () => {
    systemctl("start", "job@one");
    assert.ok(await seen("job@one", /of \d+\n/));
    process.kill(Number(/of (\d+)/.exec(log("job@one"))?.[1]), "SIGKILL");
    assert.ok(await seen("job@one", /of \d+\n.*of \d+\n/s));
    assert.equal(systemctl("is-active", "job@one").out, "active");
  });

  it("gives up on a service that keeps failing, and says so", async () => {
    unit("fails@.service", "ExecStart=/bin/sh -c 'echo tried; exit 7'\nRestart=on-failure\nRestartSec=0");
    systemctl("start", "fails@x");
    assert.ok(await waitFor(() => systemctl("is-active", "fails@x").out === "failed", PATIENCE_MS));
    assert.equal(log("fails@x").trim().split("\n").length, 5);
    assert.equal(systemctl("is-active", "fails@x").code, 3);
  });

  it("kills what does not end when asked to", () => {
    unit("stubborn@.service", "ExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'\nTimeoutStopSec=0.3");
    systemctl("start", "stubborn@x");
    assert.equal(systemctl("stop", "stubborn@x").code, 0);
    assert.equal(systemctl("is-active", "stubborn@x").out, "inactive");
  });

  it("enables and disables, with --now at once", () => {
    assert.deepEqual(systemctl("is-enabled", "job@one"), { code: 1, out: "disabled", error: "" });
    systemctl("enable", "job@one");
    assert.equal(systemctl("is-active", "job@one").out, "inactive");
    systemctl("enable", "--now", "job@one");
    assert.deepEqual(systemctl("is-enabled", "job@one"), { code: 0, out: "enabled", error: "" });
    assert.equal(systemctl("is-active", "job@one").out, "active");
    systemctl("disable", "--now", "job@one");
    assert.equal(systemctl("is-enabled", "job@one").out, "disabled");
    assert.equal(systemctl("is-active", "job@one").out, "inactive");
  });

  it("names a unit that is not there, with systemctl's exit code", () => {
    const { code, error } = systemctl("restart", "other@one");
    assert.equal(code, 5);
    assert.equal(error, "Failed to restart other@one.service: Unit other@one.service not found.");
    assert.equal(systemctl("daemon-reload").code, 0);
  });

  it("leaves a started service running when the client's session ends", async () => {
    execFileSync("sh", ["-c", `python3 ${SCRIPT} --root ${root} start job@one`]);
    assert.ok(await seen("job@one", "one of"));
    assert.equal(systemctl("is-active", "job@one").out, "active");
  });
});
