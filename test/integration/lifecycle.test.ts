import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { resolve } from "node:path";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import { wholeInventory } from "./inventory";

const root = resolve(__dirname, "../..");

/** Runs the real CLI on the reference stack, as a user does. */
function pulumi(lab: Lab, ...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn("pulumi", [...args, "--non-interactive"], { cwd: root, env: { ...process.env, ...lab.env } });
    let output = "";
    const keep = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", fail).on("close", (code) => {
      done({ code, output });
    });
  });
}

const gitStatus = (): string =>
  execFileSync("git", ["status", "--porcelain", "Pulumi.yaml", "Pulumi.dev.yaml"], { cwd: root, encoding: "utf8" });

describe("the reference stack", function () {
  this.timeout(300_000);
  let lab: Lab;
  let inventoryBefore: string[];
  const succeeds = async (...args: string[]): Promise<string> => {
    const { code, output } = await pulumi(lab, ...args);
    assert.equal(code, 0, output);
    return output;
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
    const state = await succeeds("stack", "export");
    const { VSPHERE_PASSWORD, VSPHERE_HA_HOST_PASSWORD, VSPHERE_HA_BMC_PASSWORD } = lab.env;
    for (const secret of [VSPHERE_PASSWORD, VSPHERE_HA_HOST_PASSWORD, VSPHERE_HA_BMC_PASSWORD]) {
      assert.ok(secret && !state.includes(secret) && !output.includes(secret), "a password in the state");
    }
    const { resources } = (JSON.parse(state) as { deployment: { resources: { type: string; inputs: unknown }[] } })
      .deployment;
    const inputs = JSON.stringify(resources.find(({ type }) => type === "command:local:Command")?.inputs);
    assert.match(inputs, /vsphere-ha check/);
    assert.ok(!inputs.includes(lab.env.VSPHERE_SERVER ?? ""), "vCenter's address among the inputs of the check");
    assert.ok(!inputs.includes(root), "a path of this machine among the inputs of the check");
  });

  it("fails its deployment, naming the check, when a declared change cannot be verified", async () => {
    const changed = ["--config-file", `${lab.dir}/Pulumi.dev.yaml`];
    execFileSync("cp", ["Pulumi.dev.yaml", lab.dir], { cwd: root });
    const port = ["config", "set", "--path", "vms[0].probePort", "2223", ...changed];
    await succeeds(...port);
    const { code, output } = await pulumi(lab, "up", "--yes", "--skip-preview", ...changed);
    assert.notEqual(code, 0);
    assert.match(output, /ubuntu-1/);
    await succeeds("up", "--yes", "--skip-preview");
  });

  it("is destroyed, and the inventory is as before", async () => {
    await succeeds("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await wholeInventory(lab.env), inventoryBefore);
  });
});
