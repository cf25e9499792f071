import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { openstackConfig } from "../../../components/openstackConfig";
import { stackConfig } from "../../../components/stackConfig";
import { value } from "./mocks";
import { target } from "./ruleSuite";

const section = {
  flavors: [{ name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
  images: [{ name: "ubuntu", guestOs: "ubuntu", url: "https://images/ubuntu.vmdk" }],
  networks: [{ name: "tenants", cidr: "192.0.2.0/24" }],
  vms: [{ name: "i", image: "ubuntu", flavor: "small", network: "tenants" }],
};
const environment = {
  VSPHERE_SERVER: "vcenter:8443",
  VSPHERE_USER: "admin",
  VSPHERE_PASSWORD: "p1",
  VSPHERE_HA_COMPUTE_HOST: "node",
  VSPHERE_HA_COMPUTE_PORT: "2222",
  VSPHERE_HA_COMPUTE_USER: "stack",
  VSPHERE_HA_COMPUTE_HOST_KEY: "ssh-ed25519 AAAA",
  VSPHERE_HA_COMPUTE_CA_FILE: "/ca.pem",
};
const secrets = { privateKey: "-----BEGIN PRIVATE KEY-----" };

const paths = (changed: object, env: Record<string, string> = environment, given: object = secrets): string[] =>
  openstackConfig({ ...section, ...changed }, given, env, target)
    .problems.map(({ path }) => path)
    .sort();

describe("the stack's openstack section", () => {
  it("takes where things are and who logs in from the environment", async () => {
    const { data, problems } = openstackConfig(section, secrets, environment, target);
    assert.deepEqual(problems, []);
    assert.ok(data);
    const { password, ...vcenter } = data.compute.vcenter;
    assert.deepEqual(vcenter, { server: "vcenter", port: 8443, username: "admin", caFile: "/ca.pem" });
    assert.ok(await pulumi.isSecret(pulumi.output(password)));
    assert.equal(await value(pulumi.output(password)), "p1");
    const { privateKey, ...node } = data.compute.node;
    assert.deepEqual(node, { host: "node", port: 2222, user: "stack", hostKey: "ssh-ed25519 AAAA" });
    assert.ok(await pulumi.isSecret(pulumi.output(privateKey)));
    assert.deepEqual(data.vms, section.vms);
    assert.ok(!("vms" in data.compute));
  });

  it("reaches the controller with the same key", async () => {
    const controller = { host: "c", hostKey: "ssh-ed25519 BBBB" };
    const { data, problems } = openstackConfig({ ...section, controller }, secrets, environment, target);
    assert.deepEqual(problems, []);
    const { privateKey, ...login } = data?.compute.controller ?? { privateKey: "" };
    assert.deepEqual(login, controller);
    assert.ok(await pulumi.isSecret(pulumi.output(privateKey)));
    assert.equal(await value(pulumi.output(privateKey)), secrets.privateKey);
    assert.deepEqual(paths({ controller: { ...controller, hostKey: "" } }), ["openstack.controller.hostKey"]);
  });

  it("prefers what is stated, and nova's own password", async () => {
    const stated = { vcenter: { server: "other", username: "nova", caFile: "/x.pem" }, node: { host: "n2", port: 22 } };
    const env = { ...environment, VSPHERE_HA_NOVA_PASSWORD: "p2" };
    const { data } = openstackConfig({ ...section, ...stated }, secrets, env, target);
    assert.ok(data);
    const { password, ...vcenter } = data.compute.vcenter;
    assert.deepEqual(vcenter, stated.vcenter);
    assert.equal(await value(pulumi.output(password)), "p2");
    assert.equal(data.compute.node.host, "n2");
    assert.equal(data.compute.node.port, 22);
    const own = openstackConfig(section, { ...secrets, novaPassword: "p3" }, env, target).data?.compute.vcenter
      .password;
    assert.equal(await value(pulumi.output(own)), "p3");
  });

  it("fails without what neither states, naming all of it", () => {
    assert.deepEqual(paths({}, {}, {}), [
      "computePrivateKey",
      "novaPassword",
      "openstack.node.host",
      "openstack.node.hostKey",
      "openstack.vcenter.server",
      "openstack.vcenter.username",
    ]);
  });

  it("fails on problems of form and of content together", () => {
    assert.deepEqual(
      paths({
        colour: "red",
        flavors: [{ name: "small", vcpus: 1, memoryMb: 510, diskGb: 8 }],
        vcenter: { password: "hunter2" },
        vms: [{ name: "i", image: "ubuntu", flavor: "large", network: "tenants" }],
      }),
      ["openstack.colour", "openstack.flavors[0].memoryMb", "openstack.vcenter.password", "openstack.vms[0].flavor"],
    );
  });

  it("is judged with the rest of the stack: DRS, and names of virtual machines", () => {
    const cluster = {
      name: "ha",
      datacenter: { name: "Lab", existing: true },
      hosts: [{ name: "esx-01" }, { name: "esx-02" }],
      datastores: ["a", "b"].map((name) => ({ name, nfs: { server: "nfs", path: `/${name}` } })),
      drs: { automationLevel: "manual" },
    };
    const vms = [{ name: "i", guestOs: "ubuntu", datastore: "a", network: "VM Network" }];
    const rest = { placement: undefined, bmcs: undefined, hostPassword: undefined };
    const input = { project: "vsphere-ha", keys: [], cluster, vms, ...rest };
    const env = { ...environment, VSPHERE_HA_HOST_PASSWORD: "p" };
    assert.throws(
      () => stackConfig({ ...input, openstack: section, openstackSecrets: secrets, environment: env }),
      (error: unknown) => {
        assert.ok(pulumi.RunError.isInstance(error));
        assert.match(error.message, /^2 problems/);
        assert.match(
          error.message,
          /openstack.vms\[0\].name = "i": must not be the name of a virtual machine under vms/,
        );
        assert.match(error.message, /cluster.drs.automationLevel = "manual": must be fully automated/);
        return true;
      },
    );
    assert.equal(stackConfig({ ...input, environment: env }).openstack, undefined);
  });
});
