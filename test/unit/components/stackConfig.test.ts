import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { stackJsonSchema } from "../../../bin/stackJsonSchema";
import { stackConfig, type StackInput } from "../../../components/stackConfig";
import { stackKeys } from "../../../components/stackKeys";
import { value } from "./mocks";

const cluster = {
  name: "ha",
  datacenter: { name: "Lab", existing: true },
  hosts: [{ name: "esx-01" }, { name: "esx-02" }],
  datastores: [
    { name: "ha-a", nfs: { server: "nfs", path: "/a" } },
    { name: "ha-b", nfs: { server: "nfs", path: "/b" } },
  ],
};
const vm = { name: "u", guestOs: "ubuntu", template: "t", datastore: "ha-a", network: "vm-ha" };
const good: StackInput = {
  project: "vsphere-ha",
  keys: ["vsphere-ha:cluster", "vsphere-ha:vms"],
  cluster,
  vms: [vm],
  placement: undefined,
  bmcs: undefined,
  hostPassword: undefined,
  environment: { VSPHERE_HA_HOST_PASSWORD: "from-environment" },
};

/** The lines that name problems. */
function problems(changed: Partial<StackInput>): string[] {
  try {
    stackConfig({ ...good, ...changed });
    return [];
  } catch (error) {
    assert.ok(pulumi.RunError.isInstance(error), String(error));
    const [head, ...lines] = error.message.split("\n");
    assert.match(head ?? "", new RegExp(`^${String(lines.length)} problems? in the stack's configuration:$`));
    return lines.map((line) => line.trim());
  }
}

/** The paths of the problems. */
const paths = (changed: Partial<StackInput>): string[] => problems(changed).map((line) => line.split(" ")[0] ?? "");

