import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Journal } from "../../../../verification/model";
import { FakeCloud } from "../openstack/fakeCloud";
import { ServedVcenter } from "../vcenter/servedVcenter";
import { Commands } from "./command";

const simulator = { fullName: "VMware vCenter Server 8.0.3, simulated by a test" };
/** The budget in which a cluster may settle, 300 s of it, is 300 ms. */
const fast = { timeScale: 1000 };

const cluster = { datacenter: "dc-1", name: "compute-1" };
const instanceId = "8c36ee1c-5b5a-4c1a-9ab0-7a5b0b1a2c3d";
const servers = "/compute/v2.1/servers/detail";
const launched = {
  id: instanceId,
  name: "ubuntu-os",
  status: "ACTIVE",
  "OS-EXT-STS:vm_state": "active",
  "OS-EXT-STS:task_state": null,
  "OS-EXT-STS:power_state": 1,
  "OS-EXT-SRV-ATTR:host": "compute-1",
  "OS-EXT-AZ:availability_zone": "z",
};
const cloudAnswers = {
  "/compute/v2.1/os-services": {
    services: [{ host: "compute-1", status: "enabled", state: "up", forced_down: false, updated_at: "t" }],
  },
  "/compute/v2.1/os-hypervisors/detail": {
    hypervisors: [
      { id: "h", hypervisor_hostname: "domain-c1.u", service: { host: "compute-1" }, vcpus: 48, memory_mb: 98_304 },
    ],
  },
  "/placement/resource_providers/h/inventories": {
    inventories: { VCPU: { total: 48 }, MEMORY_MB: { total: 98_304 } },
  },
  "/compute/v2.1/os-aggregates": { aggregates: [{ name: "a", availability_zone: "z", hosts: ["compute-1"] }] },
  "/compute/v2.1/os-availability-zone": {
    availabilityZoneInfo: [{ zoneName: "z", zoneState: { available: true }, hosts: null }],
  },
  [servers]: { servers: [] },
};

