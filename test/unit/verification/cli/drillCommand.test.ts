import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { readJournal } from "../../../../verification/journal";
import type { FaultRecord } from "../../../../verification/faults/fault";
import type { Journal } from "../../../../verification/model";
import { ServedBmc } from "../faults/servedBmc";
import { FakeCloud } from "../openstack/fakeCloud";
import { drill as drillResult, journal } from "../report/fixture";
import { ServedVcenter } from "../vcenter/servedVcenter";
import { Commands, type Ended } from "./command";

let vcenter: ServedVcenter;
let bmc: ServedBmc;
let commands: Commands;

beforeEach(async () => {
  vcenter = await ServedVcenter.start({ fullName: "VMware vCenter Server 8.0.3, simulated by a test" });
  bmc = await ServedBmc.start();
  commands = new Commands();
  commands.env.BMC_PASSWORD = bmc.password;
});
afterEach(() => {
  vcenter.stop();
  bmc.stop();
  commands.remove();
});

/** A configuration file of the cluster whose hosts have management controllers. */
function config(changes: object = {}): string[] {
  const hosts = [1, 2, 3].map((n) => ({ name: `esx-${n.toString()}`, bmc: bmc.document }));
  return commands.config({ ...vcenter.document, hosts, ...changes });
}

function drill(name: string, options: string[], changes: object = {}): Promise<Ended> {
  return commands.run("drill", name, ...config(changes), "--report", commands.path("report"), ...options);
}

/** Somebody else's VM on esx-1, which keeps that host from being failed. */
function bystander(): void {
  vcenter.vmNamed("somebody-else").powerState = "poweredOn";
}

function nothingBroken(): void {
  assert.deepEqual(bmc.posted, []);
  assert.deepEqual(vcenter.tree(), {}, "no lock is left");
}

