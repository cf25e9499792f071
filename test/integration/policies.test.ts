import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Lab, startLab, stopLab } from "../../lab/lab";

const root = resolve(__dirname, "../..");
const preset = (name: string): string => join("policies", "presets", `${name}.json`);

describe("the policy pack, on the reference stack", function () {
  this.timeout(300_000);
  let lab: Lab;
  const cloud: Record<string, string> = {};
  const pulumi = (...args: string[]): Promise<{ code: number | null; output: string }> =>
    new Promise((done, fail) => {
      const env = { ...process.env, ...lab.env, ...cloud };
      const child = spawn("pulumi", [...args, "--non-interactive"], { cwd: root, env });
      let output = "";
      const keep = (chunk: Buffer): void => void (output += chunk.toString());
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("error", fail).on("close", (code) => {
        done({ code, output });
      });
    });
  const preview = (config: string, ...more: string[]) =>
    pulumi("preview", "--policy-pack", "policies", "--policy-pack-config", config, ...more);

  before(async () => {
    lab = await startLab({ name: "policies" });
    const { code, output } = await pulumi("stack", "init", "dev");
    assert.equal(code, 0, output);
  });

  after(() => stopLab("policies"));

  /** Violations as `policy name`, in the CLI's report of a level. */
  const violated = (output: string, level: string): string[] => {
    const lines = output.matchAll(new RegExp(`\\[${level}\\] \\[severity: \\w+\\] +(\\S+) +\\(\\S+: (\\S+)\\)`, "g"));
    return [...lines].map(([, policy, name]) => `${policy ?? ""} ${name ?? ""}`).sort();
  };

  it("passes it, with every rule mandatory and the exemptions that stand beside the pack", async () => {
    const { code, output } = await preview(preset("reference"));
    assert.equal(code, 0, output);
    assert.match(output, /✅ vsphere-ha@v/);
    assert.doesNotMatch(output, /\[severity:/);
  });

  it("names what the exemptions cover when they are left out", async () => {
    const { code, output } = await preview(preset("mandatory"));
    assert.notEqual(code, 0, output);
    assert.deepEqual(violated(output, "mandatory"), [
      "host-lockdown cluster-esx-01.lab.test",
      "host-lockdown cluster-esx-02.lab.test",
      "host-lockdown cluster-esx-03.lab.test",
      "vm-secure-boot ubuntu-1-vm",
      "vm-secure-boot ubuntu-2-vm",
    ]);
  });

  it("refuses a proposal that breaks rules of a resource, of a provider and of the whole cluster; or only warns", async () => {
    const file = join(lab.dir, "Pulumi.dev.yaml");
    cpSync(join(root, "Pulumi.dev.yaml"), file);
    const changes = {
      "vsphere-ha:cluster.ha.datastorePdlResponse": "warning",
      "vsphere-ha:cluster.ha.admissionControlResourcePercentageAutoCompute": "false",
      "vsphere-ha:cluster.ha.admissionControlResourcePercentageCpu": "33",
      "vsphere:allowUnverifiedSsl": "true",
    };
    const values = Object.entries(changes).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    const all = await pulumi("config", "set-all", "--config-file", file, "--path", ...values);
    assert.equal(all.code, 0, all.output);
    const strict = join(lab.dir, "strict.json");
    const reference = JSON.parse(readFileSync(join(root, preset("reference")), "utf8")) as object;
    writeFileSync(strict, JSON.stringify({ ...reference, "cluster-capacity": { hostMemoryMb: 1500 } }));
    const expected = [
      "certificates-verified default_4_0_0",
      "cluster-capacity cluster-cluster",
      "ha-pdl-response cluster-cluster",
    ];
    const refused = await preview(strict, "--config-file", file);
    assert.notEqual(refused.code, 0, refused.output);
    assert.deepEqual([...new Set(violated(refused.output, "mandatory"))], expected);
    assert.match(refused.output, /PercentageCpu is 33, must be 34 or more/);
    assert.match(refused.output, /vm needs \d+ MB and 32 MHz, must find that on one of the 2 hosts left/);
    const warned = await preview(preset("advisory"), "--config-file", file);
    assert.equal(warned.code, 0, warned.output);
    assert.ok(violated(warned.output, "advisory").includes("ha-pdl-response cluster-cluster"), warned.output);
  });

  /** The head of a disk that nova's vCenter driver takes. */
  function streamOptimized(): Buffer {
    const head = Buffer.alloc(1024);
    head.write("KDMV");
    head.writeUInt32LE(0x30000, 8);
    head.write('createType="streamOptimized"', 512);
    return head;
  }

  it("asks the same of the stack with OpenStack, and refuses certificates that nobody verifies", async () => {
    for (const image of ["ubuntu-13.10", "windows-xp-sp3"])
      writeFileSync(join(lab.dir, `${image}.vmdk`), streamOptimized());
    const key = join(lab.dir, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    // Nobody listens there: a preview of what is not there yet asks OpenStack nothing.
    Object.assign(cloud, {
      ...{ OS_AUTH_URL: "https://127.0.0.1:1/v3", OS_USERNAME: "deployer", OS_PASSWORD: "secret" },
      ...{ OS_PROJECT_NAME: "iaas", OS_REGION_NAME: "one", OS_USER_DOMAIN_NAME: "d", OS_PROJECT_DOMAIN_NAME: "d" },
      ...{ VSPHERE_HA_COMPUTE_HOST: "127.0.0.1", VSPHERE_HA_COMPUTE_USER: "root", VSPHERE_HA_NOVA_PASSWORD: "secret" },
      VSPHERE_HA_COMPUTE_HOST_KEY: readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" "),
      VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE: key,
      VSPHERE_HA_IMAGE_DIR: lab.dir,
    });
    const file = join(lab.dir, "Pulumi.openstack.yaml");
    cpSync(join(root, "Pulumi.openstack.yaml"), file);
    const init = await pulumi("stack", "init", "openstack");
    assert.equal(init.code, 0, init.output);
    const broken = await pulumi("config", "set", "--config-file", file, "openstack:insecure", "true");
    assert.equal(broken.code, 0, broken.output);
    const { code, output } = await preview(preset("reference"), "--config-file", file);
    assert.notEqual(code, 0, output);
    assert.match(output, /openstack:images:Image openstack-ubuntu-13\.10 create/);
    assert.deepEqual([...new Set(violated(output, "mandatory"))], ["certificates-verified default_5_4_0"]);
  });
});
