import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlavorArgs, OpenStackComputeArgs, OpenStackVmArgs } from "../../../components";
import { computeRules, openstackVmRules } from "../../../components/openstackRules";
import { describe as text, plain, problemsOf } from "../../../components/validation";
import { emptyVmdk } from "../../../lab/openstack/vmdk";
import { type Case, suite, target } from "./ruleSuite";

const dir = mkdtempSync(join(tmpdir(), "openstack-rules-"));
const vmdk = join(dir, "good.vmdk");
const qcow2 = join(dir, "disk.qcow2");
writeFileSync(vmdk, emptyVmdk(65536));
writeFileSync(qcow2, "QFI\xfb", "latin1");

const flavor: FlavorArgs = { name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 };
const image = { name: "ubuntu", guestOs: "ubuntu", file: vmdk } as const;
const network = { name: "tenants", cidr: "192.0.2.0/24" };
const compute: OpenStackComputeArgs = {
  target,
  vcenter: { server: "vcenter.example.com", username: "nova", password: "p", caFile: "/etc/nova/ca.pem" },
  node: {
    host: "compute.example.com",
    privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
  },
  flavors: [flavor],
  images: [image],
  networks: [network],
  securityGroup: { probesFrom: "2001:db8::/64" },
};
const { vcenter, node } = compute;

const computeCases: Case[] = [
  [{ vcenter: { ...vcenter, server: "" } }, "vcenter.server"],
  [{ vcenter: { ...vcenter, server: "https://vcenter" } }, "vcenter.server"],
  [{ vcenter: { ...vcenter, server: "vcenter:8443" } }, "vcenter.server"],
  [{ vcenter: { ...vcenter, port: 0 } }, "vcenter.port"],
  [{ vcenter: { ...vcenter, username: "" } }, "vcenter.username"],
  [{ vcenter: { ...vcenter, username: "a\nb" } }, "vcenter.username"],
  [{ vcenter: { ...vcenter, password: "" } }, "vcenter.password"],
  [{ vcenter: { ...vcenter, password: "a\nhost = b" } }, "vcenter.password"],
  [{ vcenter: { ...vcenter, insecure: true } }, "vcenter.insecure"],
  [{ vcenter: { ...vcenter, caFile: "ca.pem" } }, "vcenter.caFile"],
  [{ vcenter: { ...vcenter, datastorePattern: "hb-" } }, "vcenter.datastorePattern"],
  [{ vcenter: { ...vcenter, datastorePattern: "a" } }, "vcenter.datastorePattern"],
  [{ vcenter: { ...vcenter, datastorePattern: "(" } }, "vcenter.datastorePattern"],
  [{ node: { ...node, host: "" } }, "node.host"],
  [{ node: { ...node, port: 65536 } }, "node.port"],
  [{ node: { ...node, user: " " } }, "node.user"],
  [{ node: { ...node, privateKey: "~/.ssh/id_ed25519" } }, "node.privateKey"],
  [{ node: { ...node, hostKey: "SHA256:abc" } }, "node.hostKey"],
  [{ node: { ...node, hostKey: "" } }, "node.hostKey"],
  [{ node: { ...node, configDirectory: "nova" } }, "node.configDirectory"],
  [{ node: { ...node, stateDirectory: "nova" } }, "node.stateDirectory"],
  [{ controller: { ...node, host: "" } }, "controller.host"],
  [{ controller: { ...node, port: 0 } }, "controller.port"],
  [{ controller: { ...node, user: "" } }, "controller.user"],
  [{ controller: { ...node, privateKey: "id_ed25519" } }, "controller.privateKey"],
  [{ controller: { ...node, hostKey: "known_hosts" } }, "controller.hostKey"],
  [{ serviceName: "a b" }, "serviceName"],
  [{ target: { ...target, clusterName: "HA 1" } }, "serviceName"],
  [{ computeHost: "a/b" }, "computeHost"],
  [{ availabilityZone: "nova" }, "availabilityZone"],
  [{ availabilityZone: "a:b" }, "availabilityZone"],
  [{ aggregateName: "" }, "aggregateName"],
  [{ target: { ...target, declared: { drsEnabled: false } } }, "target.declared.drsEnabled"],
  [{ target: { ...target, declared: { drsAutomationLevel: "manual" } } }, "target.declared.drsAutomationLevel"],
  [{ syncPowerStateInterval: 0 }, "syncPowerStateInterval"],
  [{ timeoutSeconds: 0 }, "timeoutSeconds"],
  [{ flavors: [{ ...flavor, name: "" }] }, "flavors[0].name"],
  [{ flavors: [flavor, flavor] }, "flavors[1].name"],
  [{ flavors: [{ ...flavor, vcpus: 0 }] }, "flavors[0].vcpus"],
  [{ flavors: [{ ...flavor, memoryMb: 510 }] }, "flavors[0].memoryMb"],
  [{ flavors: [{ ...flavor, diskGb: 0 }] }, "flavors[0].diskGb"],
  [{ quota: { instances: -2 } }, "quota.instances"],
  [{ quota: { vcpus: 1.5 } }, "quota.vcpus"],
  [{ quota: { memoryMb: -2 } }, "quota.memoryMb"],
  [{ images: [image, { ...image, name: "Ubuntu" }] }, "images[1].name"],
  [{ images: [{ ...image, guestOs: "beos" }] }, "images[0].guestOs"],
  [{ images: [{ ...image, file: "" }] }, "images[0].file"],
  [{ images: [{ name: "u", guestOs: "ubuntu" }] }, "images[0]"],
  [{ images: [{ ...image, url: "https://images/u.vmdk" }] }, "images[0]"],
  [{ images: [{ name: "u", guestOs: "ubuntu", url: "ftp://images/u.vmdk" }] }, "images[0].url"],
  [{ images: [{ name: "u", guestOs: "ubuntu", url: "https://images/u", convert: true }] }, "images[0].convert"],
  [{ images: [{ ...image, file: join(dir, "missing") }] }, "images[0].file"],
  [{ images: [{ ...image, file: qcow2 }] }, "images[0].file"],
  [{ networks: [network, network] }, "networks[1].name"],
  [{ networks: [{ ...network, cidr: "192.0.2.0" }] }, "networks[0].cidr"],
  [{ networks: [{ ...network, cidr: "192.0.2.0/33" }] }, "networks[0].cidr"],
  [{ networks: [{ ...network, cidr: "127.9.2.0/24" }] }, "networks[0].cidr"],
  [{ networks: [{ ...network, portGroup: "dvs", vlanId: 1 }] }, "networks[0].vlanId"],
  [{ networks: [{ ...network, portGroup: "" }] }, "networks[0].portGroup"],
  [{ networks: [{ ...network, vlanId: 4096 }] }, "networks[0].vlanId"],
  [{ securityGroup: { probesFrom: "anywhere" } }, "securityGroup.probesFrom"],
  [{ securityGroup: { probesFrom: "192.0.2.0/24", probePorts: [0] } }, "securityGroup.probePorts[0]"],
  [{ publicKey: "~/.ssh/id_ed25519.pub" }, "publicKey"],
];

