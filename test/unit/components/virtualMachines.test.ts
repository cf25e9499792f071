import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { UbuntuVm, type VmArgs, WindowsXpVm } from "../../../components";
import { vmHardening } from "../../../components/vmHardening";
import { named, registered, value } from "./mocks";

const args: VmArgs = {
  target: {
    datacenterName: "Lab",
    datacenterId: "datacenter-1",
    clusterName: "ha",
    clusterId: "domain-c1",
    resourcePoolId: "resgroup-1",
    hostIds: { "esx-01": "host-1", "esx-02": "host-2" },
    datastoreIds: { "ha-a": "datastore-1" },
    networkIds: { "vm-ha": "network-1" },
    declared: {},
    digest: "d",
  },
  datastore: "ha-a",
  network: "vm-ha",
};

async function inputsOf(make: () => unknown): Promise<Record<string, unknown>> {
  return named(await registered(make), "v-vm").inputs;
}

describe("UbuntuVm", () => {
  it("clones a template with its disks, without customisation", async () => {
    const inputs = await inputsOf(() => new UbuntuVm("v", { ...args, template: "ubuntu-13.10" }));
    assert.deepEqual(inputs, {
      name: "v",
      resourcePoolId: "resgroup-1",
      datastoreId: "datastore-1",
      guestId: "ubuntu64Guest",
      numCpus: 1,
      memory: 1024,
      scsiType: "lsilogic",
      networkInterfaces: [{ networkId: "network-1", adapterType: "vmxnet3" }],
      waitForGuestNetTimeout: 0,
      extraConfig: { ...vmHardening },
      clone: { templateUuid: "found-ubuntu-13.10" },
      disks: [{ label: "disk0", unitNumber: 0, size: 8, thinProvisioned: true, eagerlyScrub: false }],
    });
  });

  it("takes what is stated instead of its defaults", async () => {
    const stated = { cpus: 2, memoryMb: 2048, diskGb: 20, scsiType: "pvscsi", networkAdapter: "e1000e" } as const;
    const inputs = await inputsOf(() => new UbuntuVm("v", { ...args, ...stated, template: "t", vmName: "web" }));
    assert.equal(inputs.name, "web");
    assert.equal(inputs.numCpus, 2);
    assert.equal(inputs.memory, 2048);
    assert.equal(inputs.scsiType, "pvscsi");
    assert.equal((inputs.disks as { size: number }[])[0]?.size, 20);
    assert.deepEqual(inputs.networkInterfaces, [{ networkId: "network-1", adapterType: "e1000e" }]);
  });

  it("is blank when no source is stated", async () => {
    const inputs = await inputsOf(() => new UbuntuVm("v", args));
    assert.deepEqual(inputs.disks, [{ label: "disk0", size: 8, thinProvisioned: true }]);
    assert.ok(!("clone" in inputs) && !("ovfDeploy" in inputs));
  });

  it("deploys an OVA through a host, because the provider needs one to upload to", async () => {
    const ova = { url: "https://images/u.ova", network: "nat" };
    const inputs = await inputsOf(() => new UbuntuVm("v", { ...args, ova }));
    assert.deepEqual(inputs.ovfDeploy, {
      remoteOvfUrl: "https://images/u.ova",
      diskProvisioning: "thin",
      ovfNetworkMap: { nat: "network-1" },
    });
    assert.equal(inputs.datacenterId, "datacenter-1");
    assert.equal(inputs.hostSystemId, "host-1");
  });

  it("looks a network up that the cluster did not make", async () => {
    const inputs = await inputsOf(() => new UbuntuVm("v", { ...args, network: "VM Network" }));
    assert.deepEqual(inputs.networkInterfaces, [{ networkId: "found-VM Network", adapterType: "vmxnet3" }]);
  });

  it("describes itself for verification", async () => {
    let vm: UbuntuVm | undefined;
    await registered(() => (vm = new UbuntuVm("v", { ...args, probePort: 2222 })));
    assert.ok(vm);
    assert.equal(await value(vm.vmId), "id-v-vm");
    assert.equal(await value(vm.moid), "moid-v-vm");
    const { digest, ...described } = await value(pulumi.output(vm.testVm));
    assert.deepEqual(described, { name: "v", guestOs: "ubuntu", probePort: 2222, bootSeconds: 120 });
    assert.match(digest ?? "", /^[0-9a-f]{64}$/);
  });

  it("fails on a datastore that is not shared", () => {
    assert.throws(() => new UbuntuVm("v", { ...args, datastore: "local" }), /datastore = "local": must name one of/);
  });
});

describe("WindowsXpVm", () => {
  it("has devices that Windows XP has drivers for, and is not waited for", async () => {
    const inputs = await inputsOf(() => new WindowsXpVm("v", { ...args, template: "windows-xp-sp3" }));
    assert.equal(inputs.guestId, "winXPProGuest");
    assert.equal(inputs.scsiType, "lsilogic");
    assert.deepEqual(inputs.networkInterfaces, [{ networkId: "network-1", adapterType: "e1000" }]);
    assert.equal(inputs.waitForGuestNetTimeout, 0);
    assert.deepEqual(inputs.clone, { templateUuid: "found-windows-xp-sp3" });
  });

  it("fails on pvscsi", () => {
    assert.throws(
      () => new WindowsXpVm("v", { ...args, scsiType: "pvscsi" }),
      /scsiType = "pvscsi": must not be pvscsi/,
    );
  });

  it("never states a host when it is cloned or blank, so that a failover leaves nothing to change", async () => {
    for (const source of [{}, { template: "windows" }]) {
      const inputs = await inputsOf(() => new WindowsXpVm("v", { ...args, ...source }));
      assert.ok(!("hostSystemId" in inputs));
    }
  });
});

describe("a template of another guest", () => {
  it("fails the virtual machine, naming the guest ids that fit", async () => {
    const listeners = process.listeners("unhandledRejection");
    const failure = new Promise<unknown>((resolve) => {
      process.removeAllListeners("unhandledRejection").on("unhandledRejection", resolve);
    });
    try {
      void registered(() => new UbuntuVm("v", { ...args, template: "windows-xp-sp3" }));
      const error = await failure;
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(
        error.message,
        /template = "windows-xp-sp3": must be .* ubuntu64Guest or ubuntuGuest; .*winXPProGuest/,
      );
    } finally {
      process.removeAllListeners("unhandledRejection");
      listeners.forEach((listener) => process.on("unhandledRejection", listener));
    }
  });
});
