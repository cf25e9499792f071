import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { parseConfig } from "../../../../verification/config";
import { CouldNotRun, Problems } from "../../../../verification/problems";
import { connect, requireSimulation, type VCenter } from "../../../../verification/vcenter/client";
import { at, element, ref, text, type Xml } from "../../../../verification/vcenter/xml";
import { makeCertificates, type Certificates } from "../net/certificates";
import { FakeCluster } from "./fakeCluster";
import { fault, serviceContent } from "./fakeVcenter";

const about = { fullName: "VMware vCenter Server 8.0.3", version: "8.0.3", instanceUuid: "u", simulated: false };

describe("time scale", () => {
  it("is 1 on a real vCenter, and anything on a simulated one", () => {
    requireSimulation({ timeScale: 1 }, about);
    requireSimulation({ timeScale: 10 }, { ...about, simulated: true });
  });

  it("other than 1 is refused by a real vCenter", () => {
    for (const timeScale of [10, 0.5]) {
      assert.throws(
        () => {
          requireSimulation({ timeScale }, about);
        },
        (error) => {
          assert.ok(error instanceof Problems);
          assert.deepEqual(
            error.problems.map(({ path, value }) => [path, value]),
            [["timeScale", timeScale]],
          );
          assert.match(
            error.message,
            /only a simulated vCenter .* this is VMware vCenter Server 8\.0\.3; remove timeScale/,
          );
          return true;
        },
      );
    }
  });
});

