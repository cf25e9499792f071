import assert from "node:assert/strict";
import { nfsServers, storageRefusals } from "../../../../verification/drills/storageNetwork";
import type { Inventory } from "../../../../verification/model";
import { World } from "./world";

/** esx-02 with a management network, where the gateway is, and one for storage; its VMs are on datastore-1, of this server. */
function refusals(
  server: string | string[],
  {
    change = () => undefined,
    addresses = {},
  }: { change?: (inventory: Inventory) => void; addresses?: Record<string, string[]> } = {},
): string[] {
  const inventory = new World().inventory();
  const host = inventory.hosts.find(({ name }) => name === "esx-02");
  const [first] = inventory.datastores;
  assert.ok(host !== undefined && first !== undefined);
  host.routes = [
    { network: "10.0.0.12", prefixLength: 24, adapter: "vmk0" },
    { network: "10.0.1.12", prefixLength: 24, adapter: "vmk1" },
    { network: "0.0.0.0", prefixLength: 0, adapter: "vmk0" },
  ];
  first.nfs = { servers: [server].flat(), boundAdapters: {} };
  change(inventory);
  const running = inventory.vms.filter(({ hostId }) => hostId === host.id);
  const known = new Map(Object.entries(addresses));
  return storageRefusals(host, running, ["vmk0"], { datastores: inventory.datastores, addresses: known });
}

const lost = (server: string): string =>
  `esx-02 mounts NFS datastore datastore-1 from ${server} over vmk0, which this drill cuts: ubuntu-1, xp-1, vCLS-1 would lose ` +
  "their storage, too; give NFS a VMkernel adapter in a network of its own, or move them to other storage";
const untold =
  /^it cannot be told over which adapter esx-02 mounts NFS datastore datastore-1 from nas: .*; run the drill where/;

describe("storage that goes over the management network", () => {
  it("is what the host reaches in the network of its management adapter", () => {
    assert.deepEqual(refusals("10.0.0.5"), [lost("10.0.0.5")]);
  });

  it("is what the host reaches by its default gateway", () => {
    assert.deepEqual(refusals("192.0.2.5"), [lost("192.0.2.5")]);
  });

  it("is not what it reaches in the network of another adapter", () => {
    assert.deepEqual(refusals("10.0.1.5"), []);
  });

  it("is found by the addresses of the server's name, each of which the host may take", () => {
    assert.deepEqual(refusals("nas", { addresses: { nas: ["10.0.1.5"] } }), []);
    assert.deepEqual(refusals("nas", { addresses: { nas: ["10.0.1.5", "10.0.0.5"] } }), [lost("nas")]);
    assert.deepEqual(refusals(["10.0.1.5", "10.0.0.5"]), [lost("10.0.1.5, 10.0.0.5")]);
  });

  it("is told by the adapter that the mount is bound to, whatever the routes are", () => {
    const bind = (adapter: string) => ({
      change: ({ datastores: [first] }: Inventory) => {
        if (first?.nfs !== undefined) first.nfs.boundAdapters = { "esx-02": adapter, "esx-03": "vmk9" };
      },
    });
    assert.deepEqual(refusals("10.0.0.5", bind("vmk1")), []);
    assert.deepEqual(refusals("10.0.1.5", bind("vmk0")), [lost("10.0.1.5")]);
  });

  it("cannot be told of a name that has no address here, nor without routes", () => {
    assert.match(refusals("nas").join("\n"), untold);
    const known = { addresses: { nas: ["10.0.1.5"] } };
    for (const routes of [undefined, []]) {
      const change = ({ hosts }: Inventory): void => {
        for (const host of hosts) host.routes = routes;
      };
      assert.match(refusals("nas", { ...known, change }).join("\n"), untold);
    }
  });

  it("is no matter where no running VM is on it", () => {
    const change = ({ vms }: Inventory): void => {
      for (const vm of vms) vm.datastoreIds = ["datastore-2"];
    };
    assert.deepEqual(refusals("10.0.0.5", { change }), []);
  });

  it("is looked up once a server", () => {
    const { datastores } = new World().inventory();
    for (const datastore of datastores) datastore.nfs = { servers: ["nas"], boundAdapters: {} };
    assert.deepEqual(nfsServers(datastores), ["nas"]);
    assert.deepEqual(nfsServers(new World().inventory().datastores), []);
  });
});
