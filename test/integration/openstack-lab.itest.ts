import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { place } from "../../lab/record";
import { LabError } from "../../lab/errors";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import { commandOf, waitFor } from "../../lab/processes";
import {
  type OpenstackLab,
  openstackEnv,
  openstackStatus,
  startOpenstack,
  stopOpenstack,
} from "../../lab/openstack/openstack";
import { call, logIn } from "../../lab/openstack/rest";
import { createHttps } from "../../verification/net/https";
import { retrieve } from "../../verification/vcenter/properties";
import { Session } from "../../verification/vcenter/session";
import { SoapClient } from "../../verification/vcenter/soap";
import { element, text } from "../../verification/vcenter/xml";
import { Administrator } from "./smallCluster";

const root = resolve(__dirname, "../..");
const LAB = "openstack-services";
const CLUSTER = "Compute";
const HOSTS = ["esx-01.lab.test", "esx-02.lab.test"];
const PATIENCE_MS = 180_000;
const ports = { compute: "8774/v2.1", network: "9696/v2.0", image: "9292/v2", placement: "8778" };

/** Waits for something that is asked for over the network. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await sleep(500);
  }
}

describe("the lab's OpenStack", function () {
  this.timeout(900_000);
  let lab: Lab;
  let openstack: OpenstackLab;
  let env: Record<string, string>;
  let token: string;
  let administrator: Administrator;
  let leave = (): Promise<void> => Promise.resolve();
  let scratch: string;

  const api = async (
    service: keyof typeof ports,
    path: string,
    { method, body }: { method?: string; body?: unknown } = {},
  ): Promise<unknown> => {
    const url = `https://${new URL(env.OS_AUTH_URL ?? "").hostname}:${ports[service]}${path}`;
    const options = { ca: env.OS_CACERT ?? "", token, timeoutMs: 60_000 };
    const answer = await call(url, { ...options, ...(method && { method }), ...(body !== undefined && { body }) });
    assert.ok(answer.status < 300, `${method ?? "GET"} ${url}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return answer.text === "" ? undefined : JSON.parse(answer.text);
  };
  const create = async <T>(service: keyof typeof ports, path: string, body: unknown): Promise<T> =>
    (await api(service, path, { method: "POST", body })) as T;

  /** A network with its port group on the cluster's hosts, an image and a flavor: what an instance needs. */
  let ingredients: { flavorRef: string; imageRef: string; networks: { uuid: string }[] };

  const launch = async (name: string): Promise<string> => {
    const body = { server: { name, ...ingredients } };
    return (await create<{ server: { id: string } }>("compute", "/servers", body)).server.id;
  };
  const becomes = (id: string, status: string): Promise<true> =>
    eventually(`instance ${id} becomes ${status}`, async () => {
      const { server } = (await api("compute", `/servers/${id}`)) as {
        server: { status: string; fault?: { message: string } };
      };
      if (server.status === "ERROR") throw new Error(server.fault?.message);
      return server.status === status || undefined;
    });
  const remove = (id: string): Promise<unknown> => api("compute", `/servers/${id}`, { method: "DELETE" });
  const noneLeft = (): Promise<true> =>
    eventually("the instances are gone", async () => {
      const { servers } = (await api("compute", "/servers")) as { servers: unknown[] };
      return servers.length === 0 || undefined;
    });

  const ssh = (command: string, input = "", hostKey = env.VSPHERE_HA_COMPUTE_HOST_KEY) => {
    const known = join(scratch, "known_hosts");
    writeFileSync(known, `[${env.VSPHERE_HA_COMPUTE_HOST}]:${env.VSPHERE_HA_COMPUTE_PORT} ${hostKey}\n`);
    const options = [`UserKnownHostsFile=${known}`, "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes"];
    const args = [
      ...options.flatMap((option) => ["-o", option]),
      ...["-p", env.VSPHERE_HA_COMPUTE_PORT ?? "", "-i", env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE ?? ""],
      `${env.VSPHERE_HA_COMPUTE_USER}@${env.VSPHERE_HA_COMPUTE_HOST}`,
      command,
    ];
    return spawnSync("ssh", args, { input, encoding: "utf8" });
  };

  /** Instance UUIDs of vCenter's virtual machines. */
  const machines = async (): Promise<string[]> => {
    const session = await vcenter();
    try {
      const steps = { children: "childEntity", vms: "vmFolder" };
      const objects = await retrieve(session.session, {
        start: session.session.service.rootFolder,
        properties: { VirtualMachine: ["config.instanceUuid"] },
        traversal: [
          { name: "children", type: "Folder", path: steps.children, then: ["children", "vms"] },
          { name: "vms", type: "Datacenter", path: steps.vms, then: ["children", "vms"] },
        ],
      });
      return objects.map(({ properties }) => text(properties.get("config.instanceUuid")) ?? "");
    } finally {
      await session.end();
    }
  };
  const vcenter = async () => {
    const https = createHttps({ caFile: lab.env.VSPHERE_HA_CA_FILE });
    const credentials = { user: lab.env.VSPHERE_USER ?? "", password: lab.env.VSPHERE_PASSWORD ?? "" };
    const session = await Session.open(new SoapClient(https, lab.env.VSPHERE_SERVER ?? ""), credentials);
    return { session, end: () => session.close().then(() => https.close()) };
  };

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), "openstack-lab-"));
    openstack = { name: LAB, dir: join(root, ".lab", LAB), octet: place(LAB).addresses.octet };
    lab = await startLab({ name: LAB });
    await startOpenstack(openstack);
    env = openstackEnv(openstack);
    token = (await logIn(env.OS_AUTH_URL ?? "", { ca: env.OS_CACERT ?? "", password: env.OS_PASSWORD ?? "" })).token;
    administrator = await Administrator.logIn(lab.env, 10);
    leave = () => administrator.logOut();
    await administrator.buildCluster(CLUSTER, HOSTS);
  });

  // Also what a failed start left: each of these does nothing where there is nothing.
  after(async () => {
    await leave();
    await stopOpenstack(openstack);
    await stopLab(LAB);
    rmSync(scratch, { recursive: true, force: true });
  });

  it("takes many writes at once right after its start", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `first-${i}`);
    await Promise.all(names.map((name) => create("network", "/networks", { network: { name } })));
  });

  it("keeps its passwords to its user and out of every process list and log", () => {
    const secrets = Object.values(
      (JSON.parse(readFileSync(join(lab.dir, "openstack", "record.json"), "utf8")) as { passwords: object }).passwords,
    ) as string[];
    assert.equal(secrets.length, 3);
    const commands = execFileSync("ps", ["-eo", "args"], { encoding: "utf8", maxBuffer: 1 << 24 });
    const logs = execFileSync("sh", ["-c", `cat ${openstackStatus(openstack).logs}/*`], { maxBuffer: 1 << 26 });
    for (const secret of secrets) {
      assert.ok(!commands.includes(secret), "in a process list");
      assert.ok(!logs.includes(secret), "in a log");
    }
    const files = execFileSync("grep", ["-rlF", ...secrets.flatMap((secret) => ["-e", secret]), lab.dir], {
      encoding: "utf8",
    });
    for (const file of files.trim().split("\n")) {
      assert.equal(statSync(file).mode & 0o077, 0, `others may read ${file}`);
    }
  });

  it("lets nobody onto the compute node without its key, and shows another host key as what it is", () => {
    const [, other] = execFileSync("sh", [
      "-c",
      `ssh-keygen -q -t ed25519 -N '' -f ${join(scratch, "other")} && cat ${join(scratch, "other.pub")}`,
    ])
      .toString()
      .split(" ");
    const wrongHost = ssh("true", "", `ssh-ed25519 ${other}`);
    assert.notEqual(wrongHost.status, 0);
    assert.match(wrongHost.stderr, /host key/i);
    const right = env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE;
    env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE = join(scratch, "other");
    const wrongUser = ssh("true");
    env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE = right ?? "";
    assert.match(wrongUser.stderr, /Permission denied/);
    assert.equal(ssh("command -v systemctl").stdout.trim(), join(lab.dir, "compute", "bin", "systemctl"));
  });

  it("runs nova-compute for the cluster, configured and started over SSH", async () => {
    const [host, port] = (lab.env.VSPHERE_SERVER ?? "").split(":");
    const config = `[DEFAULT]
host = ${CLUSTER}
state_path = ${env.VSPHERE_HA_COMPUTE_STATE_DIR}/${CLUSTER}
[vmware]
host_ip = ${host}
host_port = ${port}
host_username = ${lab.env.VSPHERE_USER}
host_password = ${lab.env.VSPHERE_PASSWORD}
cluster_name = ${CLUSTER}
datastore_regex = ha-.*
ca_file = ${lab.env.VSPHERE_HA_CA_FILE}
`;
    const file = `${env.VSPHERE_HA_COMPUTE_CONFIG_DIR}/nova-compute-${CLUSTER}.conf`;
    const unit = `nova-compute@${CLUSTER}`;
    const done = ssh(
      `umask 077 && mkdir -p ${env.VSPHERE_HA_COMPUTE_STATE_DIR}/${CLUSTER} && cat >${file}.new && mv ${file}.new ${file} && ` +
        `systemctl enable ${unit} && systemctl restart ${unit} && systemctl is-active ${unit}`,
      config,
    );
    assert.equal(done.status, 0, done.stderr);
    assert.equal(done.stdout.trim(), "active");
    const inventories = await eventually("placement knows the cluster", async () => {
      const {
        resource_providers: [provider],
      } = (await api("placement", "/resource_providers")) as {
        resource_providers: { uuid: string }[];
      };
      if (!provider) return undefined;
      const answer = await api("placement", `/resource_providers/${provider.uuid}/inventories`);
      const { inventories: found } = answer as { inventories: Record<string, { total: number }> };
      return found.VCPU ? found : undefined;
    });
    assert.equal(inventories.VCPU?.total, 16, "two hosts of 8 cores");
    assert.equal(inventories.MEMORY_MB?.total, 65536, "two hosts of 32 GiB");
    await eventually("nova has mapped the host", async () => {
      const { hypervisors } = (await api("compute", "/os-hypervisors")) as { hypervisors: unknown[] };
      return hypervisors.length === 1 || undefined;
    });
  });

  it("boots an instance that vCenter then has, stops, starts and deletes it", async () => {
    const { network } = await create<{ network: { id: string } }>("network", "/networks", {
      network: { name: "tenants" },
    });
    const subnet = { network_id: network.id, ip_version: 4, cidr: "192.0.2.0/24", enable_dhcp: false };
    await create("network", "/subnets", { subnet });
    const { session, end } = await vcenter();
    for (const name of HOSTS) {
      const host = await administrator.find("HostSystem", name);
      const system = await administrator.property(host, "configManager.networkSystem");
      const portGroup = { name: network.id, vlanId: "0", vswitchName: "vSwitch0" };
      const fields = Object.entries(portGroup).map(([key, value]) => element(key, value));
      await session.call("AddPortGroup", system, [element("portgrp", [...fields, element("policy", [])])]);
    }
    await end();
    const image = await create<{ id: string }>("image", "/images", {
      name: "ubuntu",
      disk_format: "vmdk",
      container_format: "bare",
      vmware_disktype: "streamOptimized",
      vmware_adaptertype: "lsiLogic",
      vmware_ostype: "ubuntu64Guest",
      hw_vif_model: "VirtualE1000",
    });
    const disk = readFileSync(join(env.VSPHERE_HA_IMAGE_DIR ?? "", "ubuntu-13.10.vmdk"));
    await api("image", `/images/${image.id}/file`, { method: "PUT", body: disk });
    const { flavor } = await create<{ flavor: { id: string } }>("compute", "/flavors", {
      flavor: { name: "small", ram: 512, vcpus: 1, disk: 8 },
    });
    ingredients = { flavorRef: flavor.id, imageRef: image.id, networks: [{ uuid: network.id }] };

    const id = await launch("guest");
    await becomes(id, "ACTIVE");
    assert.ok((await machines()).includes(id), "vCenter has no VM of the instance's UUID");
    const act = (body: object): Promise<unknown> => create("compute", `/servers/${id}/action`, body);
    await act({ "os-stop": null });
    await becomes(id, "SHUTOFF");
    await act({ "os-start": null });
    await becomes(id, "ACTIVE");
    await remove(id);
    await noneLeft();
    assert.ok(!(await machines()).includes(id), "vCenter still has the deleted instance's VM");
  });

  it("holds when many instances are asked for at once", async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, i) => launch(`many-${i}`)));
    await Promise.all(ids.map((id) => becomes(id, "ACTIVE")));
    const found = await machines();
    assert.deepEqual(
      ids.filter((id) => !found.includes(id)),
      [],
    );
    await Promise.all(ids.map(remove));
    await noneLeft();
    const logs = execFileSync("sh", ["-c", `cat ${openstackStatus(openstack).logs}/*`], { encoding: "utf8" });
    assert.doesNotMatch(logs, /database is locked|MessagingTimeout/);
  });

  for (const form of ["with its length", "in chunks"] as const) {
    it(`serves the next requests on the connection that an image came over ${form}`, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(env.OS_CACERT ?? "") });
      const base = `https://${new URL(env.OS_AUTH_URL ?? "").hostname}:${ports.image}`;
      const send = (method: string, path: string, body?: Buffer): Promise<number | undefined> =>
        new Promise((answered, failed) => {
          const type = body && { "Content-Type": "application/octet-stream" };
          const length = body && form === "with its length" && { "Content-Length": body.length };
          const headers = { "X-Auth-Token": token, ...type, ...length };
          const outgoing = request(`${base}${path}`, { method, headers, agent }, (incoming) => {
            incoming.resume().on("end", () => {
              answered(incoming.statusCode);
            });
          });
          outgoing.on("error", failed);
          // Without a length, Node sends what is written before the end in chunks, as Go does with a file.
          if (body) outgoing.write(body);
          outgoing.end();
        });
      try {
        const disk = readFileSync(join(env.VSPHERE_HA_IMAGE_DIR ?? "", "ubuntu-13.10.vmdk"));
        for (let n = 0; n < 5; n++) {
          const body = { name: `kept-${n}`, disk_format: "vmdk", container_format: "bare" };
          const image = await create<{ id: string }>("image", "/images", body);
          assert.equal(await send("PUT", `/images/${image.id}/file`, disk), 204);
          assert.equal(await send("GET", `/images/${image.id}`), 200);
          assert.equal(await send("GET", "/images"), 200);
          await api("image", `/images/${image.id}`, { method: "DELETE" });
        }
      } finally {
        agent.destroy();
      }
    });
  }

  it("refuses to start where an address is taken, and says by whom", async () => {
    const other = { ...openstack, dir: join(scratch, "other") };
    await assert.rejects(startOpenstack(other), (error: unknown) => {
      assert.ok(error instanceof LabError);
      assert.match(error.message, /127\.\d+\.4\.1:5000 is in use by .*launcher/);
      return true;
    });
    assert.equal(openstackStatus(openstack).state, "running");
  });

  it("names each service that dies, with its last lines", async () => {
    const { pids } = openstackStatus(openstack);
    for (const name of ["glance", `nova-compute@${CLUSTER}`]) process.kill(pids[name] ?? 0, "SIGKILL");
    assert.ok(await waitFor(() => openstackStatus(openstack).problems.length === 2, 60_000));
    const { state, problems } = openstackStatus(openstack);
    assert.equal(state, "ended");
    assert.match(problems[0] ?? "", /^glance \(exit code -9, log .*glance\.log\):\n {4}\S/);
    assert.match(problems[1] ?? "", /^nova-compute@Compute \(ended, log .*nova-compute@Compute\.log\):\n {4}\S/);
  });

  it("leaves nothing behind but its logs when it stops", async () => {
    const { pids } = openstackStatus(openstack);
    assert.ok(Object.keys(pids).length >= 8);
    assert.equal(await stopOpenstack(openstack), true);
    assert.equal(await stopOpenstack(openstack), false);
    assert.deepEqual(
      Object.entries(pids).filter(([, pid]) => commandOf(pid) !== undefined),
      [],
    );
    assert.ok(readFileSync(join(openstackStatus(openstack).logs, "nova-api.log"), "utf8").length > 0);
  });
});
