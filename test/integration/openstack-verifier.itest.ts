import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { place } from "../../lab/record";
import { startLab, stopLab, type Lab } from "../../lab/lab";
import { openstackEnv, startOpenstack, stopOpenstack, type OpenstackLab } from "../../lab/openstack/openstack";
import { call, logIn } from "../../lab/openstack/rest";
import { main } from "../../verification/cli/main";
import { parseConfig } from "../../verification/config";
import type { Json } from "../../verification/config/layers";
import type { CheckResult, Journal } from "../../verification/model";
import { createHttps } from "../../verification/net/https";
import { connectCloud, type Cloud } from "../../verification/openstack/cloud";
import { computeNode } from "../../verification/openstack/node";
import { Session } from "../../verification/vcenter/session";
import { SoapClient } from "../../verification/vcenter/soap";
import { element } from "../../verification/vcenter/xml";
import { Administrator } from "./smallCluster";

const name = "cloud-verifier";
const timeScale = 10;
const cluster = "compute-1";
const hosts = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"];
const ports = { compute: "8774/v2.1", network: "9696/v2.0", image: "9292/v2" };

/** The verifier on a real OpenStack over a (simulated) vCenter: no part of it is replaced. */
describe("verifier with OpenStack", function () {
  this.timeout(600_000);
  let lab: Lab;
  let env: Record<string, string>;
  let token: string;
  let file: string;
  let instanceId: string;
  let cloud: Cloud;
  /** What ends that which was started, as far as it got. */
  const started: (() => Promise<unknown>)[] = [];

  const api = async <T>(service: keyof typeof ports, method: string, path: string, body?: unknown): Promise<T> => {
    const url = `https://${new URL(env.OS_AUTH_URL ?? "").hostname}:${ports[service]}${path}`;
    const answer = await call(url, { ca: env.OS_CACERT ?? "", token, method, body, timeoutMs: 60_000 });
    assert.ok(answer.status < 300, `${method} ${url}: ${answer.status.toString()} ${answer.text.slice(0, 300)}`);
    return (answer.text === "" ? undefined : JSON.parse(answer.text)) as T;
  };

  async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    for (const end = Date.now() + 180_000; ; await sleep(500)) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      assert.ok(Date.now() < end, what);
    }
  }

  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ["", ""];
    const never = new AbortController().signal;
    const code = await main([...argv, "--config", file], {
      env,
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      signal: never,
      hurried: never,
    });
    return { code, out, err };
  }

  async function check(): Promise<{ code: number; checks: Map<string, CheckResult>; journal: Journal }> {
    const { code, out, err } = await run("check", "--json");
    assert.notEqual(out, "", err);
    const journal = JSON.parse(out) as Journal;
    return { code, checks: new Map(journal.checks.map((one) => [one.id, one])), journal };
  }

  before(async () => {
    lab = await startLab({ name, timeScale });
    started.push(() => stopLab(name));
    const { octet } = place(name).addresses;
    const openstack: OpenstackLab = { name, dir: lab.dir, octet };
    await startOpenstack(openstack);
    started.push(() => stopOpenstack(openstack));
    env = { ...lab.env, ...openstackEnv(openstack) };
    const login = { ca: env.OS_CACERT ?? "", password: env.OS_PASSWORD ?? "" };
    ({ token } = await logIn(env.OS_AUTH_URL ?? "", login));
    const admin = await Administrator.logIn(lab.env, timeScale);
    started.push(() => admin.logOut());
    await admin.buildCluster(cluster, hosts);
    file = join(lab.dir, "cluster.json");
    await configureCompute();
    instanceId = await launch(admin);
    const document: Json = {
      cluster: { datacenter: "Lab", name: cluster },
      hosts: hosts.map((host) => ({ name: host })),
      vms: [
        { name: "ubuntu-os", guestOs: "ubuntu", probe: { port: 2222 }, openstack: { instanceId } },
        { name: "ubuntu-1", guestOs: "ubuntu", probe: { port: 2222 } },
        { name: "xp-1", guestOs: "windowsxp" },
      ],
      openstack: {
        computeHost: cluster,
        availabilityZone: "zone-1",
        aggregate: "aggregate-1",
        flavors: ["small"],
        images: [{ name: "ubuntu", guestOs: "ubuntu" }],
        service: `nova-compute@${cluster}`,
        novaConf: ["nova.conf", `nova-compute-${cluster}.conf`],
      },
      timeScale,
    };
    writeFileSync(file, JSON.stringify(document));
    const connected = await connectCloud(parseConfig(document, env), env);
    assert.ok(connected !== undefined);
    cloud = connected;
    started.push(() => cloud.close());
  });

  after(async () => {
    for (const end of started.reverse()) await end();
  });

  /** As an operator would: nova-compute's own file on its node, then the unit. */
  async function configureCompute(): Promise<void> {
    const [host, port] = (env.VSPHERE_SERVER ?? "").split(":");
    const state = join(env.VSPHERE_HA_COMPUTE_STATE_DIR ?? "", cluster);
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const options = [
      ["[DEFAULT]", `host = ${cluster}`, `state_path = ${state}`, "sync_power_state_interval = -1"],
      ["[vmware]", `host_ip = ${host ?? ""}`, `host_port = ${port ?? ""}`, `host_username = ${env.VSPHERE_USER ?? ""}`],
      [`host_password = ${env.VSPHERE_PASSWORD ?? ""}`, `cluster_name = ${cluster}`, "datastore_regex = ha-.*"],
      [`ca_file = ${env.VSPHERE_HA_CA_FILE ?? ""}`, ""],
    ];
    const configuration = join(env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "", `nova-compute-${cluster}.conf`);
    writeFileSync(configuration, options.flat().join("\n"), { mode: 0o600 });
    const ssh = {
      host: env.VSPHERE_HA_COMPUTE_HOST ?? "",
      port: Number(env.VSPHERE_HA_COMPUTE_PORT),
      user: env.VSPHERE_HA_COMPUTE_USER ?? "",
      keyFile: env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE,
      hostKey: env.VSPHERE_HA_COMPUTE_HOST_KEY ?? "",
    };
    await computeNode({ ssh, service: `nova-compute@${cluster}`, novaConf: [] }, env).start();
    await eventually("nova maps the hypervisor", async () => {
      const { hypervisors } = await api<{ hypervisors: unknown[] }>("compute", "GET", "/os-hypervisors");
      return hypervisors.length > 0 || undefined;
    });
  }

  /** Zone, network with its port group, image, flavor, and an instance of them. */
  async function launch(admin: Administrator): Promise<string> {
    const aggregate = await api<{ aggregate: { id: number } }>("compute", "POST", "/os-aggregates", {
      aggregate: { name: "aggregate-1", availability_zone: "zone-1" },
    });
    const action = `/os-aggregates/${aggregate.aggregate.id.toString()}/action`;
    await api("compute", "POST", action, { add_host: { host: cluster } });
    const { network } = await api<{ network: { id: string } }>("network", "POST", "/networks", {
      network: { name: "tenants" },
    });
    const subnet = { network_id: network.id, ip_version: 4, cidr: "192.0.2.0/24", enable_dhcp: false };
    await api("network", "POST", "/subnets", { subnet });
    const https = createHttps({ caFile: env.VSPHERE_HA_CA_FILE });
    const credentials = { user: env.VSPHERE_USER ?? "", password: env.VSPHERE_PASSWORD ?? "" };
    const session = await Session.open(new SoapClient(https, env.VSPHERE_SERVER ?? ""), credentials);
    for (const host of hosts) {
      const system = await admin.property(await admin.find("HostSystem", host), "configManager.networkSystem");
      const fields = Object.entries({ name: network.id, vlanId: "0", vswitchName: "vSwitch0" });
      const portGroup = [...fields.map(([key, value]) => element(key, value)), element("policy", [])];
      await session.call("AddPortGroup", system, [element("portgrp", portGroup)]);
    }
    await session.close();
    await https.close();
    const image = await api<{ id: string }>("image", "POST", "/images", {
      name: "ubuntu",
      disk_format: "vmdk",
      container_format: "bare",
      vmware_disktype: "streamOptimized",
      vmware_adaptertype: "lsiLogic",
      vmware_ostype: "ubuntu64Guest",
      hw_vif_model: "VirtualE1000",
    });
    const disk = readFileSync(join(env.VSPHERE_HA_IMAGE_DIR ?? "", "ubuntu-13.10.vmdk"));
    await api("image", "PUT", `/images/${image.id}/file`, disk);
    const { flavor } = await api<{ flavor: { id: string } }>("compute", "POST", "/flavors", {
      flavor: { name: "small", ram: 512, vcpus: 1, disk: 8 },
    });
    const wanted = { name: "ubuntu-os", flavorRef: flavor.id, imageRef: image.id, availability_zone: "zone-1" };
    const { server } = await api<{ server: { id: string } }>("compute", "POST", "/servers", {
      server: { ...wanted, networks: [{ uuid: network.id }] },
    });
    await eventually("the instance is active", async () => {
      const { server: now } = await api<{ server: { status: string } }>("compute", "GET", `/servers/${server.id}`);
      assert.notEqual(now.status, "ERROR");
      return now.status === "ACTIVE" || undefined;
    });
    return server.id;
  }

  function unusual(checks: Map<string, CheckResult>): unknown[] {
    return [...checks.values()]
      .filter(({ verdict }) => verdict !== "passed")
      .map(({ id, verdict, read, findings }) => ({ id, verdict, read, findings }));
  }

  it("passes every check of a good cloud, and shows nova's view beside vCenter's", async () => {
    const { code, checks, journal } = await check();
    assert.deepEqual(
      unusual(checks).filter((one) => JSON.stringify(one).includes("openstack-")),
      [],
    );
    assert.equal(code, 0, JSON.stringify(unusual(checks)));
    assert.deepEqual(
      journal.openstack?.instances.map(({ name: instance, nova, vcenter }) => [instance, nova, vcenter]),
      [["ubuntu-os", "ACTIVE", "poweredOn"]],
    );
  });

  it("fails when nova-compute is disabled", async () => {
    const { services } = await api<{ services: { id: string; binary: string }[] }>("compute", "GET", "/os-services");
    const id = services.find(({ binary }) => binary === "nova-compute")?.id ?? "";
    await api("compute", "PUT", "/os-services/disable", { host: cluster, binary: "nova-compute" });
    const { code, checks } = await check();
    assert.equal(code, 1);
    assert.equal(checks.get("openstack-compute-service")?.verdict, "failed", id);
    await api("compute", "PUT", "/os-services/enable", { host: cluster, binary: "nova-compute" });
  });

  it("passes a host loss: nova stays calm, and placement follows", async () => {
    const { code, out, err } = await run(
      "drill",
      "host-loss",
      "--host",
      "esx-02.lab.test",
      "--report",
      join(lab.dir, "r1"),
    );
    assert.equal(code, 0, `${out}\n${err}`);
    const journal = JSON.parse(readFileSync(join(lab.dir, "r1", "journal.json"), "utf8")) as Journal;
    const ids = journal.drills[0]?.expectations.map(({ id }) => id) ?? [];
    for (const id of ["nova-active:ubuntu-os", "placement-shrinks", "placement-returns"])
      assert.ok(ids.includes(id), id);
  });

  it("passes a host loss with nova-compute down, and starts it again", async () => {
    const { code, out, err } = await run(
      "drill",
      "nova-compute-down",
      "--host",
      "esx-01.lab.test",
      "--report",
      join(lab.dir, "r2"),
    );
    assert.equal(code, 0, `${out}\n${err}`);
    assert.equal(await cloud.node?.isActive(), true);
  });

  it("runs a host loss with the power-state sync on, and puts nova-compute's configuration back", async () => {
    const before = await cloud.node?.settings();
    const { code, out, err } = await run(
      "drill",
      "power-state-sync",
      "--host",
      "esx-03.lab.test",
      "--report",
      join(lab.dir, "r3"),
    );
    assert.equal(code, 0, `${out}\n${err}`);
    assert.deepEqual(await cloud.node?.settings(), before);
    assert.equal(before?.syncPowerStateInterval, -1);
  });
});
