import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../lab/processes";
import type { Guest, Journal } from "../../verification/model";
import { type Clone, freshClone } from "./freshClone";
import { leaked, secretsOf } from "./secrets";
import { lossesByUpgrade, previousRelease } from "./upgrade";

/** Commands that run from the clone, by what the kernel says of every process. */
function processesOf(dir: string): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return ""; // it ended meanwhile
      }
    })
    .filter((command) => command.includes(dir));
}

/** The lines of `npm run lab -- env` that a shell takes. */
const exportsOf = (output: string): string =>
  output
    .split("\n")
    .filter((line) => line.startsWith("export "))
    .join("\n");

describe("npm start in a fresh clone", function () {
  this.timeout(1_500_000);
  let clone: Clone;
  /** What the first of the tests printed. */
  let printed = "";
  /** What the lab that is kept says to Pulumi. */
  let environment: Record<string, string> = {};
  const pulumi = (...args: string[]): string =>
    execFileSync("pulumi", [...args, "--non-interactive"], {
      cwd: clone.dir,
      encoding: "utf8",
      env: { ...process.env, ...environment },
      maxBuffer: Infinity,
    });

  before(() => {
    clone = freshClone();
  });

  after(async () => {
    await clone.npm(["run", "lab", "--", "stop"]);
    clone.remove();
  });

  it("deploys with OpenStack, fails each host once and more under nova's eyes, and reports", async () => {
    // Other tests run beside it: what a busy machine is late by counts 25 times at npm start's own scale.
    const { code, output } = await clone.npm(["start", "--", "--keep", "--time-scale", "10"]);
    assert.equal(code, 0, output);
    printed = output;
    assert.match(output, /94\.88037823 %/);
    assert.match(output, /96\.36959032 %/);
    assert.equal(clone.git("status", "--porcelain"), "");

    const report = join(clone.dir, "report");
    for (const file of ["journal.json", "junit.xml", "summary.md", "index.html"]) {
      assert.ok(readdirSync(report).includes(file), `${file} is missing`);
    }
    const journal = JSON.parse(readFileSync(join(report, "journal.json"), "utf8")) as Journal;
    assert.equal(journal.verdict, "passed");
    assert.equal(journal.timeScale, 10);
    const hosts = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"];
    assert.deepEqual(
      journal.drills.map(({ drill, verdict }) => `${drill} ${verdict}`),
      [
        ...hosts.map(() => "host-loss passed"),
        "host-loss-vcenter-down passed",
        "host-isolation passed",
        "apd passed",
        "pdl passed",
        "maintenance-mode passed",
        "nova-compute-down passed",
        "power-state-sync passed",
        "guest-hang passed",
        "guest-hang passed",
      ],
    );
    const losses = journal.drills.filter(({ drill }) => drill === "host-loss");
    assert.deepEqual(
      losses.map(({ host }) => host),
      hosts,
    );
    assert.equal(journal.load?.verdict, "passed");
    const guests = ["ubuntu", "windowsxp", "ubuntu of OpenStack", "windowsxp of OpenStack"];
    const guest = ({ guestOs, openstack }: Guest): string => `${guestOs}${openstack ? " of OpenStack" : ""}`;
    for (const drill of losses) {
      const failed = new Set(drill.vms.filter(({ affected }) => affected).map(guest));
      assert.deepEqual([...failed].sort(), [...guests].sort(), `on ${drill.host}`);
      assert.equal(drill.openstack?.instances.length, 2, "nova was watched");
    }
    assert.deepEqual(
      journal.means.map((mean) => [guest(mean), mean.hosts]),
      guests.map((name) => [name, 3]),
    );
    assert.deepEqual(
      journal.openstack?.instances.map(({ name, nova, vcenter }) => `${name} ${nova} ${vcenter ?? ""}`).sort(),
      ["ubuntu-os ACTIVE poweredOn", "xp-os ACTIVE poweredOn"],
    );
    assert.match(readFileSync(join(report, "index.html"), "utf8"), /OpenStack beside vCenter/);
    assert.equal(
      journal.drills.filter(({ fdmRole }) => fdmRole === "master").length >= 1,
      true,
      "no master was failed",
    );
    const unchanged = journal.checks.filter(({ id }) => id.endsWith("-after-failover"));
    assert.deepEqual(
      unchanged.map(({ id, verdict }) => `${id}: ${verdict}`),
      ["preview-empty-after-failover: passed", "refresh-clean-after-failover: passed"],
    );
  });

  it("keeps the lab and the stack with --keep", async () => {
    const { output } = await clone.npm(["run", "-s", "lab", "--", "env"]);
    const { PATH } = process.env;
    const script = `${exportsOf(output)}\nenv -0`;
    const { stdout } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { PATH } });
    const pairs = stdout.split("\0").map((pair) => [pair.split("=", 1)[0] ?? "", pair.replace(/^[^=]*=/, "")]);
    environment = Object.fromEntries(pairs) as Record<string, string>;
    pulumi("preview", "--expect-no-changes");
  });

  it("keeps secrets as ciphertext in the state, and out of outputs, reports and all that was printed", () => {
    const secrets = secretsOf(environment);
    const inState = ["VSPHERE_PASSWORD", "VSPHERE_HA_HOST_PASSWORD", "VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE"];
    for (const name of [...inState, "VSPHERE_HA_BMC_PASSWORD", "OS_PASSWORD"]) assert.ok(secrets.has(name), name);
    assert.deepEqual(leaked(secrets, pulumi("stack", "export", "--show-secrets")).sort(), inState.sort());
    assert.deepEqual(leaked(secrets, pulumi("stack", "export")), []);
    assert.deepEqual(leaked(secrets, pulumi("stack", "output", "--json", "--show-secrets")), []);
    assert.deepEqual(leaked(secrets, printed), []);
    const report = join(clone.dir, "report");
    const files = readdirSync(report, { recursive: true, encoding: "utf8", withFileTypes: true });
    for (const { parentPath, name } of files.filter((file) => file.isFile())) {
      assert.deepEqual(leaked(secrets, readFileSync(join(parentPath, name), "utf8")), [], name);
    }
  });

  it("loses nothing of what the previous release deployed", async () => {
    assert.deepEqual(await lossesByUpgrade(previousRelease("openstack"), pulumi), []);
  });

  it("takes away stack and lab without a rest", async () => {
    pulumi("destroy", "--yes", "--skip-preview");
    const { deployment } = JSON.parse(pulumi("stack", "export")) as { deployment: { resources?: unknown[] } };
    assert.deepEqual(deployment.resources ?? [], []);
    assert.equal((await clone.npm(["run", "lab", "--", "stop"])).code, 0);
    assert.deepEqual(processesOf(clone.dir), []);
  });

  /** Runs it, interrupts when the moment has come, and shows that nothing is left. */
  async function interrupted(args: string[], moment: (output: string) => boolean): Promise<string> {
    let soFar = "";
    let interrupt: (() => void) | undefined;
    const ended = clone.npm(["start", "--", ...args], (output, end) => {
      soFar = output;
      interrupt ??= end;
    });
    const came = waitFor(() => moment(soFar), 300_000);
    await Promise.race([came, ended]);
    interrupt?.();
    const { code, output } = await ended;
    assert.ok(await came, output);
    assert.equal(code, 2, output);
    assert.match(output, /interrupted/);
    assert.doesNotMatch(output, /^\s+at .*\(.*:\d+:\d+\)$/m, "a stack trace");
    assert.deepEqual(processesOf(clone.dir), []);
    assert.equal(clone.git("status", "--porcelain"), "");
    return output;
  }

  it("interrupted while vCenter starts, undoes what it did and exits with 2", async () => {
    await interrupted([], (output) => output.includes("== Start the lab"));
  });

  it("interrupted while OpenStack starts, undoes what it did and exits with 2", async () => {
    await interrupted([], () => existsSync(join(clone.dir, ".lab", "dev", "openstack", "services.json")));
  });

  it("interrupted while nova-compute is deployed, undoes what it did and exits with 2", async () => {
    await interrupted([], (output) => /openstack-service creating/.test(output));
  });

  it("without OpenStack, interrupted while a host is off, undoes what it did and exits with 2", async () => {
    const output = await interrupted(["--without-openstack"], (soFar) => soFar.includes("is off"));
    assert.match(output, /has power/);
    assert.doesNotMatch(output, /OpenStack/);
  });
});
