import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as openstack from "@pulumi/openstack";
import type { Stack } from "@pulumi/pulumi/automation";
import * as vsphere from "@pulumi/vsphere";
import { type ClusterTarget, OpenStackCompute, type OpenStackComputeArgs, OpenStackVm } from "../../components";
import { parseConfig } from "../../verification/config";
import type { Json } from "../../verification/config/layers";
import { connectCloud } from "../../verification/openstack/cloud";
import { computeNode } from "../../verification/openstack/node";
import { runChecks } from "../../verification/checks";
import { connect } from "../../verification/vcenter/client";
import { CloudLab } from "./cloudLab";
import { accessOf, deploy, errorsOf, targetOf } from "./cloudStack";
import { assertSettled, inlineStack } from "./inlineStack";
import { Administrator } from "./smallCluster";
import { startSudoNode, type Sudo, type SudoNode } from "./sudoNode";

const clusters = {
  north: ["esx-01.lab.test", "esx-02.lab.test"],
  south: ["esx-03.lab.test", "esx-04.lab.test"],
} as const;
type Cluster = keyof typeof clusters;

/**
 * Two clusters, each with a compute service and a zone of its own, in every way that the first suite does not go: north
 * over sudo, mapped by its controller, on a distributed port group, from a converted image; south from an image by URL.
 * Logins come by explicit providers, and the environment has none.
 */
