import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import type { DrillResult, Journal } from "../../verification/model";
import { compare, largestError, parseTruth } from "../truth";

const root = resolve(__dirname, "../..");
const cli = join(root, "bin", "vsphere-ha.js");
const timeScale = 10;
/** One probe interval of the configuration's default, 1 lab second, in wall ms. */
const intervalMs = 1000 / timeScale;
/** The lab stamps its log just after it has opened or closed a socket. Wall ms. */
const stampMs = 5;

interface Run {
  code: number | null;
  output: string;
}

describe("host-loss drills on the lab", function () {
  this.timeout(300_000);
  let lab: Lab;
  let dir: string;
  let config: string;

  /** `watch` sees all output so far, with the process. */
  function run(file: string, args: string[], watch?: (soFar: string, child: ChildProcess) => void): Promise<Run> {
    return new Promise((done, fail) => {
      const child = spawn(file, args, { cwd: root, env: { ...process.env, ...lab.env } });
      let output = "";
      const keep = (chunk: Buffer): void => {
        output += chunk.toString();
        watch?.(output, child);
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("error", fail).on("close", (code) => {
        done({ code, output });
      });
    });
  }

  const verifier = (args: string[], watch?: (soFar: string, child: ChildProcess) => void): Promise<Run> =>
    run(process.execPath, [cli, ...args, "--config", config], watch);

  const drill = (name: string, host: string, watch?: (soFar: string, child: ChildProcess) => void): Promise<Run> =>
    verifier(["drill", "host-loss", "--host", host, "--report", join(dir, name)], watch);

  const journalOf = (name: string): Journal =>
    JSON.parse(readFileSync(join(dir, name, "journal.json"), "utf8")) as Journal;

  const only = ({ drills }: Journal): DrillResult => {
    assert.equal(drills.length, 1);
    return drills[0] as DrillResult;
  };

  async function fault(method: "POST" | "DELETE", path: string, body?: object): Promise<string> {
    const answer = await fetch(`${lab.faultUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status.toString()}`);
    return answer.text();
  }

  before(async () => {
    lab = await startLab({ name: "host-loss", timeScale });
    dir = mkdtempSync(join(tmpdir(), "host-loss-"));
    config = join(dir, "config.json");
    for (const args of [
      ["stack", "init", "dev"],
      ["up", "--yes", "--skip-preview"],
    ]) {
      const { code, output } = await run("pulumi", [...args, "--non-interactive"]);
      assert.equal(code, 0, output);
    }
    const { code, output } = await run("pulumi", ["stack", "output", "verification", "--json"]);
    assert.equal(code, 0, output);
    writeFileSync(config, output);
  });

  after(async () => {
    await stopLab("host-loss");
    rmSync(dir, { recursive: true, force: true });
  });

  it("are planned without changing anything", async () => {
    const before = readFileSync(lab.truthLog, "utf8");
    const { code, output } = await verifier(["drill", "host-loss", "--plan"]);
    assert.equal(code, 0, output);
    for (const host of ["esx-01", "esx-02", "esx-03"]) assert.match(output, new RegExp(`host loss of ${host}`));
    assert.match(output, /answers again within \d+ s/);
    assert.equal(readFileSync(lab.truthLog, "utf8"), before);
  });

  it("measure availability that holds the truth, each edge within one probe interval, one run at a time", async () => {
    let second: Promise<Run> | undefined;
    const { code, output } = await drill("truth", "esx-02.lab.test", (soFar) => {
      if (soFar.includes("is off")) second ??= drill("second", "esx-03.lab.test");
    });
    assert.equal(code, 0, output);
    const result = only(journalOf("truth"));
    const { edges, errors } = compare(parseTruth(readFileSync(lab.truthLog, "utf8")), result, stampMs);
    assert.deepEqual(errors, []);
    const affected = result.vms.filter((vm) => vm.affected);
    assert.equal(edges.length, 2 * affected.length);
    assert.deepEqual([...new Set(affected.map(({ guestOs }) => guestOs))].sort(), ["ubuntu", "windowsxp"]);
    // On a busy machine a probe may be lost at an edge, which then is told as wider.
    const whole = edges.filter(({ lower, upper }) => upper - lower <= intervalMs);
    assert.ok(whole.length >= edges.length / 2, `${whole.length.toString()} of ${edges.length.toString()} edges`);
    assert.ok(largestError(whole) <= intervalMs);

    const refused = await second;
    assert.equal(refused?.code, 2, refused?.output);
    assert.match(refused.output, /locked .* by \S+@/);
  });

  it("leave the stack unchanged", async () => {
    const { code, output } = await run("pulumi", ["preview", "--expect-no-changes", "--non-interactive"]);
    assert.equal(code, 0, output);
  });

  it("are put back by recover after kill -9", async () => {
    const { code } = await drill("killed", "esx-01.lab.test", (soFar, child) => {
      if (soFar.includes("is off")) child.kill("SIGKILL");
    });
    assert.equal(code, null);
    assert.equal(only(journalOf("killed")).undo.done, false);
    const recovered = await verifier(["recover", "--journal", join(dir, "killed", "journal.json")]);
    assert.equal(recovered.code, 0, recovered.output);
    assert.equal(only(journalOf("killed")).undo.done, true);
    const checked = await verifier(["check"]);
    assert.equal(checked.code, 0, checked.output);
  });

  it("fail, with the numbers, when a guest is kept from restarting", async () => {
    const { id } = JSON.parse(await fault("POST", "/faults", { kind: "restartFails", vm: "xp-1" })) as { id: string };
    const host = await hostOf("xp-1");
    let lifted: Promise<string> | undefined;
    const { code, output } = await drill("prevented", host, (soFar) => {
      // HA tries again later: so the steady state comes back by itself.
      if (soFar.includes("restoring the power")) lifted ??= fault("DELETE", `/faults/${id}`);
    });
    await lifted;
    assert.equal(code, 1, output);
    const result = only(journalOf("prevented"));
    assert.equal(result.verdict, "failed");
    const failed = result.expectations.filter(({ verdict }) => verdict === "failed").map(({ id: which }) => which);
    assert.deepEqual(failed.slice(0, 3).sort(), ["vm-answers:xp-1", "vm-elsewhere:xp-1", "vm-restarted:xp-1"]);
    assert.match(output, /xp-1 answers again within \d+ s; seen: /);
    assert.match(readFileSync(join(dir, "prevented", "junit.xml"), "utf8"), /<failure /);
  });

  async function hostOf(vm: string): Promise<string> {
    const { output } = await verifier(["drill", "host-loss", "--plan"]);
    for (const plan of output.split(/^host loss of /m).slice(1)) {
      const [here] = plan.split("  first:");
      if (here?.includes(`    ${vm} (`)) return plan.split(" ")[0] ?? "";
    }
    throw new Error(`${vm} is on no host:\n${output}`);
  }
});
