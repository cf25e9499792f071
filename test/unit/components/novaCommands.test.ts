import assert from "node:assert/strict";
import { type Context, commands } from "../../../components/nova/commands";
import { projectOf, type Request } from "../../../components/nova/request";
import { FakeCloud } from "../verification/openstack/fakeCloud";

const request: Request = {
  datacenter: "Lab",
  cluster: "ha",
  computeHost: "ha",
  timeoutSeconds: 60,
  flavors: [{ name: "small", vcpus: 1, memoryMb: 512 }],
  networks: [],
  deleteInstances: false,
  configuration: "",
};
const id = "11111111-1111-4111-8111-111111111111";
const server = {
  id,
  name: "web",
  status: "ACTIVE",
  "OS-EXT-STS:vm_state": "active",
  "OS-EXT-STS:task_state": null,
  "OS-EXT-STS:power_state": 1,
  "OS-EXT-SRV-ATTR:host": "ha",
  "OS-EXT-AZ:availability_zone": "ha",
};
const record = {
  id: "7",
  host: "ha",
  binary: "nova-compute",
  status: "enabled",
  state: "up",
  forced_down: false,
  updated_at: "2026-11-23T10:00:00.000000",
};
const hypervisor = {
  id: "h",
  hypervisor_hostname: "domain-c8.4711",
  service: { host: "ha" },
  vcpus: 8,
  memory_mb: 32768,
};
const host = { connectionState: "connected", inMaintenanceMode: false, cpuThreads: 8, memoryMb: 32768 };