const vm: OpenStackVmArgs = {
  target: {
    availabilityZone: "ha",
    flavorIds: { small: "1" },
    images: { ubuntu: { id: "2", guestOs: "ubuntu" } },
    networkIds: { tenants: "3" },
    securityGroupIds: [],
    cloud: {
      computeHost: "ha",
      availabilityZone: "ha",
      aggregate: "ha",
      flavors: [],
      images: [],
      service: "",
      novaConf: [],
    },
    digest: "d",
  },
  image: "ubuntu",
  flavor: "small",
  network: "tenants",
};
const vmCases: Case[] = [
  [{ vmName: "" }, "vmName"],
  [{ image: "xp" }, "image"],
  [{ flavor: "large" }, "flavor"],
  [{ network: "other" }, "network"],
  [{ probePort: 0 }, "probePort"],
  [{ bootSeconds: 0 }, "bootSeconds"],
];

describe("rules of OpenStack", () => {
  after(() => rmSync(dir, { recursive: true, force: true }));

  suite("of OpenStackCompute", compute, computeRules, computeCases);
  suite("of OpenStackVm", vm, openstackVmRules, vmCases);

  it("take any disk that is to be converted", () => {
    const images = [{ ...image, file: qcow2, convert: true }];
    assert.deepEqual(problemsOf(plain({ ...compute, images }), computeRules), []);
  });

  it("do not print a secret", () => {
    const wrong = {
      ...compute,
      vcenter: { ...vcenter, password: "hunter2\n" },
      node: { ...node, privateKey: "hunter2" },
    };
    const message = text("x", problemsOf(plain(wrong), computeRules));
    assert.match(message, /^2 problems/);
    assert.ok(!message.includes("hunter2"));
  });
});
