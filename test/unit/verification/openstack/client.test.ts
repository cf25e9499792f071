import assert from "node:assert/strict";
import { createServer as createTcp, type AddressInfo } from "node:net";
import { once } from "node:events";
import type { OpenStackConfig } from "../../../../verification/config/openstack";
import { connectOpenStack, type OpenStack } from "../../../../verification/openstack/client";
import { connectCloud } from "../../../../verification/openstack/cloud";
import { readState } from "../../../../verification/openstack/state";
import { CouldNotRun } from "../../../../verification/problems";
import { FakeCloud } from "./fakeCloud";
import { cloud, cloudScene, instanceId } from "./fixture";

const server = {
  id: instanceId,
  name: "u",
  status: "ACTIVE",
  "OS-EXT-STS:vm_state": "active",
  "OS-EXT-STS:task_state": null,
  "OS-EXT-STS:power_state": 1,
  "OS-EXT-SRV-ATTR:host": "compute-1",
  "OS-EXT-AZ:availability_zone": "vsphere-1",
};

describe("OpenStack client", () => {
  let fake: FakeCloud;
  let openstack: OpenStack | undefined;
  const waits: number[] = [];

  beforeEach(async () => {
    fake = new FakeCloud();
    await fake.start();
    waits.length = 0;
  });
  afterEach(async () => {
    await openstack?.close();
    openstack = undefined;
    fake.stop();
  });

  function config(changes: Partial<OpenStackConfig> = {}): OpenStackConfig {
    return cloud({ authUrl: `${fake.url}/identity/v3`, ...changes });
  }

  async function connect(changes: Partial<OpenStackConfig> = {}, password = "secret"): Promise<OpenStack> {
    openstack = await connectOpenStack(config(changes), { OS_PASSWORD: password }, (ms) => {
      waits.push(ms);
      return Promise.resolve();
    });
    return openstack;
  }

  async function refused(work: Promise<unknown>, ...patterns: RegExp[]): Promise<void> {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof CouldNotRun, String(error));
      for (const pattern of patterns) assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /secret|token-/);
      return true;
    });
  }

  describe("logs in", () => {
    it("by password, for one project, and takes the only region", async () => {
      const { cloud: name } = await connect();
      assert.deepEqual(JSON.parse(fake.bodies[0] ?? ""), {
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: "admin", domain: { name: "Default" }, password: "secret" } },
          },
          scope: { project: { name: "admin", domain: { name: "Default" } } },
        },
      });
      assert.match(name, /^127\.0\.0\.1:\d+, region R$/);
    });

    it("and says that name or password are wrong", async () => {
      await refused(connect({}, "hunter2"), /Keystone 127.* refuses the login of admin .* OS_PASSWORD/);
    });

    it("and says that the address is no Keystone's", async () => {
      await refused(connect({ authUrl: `${fake.url}/v3` }), /not as Keystone's v3 API does; check openstack\.authUrl/);
      fake.instead.set("/identity/v3/auth/tokens", [[200, "<html>"]]);
      await refused(connect(), /HTTP 200, and not as Keystone's v3 API does/);
    });

    it("and says that nothing listens there", async () => {
      const closed = createTcp().listen(0, "127.0.0.1");
      await once(closed, "listening");
      const port = (closed.address() as AddressInfo).port.toString();
      closed.close();
      await refused(
        connect({ authUrl: `http://127.0.0.1:${port}/v3` }),
        /cannot reach Keystone .*connection refused; check openstack\.authUrl or OS_AUTH_URL/,
      );
    });

    it("never without TLS beyond loopback", async () => {
      await refused(
        connect({ authUrl: "http://192.0.2.1:5000/v3" }),
        /Keystone 192\.0\.2\.1:5000 is to be called without TLS/,
      );
    });

    it("and tries again when Keystone is busy, for a while", async () => {
      fake.instead.set("/identity/v3/auth/tokens", [[503, ""]]);
      await refused(connect(), /Keystone .* answers HTTP 503; check the identity service/);
      assert.deepEqual(waits, [200, 1000]);
    });

    it("and asks which region is meant", async () => {
      fake.regions = ["R", "Q"];
      await refused(connect(), /knows 2 regions: Q, R; set openstack\.region or OS_REGION_NAME/);
      assert.match((await connect({ region: "Q" })).cloud, /region Q/);
    });

    it("and says that there is no such region", async () => {
      await refused(connect({ region: "X" }), /knows no region X, but R; check openstack\.region/);
    });

    it("and names every service that the region lacks", async () => {
      fake.without = ["placement", "image"];
      await refused(connect(), /no public endpoint for placement, image in region R/);
    });
  });

  describe("reads", () => {
    it("with the token and the microversion that tells capacities", async () => {
      fake.answers["/compute/v2.1/os-services"] = { services: [] };
      assert.deepEqual(await (await connect()).services(), []);
      const headers = fake.headers.at(-1);
      assert.equal(headers?.["x-auth-token"], "token-1");
      assert.equal(headers["openstack-api-version"], "compute 2.53");
    });

    it("with a new token once the old one is refused, one login for all calls", async () => {
      fake.answers["/compute/v2.1/os-services"] = { services: [] };
      fake.answers["/compute/v2.1/os-aggregates"] = { aggregates: [] };
      const client = await connect();
      fake.valid.clear();
      assert.deepEqual(await Promise.all([client.services(), client.aggregates()]), [[], []]);
      assert.equal(fake.logins, 2);
    });

    it("and gives up when the new token is refused too", async () => {
      fake.instead.set("/compute/v2.1/os-services", [[401, ""]]);
      await refused((await connect()).services(), /nova 127.* \(GET \/os-services\) refuses a new token of Keystone/);
      assert.equal(fake.logins, 2);
    });

    it("and tries to log in again after a renewal that failed", async () => {
      fake.answers["/compute/v2.1/os-services"] = { services: [] };
      const client = await connect();
      fake.valid.clear();
      fake.password = "changed";
      await refused(client.services(), /refuses the login of admin/);
      fake.password = "secret";
      assert.deepEqual(await client.services(), []);
    });

    it("and tries again what may pass, for a while", async () => {
      fake.answers["/compute/v2.1/os-services"] = { services: [] };
      fake.instead.set("/compute/v2.1/os-services", [
        [503, ""],
        [429, ""],
        [200, { services: [] }],
      ]);
      assert.deepEqual(await (await connect()).services(), []);
      assert.deepEqual(waits, [200, 1000]);
      fake.instead.set("/compute/v2.1/os-services", [[500, { computeFault: { message: "database" } }]]);
      await refused((await connect()).services(), /nova .*\(GET \/os-services\) answers HTTP 500: database/);
    });

    it("and says what the user may not", async () => {
      fake.instead.set("/compute/v2.1/os-services", [[403, { forbidden: { message: "Policy" } }]]);
      await refused((await connect()).services(), /is forbidden to this user: Policy; it needs the role admin/);
    });

    it("and says where an answer is another than the API's", async () => {
      fake.answers["/compute/v2.1/os-services"] = { services: [{ host: 1 }] };
      await refused((await connect()).services(), /answers otherwise than its API says, at services\.0\.host/);
    });

    it("compute services", async () => {
      fake.answers["/compute/v2.1/os-services?binary=nova-compute"] = {
        services: [
          { host: "a", status: "enabled", state: "up", forced_down: false, disabled_reason: null, updated_at: "t" },
          { host: "b", status: "disabled", state: "down", forced_down: true, disabled_reason: "repair" },
        ],
      };
      assert.deepEqual(await (await connect()).services(), [
        { host: "a", enabled: true, up: true, forcedDown: false, disabledReason: undefined, reportedAt: "t" },
        { host: "b", enabled: false, up: false, forcedDown: true, disabledReason: "repair", reportedAt: undefined },
      ]);
    });

    it("hypervisors with their capacity, and placement's view of it", async () => {
      fake.answers["/compute/v2.1/os-hypervisors/detail"] = {
        hypervisors: [
          { id: "h", hypervisor_hostname: "domain-c1.u", service: { host: "a" }, vcpus: 32, memory_mb: 1024 },
        ],
      };
      fake.answers["/placement/resource_providers/h/inventories"] = {
        inventories: { VCPU: { total: 32 }, MEMORY_MB: { total: 1024 }, DISK_GB: { total: 1 } },
      };
      const client = await connect();
      assert.deepEqual(await client.hypervisors(), [
        { id: "h", name: "domain-c1.u", serviceHost: "a", vcpus: 32, memoryMb: 1024 },
      ]);
      assert.deepEqual(await client.provider("h"), { vcpus: 32, memoryMb: 1024 });
      assert.equal(await client.provider("other"), undefined);
    });

    it("all instances of a host, page by page", async () => {
      const second = { ...server, id: "2", "OS-EXT-STS:power_state": 4, "OS-EXT-STS:task_state": "powering-on" };
      const path = "/compute/v2.1/servers/detail?all_tenants=1&host=compute%2F1";
      fake.answers[path] = { servers: [server], servers_links: [{ rel: "next", href: "x" }] };
      fake.answers[`${path}&marker=${instanceId}`] = { servers: [second] };
      const instances = await (await connect()).instances("compute/1");
      assert.deepEqual(
        instances.map(({ id, powerState, taskState, zone }) => [id, powerState, taskState, zone]),
        [
          [instanceId, "running", undefined, "vsphere-1"],
          ["2", "shut down", "powering-on", "vsphere-1"],
        ],
      );
    });

    it("aggregates, zones, flavors and the quota", async () => {
      fake.answers["/compute/v2.1/os-aggregates"] = { aggregates: [{ name: "a", availability_zone: null, hosts: [] }] };
      fake.answers["/compute/v2.1/os-availability-zone"] = {
        availabilityZoneInfo: [{ zoneName: "z", zoneState: { available: true }, hosts: null }],
      };
      fake.answers["/compute/v2.1/flavors/detail"] = { flavors: [{ name: "f", vcpus: 1, ram: 512, disk: 1 }] };
      fake.answers["/compute/v2.1/limits"] = {
        limits: {
          absolute: {
            totalInstancesUsed: 1,
            maxTotalInstances: 10,
            totalCoresUsed: 2,
            maxTotalCores: -1,
            totalRAMUsed: 3,
            maxTotalRAMSize: 30,
          },
        },
      };
      const client = await connect();
      assert.deepEqual(await client.aggregates(), [{ name: "a", zone: undefined, hosts: [] }]);
      assert.deepEqual(await client.zones(), [{ name: "z", available: true }]);
      assert.deepEqual(await client.flavors(), [{ name: "f", vcpus: 1, memoryMb: 512 }]);
      assert.deepEqual(await client.quota(), {
        instances: { used: 1, limit: 10 },
        vcpus: { used: 2, limit: undefined },
        memoryMb: { used: 3, limit: 30 },
      });
    });

    it("images with their properties, and ports, at versioned addresses", async () => {
      fake.answers["/image/v2/images?name=an%20image"] = {
        images: [{ name: "an image", status: "active", disk_format: "vmdk", vmware_ostype: "x", size: 1 }],
      };
      fake.answers[`/network/v2.0/ports?device_id=${instanceId}`] = {
        ports: [
          { id: "p1", "binding:vif_type": "dvs", fixed_ips: [{ ip_address: "10.0.0.1" }] },
          { id: "p2", fixed_ips: [] },
        ],
      };
      const client = await connect();
      const [image] = await client.images("an image");
      assert.equal(image?.diskFormat, "vmdk");
      assert.equal(image.properties["vmware_ostype"], "x");
      assert.deepEqual(await client.ports(instanceId), [
        { instanceId, address: "10.0.0.1", vifType: "dvs" },
        { instanceId, address: undefined, vifType: "" },
      ]);
    });

    it("ports of a network that hold up its deletion, not those that go with it", async () => {
      const port = { id: "p", fixed_ips: [] };
      fake.answers["/network/v2.0/ports?network_id=n"] = {
        ports: [
          { ...port, id: "a", device_owner: "network:dhcp" },
          { ...port, id: "b", device_owner: "network:distributed" },
          { ...port, id: "c", device_owner: "network:floatingip_agent_gateway" },
          { ...port, id: "d" },
          {
            id: "e",
            name: "eth0",
            device_owner: "compute:nova",
            device_id: "i",
            fixed_ips: [{ ip_address: "10.0.0.5" }],
          },
        ],
      };
      assert.deepEqual(await (await connect()).portsOf("n"), [
        { id: "d", name: "", owner: "", deviceId: "", address: undefined },
        { id: "e", name: "eth0", owner: "compute:nova", deviceId: "i", address: "10.0.0.5" },
      ]);
    });

    it("no certificate where there is no TLS", async () => {
      const shown = await (await connect()).certificates();
      assert.deepEqual(
        shown.map(({ service, validTo }) => [service, validTo]),
        [
          ["Keystone", undefined],
          ["nova", undefined],
          ["placement", undefined],
          ["glance", undefined],
          ["neutron", undefined],
        ],
      );
    });
  });

  describe("reads a state", () => {
    it("of which one part that cannot be read says why, and the others are there", async () => {
      fake.answers["/compute/v2.1/os-services"] = { services: [] };
      fake.instead.set("/compute/v2.1/os-hypervisors/detail", [[403, ""]]);
      const state = await readState(await connect(), config({ images: [] }), [], undefined);
      assert.deepEqual(state.services, { value: [] });
      assert.ok("unread" in state.hypervisors && "unread" in state.provider);
      assert.match(state.provider.unread, /forbidden/);
      assert.deepEqual(state.images, { value: [] });
      assert.ok("unread" in state.settings);
      assert.match(state.settings.unread, /no SSH to nova-compute's node: set openstack\.ssh/);
    });
  });

  describe("as a command's cloud", () => {
    it("is none where none is declared", async () => {
      const { config: declared } = cloudScene();
      assert.equal(await connectCloud({ ...declared, openstack: undefined }, {}), undefined);
    });

    it("reads its state without the settings of a node that cannot be reached, and says so", async () => {
      const { config: declared } = cloudScene();
      const found = await connectCloud({ ...declared, openstack: config() }, { OS_PASSWORD: "secret" });
      assert.ok(found);
      openstack = found.openstack;
      assert.equal(found.node, undefined);
      const { settings, provider, cloud: name } = await found.state();
      assert.match(name, /, region R$/);
      assert.deepEqual(settings, {
        unread: "no SSH to nova-compute's node: set openstack.ssh or VSPHERE_HA_COMPUTE_HOST",
      });
      assert.ok("unread" in provider);
      await found.close();
    });

    it("asks the node for its settings where SSH to it is declared", async () => {
      const { config: declared } = cloudScene();
      const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJv3";
      const ssh = { host: "127.0.0.1", port: 9, user: "nova", keyFile: undefined, hostKey };
      const found = await connectCloud({ ...declared, openstack: config({ ssh }) }, { OS_PASSWORD: "secret" });
      assert.ok(found?.node);
      openstack = found.openstack;
      const { settings } = await found.state();
      assert.ok("unread" in settings);
      assert.match(settings.unread, /^SSH to nova@127\.0\.0\.1 has no key: set openstack\.ssh\.keyFile/);
    });

    it("asks placement for the hypervisor of the declared compute host only", async () => {
      const hypervisor = (id: string, host: string): object => {
        return { id, hypervisor_hostname: "h", service: { host }, vcpus: 1, memory_mb: 1 };
      };
      fake.answers["/compute/v2.1/os-hypervisors/detail"] = {
        hypervisors: [hypervisor("a", "x"), hypervisor("b", "compute-1")],
      };
      fake.answers["/placement/resource_providers/b/inventories"] = {
        inventories: { VCPU: { total: 4 }, MEMORY_MB: { total: 8 } },
      };
      const client = await connect();
      const { provider, ports } = await readState(client, config(), [], undefined);
      assert.deepEqual(provider, { value: { vcpus: 4, memoryMb: 8 } });
      assert.deepEqual(ports, { value: [] });
      const other = await readState(client, config({ computeHost: "compute-9" }), [], undefined);
      assert.deepEqual(other.provider, { value: undefined });
    });
  });
});