describe("vsphere-ha-compute", () => {
  let cloud: FakeCloud;
  let said: string[];

  const path = { services: "/compute/v2.1/os-services", servers: "/compute/v2.1/servers/detail" };
  const run = (verb: string, changed: Partial<Request> = {}, password = "secret"): Promise<void> | undefined => {
    let clock = 0;
    const context: Context = {
      env: {
        VSPHERE_SERVER: "vcenter",
        VSPHERE_USER: "u",
        VSPHERE_PASSWORD: "p",
        OS_AUTH_URL: `${cloud.url}/identity/v3`,
        OS_USERNAME: "admin",
        OS_PROJECT_NAME: "admin",
        OS_PASSWORD: password,
      },
      say: (line) => said.push(line),
      pause: (ms) => Promise.resolve((clock += ms)),
      now: () => clock,
      connect: () =>
        Promise.resolve({
          inventory: () => Promise.resolve({ cluster: { id: "domain-c8" }, hosts: [host] } as never),
          close: () => Promise.resolve(),
        }),
    };
    return commands[verb]?.({ ...request, ...changed }, context);
  };
  const writes = (): string[] => cloud.calls.filter((call) => call.startsWith("DELETE"));

  beforeEach(async () => {
    cloud = new FakeCloud();
    await cloud.start();
    said = [];
    cloud.answers = {
      [path.services]: { services: [record] },
      [path.servers]: { servers: [] },
      "/compute/v2.1/os-hypervisors/detail": { hypervisors: [hypervisor] },
      "/placement/resource_providers/h/inventories": {
        inventories: { VCPU: { total: 8 }, MEMORY_MB: { total: 32768 } },
      },
    };
  });
  afterEach(() => {
    cloud.stop();
  });

  it("login succeeds, and refuses a wrong password, region or user by one message", async () => {
    await run("login");
    assert.match(said.join("\n"), /^logged in to 127.0.0.1:\d+, region R\nproject project-1$/);
    assert.equal(projectOf(said.join("\n")), "project-1");
    await assert.rejects(async () => run("login", {}, "wrong"), /refuses the login of admin .*check OS_PASSWORD/);
    cloud.regions = ["R", "S"];
    await assert.rejects(async () => run("login"), /knows 2 regions: R, S; set .*OS_REGION_NAME/);
    cloud.regions = ["R"];
    cloud.instead.set(path.services, [[403, { forbidden: { message: "Policy doesn't allow" } }]]);
    await assert.rejects(async () => run("login"), /it needs the role admin/);
  });

  it("await returns when nova and placement know the cluster, and says what it waits for until then", async () => {
    cloud.instead.set(path.services, [
      [200, { services: [] }],
      [200, { services: [{ ...record, state: "down" }] }],
      [200, { services: [record] }],
    ]);
    await run("await");
    assert.equal(said.length, 3);
    assert.match(said[0] ?? "", /^waiting: nova has no compute service ha/);
    assert.match(said[1] ?? "", /^waiting: the compute service ha is down/);
    assert.equal(said[2], "nova and placement know ha");
  });

  it("await fails when its time is over, with what is missing", async () => {
    cloud.answers["/compute/v2.1/os-hypervisors/detail"] = { hypervisors: [] };
    await assert.rejects(
      async () => run("await"),
      /^CouldNotRun: after 60 s nova has no hypervisor of ha: .*discover_hosts/,
    );
  });

  it("await refuses flavors that fit no host", async () => {
    const flavors = [...request.flavors, { name: "huge", vcpus: 9, memoryMb: 512 }];
    await assert.rejects(async () => run("await", { flavors }), /^CouldNotRun: flavor huge .* is larger than any host/);
  });

  it("release refuses while instances run, and names them", async () => {
    cloud.answers[path.servers] = { servers: [server] };
    await assert.rejects(
      async () => run("release"),
      new RegExp(`instances run on ha: web \\(${id}\\)\\. .*deleteInstances: true`),
    );
    assert.deepEqual(writes(), []);
  });

  it("release deletes them when told to, and waits until they are gone", async () => {
    cloud.instead.set(path.servers, [
      [200, { servers: [server] }],
      [200, { servers: [server] }],
      [200, { servers: [] }],
    ]);
    cloud.instead.set(`/compute/v2.1/servers/${id}`, [[204, ""]]);
    await run("release", { deleteInstances: true });
    assert.deepEqual(writes(), [`DELETE /compute/v2.1/servers/${id}`]);
    assert.deepEqual(said, ["no instance runs on ha"]);
  });

  it("release fails when they do not go in time", async () => {
    cloud.answers[path.servers] = { servers: [server] };
    cloud.instead.set(`/compute/v2.1/servers/${id}`, [[204, ""]]);
    await assert.rejects(
      async () => run("release", { deleteInstances: true }),
      /after 60 s instances are left on ha: web/,
    );
  });

  it("release refuses while others' ports are on its networks, before it deletes anything", async () => {
    const port = { id: "p1", name: "gateway", device_owner: "network:router_interface", device_id: "r1" };
    const own = { id: "p2", name: "", device_owner: "compute:ha", device_id: id, fixed_ips: [] };
    const dhcp = { id: "p3", name: "", device_owner: "network:dhcp", device_id: "d", fixed_ips: [] };
    cloud.answers["/network/v2.0/ports"] = { ports: [own, dhcp] };
    cloud.answers["/network/v2.0/ports?network_id=n2"] = {
      ports: [{ ...port, fixed_ips: [{ ip_address: "192.0.2.1" }] }],
    };
    cloud.answers[path.servers] = { servers: [server] };
    await assert.rejects(
      async () => run("release", { networks: ["n1", "n2"], deleteInstances: true }),
      /ports that .* did not make are on its networks: p1 \(gateway, 192\.0\.2\.1, of network:router_interface\)\. Delete/,
    );
    assert.deepEqual(writes(), []);
  });

  it("release refuses with the ports that nova leaves when it deletes their instance", async () => {
    const own = { id: "p2", name: "", device_owner: "", device_id: "", fixed_ips: [] };
    cloud.instead.set("/network/v2.0/ports", [
      [200, { ports: [{ ...own, device_id: id }] }],
      [200, { ports: [own] }],
    ]);
    cloud.instead.set(path.servers, [
      [200, { servers: [server] }],
      [200, { servers: [] }],
    ]);
    cloud.instead.set(`/compute/v2.1/servers/${id}`, [[204, ""]]);
    await assert.rejects(async () => run("release", { networks: ["n1"], deleteInstances: true }), /networks: p2\. Del/);
  });

  it("forget deletes the service's record, and takes it calmly when there is none", async () => {
    cloud.answers[path.services] = { services: [record, { ...record, id: "8", host: "other" }] };
    cloud.instead.set("/compute/v2.1/os-services/7", [[204, ""]]);
    await run("forget");
    assert.deepEqual(writes(), ["DELETE /compute/v2.1/os-services/7"]);
    cloud.answers[path.services] = { services: [] };
    await run("forget");
    assert.equal(writes().length, 1);
  });

  it("reset-quota gives the project of the login nova's defaults", async () => {
    cloud.instead.set("/compute/v2.1/os-quota-sets/project-1", [[202, ""]]);
    await run("reset-quota");
    assert.deepEqual(writes(), ["DELETE /compute/v2.1/os-quota-sets/project-1"]);
    cloud.instead.set("/compute/v2.1/os-quota-sets/project-1", [[403, { forbidden: { message: "not you" } }]]);
    await assert.rejects(
      async () => run("reset-quota"),
      /answers HTTP 403: not you; it needs the role admin, check OS_USERNAME/,
    );
  });

  it("forget tells nova's reason when it refuses", async () => {
    const message = "Unable to delete compute service that is hosting instances.";
    cloud.instead.set("/compute/v2.1/os-services/7", [[409, { conflictingRequest: { code: 409, message } }]]);
    await assert.rejects(async () => run("forget"), /DELETE \/os-services\/7\) answers HTTP 409: Unable to delete/);
  });
});
