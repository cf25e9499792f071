import assert from "node:assert/strict";
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { OpenStackCompute, type OpenStackComputeArgs, OpenStackVm, PostDeployCheck } from "../../../components";
import { layOver, type Json } from "../../../verification/config/layers";
import { parseConfig } from "../../../verification/config";
import { declared, named, registered, unwrapped, value } from "./mocks";
import official from "./official-openstack-names.json";
import { target } from "./ruleSuite";

const args: OpenStackComputeArgs = {
  target,
  vcenter: { server: "vcenter", username: "nova", password: "s3cret", caFile: "/etc/nova/ca.pem" },
  node: {
    host: "compute",
    privateKey: pulumi.secret("-----BEGIN PRIVATE KEY-----"),
    hostKey: "ssh-ed25519 AAAA",
  },
  serviceName: "a",
  flavors: [{ name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
  images: [
    { name: "ubuntu", guestOs: "ubuntu", url: "https://images/u.vmdk" },
    { name: "xp", guestOs: "windowsxp", file: __filename, convert: true },
  ],
  networks: [
    { name: "tenants", cidr: "192.0.2.0/24" },
    { name: "dvs", cidr: "198.51.100.0/24", portGroup: "pg" },
  ],
  securityGroup: { probesFrom: "192.0.2.0/24" },
  publicKey: "ssh-ed25519 AAAA me",
  quota: { instances: 5, vcpus: -1, memoryMb: 4096 },
};

/** A program that uses every part of it. */
function everything(changed: Partial<OpenStackComputeArgs> = {}): { compute: OpenStackCompute; vm: OpenStackVm } {
  const compute = new OpenStackCompute("c", { ...args, ...changed });
  const launch = { target: compute.target, flavor: "small", network: "tenants" };
  const vm = new OpenStackVm("u", { ...launch, image: "ubuntu", address: "192.0.2.9", probePort: 2222 });
  new OpenStackVm("x", { ...launch, image: "xp" });
  new PostDeployCheck("check", { target, vms: [vm.testVm], cloud: compute.target.cloud });
  return { compute, vm };
}

const json = (text: unknown): Record<string, unknown> => JSON.parse(text as string) as Record<string, unknown>;

describe("OpenStackCompute", () => {
  it("declares the service, then its zone, what instances are made from, and last what guards them", async () => {
    const resources = declared(await registered(() => new OpenStackCompute("c", args)));
    assert.deepEqual(resources.map(({ type, name }) => `${type.split(":").pop() ?? ""} ${name}`).sort(), [
      "AggregateV2 c-aggregate",
      "Command c-default-quota",
      "Command c-instances",
      "Command c-ready",
      "Command c-registration",
      "Command c-service",
      "Command c-xp-conversion",
      "Flavor c-small",
      "HostPortGroup c-tenants-esx-01",
      "HostPortGroup c-tenants-esx-02",
      "Image c-ubuntu",
      "Image c-xp",
      "Keypair c-key",
      "Network c-dvs",
      "Network c-tenants",
      "OpenStackCompute c",
      "QuotaSetV2 c-quota",
      "SecGroup c-probes",
      "SecGroupRule c-probes-22",
      "SecGroupRule c-probes-3389",
      "Subnet c-dvs-subnet",
      "Subnet c-tenants-subnet",
    ]);
    const order = resources.map(({ name }) => name);
    const sequence = ["c-registration", "c-service", "c-ready", "c-aggregate", "c-instances"];
    assert.deepEqual(
      order.filter((name) => sequence.includes(name)),
      sequence,
    );
    assert.equal(order.at(-1), "c-instances", "guards all the others");
  });

  it("hands the configuration to the node on standard input, as a secret, and nothing secret in a command", async () => {
    const resources = await registered(() => new OpenStackCompute("c", args));
    const { stdin, connection, ...open } = named(resources, "c-service").inputs;
    assert.match(unwrapped(stdin) as string, /host_password = "s3cret"\n/);
    assert.match(unwrapped(stdin) as string, /datastore_regex = "\(ha-a\)\$\$"\n/);
    assert.notEqual(unwrapped(stdin), stdin, "is wrapped");
    assert.deepEqual(unwrapped(connection), {
      host: "compute",
      port: 22,
      user: "root",
      privateKey: "-----BEGIN PRIVATE KEY-----",
      hostKey: "ssh-ed25519 AAAA",
      dialErrorLimit: 3,
      perDialTimeout: 15,
    });
    assert.ok(!JSON.stringify(open).includes("s3cret"));
    for (const { name, inputs } of resources.filter(({ name }) => name !== "c-service" && name !== "")) {
      assert.ok(!JSON.stringify(inputs).includes("s3cret"), name);
    }
  });

  const inputsOf = async (changed: Partial<OpenStackComputeArgs>): Promise<Map<string, string>> => {
    const all = declared(await registered(() => new OpenStackCompute("c", { ...args, ...changed })));
    const children = all.filter(({ type }) => type !== "vsphere-ha:index:OpenStackCompute");
    return new Map(children.map(({ name, inputs }) => [name, JSON.stringify(inputs)]));
  };
  let unchanged: Promise<Map<string, string>> | undefined;
  /** Names of the resources whose inputs differ. */
  const changedBy = async (changed: Partial<OpenStackComputeArgs>): Promise<string[]> => {
    const before = await (unchanged ??= inputsOf({}));
    const after = await inputsOf(changed);
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((name) => before.get(name) !== after.get(name))
      .sort();
  };

  it("leaves the service alone when a flavor comes", async () => {
    const flavors = [...(args.flavors ?? []), { name: "large", vcpus: 4, memoryMb: 4096, diskGb: 8 }];
    assert.deepEqual(await changedBy({ flavors }), ["c-large", "c-ready"]);
  });

  it("tells the service alone another datastore pattern, and waits again", async () => {
    const vcenter = { ...args.vcenter, datastorePattern: "ha-" };
    assert.deepEqual(await changedBy({ vcenter }), ["c-ready", "c-service"]);
  });

  const vcenter = { ...args.vcenter, password: "new" };
  for (const [what, changed, resources] of [
    ["password of nova's user", { vcenter }, ["c-service"]],
    ["power-state sync", { syncPowerStateInterval: 60 }, ["c-ready", "c-service"]],
    ["quota", { quota: { instances: 6, vcpus: -1, memoryMb: 4096 } }, ["c-quota"]],
    ["aggregate's name", { aggregateName: "other" }, ["c-aggregate"]],
    ["zone", { availabilityZone: "other" }, ["c-aggregate"]],
    ["key", { publicKey: "ssh-ed25519 BBBB me" }, ["c-key"]],
    ["probe port", { securityGroup: { probesFrom: "192.0.2.0/24", probePorts: [22] } }, ["c-probes-3389"]],
    ["deletion of instances", { deleteInstances: true }, ["c-instances"]],
    ["time to wait", { timeoutSeconds: 60 }, ["c-instances", "c-ready"]],
    ["image", { images: [] }, ["c-ubuntu", "c-xp", "c-xp-conversion"]],
  ] satisfies [string, Partial<OpenStackComputeArgs>, string[]][]) {
    it(`changes just what it is about: the ${what}`, async () => {
      assert.deepEqual(await changedBy(changed), resources);
    });
  }

  it("shares nothing between two clusters side by side", async () => {
    const units: unknown[] = [];
    for (const serviceName of ["a", "b"]) {
      const resources = await registered(() => new OpenStackCompute("c", { ...args, serviceName }));
      const { inputs } = named(resources, "c-aggregate");
      units.push([inputs.zone, inputs.hosts, inputs.name], unwrapped(named(resources, "c-service").inputs.stdin));
    }
    assert.equal(new Set(units.map((unit) => JSON.stringify(unit))).size, 4);
    assert.deepEqual(units[0], ["a", ["a"], "a"]);
  });

  it("maps each network to its port group: made on every host, or the existing one", async () => {
    const resources = await registered(() => new OpenStackCompute("c", args));
    assert.equal(named(resources, "c-tenants-esx-02").inputs.name, "id-c-tenants");
    assert.ok(!("segments" in named(resources, "c-tenants").inputs));
    assert.deepEqual(named(resources, "c-dvs").inputs.segments, [{ networkType: "flat", physicalNetwork: "pg" }]);
    assert.equal(named(resources, "c-tenants-subnet").inputs.enableDhcp, true);
  });

  it("maps the host to its cell on the controller, before it waits, and nowhere without one", async () => {
    const controller = { host: "control", hostKey: "ssh-ed25519 CCCC", privateKey: pulumi.secret("-----BEGIN KEY") };
    const resources = declared(await registered(() => new OpenStackCompute("c", { ...args, controller })));
    const { stdin, connection, create } = named(resources, "c-cell").inputs;
    assert.equal((unwrapped(connection) as { host: string }).host, "control");
    assert.equal(create, "sh -s");
    assert.match(stdin as string, /^host='a'\n/);
    const order = resources.map(({ name }) => name);
    assert.ok(order.indexOf("c-service") < order.indexOf("c-cell"));
    assert.ok(order.indexOf("c-cell") < order.indexOf("c-ready"));
    assert.ok(!(await registered(() => new OpenStackCompute("c", args))).some(({ name }) => name === "c-cell"));
  });

  it("gives its own providers' logins to what it runs, as a secret, and nothing where it has none", async () => {
    const providers = {
      openstack: new openstack.Provider("p", { authUrl: "https://other/v3", userName: "u", password: "pw" }),
    };
    const commands = ["c-registration", "c-ready", "c-instances"];
    const resources = await registered(() => new OpenStackCompute("c", args, { providers }));
    for (const name of commands) {
      const { environment } = named(resources, name).inputs;
      assert.deepEqual(unwrapped(environment), {
        OS_AUTH_URL: "https://other/v3",
        OS_USERNAME: "u",
        OS_PASSWORD: "pw",
      });
      assert.notEqual(unwrapped(environment), environment, "is wrapped");
    }
    const plain = await registered(() => new OpenStackCompute("c", args));
    for (const name of commands) assert.ok(!("environment" in named(plain, name).inputs), name);
  });

  it("gives on what the stack's configuration sets of the default providers", async () => {
    pulumi.runtime.setConfig("openstack:region", "north");
    pulumi.runtime.setConfig("vsphere:user", "reader");
    try {
      const resources = await registered(() => new OpenStackCompute("c", args));
      assert.deepEqual(unwrapped(named(resources, "c-ready").inputs.environment), {
        OS_REGION_NAME: "north",
        VSPHERE_USER: "reader",
      });
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });

  it("sets the quota of the project that it logged in to", async () => {
    const resources = await registered(() => new OpenStackCompute("c", args));
    assert.deepEqual(named(resources, "c-quota").inputs, {
      projectId: "project-1",
      instances: 5,
      cores: -1,
      ram: 4096,
    });
  });

  it("uploads what was converted, and lets go of instances only when told to", async () => {
    const resources = await registered(() => new OpenStackCompute("c", { ...args, deleteInstances: true }));
    assert.equal(named(resources, "c-xp").inputs.localFilePath, `${__filename}.vmdk`);
    assert.equal(named(resources, "c-ubuntu").inputs.imageSourceUrl, "https://images/u.vmdk");
    assert.equal(json(named(resources, "c-instances").inputs.stdin).deleteInstances, true);
    const careful = await registered(() => new OpenStackCompute("c", args));
    assert.ok(!("deleteInstances" in json(named(careful, "c-instances").inputs.stdin)));
    assert.match(named(careful, "c-instances").inputs.delete as string, /vsphere-ha-compute release$/);
    assert.match(named(careful, "c-registration").inputs.delete as string, /vsphere-ha-compute forget$/);
  });

  it("fails before it registers anything, with every problem at once", async () => {
    let message = "";
    const resources = await registered(() => {
      try {
        new OpenStackCompute("c", { ...args, availabilityZone: "nova", timeoutSeconds: 0 });
      } catch (error) {
        message = error instanceof Error ? error.message : "";
      }
    });
    assert.deepEqual(resources, []);
    assert.match(message, /^2 problems in OpenStackCompute "c":\n {2}availabilityZone = "nova": /);
  });
});

describe("OpenStackVm", () => {
  it("is launched in the zone of the cluster, through a port of its own", async () => {
    const resources = await registered(() => everything());
    assert.deepEqual(named(resources, "u-instance").inputs, {
      name: "u",
      availabilityZone: "a",
      flavorId: "id-c-small",
      imageId: "id-c-ubuntu",
      networks: [{ port: "id-u-port" }],
      keyPair: "c-key",
    });
    const port = named(resources, "u-port").inputs;
    assert.deepEqual(port.fixedIps, [{ ipAddress: "192.0.2.9" }]);
    assert.deepEqual(port.securityGroupIds, ["id-c-probes"]);
    assert.equal(named(resources, "x-instance").inputs.imageId, "id-c-xp");
  });

  it("describes itself for a verification that finds it by its instance UUID", async () => {
    let made: ReturnType<typeof everything> | undefined;
    const resources = await registered(() => (made = everything()));
    assert.ok(made);
    assert.equal(await value(made.vm.instanceId), "id-u-instance");
    const { digest, ...described } = await value(pulumi.output(made.vm.testVm));
    const probe = { probePort: 2222, bootSeconds: 120 };
    assert.deepEqual(described, { name: "u", guestOs: "ubuntu", ...probe, instanceId: "id-u-instance" });
    assert.match(digest ?? "", /^[0-9a-f]{64}$/);
    const document = json(named(resources, "check-check").inputs.stdin);
    assert.deepEqual((document.vms as { openstack: object }[])[0]?.openstack, { instanceId: "id-u-instance" });
    assert.deepEqual(document.openstack, {
      computeHost: "a",
      availabilityZone: "a",
      aggregate: "a",
      flavors: ["small"],
      images: [
        { name: "ubuntu", guestOs: "ubuntu" },
        { name: "xp", guestOs: "windowsxp" },
      ],
      service: "nova-compute@a",
      novaConf: ["nova.conf", "/etc/nova/nova-compute-a.conf"],
    });
  });

  it("is described in the form that the verification reads", async () => {
    const resources = await registered(() => everything());
    const document = json(named(resources, "check-check").inputs.stdin) as { vms: { openstack: object }[] };
    document.vms.forEach((vm) => (vm.openstack = { instanceId: "00000000-0000-4000-8000-000000000000" }));
    const names = [
      "VSPHERE_SERVER",
      "VSPHERE_USER",
      "VSPHERE_PASSWORD",
      "OS_USERNAME",
      "OS_PASSWORD",
      "OS_PROJECT_NAME",
    ];
    const environment = { ...Object.fromEntries(names.map((name) => [name, "x"])), OS_AUTH_URL: "https://keystone/v3" };
    const config = parseConfig(layOver([document as unknown as Json]), environment);
    assert.equal(config.openstack?.computeHost, "a");
    assert.deepEqual(config.openstack.novaConf, ["/etc/nova/nova.conf", "/etc/nova/nova-compute-a.conf"]);
  });
});

type Names = Record<string, { inputs: string[]; required?: string[] }>;
const names: Names = official.resources;

/** official-openstack-names.json is an extract of the schemas of the official providers: openstack 5.5.1, command 1.2.1. */
describe("the library, beside the official OpenStack and Command providers", () => {
  it("uses their resources, functions and fields only", async () => {
    const used = (await registered(() => everything())).filter(({ type }) => /^(openstack|command):/.test(type));
    for (const { type, inputs } of used) {
      const known = names[type];
      assert.ok(known, `${type} is not in the official provider`);
      const strange = Object.keys(inputs).filter((field) => !known.inputs.includes(field));
      assert.deepEqual(strange, [], `fields of ${type}`);
      const missing = (known.required ?? []).filter((field) => !(field in inputs));
      assert.deepEqual(missing, [], `required fields of ${type}`);
    }
    assert.deepEqual(Object.keys(names).sort(), [...new Set(used.map(({ type }) => type))].sort());
  });

  it("reads outputs that they have", () => {
    assert.ok(official.resources["openstack:networking/port:Port"].outputsOnly.includes("allFixedIps"));
  });
});
