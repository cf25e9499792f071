import assert from "node:assert/strict";
import { checks, checksOf, runChecks, verdictOf } from "../../../../verification/checks";
import { openstackChecks } from "../../../../verification/checks/openstack";
import type { Finding, Verdict } from "../../../../verification/model";
import type { OpenStackState } from "../../../../verification/openstack/model";
import { find, hostOf, resultOf, vmOf } from "../checks/fixture";
import { cloud, cloudScene, first, look, read, type CloudScene } from "./fixture";

interface Case {
  check: string;
  when: string;
  breaks: (scene: CloudScene) => void;
  verdict?: Verdict;
  findings: Finding[];
  /** Checks that the same change must break too. */
  also?: string[];
  /** Checks that have nothing to judge then: inconclusive, not failed. */
  leaves?: string[];
}

function finding(subject: string, read: string, expected: string): Finding {
  return { subject, read, expected };
}

const cluster = "48 vCPUs, 98304 MB";

const cases: Case[] = [
  {
    check: "openstack-compute-service",
    when: "nova-compute is down",
    breaks: ({ openstack }) => (first(openstack.services).up = false),
    findings: [finding("compute-1", "enabled, down", "enabled, up")],
  },
  {
    check: "openstack-compute-service",
    when: "it is disabled",
    breaks: ({ openstack }) => {
      first(openstack.services).enabled = false;
      first(openstack.services).disabledReason = "repair";
    },
    findings: [finding("compute-1", "disabled (repair), up", "enabled, up")],
  },
  {
    check: "openstack-compute-service",
    when: "it is forced down",
    breaks: ({ openstack }) => (first(openstack.services).forcedDown = true),
    findings: [finding("compute-1", "enabled, up, forced down", "enabled, up")],
  },
  {
    check: "openstack-compute-service",
    when: "nova knows other hosts only",
    breaks: ({ openstack }) => (first(openstack.services).host = "other"),
    findings: [finding("compute-1", "no such host; nova knows other", "enabled, up")],
    leaves: ["openstack-hypervisor", "openstack-instances-present"],
  },
  {
    check: "openstack-hypervisor",
    when: "the hypervisor is another cluster",
    breaks: ({ openstack }) => (first(openstack.hypervisors).name = "domain-c12.0815"),
    findings: [finding("compute-1", "domain-c12.0815", "domain-c1.…, cluster compute-1")],
    leaves: ["openstack-hypervisor-capacity", "openstack-placement-capacity"],
  },
  {
    check: "openstack-hypervisor",
    when: "the compute host has no hypervisor",
    breaks: ({ openstack }) => (first(openstack.hypervisors).serviceHost = "other"),
    findings: [finding("compute-1", "no hypervisor", "domain-c1.…, cluster compute-1")],
    leaves: ["openstack-hypervisor-capacity", "openstack-placement-capacity"],
  },
  {
    check: "openstack-hypervisor-capacity",
    when: "nova knows a host less",
    breaks: ({ openstack }) => (first(openstack.hypervisors).vcpus = 32),
    findings: [finding("hypervisor of compute-1", "32 vCPUs, 98304 MB", cluster)],
  },
  {
    check: "openstack-placement-capacity",
    when: "placement knows more memory than there is",
    breaks: ({ openstack }) => (openstack.provider = { value: { vcpus: 48, memoryMb: 131_072 } }),
    findings: [finding("resource provider of compute-1", "48 vCPUs, 131072 MB", cluster)],
  },
  {
    check: "openstack-placement-capacity",
    when: "placement does not know the hypervisor",
    breaks: ({ openstack }) => (openstack.provider = { value: undefined }),
    findings: [finding("resource provider of compute-1", "not known", cluster)],
  },
  {
    check: "openstack-availability-zone",
    when: "no aggregate sets the zone",
    breaks: ({ openstack }) => (first(openstack.aggregates).zone = undefined),
    findings: [finding("vsphere-1", "aggregates: cluster-1 (no zone)", "aggregate cluster-1 with this zone")],
  },
  {
    check: "openstack-availability-zone",
    when: "the aggregate of that name is not there",
    breaks: ({ openstack }) => (first(openstack.aggregates).name = "other"),
    findings: [finding("vsphere-1", "aggregates: other (vsphere-1)", "aggregate cluster-1 with this zone")],
  },
  {
    check: "openstack-availability-zone",
    when: "the aggregate does not hold the compute host",
    breaks: ({ openstack }) => (first(openstack.aggregates).hosts = ["other"]),
    findings: [finding("compute-1", "1 aggregate without it", "member of cluster-1")],
  },
  {
    check: "openstack-availability-zone",
    when: "the zone is not available",
    breaks: ({ openstack }) => (first(openstack.zones).available = false),
    findings: [finding("vsphere-1", "not available", "available")],
  },
  {
    // Its zone is not available then: that is no second fault.
    check: "openstack-compute-service",
    when: "it is disabled, and with it the zone",
    breaks: ({ openstack }) => {
      first(openstack.services).enabled = false;
      first(openstack.zones).available = false;
    },
    findings: [finding("compute-1", "disabled, up", "enabled, up")],
  },
  {
    check: "openstack-availability-zone",
    when: "nova knows no such zone",
    breaks: ({ openstack }) => (first(openstack.zones).name = "nova"),
    findings: [finding("vsphere-1", "no such zone, but nova", "available")],
  },
  {
    check: "openstack-availability-zone",
    when: "any aggregate will do and none sets the zone",
    breaks: ({ openstack, config }) => {
      config.openstack = cloud({ aggregate: undefined });
      first(openstack.aggregates).zone = "other";
    },
    findings: [finding("vsphere-1", "aggregates: cluster-1 (other)", "aggregate with this zone")],
  },
  {
    check: "openstack-images",
    when: "the adapter of an XP image has no driver there",
    breaks: ({ openstack }) => {
      find(read(openstack.images), "windows-xp").properties["vmware_adaptertype"] = "paraVirtual";
      find(read(openstack.images), "windows-xp").properties["hw_vif_model"] = "VirtualVmxnet3";
    },
    findings: [
      finding("windows-xp: vmware_adaptertype", "paraVirtual", "lsiLogic, busLogic, ide"),
      finding("windows-xp: hw_vif_model", "VirtualVmxnet3", "VirtualE1000, VirtualPCNet32, e1000, pcnet"),
    ],
  },
  {
    check: "openstack-images",
    when: "an image does not name its guest, or is for another hypervisor",
    breaks: ({ openstack }) => {
      find(read(openstack.images), "ubuntu-13.10").properties = { img_hv_type: "kvm" };
    },
    findings: [
      finding("ubuntu-13.10: vmware_ostype", "not set, so otherGuest", "ubuntu64Guest, ubuntuGuest"),
      finding("ubuntu-13.10: img_hv_type", "kvm", "vmware"),
    ],
  },
  {
    check: "openstack-images",
    when: "an image is no VMDK, or is not active",
    breaks: ({ openstack }) => {
      find(read(openstack.images), "ubuntu-13.10").diskFormat = "qcow2";
      find(read(openstack.images), "ubuntu-13.10").status = "queued";
    },
    findings: [
      finding("ubuntu-13.10: status", "queued", "active"),
      finding("ubuntu-13.10: disk_format", "qcow2", "vmdk"),
    ],
  },
  {
    check: "openstack-images",
    when: "an image has no format yet, and names another hypervisor as older clouds do",
    breaks: ({ openstack }) => {
      find(read(openstack.images), "ubuntu-13.10").diskFormat = undefined;
      find(read(openstack.images), "windows-xp").properties = {
        vmware_ostype: "winXPProGuest",
        hypervisor_type: "qemu",
      };
    },
    findings: [
      finding("ubuntu-13.10: disk_format", "none", "vmdk"),
      finding("windows-xp: img_hv_type", "qemu", "vmware"),
    ],
  },
  {
    check: "openstack-images",
    when: "an image is missing, and one is there twice",
    breaks: ({ openstack }) => {
      const [ubuntu] = read(openstack.images);
      openstack.images = { value: ubuntu === undefined ? [] : [ubuntu, ubuntu] };
    },
    findings: [
      finding("ubuntu-13.10", "2 images of that name", "one"),
      finding("windows-xp", "0 images of that name", "one"),
    ],
  },
  {
    check: "openstack-instances-present",
    when: "nova does not know a declared instance there",
    breaks: ({ config }) => (find(config.vms, "ubuntu-1").openstack = { instanceId: instanceOf("99") }),
    findings: [finding("ubuntu-1", "not on compute-1", "ACTIVE on compute-1, zone vsphere-1")],
    also: ["openstack-ports-bound"],
  },
  {
    check: "openstack-instances-present",
    when: "a declared instance is in another zone",
    breaks: ({ openstack }) => (first(openstack.instances).zone = "nova"),
    findings: [finding("ubuntu-1", "ACTIVE, zone nova", "ACTIVE on compute-1, zone vsphere-1")],
  },
  {
    check: "openstack-instances-present",
    when: "a declared instance has no zone",
    breaks: ({ openstack }) => (first(openstack.instances).zone = undefined),
    findings: [finding("ubuntu-1", "ACTIVE, zone none", "ACTIVE on compute-1, zone vsphere-1")],
  },
  {
    check: "openstack-instances-present",
    when: "a declared instance is not active",
    breaks: ({ openstack }) => {
      Object.assign(first(openstack.instances), { status: "PAUSED", vmState: "paused" });
    },
    findings: [finding("ubuntu-1", "PAUSED, zone vsphere-1", "ACTIVE on compute-1, zone vsphere-1")],
  },
  {
    check: "openstack-instance-states",
    when: "an instance that nova stopped runs",
    breaks: (broken) => (vmOf(broken, "somebody-else").powerState = "poweredOn"),
    findings: [finding("other", "SHUTOFF in nova, poweredOn in vCenter", "poweredOff in vCenter")],
  },
  {
    check: "openstack-instance-states",
    when: "an instance has no VM",
    breaks: (broken) => (vmOf(broken, "somebody-else").instanceUuid = "u"),
    findings: [finding("other", "no VM with this instance uuid; SHUTOFF in nova", "one VM")],
    also: ["openstack-instances-on-shared-storage"],
  },
  {
    check: "openstack-instance-states",
    when: "an instance is in error",
    breaks: ({ openstack }) => {
      Object.assign(read(openstack.instances)[1] ?? {}, { vmState: "error", status: "ERROR" });
    },
    findings: [finding("other", "ERROR in nova, poweredOff in vCenter", "no error")],
  },
  {
    check: "openstack-instances-on-shared-storage",
    when: "an instance is on a local datastore",
    breaks: (broken) => (vmOf(broken, "somebody-else").datastoreIds = ["datastore-9"]),
    findings: [finding("other", "local is missing on esx-2, esx-3", "on 3 hosts")],
  },
  {
    check: "openstack-instances-on-shared-storage",
    when: "an instance is on several such, one of them unknown to vCenter",
    breaks: (broken) => (vmOf(broken, "somebody-else").datastoreIds = ["datastore-9", "datastore-77"]),
    findings: [
      finding(
        "other",
        "local is missing on esx-2, esx-3; datastore-77 is missing on esx-1, esx-2, esx-3",
        "on 3 hosts",
      ),
    ],
  },
  {
    check: "openstack-instances-on-shared-storage",
    when: "vCenter does not tell an instance's datastores",
    breaks: (broken) => (vmOf(broken, "somebody-else").datastoreIds = []),
    verdict: "inconclusive",
    findings: [finding("other", "vCenter tells no datastore", "datastores")],
  },
  {
    check: "openstack-ports-bound",
    when: "a port's binding failed",
    breaks: ({ openstack }) => (first(openstack.ports).vifType = "binding_failed"),
    findings: [finding("ubuntu-1 10.0.2.1", "binding_failed", "bound")],
  },
  {
    check: "openstack-ports-bound",
    when: "one of its ports is not bound, and neutron does not tell of the other",
    breaks: ({ openstack }) => {
      const [port] = read(openstack.ports);
      if (port === undefined) return;
      openstack.ports = {
        value: [
          port,
          { ...port, address: undefined, vifType: "unbound" },
          { ...port, address: "10.0.2.9", vifType: "" },
        ],
      };
    },
    findings: [finding("ubuntu-1", "unbound", "bound"), finding("ubuntu-1 10.0.2.9", "not told", "bound")],
  },
  {
    check: "openstack-ports-bound",
    when: "an instance has no port",
    breaks: ({ openstack }) => (openstack.ports = { value: [] }),
    findings: [finding("ubuntu-1", "no port", "a bound port")],
  },
  {
    check: "openstack-drs-fully-automated",
    when: "DRS only recommends",
    breaks: ({ inventory: { cluster: is }, config }) => {
      is.settings.drsAutomationLevel = "partiallyAutomated";
      config.cluster.declared.drsAutomationLevel = "partiallyAutomated";
    },
    findings: [finding("drsAutomationLevel", "partiallyAutomated", "fullyAutomated")],
  },
  {
    check: "openstack-drs-fully-automated",
    when: "DRS is off",
    breaks: ({ inventory: { cluster: is } }) => (is.settings.drsEnabled = false),
    findings: [finding("drsEnabled", "false", "true")],
    also: ["overrides-in-effect"],
  },
  {
    check: "openstack-drs-fully-automated",
    when: "vCenter does not tell",
    breaks: ({ inventory: { cluster: is } }) => delete is.settings.drsEnabled,
    verdict: "inconclusive",
    findings: [finding("drsEnabled", "vCenter does not tell", "true")],
  },
  {
    check: "openstack-quota",
    when: "the cores of the quota are used",
    breaks: ({ openstack }) => (read(openstack.quota).vcpus = { used: 10, limit: 10 }),
    findings: [finding("small: cores", "10 of 10 used", "room for 1")],
  },
  {
    check: "openstack-quota",
    when: "a flavor is missing",
    breaks: ({ openstack }) => (openstack.flavors = { value: [] }),
    findings: [finding("small", "nova knows no such flavor", "a flavor")],
  },
  {
    check: "openstack-certificates",
    when: "one expires within two weeks",
    breaks: ({ openstack }) => (first(openstack.certificates).validTo = new Date("2026-01-14T00:00:00Z")),
    findings: [finding("Keystone keystone.example.com:5000", "expires on 2026-01-14", "valid for 14 days")],
  },
  {
    check: "openstack-certificates",
    when: "one has expired",
    breaks: ({ openstack }) => (first(openstack.certificates).validTo = new Date("2025-12-30T00:00:00Z")),
    findings: [finding("Keystone keystone.example.com:5000", "expired on 2025-12-30", "valid for 14 days")],
  },
  {
    check: "openstack-power-state-sync",
    when: "it runs every 10 minutes",
    breaks: ({ openstack }) => (read(openstack.settings).syncPowerStateInterval = 600),
    findings: [finding("compute-1", "every 600 s", "off")],
  },
  {
    check: "openstack-power-state-sync",
    when: "it runs at the default interval",
    breaks: ({ openstack }) => (read(openstack.settings).syncPowerStateInterval = 0),
    findings: [finding("compute-1", "at the default interval", "off")],
  },
  {
    check: "openstack-vcenter-verified",
    when: "any certificate is taken",
    breaks: ({ openstack }) => (read(openstack.settings).insecure = true),
    findings: [finding("compute-1", "insecure = true", "verified")],
  },
];

