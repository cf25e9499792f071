import assert from "node:assert/strict";
import { missingOn, survivors, unplaceable } from "../../../../verification/drills/capacity";
import type { HostState, Inventory, VmState } from "../../../../verification/model";
import { World } from "./world";

/** Three hosts of 10,000 MHz and 16,384 MB each; nothing runs. VMs have no overhead and reserve what a test says. */
function cluster(): Inventory {
  const world = new World();
  const inventory = world.inventory();
  inventory.vms = [];
  return inventory;
}

function host(inventory: Inventory, name: string): HostState {
  const found = inventory.hosts.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

function vm(name: string, hostId: string, changes: Partial<VmState> = {}): VmState {
  const [any] = new World().inventory().vms;
  assert.ok(any !== undefined);
  return {
    ...any,
    id: name,
    name,
    hostId,
    memoryOverheadMb: 0,
    cpuReservationMhz: 0,
    memoryReservationMb: 0,
    ...changes,
  };
}

describe("hosts that could take restarts", () => {
  it("are connected, powered on, not in maintenance mode, and not the lost one", () => {
    const names = (change: (one: HostState) => void = () => undefined): string[] => {
      const inventory = cluster();
      change(host(inventory, "esx-03"));
      return survivors(inventory, host(inventory, "esx-01")).map(({ name }) => name);
    };
    assert.deepEqual(names(), ["esx-02", "esx-03"]);
    assert.deepEqual(
      names((one) => (one.connectionState = "notResponding")),
      ["esx-02"],
    );
    assert.deepEqual(
      names((one) => (one.powerState = "poweredOff")),
      ["esx-02"],
    );
    assert.deepEqual(
      names((one) => (one.inMaintenanceMode = true)),
      ["esx-02"],
    );
  });
});

describe("what a host lacks for a VM", () => {
  it("is the first datastore, or else network, that it does not have, by its name", () => {
    const inventory = cluster();
    const [esx] = inventory.hosts;
    assert.ok(esx !== undefined);
    inventory.datastores.push({ ...inventory.datastores[0], id: "local", name: "the local one" } as never);
    inventory.networks.push({ id: "dmz", name: "the DMZ", hostIds: [] });
    assert.equal(missingOn(esx, vm("a", ""), inventory), undefined);
    assert.equal(
      missingOn(esx, vm("a", "", { datastoreIds: ["datastore-1", "local"], networkIds: ["dmz"] }), inventory),
      "datastore the local one",
    );
    assert.equal(missingOn(esx, vm("a", "", { networkIds: ["network-1", "dmz"] }), inventory), "network the DMZ");
    assert.equal(missingOn(esx, vm("a", "", { networkIds: ["gone"] }), inventory), "network gone");
  });
});

describe("VMs that find no place after a failure", () => {
  let inventory: Inventory;
  beforeEach(() => {
    inventory = cluster();
  });

  /** What of these VMs, all on esx-01, finds no place when it fails. */
  function left(...restarted: VmState[]): string[] {
    inventory.vms.push(...restarted);
    return unplaceable(inventory, host(inventory, "esx-01"), restarted);
  }

  const memory = (name: string, memoryReservationMb: number): VmState => vm(name, "esx-01", { memoryReservationMb });

  it("are none when they fit to the last MB and MHz", () => {
    assert.deepEqual(left(memory("a", 16_384), memory("b", 16_384)), []);
    inventory = cluster();
    const whole = (name: string): VmState => vm(name, "esx-01", { cpuReservationMhz: 10_000 });
    assert.deepEqual(left(whole("a"), whole("b")), []);
  });

  it("are those that need a MB or a MHz too much, with what they need", () => {
    assert.deepEqual(left(memory("a", 16_385)), ["a needs 32 MHz and 16385 MB, which no other host has free"]);
    inventory = cluster();
    assert.deepEqual(left(vm("a", "esx-01", { cpuReservationMhz: 10_001 })), [
      "a needs 10001 MHz and 0 MB, which no other host has free",
    ]);
  });

  it("count what runs on the survivors, and what was placed before", () => {
    inventory.vms = [vm("there", "esx-02", { memoryReservationMb: 16_384, cpuReservationMhz: 9000 })];
    assert.deepEqual(left(memory("a", 16_000), memory("b", 400)), [
      "b needs 32 MHz and 400 MB, which no other host has free",
    ]);
    inventory = cluster();
    inventory.vms = [vm("there", "esx-02", { cpuReservationMhz: 9500 })];
    const cpu = (name: string): VmState => vm(name, "esx-01", { cpuReservationMhz: 6000 });
    assert.equal(left(cpu("a"), cpu("b")).length, 1);
  });

  it("are placed largest first, where most memory is left", () => {
    // In the order given, 8,000 MB twice would leave no host with 16,384 MB.
    assert.deepEqual(left(memory("a", 8000), memory("b", 8000), memory("c", 16_384)), []);
    inventory = cluster();
    inventory.vms = [vm("there", "esx-02", { memoryReservationMb: 8192 })];
    // 8,192 MB are left on esx-02: the first goes to esx-03, or the second would find no host.
    assert.deepEqual(left(memory("a", 8193), memory("b", 8192), memory("c", 8191)), []);
  });

  it("are told with what each host lacks, where none is suitable at all", () => {
    for (const one of inventory.hosts) one.networkIds = one.name === "esx-01" ? ["network-1"] : [];
    assert.deepEqual(left(memory("a", 1)), [
      "a can start on no other host: esx-02 lacks network VM Network, esx-03 lacks network VM Network",
    ]);
  });
});