describe("the stack's configuration", () => {
  it("becomes the arguments of the components", async () => {
    const bmcs = { "esx-01": { url: "https://bmc-01", username: "admin" } };
    const ssh = { "esx-02": { knownHostsFile: "/etc/ssh/ssh_known_hosts" } };
    const config = stackConfig({ ...good, placement: { haOverrides: [{ vm: "u" }] }, bmcs, ssh });
    assert.equal(config.cluster.clusterName, "ha");
    assert.deepEqual(config.vms, [vm]);
    assert.deepEqual(config.placement, { haOverrides: [{ vm: "u" }] });
    assert.deepEqual(config.bmcs, bmcs);
    assert.deepEqual(config.ssh, ssh);
    const password = pulumi.output(config.cluster.hosts[1]?.password);
    assert.equal(await value(password), "from-environment");
    assert.ok(await pulumi.isSecret(password));
  });

  it("takes the password of the stack's secrets before that of the environment", async () => {
    const { hosts } = stackConfig({ ...good, hostPassword: pulumi.secret("from-secrets") }).cluster;
    assert.equal(await value(pulumi.output(hosts[0]?.password)), "from-secrets");
  });

  it("needs no password for hosts that exist", () => {
    const hosts = cluster.hosts.map((host) => ({ ...host, existing: true }));
    assert.deepEqual(problems({ cluster: { ...cluster, hosts }, environment: {} }), []);
  });

  it("fails without the hosts' password, at every host, saying where it may come from", () => {
    const lines = problems({ environment: {} });
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /^cluster.hosts\[0\].password is not set: .*VSPHERE_HA_HOST_PASSWORD/);
  });

  it("fails when nothing is configured, naming every part", () => {
    assert.deepEqual(paths({ cluster: undefined, vms: undefined }), ["cluster", "vms"]);
  });

  for (const part of ["name", "datacenter", "hosts", "datastores"] as const) {
    it(`fails without cluster.${part}`, () => {
      assert.deepEqual(paths({ cluster: { ...cluster, [part]: undefined } })[0], `cluster.${part}`);
    });
  }

  for (const part of ["name", "guestOs", "datastore", "network"] as const) {
    it(`fails without vms[0].${part}`, () => {
      assert.deepEqual(paths({ vms: [{ ...vm, [part]: undefined }] }), [`vms[0].${part}`]);
    });
  }

  it("fails on what it does not know, wherever it stands", () => {
    assert.deepEqual(
      paths({
        cluster: {
          ...cluster,
          colour: "red",
          ha: { restart: "fast" },
          hosts: [{ name: "esx-01", password: "p" }, { name: "esx-02" }],
        },
        vms: [{ ...vm, host: "esx-01" }],
        placement: { rules: [] },
        bmcs: { "esx-01": { url: "https://bmc", username: "admin", password: "p" } },
      }).sort(),
      [
        "bmcs.esx-01.password",
        "cluster.colour",
        "cluster.ha.restart",
        "cluster.hosts[0].password",
        "placement.rules",
        "vms[0].host",
      ],
    );
  });

  it("says which setting was meant, where one is near", () => {
    const lines = problems({
      cluster: {
        ...cluster,
        hosts: [{ name: "esx-01", lockdwn: "normal" }, { name: "esx-02" }],
        ha: { vmRestartPriorty: "high", colour: "red" },
      },
      bmcs: { "esx-01": { url: "https://bmc", username: "admin", password: "p" } },
    });
    assert.deepEqual(
      lines.map((line) => line.replace("(value not shown): is not a setting of this stack; ", "")),
      [
        "cluster.hosts[0].lockdwn write lockdown, or leave it out",
        "cluster.ha.vmRestartPriorty write vmRestartPriority, or leave it out",
        "cluster.ha.colour correct its name, or leave it out",
        "bmcs.esx-01.password write passwordEnv, or leave it out",
      ],
    );
  });

  it("fails on keys that it does not know, beside every other problem, and says what was meant", () => {
    const unknown = ["datastors", "VMs", "hostpassword", "colour"].map((key) => `vsphere-ha:${key}`);
    assert.deepEqual(
      problems({ keys: [...good.keys, ...unknown, "vsphere:user", "pulumi:tags"], vms: [{ ...vm, network: "" }] }),
      [
        "vsphere-ha:datastors (value not shown): is not a setting of this stack; write datastores under vsphere-ha:cluster, or leave it out",
        "vsphere-ha:VMs (value not shown): is not a setting of this stack; write vsphere-ha:vms, or leave it out",
        "vsphere-ha:hostpassword (value not shown): is not a setting of this stack; write vsphere-ha:hostPassword, or leave it out",
        "vsphere-ha:colour (value not shown): is not a setting of this stack; " +
          "write one of cluster, vms, placement, bmcs, ssh, openstack, hostPassword, novaPassword, computePrivateKey, or leave it out",
        'vms[0].network = "": must not be empty; write it',
      ],
    );
  });

  it("knows the keys that the published schema has, and no other", () => {
    const { config } = stackJsonSchema(new Map()).properties as { config: { properties: object } };
    assert.deepEqual(
      Object.keys(config.properties),
      stackKeys.map((key) => `vsphere-ha:${key}`),
    );
  });

  it("does not print a password that was written where none belongs", () => {
    const hosts = [{ name: "esx-01", password: "hunter2" }, { name: "esx-02" }];
    const bmcs = { "esx-01": { url: "https://bmc", username: "admin", password: "hunter2" } };
    const lines = problems({ cluster: { ...cluster, hosts }, bmcs });
    assert.equal(lines.length, 2);
    assert.ok(!lines.join().includes("hunter2"));
  });

  it("fails on shells of strange hosts, and on a shell whose key stands nowhere or twice", () => {
    const twice = { hostKey: `SHA256:${"A".repeat(43)}`, knownHostsFile: "/known_hosts" };
    assert.deepEqual(
      paths({ ssh: { "esx-01": {}, "esx-02": twice, "esx-09": { knownHostsFile: "/known_hosts", port: 0 } } }).sort(),
      ["ssh.esx-01.hostKey", "ssh.esx-02.hostKey", "ssh.esx-09", "ssh.esx-09.port"],
    );
  });

  it("fails on a virtual machine that is none, in words", () => {
    assert.deepEqual(paths({ vms: [null, vm] }), ["vms[0]"]);
  });

  it("fails on values of another type", () => {
    assert.deepEqual(
      paths({
        cluster: { ...cluster, ha: { vmRestartTimeout: "600", enabled: "yes", vmRestartPriority: 1 } },
        vms: [{ ...vm, memoryMb: "1024" }],
      }).sort(),
      ["cluster.ha.enabled", "cluster.ha.vmRestartPriority", "cluster.ha.vmRestartTimeout", "vms[0].memoryMb"],
    );
  });

  it("lists problems of form and of content together, of every part", () => {
    assert.deepEqual(
      paths({
        cluster: {
          ...cluster,
          hosts: [{ name: "esx-01" }, { name: "esx-01" }],
          drs: { migrationThreshold: 9, enabled: "yes" },
        },
        vms: [
          { ...vm, datastore: "local" },
          { ...vm, guestOs: "windowsxp", scsiType: "pvscsi" },
        ],
        placement: { haOverrides: [{ vm: "z" }] },
        bmcs: { "esx-09": { url: "http://bmc", username: "admin" } },
      }).sort(),
      [
        "bmcs.esx-09",
        "bmcs.esx-09.url",
        "cluster.drs.enabled",
        "cluster.drs.migrationThreshold",
        "cluster.hosts[1].name",
        "placement.haOverrides[0].vm",
        "vms[0].datastore",
        "vms[1].name",
        "vms[1].scsiType",
      ],
    );
  });
});