function instanceOf(start: string): string {
  return `${start}36ee1c-5b5a-4c1a-9ab0-7a5b0b1a2c3d`;
}

describe("OpenStack's checks", () => {
  it("pass on a good cloud, each of them", async () => {
    const results = await look(cloudScene());
    assert.deepEqual(
      results.map(({ id, verdict, findings }) => ({ id, verdict, findings })),
      [...checks, ...openstackChecks].map(({ id }) => ({ id, verdict: "passed", findings: [] })),
    );
  });

  it("are not told where no OpenStack is declared", async () => {
    const without = cloudScene();
    without.config.openstack = undefined;
    assert.deepEqual(
      (await look(without)).map(({ id }) => id),
      checks.map(({ id }) => id),
    );
    assert.deepEqual(checksOf({ openstack: undefined }), checks);
  });

  it("have unique ids, and say why, where from and what to do", () => {
    const all = [...checks, ...openstackChecks];
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    for (const { id, title, expected, why, source, remedy } of openstackChecks) {
      assert.match(id, /^openstack(-[a-z]+)+$/);
      for (const words of [title, expected, why, source, remedy]) assert.ok(words.length > 3, id);
    }
  });

  it("are all broken by a test", () => {
    const broken = new Set(cases.filter(({ verdict }) => verdict === undefined).map(({ check }) => check));
    assert.deepEqual(
      openstackChecks.map(({ id }) => id).filter((id) => !broken.has(id)),
      [],
    );
  });

  for (const { check, when, breaks, verdict = "failed", findings, also = [], leaves = [] } of cases) {
    it(`${check} ${verdict === "failed" ? "fails" : "is inconclusive"} alone when ${when}`, async () => {
      const broken = cloudScene();
      breaks(broken);
      const results = await look(broken);
      assert.deepEqual(resultOf(results, check).findings, findings);
      assert.equal(resultOf(results, check).verdict, verdict);
      const others = results.filter(({ id, verdict: one }) => id !== check && one !== "passed");
      assert.deepEqual(
        others.map(({ id }) => id),
        [...also, ...leaves],
      );
      const left = others.filter(({ id }) => leaves.includes(id)).map(({ verdict: one }) => one);
      assert.deepEqual(
        left,
        leaves.map(() => "inconclusive"),
      );
      const warns = resultOf(results, check).severity === "warning";
      if (also.length === 0) assert.equal(verdictOf(results), warns ? "passed" : verdict);
    });
  }

  it("are inconclusive, and never passed, when what they judge was not read", async () => {
    const broken = cloudScene();
    for (const name of Object.keys(broken.openstack) as (keyof OpenStackState)[]) {
      if (name === "takenAt" || name === "cloud") continue;
      broken.openstack[name] = { unread: "nova is away" };
    }
    const results = (await look(broken)).filter(({ id }) => id.startsWith("openstack-"));
    const read = results.filter(({ id }) => id !== "openstack-drs-fully-automated");
    for (const { id, verdict, findings } of read) {
      assert.equal(verdict, "inconclusive", id);
      assert.equal(findings[0]?.read, "nova is away", id);
      assert.match(findings[0].subject, /^(nova|neutron|glance|placement|OpenStack|compute-1)$/, id);
      assert.equal(findings[0].expected, "an answer", id);
    }
  });

  it("are inconclusive when the cloud was not read at all", async () => {
    const { inventory, config } = cloudScene();
    const results = await runChecks({ inventory, config, probe: () => Promise.resolve(true) });
    for (const { id, verdict, read: told, expected, findings } of results.filter(({ id }) =>
      id.startsWith("openstack-"),
    )) {
      assert.deepEqual([verdict, told], ["inconclusive", "not read"], id);
      assert.deepEqual(findings, [finding("OpenStack", "it was not read", expected)], id);
    }
  });

  it("go by the compute host of this cluster, where nova has others too", async () => {
    const more = cloudScene();
    const { openstack } = more;
    const elsewhere = "compute-9";
    read(openstack.services).unshift({ ...first(openstack.services), host: elsewhere, up: false });
    read(openstack.hypervisors).unshift({ ...first(openstack.hypervisors), name: "c9", serviceHost: elsewhere });
    read(openstack.aggregates).unshift({ ...first(openstack.aggregates), hosts: [elsewhere] });
    const results = (await look(more)).filter(({ id }) => id.startsWith("openstack-"));
    assert.deepEqual(
      results.filter(({ verdict }) => verdict !== "passed"),
      [],
    );
  });

  it("take any aggregate that holds the compute host, where none is declared", async () => {
    const more = cloudScene();
    more.config.openstack = cloud({ aggregate: undefined });
    read(more.openstack.aggregates).push({ name: "b", zone: "vsphere-1", hosts: ["compute-9"] });
    const { verdict, read: told } = resultOf(await look(more), "openstack-availability-zone");
    assert.deepEqual([verdict, told], ["passed", "zone vsphere-1, 2 aggregates"]);
    for (const one of read(more.openstack.aggregates)) one.hosts = [];
    assert.deepEqual(resultOf(await look(more), "openstack-availability-zone").findings, [
      finding("compute-1", "2 aggregates without it", "member of cluster-1, b"),
    ]);
  });

  it("do not forgive a zone that is away because another host's service is", async () => {
    const broken = cloudScene();
    const [own] = read(broken.openstack.services);
    assert.ok(own);
    read(broken.openstack.services).push({ ...own, host: "compute-9", enabled: false });
    first(broken.openstack.zones).available = false;
    assert.equal(resultOf(await look(broken), "openstack-availability-zone").verdict, "failed");
    own.enabled = false;
    broken.openstack.services = { value: [{ ...own, host: "compute-9", enabled: true }, own] };
    assert.equal(resultOf(await look(broken), "openstack-availability-zone").verdict, "passed");
  });

  it("tell a zone that is away also where nova's services could not be read", async () => {
    const broken = cloudScene();
    broken.openstack.services = { unread: "nova is away" };
    first(broken.openstack.zones).available = false;
    assert.equal(resultOf(await look(broken), "openstack-availability-zone").verdict, "failed");
  });

  it("say why they have nothing to judge where the hypervisor is not the cluster's", async () => {
    for (const [change, why] of [
      [{ name: "domain-c12.0815" }, "its hypervisor is domain-c12.0815"],
      [{ serviceHost: "other" }, "nova has no hypervisor of it"],
    ] as const) {
      const broken = cloudScene();
      Object.assign(first(broken.openstack.hypervisors), change);
      const results = await look(broken);
      for (const id of ["openstack-hypervisor-capacity", "openstack-placement-capacity"]) {
        assert.deepEqual(resultOf(results, id).findings, [finding("compute-1", why, "the cluster")]);
      }
    }
    const unknown = cloudScene();
    first(unknown.openstack.services).host = "other";
    assert.deepEqual(resultOf(await look(unknown), "openstack-hypervisor").findings, [
      finding("compute-1", "nova has no such compute service", "a compute service"),
    ]);
  });

  it("compare the quota with the flavor that is declared, to the last core", async () => {
    const full = cloudScene();
    read(full.openstack.flavors).unshift({ name: "huge", vcpus: 100, memoryMb: 1 });
    Object.assign(read(full.openstack.quota), { instances: { used: 9, limit: 10 }, vcpus: { used: 9, limit: 10 } });
    assert.equal(resultOf(await look(full), "openstack-quota").verdict, "passed");
  });

  it("take a certificate with just two weeks left, and call its last day a day", async () => {
    const changed = cloudScene();
    first(changed.openstack.certificates).validTo = new Date("2026-01-15T00:00:00Z");
    assert.equal(resultOf(await look(changed), "openstack-certificates").verdict, "passed");
    first(changed.openstack.certificates).validTo = new Date("2026-01-01T00:00:00Z");
    assert.equal(resultOf(await look(changed), "openstack-certificates").findings[0]?.read, "expires on 2026-01-01");
  });

  it("leave out instances that nova is building or has deleted, and states that vCenter has no word for", async () => {
    for (const vmState of ["building", "deleted"]) {
      const changed = cloudScene();
      const [, other] = read(changed.openstack.instances);
      assert.ok(other);
      other.vmState = vmState;
      vmOf(changed, "somebody-else").instanceUuid = "none";
      const { verdict, read: told } = resultOf(await look(changed), "openstack-instance-states");
      assert.deepEqual([verdict, told], ["passed", "1 of 1 instance"], vmState);
    }
    const paused = cloudScene();
    Object.assign(read(paused.openstack.instances)[1] ?? {}, { vmState: "paused" });
    assert.equal(resultOf(await look(paused), "openstack-instance-states").verdict, "passed");
  });

  it("tell DRS's level where one is known", async () => {
    const drs = async (settings: Record<string, boolean | string>): Promise<string> => {
      const changed = cloudScene();
      changed.inventory.cluster.settings = settings;
      return resultOf(await look(changed), "openstack-drs-fully-automated").read;
    };
    assert.equal(await drs({ drsEnabled: false, drsAutomationLevel: "manual" }), "not on, manual");
    assert.equal(await drs({ drsEnabled: true }), "on, level not told");
    assert.equal(await drs({}), "not on, level not told");
  });

  it("have no object where nothing is declared for them", async () => {
    const bare = cloudScene();
    bare.config.openstack = cloud({ flavors: [], images: [] });
    for (const vm of bare.config.vms) vm.openstack = undefined;
    bare.openstack.instances = { value: [] };
    const told = (await look(bare)).filter(({ verdict }) => verdict === "not-applicable").map(({ id }) => id);
    assert.deepEqual(told, [
      "openstack-images",
      "openstack-instances-present",
      "openstack-instance-states",
      "openstack-instances-on-shared-storage",
      "openstack-ports-bound",
      "openstack-quota",
    ]);
  });

  it("count only hosts that are connected and not in maintenance", async () => {
    const less = cloudScene();
    hostOf(less, 3).inMaintenanceMode = true;
    const result = resultOf(await look(less), "openstack-placement-capacity");
    assert.deepEqual(result.findings, [finding("resource provider of compute-1", cluster, "32 vCPUs, 65536 MB")]);
    hostOf(less, 2).connectionState = "notResponding";
    assert.equal(
      resultOf(await look(less), "openstack-placement-capacity").findings[0]?.expected,
      "16 vCPUs, 32768 MB",
    );
  });

  it("are inconclusive on capacity when vCenter does not tell a host's size", async () => {
    for (const size of ["cpuThreads", "memoryMb"] as const) {
      const broken = cloudScene();
      hostOf(broken, 3)[size] = 0;
      const results = await look(broken);
      for (const id of ["openstack-hypervisor-capacity", "openstack-placement-capacity"]) {
        const { verdict, findings } = resultOf(results, id);
        assert.equal(verdict, "inconclusive");
        const [{ read: told, expected } = {}] = findings;
        assert.deepEqual([told, expected], ["vCenter does not tell the size of every host", "sizes"]);
      }
      broken.openstack.provider = { value: undefined };
      const { read: told, findings } = resultOf(await look(broken), "openstack-placement-capacity");
      assert.deepEqual([told, findings[0]?.expected], ["not known", "the cluster's capacity"]);
    }
  });

  it("let nova finish what it is at work on", async () => {
    const busy = cloudScene();
    vmOf(busy, "somebody-else").powerState = "poweredOn";
    Object.assign(read(busy.openstack.instances)[1] ?? {}, { taskState: "powering-on" });
    assert.equal(resultOf(await look(busy), "openstack-instance-states").verdict, "passed");
  });
});