describe("check of a cluster", () => {
  let vcenter: ServedVcenter;
  let commands: Commands;
  beforeEach(async () => {
    vcenter = await ServedVcenter.start(simulator);
    commands = new Commands();
  });
  afterEach(() => {
    vcenter.stop();
    commands.remove();
  });

  const check = (changes: object = {}, ...more: string[]): ReturnType<Commands["run"]> =>
    commands.run("check", ...commands.config({ ...vcenter.document, ...changes }), ...more);

  it("passes with a line a check and the count, nothing on standard error, and the session closed", async () => {
    const { code, out, err } = await check();
    assert.deepEqual([code, err], [0, ""]);
    const lines = out.trimEnd().split("\n");
    assert.match(
      lines[0] ?? "",
      /^Checking cluster compute-1 on 127\.0\.0\.1:\d+ \(VMware vCenter Server 8\.0\.3, sim/,
    );
    assert.equal(lines[1], "  passed  HA settings are as declared: 1 setting compared");
    assert.ok(lines.includes("  passed  declared VMs answer: 2 of 2 VMs"));
    assert.match(lines.at(-1) ?? "", /^\d+ passed, /);
    assert.equal(vcenter.calls.at(-1), "Logout");
    assert.deepEqual(readdirSync(commands.dir), ["config.json"], "no report was asked for");
  });

  it("prints the journal and nothing else with --json", async () => {
    const { code, out, err } = await check({}, "--json");
    assert.deepEqual([code, err], [0, ""]);
    const journal = JSON.parse(out) as Journal;
    assert.deepEqual([journal.command, journal.verdict, journal.error], ["check", "passed", undefined]);
    assert.match(journal.tool.version, /^\d+\.\d+\.\d+$/);
    assert.equal(journal.tool.name, "vsphere-ha");
    assert.deepEqual(journal.target, {
      datacenter: "dc-1",
      cluster: "compute-1",
      hosts: ["esx-1", "esx-2", "esx-3"],
      vms: [
        { name: "ubuntu-1", guestOs: "ubuntu" },
        { name: "xp-1", guestOs: "windowsxp" },
      ],
    });
    assert.match(journal.vcenter?.server ?? "", /^127\.0\.0\.1:\d+$/);
    assert.equal(journal.vcenter?.about.fullName, simulator.fullName);
    assert.deepEqual(journal.simulated, [`vCenter, its hosts and guests: ${simulator.fullName}`]);
    assert.ok(Date.parse(journal.started) <= Date.parse(journal.ended));
    assert.ok(journal.checks.length > 20);
    assert.deepEqual([journal.drills, journal.means], [[], []]);
    assert.ok(!("openstack" in journal), "there is none");
  });

  it("writes the four files of a report where asked", async () => {
    await check({}, "--report", commands.path("report"));
    const files = ["index.html", "journal.json", "junit.xml", "summary.md"];
    assert.deepEqual(readdirSync(commands.path("report")).sort(), files);
  });

  it("calls no vCenter simulated that does not say so", async () => {
    vcenter.stop();
    vcenter = await ServedVcenter.start();
    const { out } = await check({}, "--json");
    assert.deepEqual((JSON.parse(out) as Journal).simulated, []);
  });

  it("fails with 1, and tells what and how to mend it on standard error", async () => {
    vcenter.inventory.cluster.name = "compute-1";
    const { code, out, err } = await check({ cluster: { ...cluster, declared: { haEnabled: false } } });
    assert.equal(code, 1);
    assert.match(out, /\n {2}FAILED {2}HA settings are as declared/);
    assert.match(err, /^vsphere-ha check: failed on cluster compute-1: .*1 failed/);
    assert.match(err, /haEnabled: read true; expected false\n {4}why: .*\n {4}remedy: /);
  });

  it("fails a VM that does not answer", async () => {
    const vms = [{ name: "ubuntu-1", guestOs: "ubuntu", probe: { port: 1 } }];
    const { code, err } = await check({ ...fast, vms });
    assert.equal(code, 1);
    assert.match(err, /- vms-reachable \(failed\): .*0 of 1 VM/);
  });

  it("waits for a cluster that settles, and says once what for", async () => {
    vcenter.hostNamed("esx-1").fdmState = "election";
    let looks = 0;
    vcenter.beforeInventory = () => {
      if (++looks === 3) vcenter.hostNamed("esx-1").fdmState = "connectedToMaster";
    };
    const { code, out } = await check({ timeScale: 50 });
    assert.equal(code, 0);
    assert.equal(looks, 3);
    assert.equal(out.match(/waiting for the cluster to settle: .*1 of 2 hosts connectedToMaster/g)?.length, 1);
  });

  it("says again what it waits for when that has changed", async () => {
    vcenter.hostNamed("esx-1").fdmState = "election";
    vcenter.hostNamed("esx-3").fdmState = "election";
    let looks = 0;
    vcenter.beforeInventory = () => {
      looks++;
      vcenter.hostNamed("esx-1").fdmState = looks > 1 ? "connectedToMaster" : "election";
      vcenter.hostNamed("esx-3").fdmState = looks > 2 ? "connectedToMaster" : "election";
    };
    const { out } = await check({ timeScale: 50 });
    const waits = out.split("\n").filter((line) => line.startsWith("waiting"));
    assert.equal(waits.length, 2);
  });

  describe("that is interrupted ends at once with 2, without a verdict", () => {
    async function interrupted(): Promise<void> {
      const { code, out, err } = await check();
      assert.deepEqual([code, err], [2, "vsphere-ha check: interrupted\n"]);
      assert.doesNotMatch(out, /passed/);
    }

    it("while vCenter does not answer, and logs out", async () => {
      vcenter.beforeInventory = () => {
        commands.interrupt();
        throw new Error("never answers");
      };
      await interrupted();
      assert.equal(vcenter.calls.at(-1), "Logout");
    });

    it("while it logs in, and logs out of a session that came late", async () => {
      const login = vcenter.handlers.get("Login");
      vcenter.on("Login", async (parameters, calls) => {
        commands.interrupt();
        await sleep(50);
        return login?.(parameters, calls) ?? "";
      });
      await interrupted();
      assert.equal(vcenter.calls.at(-1), "Logout");
    });

    it("before it began", async () => {
      commands.interrupt();
      await interrupted();
      assert.ok(!vcenter.calls.includes("CurrentTime"));
    });
  });

  it("tells a vCenter that does not let it in, with 2", async () => {
    commands.env.VSPHERE_PASSWORD = "wrong";
    const { code, out, err } = await check();
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^vsphere-ha check: vCenter .* refuses the login of reader/);
    assert.doesNotMatch(err, /\n {4}at |wrong pass.*wrong/);
  });

  describe("with OpenStack on it", () => {
    let cloud: FakeCloud;
    beforeEach(async () => {
      cloud = new FakeCloud();
      await cloud.start();
      Object.assign(cloud.answers, cloudAnswers);
      commands.env.OS_PASSWORD = "secret";
    });
    afterEach(() => {
      cloud.stop();
    });

    function openstack(): object {
      return {
        authUrl: `${cloud.url}/identity/v3`,
        username: "admin",
        projectName: "admin",
        computeHost: "compute-1",
        availabilityZone: "z",
      };
    }

    it("tells its state, and what it says beside what vCenter says", async () => {
      const { out } = await check({ openstack: openstack() });
      assert.match(out, /\nand OpenStack at 127\.0\.0\.1:\d+, region R\n/);
      assert.match(out, /\n {2}passed {2}.*nova-compute/);
      const journal = JSON.parse((await check({ openstack: openstack() }, "--json")).out) as Journal;
      assert.deepEqual(journal.openstack?.capacity, {
        vcenter: "48 vCPUs, 98304 MB",
        nova: "48 vCPUs, 98304 MB",
        placement: "48 vCPUs, 98304 MB",
      });
    });

    it("marks in the journal which VMs nova has launched", async () => {
      const [ubuntu, xp] = vcenter.document.vms as object[];
      const vms = [{ ...ubuntu, openstack: { instanceId } }, xp];
      cloud.answers[`${servers}?all_tenants=1&host=compute-1`] = { servers: [launched] };
      cloud.answers["/network/v2.0/ports"] = { ports: [{ id: "p", "binding:vif_type": "dvs", fixed_ips: [] }] };
      vcenter.vmNamed("ubuntu-1").instanceUuid = instanceId;
      const journal = JSON.parse((await check({ openstack: openstack(), vms }, "--json")).out) as Journal;
      assert.deepEqual(journal.target.vms, [
        { name: "ubuntu-1", guestOs: "ubuntu", openstack: true },
        { name: "xp-1", guestOs: "windowsxp" },
      ]);
      assert.deepEqual(journal.openstack?.instances, [
        { name: "ubuntu-os", id: instanceId, nova: "ACTIVE", vcenter: "poweredOn", host: "esx-1" },
      ]);
    });

    it("waits for nova, which follows wall time, also where the cluster's time is over", async () => {
      const services = cloud.answers["/compute/v2.1/os-services"];
      cloud.answers["/compute/v2.1/os-services"] = { services: [] };
      const began = Date.now();
      commands.onText = (text) => {
        if (!text.startsWith("waiting")) return;
        setTimeout(() => (cloud.answers["/compute/v2.1/os-services"] = services), 600);
      };
      const { out } = await check({ ...fast, openstack: openstack() });
      assert.ok(Date.now() - began > 600);
      assert.match(out, /\nwaiting for the cluster to settle: openstack-compute-service/);
      assert.match(out, /\n {2}passed {2}nova-compute/);
    });
  });
});
