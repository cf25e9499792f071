import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** Runs the program on Pulumi mocks in a process of its own, with this configuration, and tells what came of it. */
function run(config: Record<string, unknown>, environment: Record<string, string>): { error: string; names: string[] } {
  const program = `
    const pulumi = require("@pulumi/pulumi");
    const names = [];
    pulumi.runtime.setAllConfig(JSON.parse(process.env.TEST_CONFIG));
    process.on("unhandledRejection", (error) => { throw error; });
    (async () => {
      await pulumi.runtime.setMocks({
        newResource: ({ name, inputs }) => { names.push(name); return { id: "id-" + name, state: inputs }; },
        call: ({ inputs }) => ({ ...inputs, id: "found", disks: [{ size: 8 }], guestId: inputs.name === "xp" ? "winXPProGuest" : "ubuntu64Guest" }),
      }, "vsphere-ha", "dev");
      try {
        const outputs = require("./index");
        await pulumi.runtime.disconnect();
        console.log(JSON.stringify({ error: "", names, outputs: Object.keys(outputs) }));
      } catch (error) {
        console.log(JSON.stringify({ error: error.message, names }));
      }
    })();`;
  const text = Object.entries(config).map(([key, value]) => [`vsphere-ha:${key}`, JSON.stringify(value)]);
  const { stdout, stderr } = spawnSync(process.execPath, ["--require", "tsx/cjs", "--eval", program], {
    cwd: root,
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...environment, TEST_CONFIG: JSON.stringify(Object.fromEntries(text)) },
  });
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout) as { error: string; names: string[] };
}

const config = {
  cluster: {
    name: "ha",
    datacenter: { name: "Lab", existing: true },
    hosts: [{ name: "esx-01" }, { name: "esx-02" }],
    datastores: [
      { name: "ha-a", nfs: { server: "nfs", path: "/a" } },
      { name: "ha-b", nfs: { server: "nfs", path: "/b" } },
    ],
    portGroups: [{ name: "vm-ha" }],
  },
  vms: [
    { name: "u", guestOs: "ubuntu", template: "t", datastore: "ha-a", network: "vm-ha" },
    { name: "x", guestOs: "windowsxp", template: "xp", datastore: "ha-b", network: "vm-ha" },
  ],
  placement: { haOverrides: [{ vm: "u", vmRestartPriority: "highest" }] },
};

describe("the reference stack's program", function () {
  this.timeout(60_000);

  it("makes the components that the configuration asks for", () => {
    const { error, names } = run(config, { VSPHERE_HA_HOST_PASSWORD: "p" });
    assert.equal(error, "");
    assert.deepEqual(names.sort(), [
      "cluster",
      "cluster-cluster",
      "cluster-esx-01",
      "cluster-esx-02",
      "cluster-ha-a",
      "cluster-ha-b",
      "cluster-vm-ha-esx-01",
      "cluster-vm-ha-esx-02",
      "placement",
      "placement-ha-u",
      "u",
      "u-vm",
      "verified",
      "verified-check",
      "x",
      "x-vm",
    ]);
  });

  it("makes OpenStack compute and its virtual machines when there is a section for them", () => {
    const openstack = {
      flavors: [{ name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
      images: [{ name: "ubuntu", guestOs: "ubuntu", url: "https://images/ubuntu.vmdk" }],
      networks: [{ name: "tenants", cidr: "192.0.2.0/24" }],
      vms: [{ name: "i", image: "ubuntu", flavor: "small", network: "tenants" }],
    };
    const key = join(mkdtempSync(join(tmpdir(), "index-")), "key");
    writeFileSync(key, "-----BEGIN PRIVATE KEY-----");
    const environment = {
      VSPHERE_HA_HOST_PASSWORD: "p",
      VSPHERE_SERVER: "vcenter:8443",
      VSPHERE_USER: "u",
      VSPHERE_PASSWORD: "p",
      VSPHERE_HA_COMPUTE_HOST: "node",
      VSPHERE_HA_COMPUTE_HOST_KEY: "ssh-ed25519 AAAA",
      VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE: key,
    };
    const { error, names } = run({ ...config, openstack }, environment);
    rmSync(dirname(key), { recursive: true });
    assert.equal(error, "");
    for (const name of ["openstack-service", "openstack-small", "openstack-instances", "i-port", "i-instance"]) {
      assert.ok(names.includes(name), name);
    }
  });

  it("fails on a key of the configuration that it does not know, before it makes anything", () => {
    const { error, names } = run({ ...config, datastors: [] }, { VSPHERE_HA_HOST_PASSWORD: "p" });
    assert.deepEqual(names, []);
    assert.match(error, /^1 problem in the stack's configuration:\n {2}vsphere-ha:datastors /);
  });

  it("fails on wrong configuration with all problems at once, before it makes anything", () => {
    const { error, names } = run({ ...config, vms: [{ ...config.vms[0], network: "" }] }, {});
    assert.deepEqual(names, []);
    assert.deepEqual(
      error.split("\n").map((line) => line.trim().split(" ")[0]),
      ["3", "cluster.hosts[0].password", "cluster.hosts[1].password", "vms[0].network"],
    );
  });
});
