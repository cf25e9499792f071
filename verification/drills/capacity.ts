import { demands, total, type Demand } from "../checks/capacity";
import type { HostState, Inventory, VmState } from "../model";

/** Hosts that could take restarts when `lost` fails. */
export function survivors({ hosts }: Inventory, lost: HostState): HostState[] {
  return hosts.filter(
    ({ id, connectionState, powerState, inMaintenanceMode }) =>
      id !== lost.id && connectionState === "connected" && powerState === "poweredOn" && !inMaintenanceMode,
  );
}

/** Why a host cannot run a VM; undefined when it can, capacity aside. */
export function missingOn(host: HostState, vm: VmState, inventory: Inventory): string | undefined {
  const datastore = vm.datastoreIds.find((id) => !host.datastoreIds.includes(id));
  if (datastore !== undefined) return `datastore ${nameOf(inventory.datastores, datastore)}`;
  const network = vm.networkIds.find((id) => !host.networkIds.includes(id));
  return network === undefined ? undefined : `network ${nameOf(inventory.networks, network)}`;
}

/**
 * Places the VMs that a failed host leaves behind on the survivors by reservations, the largest first, each on the host
 * with most memory left. Gives the VMs that find no place, with the reason.
 */
export function unplaceable(inventory: Inventory, lost: HostState, restarted: readonly VmState[]): string[] {
  const needs = (vms: readonly VmState[]): Demand[] => demands({ ...inventory, vms: [...vms] });
  const free = survivors(inventory, lost).map((host) => {
    const used = needs(inventory.vms.filter((vm) => vm.hostId === host.id));
    return {
      host,
      cpuMhz: host.cpuMhz - total(used, "cpuMhz"),
      memoryMb: host.memoryMb - total(used, "memoryMb"),
    };
  });
  const wanted = restarted.flatMap((vm) => needs([vm]).map((need) => ({ vm, need })));
  const largestFirst = wanted.sort((a, b) => b.need.memoryMb - a.need.memoryMb);
  return largestFirst.flatMap(({ vm, need }) => {
    const suitable = free.filter(({ host }) => missingOn(host, vm, inventory) === undefined);
    const place = suitable
      .filter(({ cpuMhz, memoryMb }) => cpuMhz >= need.cpuMhz && memoryMb >= need.memoryMb)
      .sort((a, b) => b.memoryMb - a.memoryMb)[0];
    if (place !== undefined) {
      place.cpuMhz -= need.cpuMhz;
      place.memoryMb -= need.memoryMb;
      return [];
    }
    if (suitable.length > 0) {
      return [
        `${vm.name} needs ${need.cpuMhz.toString()} MHz and ${need.memoryMb.toString()} MB, which no other host has free`,
      ];
    }
    const lacking = free.map(({ host }) => `${host.name} lacks ${missingOn(host, vm, inventory) ?? ""}`);
    return [`${vm.name} can start on no other host: ${lacking.join(", ") || "there is none"}`];
  });
}

function nameOf(things: readonly { id: string; name: string }[], id: string): string {
  return things.find((thing) => thing.id === id)?.name ?? id;
}