describe("vCenter", () => {
  let certificates: Certificates;
  let vcenter: FakeCluster;
  let server: { port: number; close(): void };
  let client: VCenter | undefined;

  before(() => {
    certificates = makeCertificates();
  });
  after(() => {
    certificates.remove();
  });
  beforeEach(async () => {
    vcenter = new FakeCluster();
    vcenter.on("RetrieveServiceContent", () => serviceContent({ fullName: "vCenter (simulated)" }));
    vcenter.on("CurrentTime", (parameters) => {
      assert.deepEqual(ref(at(parameters, "_this")), { type: "ServiceInstance", id: "ServiceInstance" });
      return element("returnval", new Date(vcenter.time).toISOString());
    });
    server = await vcenter.listen(certificates);
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    server.close();
  });

  async function open(more: Record<string, string | number> = {}, password = "secret"): Promise<VCenter> {
    const { cluster = "compute-1", timeScale = 100 } = more;
    const env = { VSPHERE_PASSWORD: password };
    const document = {
      vcenter: { server: `127.0.0.1:${server.port.toString()}`, user: "reader", caFile: certificates.caFile },
      cluster: { datacenter: "dc-1", name: cluster },
      hosts: [],
      vms: [{ name: "ubuntu-1", guestOs: "ubuntu" }],
      timeScale,
    };
    client = await connect(parseConfig(document, env), env);
    return client;
  }

  /** Answers a method with a task that has succeeded; gives what it was asked. */
  function task(method: string): () => Xml {
    let asked: Xml | undefined;
    vcenter.on(method, (parameters) => {
      asked = parameters;
      return element("returnval", "task-1", { type: "Task" });
    });
    return () => asked ?? assert.fail(`${method} was not called`);
  }

  it("is logged in to with the password of the environment, and out of at the end", async () => {
    const vc = await open();
    assert.equal(vc.about.fullName, "vCenter (simulated)");
    assert.deepEqual([vcenter.calls.slice(0, 2), vcenter.logins], [["RetrieveServiceContent", "Login"], 1]);
    await vc.close();
    client = undefined;
    assert.equal(vcenter.calls.at(-1), "Logout");
  });

  it("that refuses the login is told by the names of what to check", async () => {
    await assert.rejects(open({}, "wrong"), /refuses the login of reader: .* check VSPHERE_PASSWORD/);
  });

  it("without the cluster is left logged out", async () => {
    await assert.rejects(open({ cluster: "compute-9" }), /has no cluster named compute-9: it has compute-1/);
    assert.equal(vcenter.calls.at(-1), "Logout");
  });

  it("that is real is left logged out where time is to run faster", async () => {
    vcenter.on("RetrieveServiceContent", () => serviceContent());
    await assert.rejects(open(), Problems);
    assert.equal(vcenter.calls.at(-1), "Logout");
    assert.deepEqual(vcenter.calls, ["RetrieveServiceContent", "Login", "Logout"]);
  });

  it("whose certificate is not trusted is sent no password; the message names the settings to change", async () => {
    const other = makeCertificates();
    const untrusted = await vcenter.listen(other);
    server.close();
    server = untrusted;
    try {
      await assert.rejects(open(), (error) => {
        assert.ok(error instanceof CouldNotRun);
        assert.match(
          error.message,
          /^the certificate of vCenter 127\.0\.0\.1:\d+ \(RetrieveServiceContent\) is not trusted/,
        );
        assert.match(
          error.message,
          /vcenter\.caFile or VSPHERE_HA_CA_FILE, .* set vcenter\.thumbprint or VSPHERE_HA_THUMBPRINT to/,
        );
        return true;
      });
      assert.deepEqual(vcenter.calls, []);
    } finally {
      other.remove();
    }
  });

  it("that nobody answers for is told by the setting of its address", async () => {
    server.close();
    await assert.rejects(open(), /^TransportError: cannot reach vCenter .*; check vcenter\.server or VSPHERE_SERVER/);
  });

  it("tells its time, and one that tells none ends the run", async () => {
    const vc = await open();
    assert.equal((await vc.currentTime()).toISOString(), "2026-01-01T00:00:00.000Z");
    for (const answer of ["", element("returnval", "soon")]) {
      vcenter.on("CurrentTime", () => answer);
      await assert.rejects(vc.currentTime(), /^CouldNotRun: vCenter 127\.0\.0\.1:\d+ \(CurrentTime\) sent no time$/);
    }
  });

  it("gives the cluster's inventory, devices of the declared VMs only, and the end of its certificate", async () => {
    const from = Date.now();
    const inventory = await (await open()).inventory();
    assert.equal(inventory.cluster.name, "compute-1");
    assert.deepEqual(
      inventory.hosts.map(({ name }) => name),
      ["esx-1", "esx-2"],
    );
    assert.deepEqual(
      inventory.vms.map(({ name, hostDevices }) => [name, hostDevices]),
      [
        ["ubuntu-1", ["PCI device 0"]],
        ["xp-1", undefined],
        ["xp-2", undefined],
      ],
    );
    assert.deepEqual(vcenter.devicesAsked, [["vm-1"]]);
    assert.deepEqual(inventory.certificateValidTo, new Date(new X509Certificate(certificates.cert).validTo));
    assert.ok(inventory.takenAt.getTime() >= from - 1000 && inventory.takenAt.getTime() <= Date.now() + 1000);
  });

  it("whose cluster was deleted meanwhile ends the run", async () => {
    const vc = await open();
    vcenter.clusterGone = true;
    await assert.rejects(vc.inventory(), /^CouldNotRun: cluster compute-1 is gone from vCenter 127\.0\.0\.1/);
  });

  describe("events", () => {
    const since = new Date("2026-01-01T00:00:00Z");
    let collectors: (string | undefined)[];
    beforeEach(() => {
      collectors = [];
      vcenter.on("CreateCollectorForEvents", (parameters) => {
        const entity = ref(at(parameters, "filter", "entity", "entity"));
        collectors.push(`${entity?.type ?? ""} ${entity?.id ?? ""}`);
        return element("returnval", "collector-1", { type: "EventHistoryCollector" });
      });
      vcenter.on("ReadNextEvents", (_, count) =>
        count === 1 ? "<returnval><key>7</key><createdTime>2026-01-01T00:00:01Z</createdTime></returnval>" : "",
      );
      vcenter.on("DestroyCollector", () => "");
    });

    it("are those of the cluster, or of one VM", async () => {
      const vc = await open();
      assert.deepEqual(
        (await vc.eventsSince(since)).map(({ key }) => key),
        [7],
      );
      await vc.eventsOfVm("vm-2", since);
      assert.deepEqual(collectors, ["ClusterComputeResource domain-c1", "VirtualMachine vm-2"]);
    });

    it("are read from the start when the collector went with its session", async () => {
      const vc = await open();
      const gone = fault("ManagedObjectNotFound", "The object has already been deleted");
      vcenter.on("ReadNextEvents", (_, count) => {
        if (count === 1) return gone;
        return count === 2 ? "<returnval><key>8</key><createdTime>2026-01-01T00:00:01Z</createdTime></returnval>" : "";
      });
      assert.deepEqual(
        (await vc.eventsSince(since)).map(({ key }) => key),
        [8],
      );
      assert.equal(collectors.length, 2);
    });

    it("that vCenter refuses are no empty list, and are not asked for twice", async () => {
      const vc = await open();
      vcenter.on("ReadNextEvents", () => fault("NoPermission", "denied"));
      await assert.rejects(vc.eventsSince(since), /denied \(NoPermission\)/);
      assert.equal(collectors.length, 1);
    });
  });

  it("resets a VM", async () => {
    const asked = task("ResetVM_Task");
    await (await open()).resetVm("vm-1");
    assert.deepEqual(ref(at(asked(), "_this")), { type: "VirtualMachine", id: "vm-1" });
  });

  describe("asked for a privilege of a later call", () => {
    const vm = { type: "VirtualMachine", id: "vm-1" };
    let asked: Xml | undefined;

    async function privileged(granted: string): Promise<VCenter> {
      const manager = element("authorizationManager", "AuthorizationManager", { type: "AuthorizationManager" });
      const content = serviceContent({ fullName: "vCenter (simulated)" }).replace(
        /<\/returnval>$/,
        `${manager}</returnval>`,
      );
      vcenter.on("RetrieveServiceContent", () => content);
      vcenter.on("HasPrivilegeOnEntity", (parameters) => {
        asked = parameters;
        return element("returnval", granted);
      });
      return open();
    }

    it("goes on where the user has it", async () => {
      await (await privileged("true")).requirePrivilege("VirtualMachine.Interact.Reset", vm, "ResetVM_Task");
      assert.deepEqual(ref(at(asked, "entity")), vm);
      assert.equal(text(at(asked, "privId")), "VirtualMachine.Interact.Reset");
    });

    it("names server, call, privilege and object where not", async () => {
      const lacking = (await privileged("false")).requirePrivilege("VirtualMachine.Interact.Reset", vm, "ResetVM_Task");
      await assert.rejects(
        lacking,
        /^CouldNotRun: vCenter 127\.0\.0\.1:\d+ \(ResetVM_Task\): the user lacks the privilege VirtualMachine\.Interact\.Reset on VirtualMachine vm-1; .* \(NoPermission\)$/,
      );
    });
  });

  it("moves a VM to a host", async () => {
    const asked = task("MigrateVM_Task");
    await (await open()).moveVm("vm-1", "host-2");
    assert.deepEqual(ref(at(asked(), "_this")), { type: "VirtualMachine", id: "vm-1" });
    assert.deepEqual(ref(at(asked(), "host")), { type: "HostSystem", id: "host-2" });
    assert.equal(text(at(asked(), "priority")), "defaultPriority");
  });

  for (const [method, what, run] of [
    ["ResetVM_Task", "reset VM vm-1", (vc: VCenter) => vc.resetVm("vm-1")],
    ["MigrateVM_Task", "move VM vm-1 to host host-2", (vc: VCenter) => vc.moveVm("vm-1", "host-2")],
  ] as const) {
    it(`that refuses to ${what} ends the run with its reason`, async () => {
      vcenter.on(method, () => "");
      await assert.rejects(run(await open()), new RegExp(`\\(${method}\\) gave no task for: ${what}$`));
    });
  }

  it("puts a host into maintenance mode, with time for the VMs that run on it, and takes it out", async () => {
    const entering = task("EnterMaintenanceMode_Task");
    const leaving = task("ExitMaintenanceMode_Task");
    const vc = await open();
    assert.equal(await vc.enterMaintenance("esx-1"), true);
    assert.deepEqual([text(at(entering(), "_this")), text(at(entering(), "timeout"))], ["host-1", "330"]);
    vcenter.host1.inMaintenance = true;
    await vc.exitMaintenance("esx-1");
    assert.equal(text(at(leaving(), "_this")), "host-1");
  });

  it("counts no VM of another host into the time for maintenance", async () => {
    const asked = task("EnterMaintenanceMode_Task");
    await (await open()).enterMaintenance("esx-2");
    assert.deepEqual([text(at(asked(), "_this")), text(at(asked(), "timeout"))], ["host-2", "300"]);
  });

  it("has no host of another cluster to put into maintenance mode", async () => {
    const vc = await open();
    await assert.rejects(vc.enterMaintenance("esx-9"), /^CouldNotRun: host esx-9 is not in cluster compute-1$/);
  });

  it("holds the cluster's lock until an instant of its own clock", async () => {
    const lock = await (await open()).acquireLock("ann", 600);
    assert.deepEqual(vcenter.tree(), { "vsphere-ha-lock-compute-1": ["ann until 2026-01-01T00:00:06.000Z"] });
    await lock.release();
    assert.deepEqual(vcenter.tree(), {});
  });
});
