import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { ExampleProject } from "./exampleProject";
import { InitProject, nextCommands } from "./initProject";
import { labOfSuite } from "./inlineStack";
import { wholeInventory } from "./inventory";
import { packedProject } from "./packedProject";
import { Administrator } from "./smallCluster";
import { element } from "../../verification/vcenter/xml";

const hosts = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"];
const programs = ["one-cluster", "adopt-cluster", "team-vms", "two-zones"];

describe("the examples", function () {
  this.timeout(900_000);
  const lab = labOfSuite("examples");
  let admin: Administrator;

  before(async () => {
    await packedProject();
    admin = await Administrator.logIn(lab().env, 10);
  });

  after(() => admin.logOut());

  it("are all tested, and typed against the package", async () => {
    const folders = readdirSync(resolve(__dirname, "../../examples"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    assert.deepEqual(folders.sort(), [...programs, "other-languages", "pipelines"].sort());
    for (const name of programs) {
      const example = await ExampleProject.of(name, lab().env);
      const { code, stdout } = await example.run("npx --no-install tsc");
      assert.equal(code, 0, `${name}: ${stdout}`);
      const wrong = await example.with("index.ts", "verificationDocument", "verificationDokument", () =>
        example.run("npx --no-install tsc"),
      );
      assert.match(wrong.stdout, /verificationDokument/, name);
    }
  });

  describe("one-cluster, and team-vms on it", () => {
    let inventoryBefore: string[];
    let one: ExampleProject;
    let team: ExampleProject;

    before(async () => {
      inventoryBefore = await wholeInventory(lab().env);
      one = await ExampleProject.of("one-cluster", lab().env);
      team = await ExampleProject.of("team-vms", lab().env);
    });

    it("needs two lines of configuration", async () => {
      const { stdout } = await one.run("cat Pulumi.dev.yaml");
      assert.equal(stdout.trim().split("\n").length - 1, 2, stdout);
    });

    it("is deployed by the commands of its README, and verified", async () => {
      const output = await one.documented("pulumi destroy");
      assert.match(output, /passed {2}HA settings are as declared/);
      assert.match(output, /passed {2}declared VMs answer: 1 of 1 VM\n/);
      const settled = await one.run("pulumi preview --expect-no-changes");
      assert.equal(settled.code, 0, settled.stdout + settled.stderr);
    });

    it("fails when one of the two lines leaves no host to restart on, before anything is changed", async () => {
      const single = () => one.refusal("pulumi preview");
      const output = await one.with("Pulumi.dev.yaml", ", esx-02.lab.test, esx-03.lab.test", "", single);
      assert.match(
        output,
        /1 problem in EsxiCluster "ha":\s+hosts = \["esx-01\.lab\.test"\]: must hold 2 hosts or more/,
      );
    });

    it("lets another stack put its virtual machines and rules on the cluster, and verify them", async () => {
      const output = await team.documented("pulumi destroy");
      assert.match(output, /passed {2}declared VMs answer: 2 of 2 VMs/);
      assert.match(output, /passed {2}no two rules contradict each other: 1 enabled rule/);
      for (const stack of [team, one]) {
        const settled = await stack.run("pulumi preview --expect-no-changes");
        assert.equal(settled.code, 0, settled.stdout + settled.stderr);
      }
    });

    it("refuses a rule that contradicts another, in the preview", async () => {
      const together = 'affinityRules: [{ name: "shop-together", vms: ["shop-1", "shop-2"] }],\n    antiAffinityRules:';
      const output = await team.with("index.ts", "antiAffinityRules:", together, () => team.refusal("pulumi preview"));
      assert.match(
        output,
        /1 problem in VmPlacement "shop":\s+antiAffinityRules\[0\]\.vms = \["shop-1","shop-2"\]: must not separate/,
      );
    });

    it("says what is missing when the other stack exports no cluster", async () => {
      const asked = () => team.refusal("pulumi preview");
      const output = await team.with("index.ts", "sharedTarget(stack)", 'sharedTarget(stack, "cluter")', asked);
      assert.match(output, /output "cluter" of stack organization\/one-cluster\/dev is not there; export it there/);
    });

    it("fails its check when somebody turned HA off", async () => {
      const cluster = await admin.find("ClusterComputeResource", "ha");
      await admin.reconfigure(cluster, "<dasConfig><enabled>false</enabled></dasConfig>");
      const check = "pulumi stack output verification --json | npx vsphere-ha check --config -";
      const { code, stdout, stderr } = await team.run(check);
      await admin.reconfigure(cluster, "<dasConfig><enabled>true</enabled></dasConfig>");
      assert.equal(code, 1, stdout + stderr);
      assert.match(stdout + stderr, /FAILED {2}HA is on/i);
    });

    it("leaves nothing behind", async () => {
      await team.documented();
      await one.documented();
      assert.deepEqual(await wholeInventory(lab().env), inventoryBefore);
    });
  });

  /** Everything that is configured of a cluster and its virtual machines, and since when and where these run. */
  async function state(name = "by-hand"): Promise<string[]> {
    const cluster = await admin.find("ClusterComputeResource", name);
    const vms = await Promise.all(["ubuntu-1", "xp-1"].map((vm) => admin.find("VirtualMachine", vm)));
    const ofVm = ["config", "parent", "resourcePool", "datastore", "network", "runtime.host", "runtime.bootTime"];
    return Promise.all([
      admin.describe(cluster, ["configurationEx", "host", "datastore", "network", "parent"]),
      ...vms.map((vm) => admin.describe(vm, [...ofVm, "runtime.powerState"])),
    ]);
  }

  describe("adopt-cluster", () => {
    let byHand: string[];
    let example: ExampleProject;

    before(async () => {
      await admin.buildCluster("by-hand", hosts);
      await admin.reconfigure(
        await admin.find("ClusterComputeResource", "by-hand"),
        '<dasConfig><admissionControlPolicy xsi:type="ClusterFailoverLevelAdmissionControlPolicy">' +
          "<failoverLevel>1</failoverLevel></admissionControlPolicy></dasConfig>" +
          "<drsConfig><defaultVmBehavior>partiallyAutomated</defaultVmBehavior></drsConfig>",
      );
      byHand = await state();
      example = await ExampleProject.of("adopt-cluster", lab().env);
    });

    it("imports it, with an empty preview, its hosts not declared", async () => {
      await example.documented("pulumi up");
      const { stdout } = await example.run("pulumi stack export");
      const { resources } = (JSON.parse(stdout) as { deployment: { resources: { type: string }[] } }).deployment;
      assert.deepEqual(resources.map(({ type }) => type).sort(), [
        "pulumi:providers:vsphere",
        "pulumi:pulumi:Stack",
        "vsphere-ha:index:EsxiCluster",
        "vsphere:index/computeCluster:ComputeCluster",
      ]);
    });

    for (const [what, text, replacement, named] of [
      [
        "a setting of HA",
        '"vmMonitoringDisabled"',
        '"vmMonitoringOnly"',
        /~ haVmMonitoring *: "vmMonitoringDisabled" => "vmM/,
      ],
      [
        "a setting that is left to its default",
        'hostIsolationResponse: "none",',
        "",
        /~ haHostIsolationResponse *: "none" => /,
      ],
      ["a host that is left out", ', "esx-03.lab.test"', "", /~ hostSystemIds *: \[/],
    ] as const) {
      it(`names in the preview what differs: ${what}`, async () => {
        const preview = () => example.refusal("pulumi preview --diff --expect-no-changes");
        const output = await example.with("index.ts", text, replacement, preview);
        assert.match(output, named);
        assert.match(output, /~ 1 to update/);
      });
    }

    it("is deployed without a change, and checked", async () => {
      const output = await example.documented("pulumi destroy");
      assert.match(output, /passed {2}HA settings are as declared/);
      assert.match(output, /passed {2}declared VMs answer: 2 of 2 VMs/);
    });

    it("has touched neither the cluster nor its virtual machines, nor does its destruction", async () => {
      assert.deepEqual(await state(), byHand);
      await example.documented();
      assert.deepEqual(await state(), byHand);
    });
  });

  /** On the cluster that adopt-cluster gave back, now with more that was set by hand, in a folder, and with another name. */
  describe("init, for a cluster that was made by hand", () => {
    const name = `Küche "Süd" & 'Nord' $HOME #1`;
    let byHand: string[];
    let project: InitProject;
    let shown: string;

    before(async () => {
      const cluster = await admin.find("ClusterComputeResource", "by-hand");
      await admin.setByHand(cluster);
      await admin.moveIntoFolder(cluster, "Rack 1");
      await admin.task("Rename_Task", cluster, element("newName", name));
      byHand = await state(name);
      // Nothing of vCenter is in the environment, and nobody vouches for its certificate.
      const none = ["VSPHERE_SERVER", "VSPHERE_USER", "VSPHERE_PASSWORD", "VSPHERE_HA_CA_FILE", "SSL_CERT_FILE"];
      project = await InitProject.of({ ...lab().env, ...Object.fromEntries(none.map((one) => [one, undefined])) });
    });

    after(() => {
      project.remove();
    });

    it("asks on a terminal, and shows the certificate before anything is sent", async () => {
      const { VSPHERE_SERVER, VSPHERE_USER, VSPHERE_PASSWORD } = lab().env;
      shown = await project.onTerminal("npx --no-install vsphere-ha init", [
        ["vCenter's address", `${VSPHERE_SERVER ?? ""}\r`],
        ["User", `${VSPHERE_USER ?? ""}\r`],
        ["Password", `${VSPHERE_PASSWORD ?? ""}\r`],
        ["Trust it from now on", "y\r"],
        ["Test VMs", "\x1b[B \r"],
        ["Folder for the stack", "\r"],
      ]);
      assert.match(shown, /SHA-256 thumbprint {2}([0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
      assert.ok(!shown.includes(VSPHERE_PASSWORD ?? "?"), "the password is on the screen");
      assert.match(shown, /3 hosts \(esx-01\.lab\.test, .*2 datastores, 2 VMs\./);
      assert.match(shown, /HA is on, admission control: failoverHosts; DRS is off\./);
      assert.match(shown, /Test VMs: xp-1\./);
      assert.match(shown, /1 rule and overrides of 1 VM are left as they are/);
    });

    it("imports the cluster with an empty preview, and checks it, by the commands that it tells", async () => {
      const { VSPHERE_PASSWORD = "" } = lab().env;
      const commands = nextCommands(shown).map((command) => {
        if (command.startsWith("npm install ")) return project.installation;
        // There is no terminal here to answer at.
        return command.replace(/^read -rs VSPHERE_PASSWORD/, `read -rs VSPHERE_PASSWORD <<< '${VSPHERE_PASSWORD}'`);
      });
      const check = commands.pop() ?? "";
      assert.equal(commands.length, 7);
      const typed = [
        ...commands,
        "npx --no-install tsc",
        `${check} || [ $? -eq 1 ]`,
        '! grep -r "$VSPHERE_PASSWORD" .',
      ];
      const { code, stdout, stderr } = await project.run(typed);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /passed {2}HA settings are as declared: (?!0)/);
      assert.match(stdout, /passed {2}declared VMs answer: 1 of 1 VM\n/);
      assert.match(stdout, /FAILED {2}HA monitors the hosts: haHostMonitoring disabled\n/);
      assert.doesNotMatch(stdout, /UNKNOWN/);
    });

    it("has changed nothing", async () => {
      assert.deepEqual(await state(name), byHand);
    });
  });
});