describe("drill --plan", () => {
  it("tells for every host what would happen, and changes nothing", async () => {
    const { code, out, err } = await drill("host-loss", ["--plan"]);
    assert.deepEqual([code, err], [0, ""]);
    const plans = out.split("\n\n");
    assert.deepEqual(
      plans.map((plan) => plan.split("\n")[0]),
      ["host loss of esx-1 (HA secondary)", "host loss of esx-2 (HA master)", "host loss of esx-3 (HA secondary)"],
    );
    assert.match(plans[0] ?? "", /\n {4}move xp-1 \(windowsxp\) from esx-2 to esx-1\n/);
    assert.ok(!vcenter.calls.includes("CreateFolder"), "not even the lock is taken");
    assert.equal(vcenter.calls.at(-1), "Logout");
    nothingBroken();
    assert.deepEqual(readdirSync(commands.dir), ["config.json"]);
  });

  it("leaves its process the priority that it had", async () => {
    const priority = getPriority();
    await drill("host-loss", ["--plan"]);
    assert.equal(getPriority(), priority);
  });

  it("is of the hosts that are named, each once", async () => {
    const { out } = await drill("host-loss", ["--plan", "--host", "esx-3", "--host", "esx-3"]);
    assert.match(out, /^host loss of esx-3/);
    assert.doesNotMatch(out, /esx-1 \(HA|\n\n/);
  });

  it("says on standard error, with 2, what must not be done, though other hosts could be failed", async () => {
    bystander();
    const { code, out, err } = await drill("host-loss", ["--plan"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /\n {2}refused:\n {4}somebody-else on esx-1 is not of the target/);
    assert.equal((await drill("host-loss", ["--plan", "--include-bystanders"])).code, 0);
  });

  it("lets no VM with vCenter's address go down, whatever else is allowed", async () => {
    vcenter.vmNamed("somebody-else").addresses = ["127.0.0.1"];
    bystander();
    const { code, err } = await drill("host-loss", ["--plan", "--host", "esx-1", "--include-bystanders"]);
    assert.equal(code, 2);
    assert.match(err, /somebody-else on esx-1 carries vCenter/);
  });

  it("is of every VM, or those named, where guests are to hang", async () => {
    const all = await drill("guest-hang", ["--plan"]);
    assert.match(all.err, /guest hang of ubuntu-1, on esx-1[^]*\n\n[^]*guest hang of xp-1, on esx-2/);
    assert.match((await drill("guest-hang", ["--plan", "--vm", "xp-1"])).err, /^guest hang of xp-1/);
  });

  const refused: [string, string[], object, string][] = [
    [
      "host-loss",
      ["--host", "esx-9", "--host", "esx-8"],
      {},
      "--host esx-9, esx-8 is not in the configuration, which has esx-1, esx-2, esx-3",
    ],
    ["host-loss", [], { hosts: [] }, "the configuration names no host; set hosts, each with its bmc"],
    ["guest-hang", ["--vm", "a", "--vm", "b"], {}, "--vm a, b is not in the configuration, which has ubuntu-1, xp-1"],
    ["guest-hang", [], { vms: [] }, "the configuration names no VM; set vms"],
    [
      "nova-compute-down",
      [],
      {},
      "the drill nova-compute-down is one of OpenStack, and the configuration has none: set openstack",
    ],
  ];
  for (const [name, options, changes, message] of refused) {
    it(`${name} ends with 2 and one line: ${message}`, async () => {
      const { code, out, err } = await drill(name, ["--plan", ...options], changes);
      assert.deepEqual([code, out, err], [2, "", `vsphere-ha drill: ${message}\n`]);
    });
  }

  describe("with OpenStack", () => {
    let cloud: FakeCloud;
    beforeEach(async () => {
      cloud = new FakeCloud();
      await cloud.start();
      commands.env.OS_PASSWORD = "secret";
      const service = { host: "compute-1" };
      cloud.answers["/compute/v2.1/os-hypervisors/detail"] = {
        hypervisors: [{ id: "h", hypervisor_hostname: "domain-c1.u", service, vcpus: 48, memory_mb: 98_304 }],
      };
    });
    afterEach(() => {
      cloud.stop();
    });

    const openstack = (computeHost = "compute-1"): object => {
      const authUrl = `${cloud.url}/identity/v3`;
      return { openstack: { authUrl, username: "admin", projectName: "admin", computeHost, availabilityZone: "z" } };
    };

    it("tells also what is expected of placement, where hosts are lost", async () => {
      const { code, out } = await drill("host-loss", ["--plan", "--host", "esx-3"], openstack());
      assert.equal(code, 0);
      assert.match(out, /placement/);
    });

    it("says that nova has no such compute host", async () => {
      const { code, err } = await drill("host-loss", ["--plan"], openstack("other"));
      assert.deepEqual([code, err], [2, "vsphere-ha drill: nova knows no hypervisor of compute host other\n"]);
    });

    it("needs instances for drills of OpenStack, and a way to nova-compute's node", async () => {
      const { err } = await drill("nova-compute-down", ["--plan"], openstack());
      assert.equal(
        err,
        "vsphere-ha drill: the drill nova-compute-down is of instances of nova: name one in vms[].openstack.instanceId\n",
      );
      const [ubuntu, xp] = vcenter.document.vms as object[];
      const instanceId = "8c36ee1c-5b5a-4c1a-9ab0-7a5b0b1a2c3d";
      const vms = [{ ...ubuntu, openstack: { instanceId } }, xp];
      assert.match(
        (await drill("nova-compute-down", ["--plan"], { ...openstack(), vms })).err,
        /acts on nova-compute's node: set openstack\.ssh, or VSPHERE_HA_COMPUTE_HOST/,
      );
    });
  });
});

describe("drill that is refused", () => {
  beforeEach(bystander);

  it("breaks nothing, frees the lock, and tells why in every report, with 2", async () => {
    const { code, out, err } = await drill("host-loss", ["--host", "esx-1"]);
    assert.equal(code, 2);
    assert.match(out, /^host loss of esx-1\nthe steady state holds \(\d+ checks\)\nInconclusive: .*No host was failed/);
    assert.match(
      err,
      /^vsphere-ha drill: esx-1 must not be failed:\n {2}somebody-else on esx-1 is not of the target: .*bystanders\n$/,
    );
    assert.doesNotMatch(err, /vsphere-ha check/, "the checks passed");
    nothingBroken();
    assert.ok(vcenter.calls.includes("CreateFolder"), "the lock was taken");
    assert.deepEqual(readdirSync(commands.path("report")).sort(), [
      "index.html",
      "journal.json",
      "junit.xml",
      "summary.md",
    ]);
    const written = readJournal(commands.path("report/journal.json"));
    assert.match(written.error ?? "", /^esx-1 must not be failed/);
    assert.equal(written.command, "drill host-loss");
    assert.match(written.tool.version, /^\d+\.\d+\.\d+$/);
  });

  it("prints the journal alone with --json, and its progress on standard error", async () => {
    const { code, out, err } = await drill("host-loss", ["--host", "esx-1", "--json"]);
    assert.equal(code, 2);
    assert.match((JSON.parse(out) as Journal).error ?? "", /^esx-1 must not be failed/);
    assert.match(err, /^host loss of esx-1\nthe steady state holds/);
  });

  it("has held the lock for as long as all its repetitions may take, an hour each", async () => {
    const hours = async (...options: string[]): Promise<number> => {
      vcenter.bodies.length = 0;
      await drill("host-loss", ["--host", "esx-1", ...options]);
      const [, until = ""] = / until (\S+Z)</.exec(vcenter.bodies.join("")) ?? [];
      return Math.round((Date.parse(until) - Date.now()) / 3_600_000);
    };
    assert.equal(await hours(), 1);
    assert.equal(await hours("--host", "esx-2", "--repeat", "3"), 6);
  });

  it("ends before vCenter is asked where a password of a host to be failed is missing, and only then", async () => {
    const hosts = ["A", "B"].map((name, n) => {
      return { name: `esx-${(n + 1).toString()}`, bmc: { ...bmc.document, passwordEnv: name } };
    });
    commands.env.A = bmc.password;
    const one = await drill("host-loss", ["--host", "esx-1"], { hosts });
    assert.match(one.err, /esx-1 must not be failed/);
    vcenter.calls.length = 0;
    for (const options of [[], ["--host", "esx-2"]]) {
      const { code, err } = await drill("host-loss", options, { hosts });
      assert.equal(code, 2);
      assert.match(err, /^vsphere-ha drill: 1 problem in the environment:\n {2}B is not set: .*; set B\n$/);
      assert.deepEqual(vcenter.calls, []);
    }
  });

  it("keeps out of a cluster that another run has locked", async () => {
    const lock = vcenter.add("vsphere-ha-lock-compute-1");
    vcenter.add("somebody until 2999-01-01T00:00:00.000Z", lock);
    const { code, err } = await drill("host-loss", ["--host", "esx-3"]);
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha drill: cluster compute-1 is locked .* by somebody until 2999/);
    assert.deepEqual(bmc.posted, []);
    assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": ["somebody until 2999-01-01T00:00:00.000Z"] });
  });
});

describe("recover", () => {
  /** As a killed drill leaves it: something broken, the lock held, the journal on disk. */
  function killed(fault: FaultRecord): string {
    const left = journal({
      target: { datacenter: "dc-1", cluster: "compute-1", hosts: [], vms: [] },
      drills: [drillResult({ undo: { fault, description: "put it back", done: false } })],
    });
    const lock = vcenter.add("vsphere-ha-lock-compute-1");
    vcenter.add("someone until 2999-01-01T00:00:00.000Z", lock);
    writeFileSync(commands.path("journal.json"), JSON.stringify(left));
    return commands.path("journal.json");
  }

  it("gives a host its power back, says so, and frees the lock of that run", async () => {
    bmc.powerState = "Off";
    const file = killed({ kind: "host-power", host: "esx-1" });
    const { code, out, err } = await commands.run("recover", ...config(), "--journal", file);
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(out.trimEnd().split("\n"), [
      "restoring the power of esx-1",
      "esx-1 has power",
      "the steady state holds",
    ]);
    assert.deepEqual(bmc.posted, ["On"]);
    assert.equal(readJournal(file).drills[0]?.undo.done, true);
    assert.deepEqual(vcenter.tree(), {});
    assert.equal((await commands.run("recover", ...config(), "--journal", file)).code, 0, "safe to repeat");
    assert.deepEqual(bmc.posted, ["On"]);
  });

  it("starts vCenter's service first, where the drill had stopped it", async () => {
    vcenter.serviceState = "STOPPED";
    bmc.powerState = "Off";
    const file = killed({ kind: "host-loss-vcenter-down", host: "esx-1" });
    const { code, out } = await commands.run("recover", ...config(), "--journal", file);
    assert.equal(code, 0);
    assert.match(out, /^starting vCenter's service, unless it runs\nrestoring the power of esx-1, and vCenter\n/);
    assert.deepEqual([vcenter.serviceState, bmc.posted], ["STARTED", ["On"]]);
    const again = await commands.run("recover", ...config(), "--journal", file);
    assert.doesNotMatch(again.out, /starting/, "nothing is left to recover");
  });

  it("says with 2 that a vCenter which no drill of that journal stopped does not answer", async () => {
    vcenter.serviceState = "STOPPED";
    const file = killed({ kind: "host-power", host: "esx-1" });
    const { code, err } = await commands.run("recover", ...config(), "--journal", file);
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha recover: vCenter .* 503/);
    assert.equal(vcenter.serviceState, "STOPPED");
  });
});