describe("OpenStackCompute on two clusters side by side", function () {
  this.timeout(900_000);
  let cloud: CloudLab;
  let admin: Administrator;
  let stack: Stack;
  let web: Server;
  let sudoNode: SudoNode;
  let qcow2: string;
  const targets = {} as Record<Cluster, ClusterTarget>;
  const environment = { ...process.env };
  const started: (() => unknown)[] = [];

  const nodeOf = (over?: SudoNode): OpenStackComputeArgs["node"] => ({
    ...accessOf(cloud).node,
    ...(over && { host: over.host, port: over.port, user: over.user }),
  });

  /** Each cluster's arguments. */
  const args = (north: SudoNode): Record<Cluster, OpenStackComputeArgs> => {
    const { vcenter } = accessOf(cloud);
    const network = { name: "tenants", enableDhcp: false };
    return {
      north: {
        target: targets.north,
        vcenter,
        node: nodeOf(north),
        controller: nodeOf(),
        flavors: [{ name: "north-small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
        images: [{ name: "north-ubuntu", guestOs: "ubuntu", file: qcow2, convert: true }],
        networks: [{ ...network, name: "north", cidr: "192.0.2.0/24", portGroup: "tenants-dvs" }],
        quota: { instances: 20 },
        timeoutSeconds: 300,
      },
      south: {
        target: targets.south,
        vcenter,
        node: nodeOf(),
        controller: nodeOf(),
        flavors: [{ name: "south-small", vcpus: 1, memoryMb: 512, diskGb: 8 }],
        images: [{ name: "south-xp", guestOs: "windowsxp", url: imageUrl("windows-xp-sp3.vmdk") }],
        networks: [{ ...network, name: "south", cidr: "198.51.100.0/24" }],
        securityGroup: { probesFrom: "192.0.2.0/24" },
        publicKey: readFileSync(`${cloud.env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE ?? ""}.pub`, "utf8").trim(),
        timeoutSeconds: 300,
      },
    };
  };
  const imageUrl = (name: string): string => `http://127.0.0.1:${String((web.address() as AddressInfo).port)}/${name}`;

  const program =
    (which: Cluster[], { instances = true, north = sudoNode } = {}) =>
    () => {
      const { env } = cloud;
      const providers = {
        openstack: new openstack.Provider("openstack", {
          authUrl: env.OS_AUTH_URL ?? "",
          userName: env.OS_USERNAME ?? "",
          password: env.OS_PASSWORD ?? "",
          tenantName: env.OS_PROJECT_NAME ?? "",
          userDomainName: "Default",
          projectDomainName: "Default",
          region: env.OS_REGION_NAME ?? "",
          cacertFile: env.OS_CACERT ?? "",
        }),
        vsphere: new vsphere.Provider("vsphere", {
          vsphereServer: env.VSPHERE_SERVER ?? "",
          user: env.VSPHERE_USER ?? "",
          password: env.VSPHERE_PASSWORD ?? "",
        }),
      };
      const ids = which.map((name) => {
        const { target } = new OpenStackCompute(name, args(north)[name], { providers });
        const image = name === "north" ? "north-ubuntu" : "south-xp";
        if (!instances) return "";
        const vm = new OpenStackVm(
          `vm-${name}`,
          { target, image, flavor: `${name}-small`, network: name },
          { providers },
        );
        return vm.instanceId;
      });
      return Promise.resolve({ ids });
    };

  const instanceIds = async (): Promise<string[]> => (await stack.outputs()).ids?.value as string[];
  /** Compute services by host: up or not. */
  const services = async (): Promise<string[]> => {
    const answer = await cloud.api<{ services: { binary: string; host: string; state: string }[] }>(
      "compute",
      "GET",
      "/os-services",
    );
    return answer.services
      .filter(({ binary }) => binary === "nova-compute")
      .map(({ host, state }) => `${host} ${state}`)
      .sort();
  };
  /** Names of what there is of one kind. */
  const names = async (service: "compute" | "image" | "network" | "placement", path: string, kind: string) =>
    (await cloud.api<Record<string, { name: string }[]>>(service, "GET", path))[kind]?.map(({ name }) => name).sort();

  before(async () => {
    cloud = await CloudLab.start("side-by-side", {
      environment: { OS_SCHEDULER__DISCOVER_HOSTS_IN_CELLS_INTERVAL: "-1" },
    });
    started.push(() => cloud.stop());
    // What logs in is said by the providers alone.
    const { PULUMI_HOME, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PATH, SSL_CERT_FILE } = cloud.env;
    const own = { PULUMI_HOME, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PATH, SSL_CERT_FILE };
    const trust = { VSPHERE_HA_CA_FILE: cloud.env.VSPHERE_HA_CA_FILE };
    Object.assign(process.env, Object.fromEntries(Object.entries({ ...own, ...trust }).filter(([, value]) => value)));
    admin = await Administrator.logIn(cloud.env, 10);
    started.push(() => admin.logOut());
    for (const [name, hosts] of Object.entries(clusters)) {
      await admin.createCluster(name, hosts);
      targets[name as Cluster] = await targetOf(admin, name, hosts);
    }
    await admin.addDistributedPortGroup(clusters.north, "tenants-dvs");
    const images = cloud.env.VSPHERE_HA_IMAGE_DIR ?? "";
    qcow2 = join(images, "ubuntu.qcow2");
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", qcow2, "1G"]);
    web = createServer((request, answer) => {
      answer.end(readFileSync(join(images, request.url ?? "")));
    });
    web.listen(0, "127.0.0.1");
    await once(web, "listening");
    started.push(() => web.close());
    stack = await inlineStack("side-by-side", () => Promise.resolve());
  });

  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
    for (const end of started.reverse()) await end();
  });

  for (const [sudo, error] of [
    ["missing", /stack on \S+ is not root and there is no sudo: log in as root, or install sudo/],
    ["with a password", /stack on \S+ needs a password for sudo: allow sudo without one, or log in as root/],
  ] as [Sudo, RegExp][]) {
    it(`says one clear error for a user who is not root, with sudo ${sudo}`, async () => {
      const node = await startSudoNode(cloud, sudo);
      try {
        stack.workspace.program = program(["north"], { north: node });
        const errors = await errorsOf((options) => stack.up(options));
        assert.equal(errors.length, 1, errors.join("\n---\n"));
        assert.match(errors[0] ?? "", error);
      } finally {
        node.stop();
      }
    });
  }

  it("gives each cluster a service, a hypervisor, a zone and an instance of its own", async () => {
    sudoNode = await startSudoNode(cloud, "without a password");
    started.push(() => {
      sudoNode.stop();
    });
    await deploy(stack, program(["north", "south"]));
    assert.deepEqual(await services(), ["north up", "south up"]);
    const ids = await instanceIds();
    for (const [n, cluster] of (["north", "south"] as const).entries()) {
      const id = ids[n] ?? "";
      const { server } = await cloud.api<{ server: Record<string, string> }>("compute", "GET", `/servers/${id}`);
      assert.equal(server["OS-EXT-AZ:availability_zone"], cluster);
      assert.equal(server["OS-EXT-SRV-ATTR:host"], cluster);
      assert.equal(server.status, "ACTIVE");
      const host = await admin.property(await admin.findByUuid(id), "runtime.host");
      assert.ok(Object.values(targets[cluster].hostIds).includes(host.id), `${id} runs on ${host.id}`);
    }
    await assertSettled(stack);
  });

  it("has uploaded what it converted", () => {
    assert.ok(existsSync(`${qcow2}.vmdk`));
    assert.match(readFileSync(`${qcow2}.vmdk`).subarray(0, 4096).toString("latin1"), /createType="streamOptimized"/);
  });

  it("passes every check on each of them", async () => {
    const ids = await instanceIds();
    for (const [n, cluster] of (["north", "south"] as const).entries()) {
      const document: Json = {
        cluster: { datacenter: "Lab", name: cluster },
        hosts: clusters[cluster].map((name) => ({ name })),
        vms: [{ name: `vm-${cluster}`, guestOs: "ubuntu", openstack: { instanceId: ids[n] ?? "" } }],
        openstack: {
          computeHost: cluster,
          availabilityZone: cluster,
          service: `nova-compute@${cluster}`,
          novaConf: ["nova.conf", `nova-compute-${cluster}.conf`],
        },
        timeScale: 10,
      };
      const config = parseConfig(document, cloud.env);
      const vcenter = await connect(config, cloud.env);
      const connected = await connectCloud(config, cloud.env);
      try {
        const [inventory, state] = await Promise.all([vcenter.inventory(), connected?.state()]);
        const results = await runChecks({ inventory, config, probe: () => Promise.resolve(true), openstack: state });
        const open = results.filter(({ verdict }) => !["passed", "not-applicable"].includes(verdict));
        assert.deepEqual(
          open.map(({ id, read }) => `${id}: ${read}`).filter((text) => text.startsWith("openstack-")),
          [],
          cluster,
        );
      } finally {
        await connected?.close();
        await vcenter.close();
      }
    }
  });

  it("lets the verifier read nova.conf by sudo too", async () => {
    const { env } = cloud;
    const ssh = {
      host: sudoNode.host,
      port: sudoNode.port,
      user: sudoNode.user,
      keyFile: env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE,
      hostKey: env.VSPHERE_HA_COMPUTE_HOST_KEY ?? "",
    };
    const novaConf = [join(env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "", "nova-compute-north.conf")];
    const settings = await computeNode({ ssh, service: "nova-compute@north", novaConf }, env).settings();
    assert.deepEqual(settings, { syncPowerStateInterval: -1, insecure: false });
  });

  it("goes from one cluster and leaves the other as it was", async () => {
    const ids = await instanceIds();
    await deploy(stack, program(["north"]));
    assert.deepEqual(await services(), ["north up"]);
    const { server } = await cloud.api<{ server: { status: string } }>("compute", "GET", `/servers/${ids[0] ?? ""}`);
    assert.equal(server.status, "ACTIVE");
    assert.deepEqual(await names("image", "/images", "images"), ["north-ubuntu"]);
  });

  it("refuses to go while somebody's port is on its network, names it, and has deleted nothing", async () => {
    await deploy(stack, program(["north"], { instances: false }));
    const { networks } = await cloud.api<{ networks: { id: string }[] }>("network", "GET", "/networks?name=north");
    const { port } = await cloud.api<{ port: { id: string } }>("network", "POST", "/ports", {
      port: { network_id: networks[0]?.id, name: "somebody" },
    });
    const errors = await errorsOf((options) => stack.destroy(options));
    assert.equal(errors.length, 1, errors.join("\n---\n"));
    assert.match(
      errors[0] ?? "",
      new RegExp(`on its networks: ${port.id} \\(somebody, 192\\.0\\.2\\.\\d+\\)\\. Delete them`),
    );
    assert.deepEqual(await services(), ["north up"]);
    assert.deepEqual(await names("compute", "/os-aggregates", "aggregates"), ["north"]);
    await cloud.api("network", "DELETE", `/ports/${port.id}`);
  });

  it("goes without a trace in nova, placement, glance, neutron, vCenter and on the node", async () => {
    await stack.destroy();
    assert.deepEqual(await services(), []);
    assert.deepEqual(await names("placement", "/resource_providers", "resource_providers"), []);
    assert.deepEqual(await names("compute", "/os-aggregates", "aggregates"), []);
    assert.deepEqual(await names("compute", "/flavors", "flavors"), []);
    assert.deepEqual(await names("compute", "/os-keypairs", "keypairs"), []);
    assert.deepEqual(await names("image", "/images", "images"), []);
    assert.deepEqual(await names("network", "/networks", "networks"), []);
    assert.deepEqual(await names("network", "/security-groups", "security_groups"), ["default"]);
    const { quota_set } = await cloud.api<{ quota_set: { instances: number } }>(
      "compute",
      "GET",
      `/os-quota-sets/${cloud.env.OS_PROJECT_ID ?? ""}`,
    );
    assert.equal(quota_set.instances, 10, "nova's default again");
    assert.ok(!existsSync(`${qcow2}.vmdk`));
    for (const name of [
      "etc/nova/nova-compute-north.conf",
      "var/lib/nova/north",
      "run/nova-compute@north.service.pid",
    ]) {
      assert.ok(!existsSync(join(cloud.lab.dir, "compute", name)), name);
    }
  });
});
