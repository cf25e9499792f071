import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Resource } from "../../bin/releasedState";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import { wholeInventory } from "./inventory";
import { leaked, secretsOf } from "./secrets";
import { lossesByUpgrade, previousRelease } from "./upgrade";

const root = resolve(__dirname, "../..");

interface Ended {
  code: number | null;
  output: string;
  stdout: string;
}

/** Runs the real CLI on the reference stack, as a user does. */
function pulumi(env: Record<string, string>, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn("pulumi", [...args, "--non-interactive"], { cwd: root, env: { ...process.env, ...env } });
    const ended: Ended = { code: null, output: "", stdout: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      ended.output += chunk.toString();
      ended.stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => void (ended.output += chunk.toString()));
    child.on("error", fail).on("close", (code) => {
      done({ ...ended, code });
    });
    child.stdin.end(input);
  });
}

const gitStatus = (): string =>
  execFileSync("git", ["status", "--porcelain", "Pulumi.yaml", "Pulumi.dev.yaml"], { cwd: root, encoding: "utf8" });

describe("the reference stack", function () {
  this.timeout(300_000);
  let lab: Lab;
  let inventoryBefore: string[];
  /** What every command has printed, but for the one that is to show secrets. */
  let printed = "";
  const runs = async (args: readonly string[], env = lab.env, input?: string): Promise<Ended> => {
    const ended = await pulumi(env, args, input);
    if (!args.includes("--show-secrets")) printed += ended.output;
    return ended;
  };
  const succeeds = async (...args: string[]): Promise<string> => {
    const { code, output, stdout } = await runs(args);
    assert.equal(code, 0, output);
    return stdout;
  };

  before(async () => {
    lab = await startLab({ name: "lifecycle" });
    inventoryBefore = await wholeInventory(lab.env);
  });

  after(() => stopLab("lifecycle"));

  it("is deployed, and verified by its own check", async () => {
    const status = gitStatus();
    await succeeds("stack", "init", "dev");
    const output = await succeeds("up", "--yes", "--skip-preview");
    assert.match(output, /passed {2}HA settings are as declared/);
    assert.equal(gitStatus(), status, "the configuration files stay as they are");
    assert.notDeepEqual(await wholeInventory(lab.env), inventoryBefore);
  });

  it("then has nothing to change", async () => {
    await succeeds("preview", "--expect-no-changes", "--diff");
    await succeeds("refresh", "--yes", "--expect-no-changes", "--diff");
    await succeeds("preview", "--expect-no-changes", "--diff");
  });

  it("says what to verify, without passwords and addresses of vCenter", async () => {
    const output = await succeeds("stack", "output", "verification", "--json");
    const document = JSON.parse(output) as { cluster: { name: string }; hosts: unknown[]; vms: { name: string }[] };
    assert.equal(document.cluster.name, "ha");
    assert.deepEqual(
      document.vms.map(({ name }) => name),
      ["ubuntu-1", "ubuntu-2", "xp-1", "xp-2"],
    );
    const { resources } = (
      JSON.parse(await succeeds("stack", "export")) as {
        deployment: { resources: { type: string; inputs: unknown }[] };
      }
    ).deployment;
    const inputs = JSON.stringify(resources.find(({ type }) => type === "command:local:Command")?.inputs);
    assert.match(inputs, /vsphere-ha check/);
    assert.ok(!inputs.includes(lab.env.VSPHERE_SERVER ?? ""), "vCenter's address among the inputs of the check");
    assert.ok(!inputs.includes(root), "a path of this machine among the inputs of the check");
  });

  it("is what the previous release deployed, for Pulumi: an upgrade loses nothing", async () => {
    assert.deepEqual(await lossesByUpgrade(previousRelease("dev"), succeeds), []);
  });

  it("loses, by name, a child that has another name than in the release, and one that cannot become what it is now", async () => {
    const text = JSON.stringify(previousRelease("dev"))
      .replaceAll("placement-ha-ubuntu-1", "placement-override-ubuntu-1")
      .replaceAll(/"vSwitch0"/g, '"vSwitch1"');
    const losses = await lossesByUpgrade(JSON.parse(text) as Resource[], succeeds);
    assert.deepEqual(losses.sort(), [
      "create placement-ha-ubuntu-1 (vsphere:index/haVmOverride:HaVmOverride)",
      "delete placement-override-ubuntu-1 (vsphere:index/haVmOverride:HaVmOverride)",
      ...["01", "02", "03"].map(
        (host) => `replace cluster-vm-ha-esx-${host}.lab.test (vsphere:index/hostPortGroup:HostPortGroup)`,
      ),
    ]);
  });

  it("fails its deployment, naming the check, when a declared change cannot be verified", async () => {
    const changed = ["--config-file", `${lab.dir}/Pulumi.dev.yaml`];
    execFileSync("cp", ["Pulumi.dev.yaml", lab.dir], { cwd: root });
    await succeeds("config", "set", "--path", "vms[0].probePort", "2223", ...changed);
    // The password of the hosts is a secret of the stack this time: to Pulumi the same as before.
    const { VSPHERE_HA_HOST_PASSWORD: password = "", ...env } = lab.env;
    await runs(["config", "set", "--secret", "hostPassword", ...changed], env, password);
    const { code, output } = await runs(["up", "--yes", "--skip-preview", ...changed], env);
    assert.notEqual(code, 0);
    assert.match(output, /ubuntu-1/);
    assert.doesNotMatch(output, /vsphere:index:Host /, "no host is changed");
    await succeeds("up", "--yes", "--skip-preview");
  });

  it("keeps passwords as ciphertext in its state, and out of everything that was printed", async () => {
    const secrets = secretsOf(lab.env);
    const hosts = "VSPHERE_HA_HOST_PASSWORD";
    for (const name of [hosts, "VSPHERE_PASSWORD", "VSPHERE_HA_BMC_PASSWORD"]) assert.ok(secrets.has(name), name);
    assert.deepEqual(leaked(secrets, await succeeds("stack", "export", "--show-secrets")), [hosts]);
    assert.deepEqual(leaked(secrets, await succeeds("stack", "export")), []);
    await succeeds("stack", "output", "--json");
    await succeeds("config");
    assert.deepEqual(leaked(secrets, printed), []);
    assert.deepEqual(leaked(secrets, readFileSync(`${lab.dir}/Pulumi.dev.yaml`, "utf8")), []);
  });

  it("is destroyed, and the inventory is as before", async () => {
    await succeeds("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await wholeInventory(lab.env), inventoryBefore);
  });
});
