import type { Inventory, SettingValue } from "../model";

/** What HA keeps free for one running VM: its reservation, at least das.vmcpuminmhz, and the memory overhead. */
export interface Demand {
  vm: string;
  cpuMhz: number;
  memoryMb: number;
}

/** vSphere Availability, das.vmcpuminmhz: a VM without CPU reservation counts with 32 MHz. */
const defaultCpuMinMhz = 32;

/** Demands of the running VMs. Those that vSphere keeps itself are left out: it places them anew by itself. */
export function demands({ vms, cluster }: Inventory): Demand[] {
  const cpuMin = advancedNumber(cluster.settings.haAdvancedOptions, "das.vmcpuminmhz") ?? defaultCpuMinMhz;
  const memoryMin = advancedNumber(cluster.settings.haAdvancedOptions, "das.vmmemoryminmb") ?? 0;
  return vms
    .filter((vm) => vm.powerState === "poweredOn" && !vm.system && !vm.template)
    .map((vm) => ({
      vm: vm.name,
      cpuMhz: Math.max(vm.cpuReservationMhz, cpuMin),
      memoryMb: Math.max(vm.memoryReservationMb, memoryMin) + vm.memoryOverheadMb,
    }));
}

export type Resource = "cpuMhz" | "memoryMb";

/** The hosts left when the largest in that resource are lost. */
export function survivors<H extends Record<Resource, number>>(hosts: H[], lost: number, resource: Resource): H[] {
  return [...hosts].sort((a, b) => b[resource] - a[resource]).slice(lost);
}

export function total(items: Record<Resource, number>[], resource: Resource): number {
  return items.reduce((sum, item) => sum + item[resource], 0);
}

/** Largest value; 0 of none. */
export function largest(items: Record<Resource, number>[], resource: Resource): number {
  return items.reduce((most, item) => Math.max(most, item[resource]), 0);
}

/** Whether each demand finds a host: the largest first, on the host with most memory left. */
export function unplaced(hosts: Record<Resource, number>[], all: Demand[]): Demand[] {
  const left = hosts.map(({ cpuMhz, memoryMb }) => ({ cpuMhz, memoryMb }));
  const bySize = [...all].sort((a, b) => b.memoryMb - a.memoryMb || b.cpuMhz - a.cpuMhz);
  return bySize.filter((demand) => {
    const fitting = left.filter((host) => host.cpuMhz >= demand.cpuMhz && host.memoryMb >= demand.memoryMb);
    const host = fitting.sort((a, b) => b.memoryMb - a.memoryMb)[0];
    if (host === undefined) return true;
    host.cpuMhz -= demand.cpuMhz;
    host.memoryMb -= demand.memoryMb;
    return false;
  });
}

/** Size of a slot: the explicit one, else the largest demand. */
export function slotSize(settings: Record<string, SettingValue>, all: Demand[]): Record<Resource, number> {
  const { haAdmissionControlSlotPolicyExplicitCpu: cpu, haAdmissionControlSlotPolicyExplicitMemory: memory } = settings;
  if (typeof cpu === "number" && typeof memory === "number") return { cpuMhz: cpu, memoryMb: memory };
  return { cpuMhz: largest(all, "cpuMhz"), memoryMb: largest(all, "memoryMb") };
}

/** Slots of each host, most first: no end of them where nothing is demanded. */
export function hostSlots(hosts: Record<Resource, number>[], size: Record<Resource, number>): number[] {
  return hosts
    .map((host) => Math.floor(Math.min(host.cpuMhz / size.cpuMhz, host.memoryMb / size.memoryMb)))
    .sort((a, b) => b - a);
}

/** An advanced option's value; vCenter compares their names without regard to case. */
export function advancedOption(options: SettingValue | undefined, name: string): string | undefined {
  if (typeof options !== "object" || Array.isArray(options)) return undefined;
  return Object.entries(options).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** As advancedOption, where it is a number. */
export function advancedNumber(options: SettingValue | undefined, name: string): number | undefined {
  const stated = advancedOption(options, name);
  const number = Number(stated);
  return stated === undefined || stated.trim() === "" || !Number.isFinite(number) ? undefined : number;
}
