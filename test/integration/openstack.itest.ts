import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpMap, Stack } from "@pulumi/pulumi/automation";
import { EsxiCluster, type FlavorArgs, OpenStackCompute, OpenStackVm } from "../../components";
import { place } from "../../lab/record";
import { openstackEnv, type OpenstackLab, startOpenstack, stopOpenstack } from "../../lab/openstack/openstack";
import { parseConfig } from "../../verification/config";
import { connectOpenStack, type OpenStack } from "../../verification/openstack/client";
import { assertSettled, changed, inlineStack, labOfSuite } from "./inlineStack";

const small: FlavorArgs = { name: "small", vcpus: 1, memoryMb: 512, diskGb: 8 };
const medium: FlavorArgs = { name: "medium", vcpus: 2, memoryMb: 1024, diskGb: 8 };

/** What the tests change of the program. */
interface Changes {
  flavors: FlavorArgs[];
  datastorePattern: string;
  instances: boolean;
  deleteInstances?: boolean;
}

const declared: Changes = { flavors: [small], datastorePattern: "ha-", instances: true };

describe("OpenStackCompute and OpenStackVm", function () {
  this.timeout(900_000);
  let openstack: OpenstackLab;
  let env: Record<string, string>;
  let stack: Stack;
  let cloud: OpenStack | undefined;

  // Before the hook of labOfSuite, which takes away the folder that it needs.
  after(async () => {
    await cloud?.close();
    await stopOpenstack(openstack);
  });
  const lab = labOfSuite("cloud");

  const program = (changes: Changes) => () => {
    const [server = "", port = ""] = (process.env.VSPHERE_SERVER ?? "").split(":");
    const { target } = new EsxiCluster("ha", {
      datacenter: { name: "Lab", existing: true },
      hosts: ["esx-01.lab.test", "esx-02.lab.test"].map((name) => ({
        name,
        password: process.env.VSPHERE_HA_HOST_PASSWORD ?? "",
      })),
      datastores: ["ha-a", "ha-b"].map((name) => ({ name, nfs: { server: "nfs.lab.test", path: `/exports/${name}` } })),
    });
    const compute = new OpenStackCompute("cloud", {
      target,
      serviceName: "ha",
      vcenter: {
        server,
        port: Number(port),
        username: process.env.VSPHERE_USER ?? "",
        password: process.env.VSPHERE_PASSWORD ?? "",
        caFile: lab().caFile,
        datastorePattern: changes.datastorePattern,
      },
      node: {
        host: env.VSPHERE_HA_COMPUTE_HOST ?? "",
        port: Number(env.VSPHERE_HA_COMPUTE_PORT),
        user: env.VSPHERE_HA_COMPUTE_USER ?? "",
        privateKey: readFileSync(env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE ?? "", "utf8"),
        hostKey: env.VSPHERE_HA_COMPUTE_HOST_KEY ?? "",
        configDirectory: env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "",
        stateDirectory: env.VSPHERE_HA_COMPUTE_STATE_DIR ?? "",
      },
      flavors: changes.flavors,
      images: (["ubuntu", "windowsxp"] as const).map((guestOs) => ({
        name: guestOs,
        guestOs,
        file: join(env.VSPHERE_HA_IMAGE_DIR ?? "", guestOs === "ubuntu" ? "ubuntu-13.10.vmdk" : "windows-xp-sp3.vmdk"),
      })),
      networks: [{ name: "tenants", cidr: "192.0.2.0/24", enableDhcp: false }],
      securityGroup: { probesFrom: "192.0.2.0/24" },
      publicKey: readFileSync(`${env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE ?? ""}.pub`, "utf8").trim(),
      quota: { instances: 20, vcpus: 40, memoryMb: 65536 },
      ...(changes.deleteInstances !== undefined && { deleteInstances: changes.deleteInstances }),
      timeoutSeconds: 300,
    });
    const vms = changes.instances
      ? ["ubuntu", "windowsxp"].map(
          (image) => new OpenStackVm(image, { target: compute.target, image, flavor: "small", network: "tenants" }),
        )
      : [];
    return Promise.resolve({
      instanceIds: vms.map(({ instanceId }) => instanceId),
      testVms: vms.map((vm) => vm.testVm),
    });
  };

  const deploy = async (changes: Partial<Changes>): Promise<OpMap> => {
    stack.workspace.program = program({ ...declared, ...changes });
    return changed((await stack.up()).summary.resourceChanges);
  };
  /** When the service last began, and what it was told. */
  const service = (): { pid: string; configuration: string } => {
    const node = join(lab().dir, "compute");
    return {
      pid: readFileSync(join(node, "run", "nova-compute@ha.service.pid"), "utf8"),
      configuration: readFileSync(join(node, "etc", "nova", "nova-compute-ha.conf"), "utf8"),
    };
  };
  const asked = (): OpenStack => {
    assert.ok(cloud);
    return cloud;
  };
  const instances = async (): Promise<string[]> =>
    (await asked().instances("ha")).map(({ name, status }) => `${name} ${status}`).sort();

  before(async () => {
    openstack = {
      name: lab().name,
      dir: lab().dir,
      octet: place(lab().name).addresses.octet,
    };
    await startOpenstack(openstack);
    env = openstackEnv(openstack);
    Object.assign(process.env, env);
    const document = {
      cluster: { datacenter: "Lab", name: "ha" },
      hosts: [],
      vms: [],
      openstack: { computeHost: "ha", availabilityZone: "ha" },
    };
    const { openstack: config } = parseConfig(document, process.env);
    assert.ok(config);
    cloud = await connectOpenStack(config, process.env);
    stack = await inlineStack("cloud", program(declared));
  });

  it("launch instances on the cluster, and leave nothing to change", async () => {
    await deploy({});
    assert.deepEqual(await instances(), ["ubuntu ACTIVE", "windowsxp ACTIVE"]);
    await assertSettled(stack);
    const backend = fileURLToPath(process.env.PULUMI_BACKEND_URL ?? "");
    const state = readFileSync(join(backend, ".pulumi", "stacks", "cloud", "dev.json"), "utf8");
    assert.ok(state.includes("nova-compute@ha"));
    for (const secret of [process.env.VSPHERE_PASSWORD ?? "", "PRIVATE KEY"]) {
      assert.ok(!state.includes(secret), "a secret is in the state");
    }
  });

  it("take a flavor more without a word to the node", async () => {
    const before = service();
    assert.deepEqual(await deploy({ flavors: [small, medium] }), { create: 1, update: 1 });
    assert.deepEqual(service(), before);
  });

  it("restart the service with another datastore pattern, and nothing else", async () => {
    const before = service();
    await deploy({ flavors: [small, medium], datastorePattern: "ha-a" });
    const now = service();
    assert.match(now.configuration, /datastore_regex = "ha-a"/);
    assert.notEqual(now.pid, before.pid);
    assert.deepEqual(await instances(), ["ubuntu ACTIVE", "windowsxp ACTIVE"]);
    await assertSettled(stack);
  });

  it("refuse to go while other instances run, and name them", async () => {
    // Instances of another stack: removed from this one's state only.
    stack.workspace.program = program({ ...declared, instances: false, flavors: [small, medium] });
    const state = await stack.exportStack();
    const deployment = state.deployment as { resources: { type: string }[] };
    deployment.resources = deployment.resources.filter(({ type }) => type !== "openstack:compute/instance:Instance");
    await stack.importStack(state);
    let text = "";
    await assert.rejects(stack.destroy({ onOutput: (part) => (text += part) }));
    assert.match(text, /instances run on ha: .*(ubuntu|windowsxp) \(/);
    assert.deepEqual(await instances(), ["ubuntu ACTIVE", "windowsxp ACTIVE"]);
  });

  it("delete them when told to, and leave neither service nor resource provider", async () => {
    await deploy({ instances: false, flavors: [small, medium], deleteInstances: true });
    await stack.destroy();
    assert.deepEqual(await asked().services(), []);
    assert.deepEqual(await asked().hypervisors(), []);
    assert.ok(!existsSync(join(lab().dir, "compute", "etc", "nova", "nova-compute-ha.conf")));
    assert.ok(!existsSync(join(lab().dir, "compute", "run", "nova-compute@ha.service.pid")));
  });
});
