import assert from "node:assert/strict";
import { imageProperties } from "../../../components/imageProperties";
import { missing, type Sight, tooLarge } from "../../../components/nova/readiness";
import { novaConfiguration } from "../../../components/novaConfiguration";
import { namesOf } from "../../../components/openstackNames";
import { headOf, vmdkDefect } from "../../../components/vmdk";
import { emptyVmdk } from "../../../lab/openstack/vmdk";
import { novaSettings } from "../../../verification/openstack/novaConf";

const settings = {
  computeHost: "ha",
  stateDirectory: "/var/lib/nova/ha",
  server: "vcenter.example.com",
  port: 443,
  username: "nova@vsphere.local",
  password: ' pa$$word"',
  caFile: "/etc/nova/vcenter.pem",
  insecure: false,
  clusterName: "ha",
  datastorePattern: "(ha-a|ha-b)$",
  syncPowerStateInterval: -1,
};

describe("nova-compute's configuration", () => {
  it("says each thing once, quoted as oslo.config reads it", () => {
    const [, ...lines] = novaConfiguration(settings).split("\n");
    assert.deepEqual(lines, [
      "[DEFAULT]",
      'host = "ha"',
      "compute_driver = vmwareapi.VMwareVCDriver",
      'state_path = "/var/lib/nova/ha"',
      "use_stderr = true",
      "sync_power_state_interval = -1",
      "[vmware]",
      'host_ip = "vcenter.example.com"',
      "host_port = 443",
      'host_username = "nova@vsphere.local"',
      'host_password = " pa$$$$word""',
      'ca_file = "/etc/nova/vcenter.pem"',
      "insecure = false",
      'cluster_name = "ha"',
      'datastore_regex = "(ha-a|ha-b)$$"',
      "",
    ]);
  });

  it("is what the verification wants to read", () => {
    assert.deepEqual(novaSettings([novaConfiguration(settings)]), { syncPowerStateInterval: -1, insecure: false });
    const careless = novaConfiguration({ ...settings, caFile: undefined, insecure: true, syncPowerStateInterval: 600 });
    assert.deepEqual(novaSettings([careless]), { syncPowerStateInterval: 600, insecure: true });
  });
});

describe("names of OpenStack compute", () => {
  const node = {};
  it("follow the cluster's", () => {
    assert.deepEqual(namesOf({ target: { clusterName: "ha" }, node }), {
      serviceName: "ha",
      service: {
        unit: "nova-compute@ha",
        file: "/etc/nova/nova-compute-ha.conf",
        stateDirectory: "/var/lib/nova/ha",
      },
      computeHost: "ha",
      availabilityZone: "ha",
      aggregateName: "ha",
    });
  });

  it("differ in everything for two clusters side by side", () => {
    const one = Object.values(namesOf({ target: { clusterName: "a" }, node })).map((value) => JSON.stringify(value));
    const two = Object.values(namesOf({ target: { clusterName: "b" }, node })).map((value) => JSON.stringify(value));
    assert.ok(one.every((value, n) => value !== two[n]));
  });
});

describe("properties of images", () => {
  it("name devices that each guest has drivers for", () => {
    assert.deepEqual(imageProperties("ubuntu"), {
      vmware_ostype: "ubuntu64Guest",
      vmware_adaptertype: "lsiLogic",
      vmware_disktype: "streamOptimized",
      hw_vif_model: "VirtualVmxnet3",
    });
    assert.deepEqual(imageProperties("windowsxp"), {
      vmware_ostype: "winXPProGuest",
      vmware_adaptertype: "lsiLogic",
      vmware_disktype: "streamOptimized",
      hw_vif_model: "VirtualE1000",
    });
  });
});

describe("the format of a disk", () => {
  const good = emptyVmdk(8 * 1024 ** 3).subarray(0, 65536);
  const cases: [what: string, head: Buffer, defect: RegExp | undefined][] = [
    ["a stream-optimized VMDK", good, undefined],
    ["a qcow2 disk", Buffer.from("QFI\xfb\0\0\0\x03", "latin1"), /qcow2/],
    ["a VMDK's descriptor", Buffer.from('# Disk DescriptorFile\ncreateType="monolithicFlat"'), /descriptor/],
    ["an old sparse VMDK", Buffer.from("COWD"), /old sparse/],
    ["a raw disk", Buffer.alloc(65536), /no VMDK/],
    ["nothing", Buffer.alloc(0), /no VMDK/],
    [
      "a sparse VMDK",
      Buffer.from(good.toString("latin1").replace("streamOptimized", "monolithicSparse"), "latin1"),
      /of type monolithicSparse, not streamOptimized/,
    ],
    [
      "a VMDK whose header tells of no compressed grains",
      Buffer.concat([good.subarray(0, 8), Buffer.from([1, 0, 0, 0]), good.subarray(12)]),
      /not streamOptimized/,
    ],
    ["a VMDK cut off", Buffer.from("KDMV"), /of type unknown/],
  ];
  for (const [what, head, defect] of cases) {
    it(`is told of ${what}`, () => {
      const found = vmdkDefect(head);
      if (defect) assert.match(found ?? "", defect);
      else assert.equal(found, undefined);
    });
  }

  it("is told by the first bytes of a file", () => {
    assert.match(vmdkDefect(headOf(__filename) as Buffer) ?? "", /no VMDK/);
    assert.match(headOf("/nowhere") as string, /ENOENT/);
  });
});

describe("readiness of nova and placement", () => {
  const host = { vcpus: 8, memoryMb: 32768 };
  const whole = { vcpus: 16, memoryMb: 65536 };
  const service = { host: "ha", enabled: true, up: true, forcedDown: false };
  const hypervisor = { id: "1", name: "domain-c8.4711", serviceHost: "ha", ...whole };
  const good: Sight = {
    services: [service],
    hypervisors: [hypervisor],
    provider: whole,
    cluster: { id: "domain-c8", hosts: [host, host] },
  };
  const cases: [change: Partial<Sight>, ...missing: RegExp[]][] = [
    [{ services: [] }, /no compute service ha/],
    [{ services: [{ ...service, host: "other" }] }, /no compute service ha/],
    [{ services: [{ ...service, up: false }] }, /ha is down/],
    [{ services: [{ ...service, enabled: false, forcedDown: true }] }, /ha is disabled, forced down/],
    [{ hypervisors: [] }, /no hypervisor of ha: its cell does not know the host/],
    [{ hypervisors: [{ ...hypervisor, name: "domain-c81.4711" }] }, /is domain-c81.4711, not this cluster/],
    [{ provider: undefined }, /placement has no resource provider/],
    [{ provider: host }, /placement has 8 vCPUs and 32768 MB, the cluster 16 vCPUs and 65536 MB/],
    [{ hypervisors: [{ ...hypervisor, memoryMb: 0 }] }, /nova has 16 vCPUs and 0 MB/],
    [{ cluster: { id: "domain-c8", hosts: [host] } }, /nova has 16/, /placement has 16/],
  ];
  it("is there when all know the cluster", () => {
    assert.deepEqual(missing({ computeHost: "ha" }, good), []);
    assert.deepEqual(missing({ computeHost: "ha" }, { ...good, cluster: { id: "domain-c8", hosts: undefined } }), []);
  });
  for (const [change, ...texts] of cases) {
    it(`lacks ${texts.map(String).join(" and ")} with ${JSON.stringify(change)}`, () => {
      const found = missing({ computeHost: "ha" }, { ...good, ...change });
      assert.equal(found.length, texts.length);
      texts.forEach((text, n) => assert.match(found[n] ?? "", text));
    });
  }

  it("takes a flavor for too large when no single host holds it", () => {
    const flavor = (vcpus: number, memoryMb: number) => [{ name: "f", vcpus, memoryMb }];
    const hosts = [
      { vcpus: 8, memoryMb: 1024 },
      { vcpus: 2, memoryMb: 4096 },
    ];
    assert.deepEqual(tooLarge(flavor(8, 1024), hosts), []);
    assert.deepEqual(tooLarge(flavor(2, 4096), hosts), []);
    assert.match(tooLarge(flavor(8, 4096), hosts).join(), /flavor f \(8 vCPUs and 4096 MB\) is larger than any host/);
    assert.equal(tooLarge(flavor(9, 4), hosts).length, 1);
    assert.deepEqual(tooLarge(flavor(9, 4), undefined), []);
  });
});
