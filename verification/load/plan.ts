import type { VerificationConfig, VmConfig } from "../config";
import type { HostState, Inventory, VmState } from "../model";
import type { ProbeTarget } from "../probes/schedule";
import { serviceOf } from "../probes/target";
import type { LoadedGuests, LoadProgram } from "./model";
import { loadProgram } from "./program";

export interface LoadTarget {
  vm: VmState;
  config: VmConfig;
  host: HostState;
  service: ProbeTarget;
}

/** A VM under load, and what makes it. */
export interface Loaded extends LoadTarget {
  program: LoadProgram;
}

/** One level, and the VMs that have it. */
export interface Stage {
  guests: LoadedGuests;
  level: number;
  loaded: Loaded[];
}

export interface LoadPlan {
  /** All VMs of the target. */
  targets: LoadTarget[];
  /** Hosts that they run on. */
  hosts: HostState[];
  stages: Stage[];
  /** Everything that may be started. */
  programs: LoadProgram[];
  /** Why it must not be done, each with what to do. Empty: it may. */
  refusals: string[];
}

export interface LoadOptions {
  /** In percent, ascending. */
  levels: readonly number[];
  /** Seconds of the Clock that each is held. */
  seconds: number;
  /** Load hosts on which VMs outside the configuration run. */
  includeBystanders: boolean;
}

/** A program ends by itself when it runs so much longer than its level: for calls to and answers from guests. */
const graceSeconds = 600;

/** From one reading of the cluster. Pure: changes and asks nothing. */
export function planLoad(inventory: Inventory, config: VerificationConfig, options: LoadOptions): LoadPlan {
  const found = config.vms.map((one) => target(inventory, one));
  const targets = found.flatMap((one) => (typeof one === "string" ? [] : [one]));
  const refusals = found.flatMap((one) => (typeof one === "string" ? [one] : []));
  if (config.vms.length === 0) refusals.push("the configuration names no VM to load; set vms");
  const hosts = inventory.hosts.filter(({ id }) => targets.some(({ host }) => host.id === id));
  if (!options.includeBystanders) refusals.push(...bystanders(inventory, config, hosts));
  const stages = stagesOf(targets, config, options);
  const programs = stages.flatMap(({ loaded }) => loaded.map(({ program }) => program));
  return {
    targets,
    hosts,
    stages,
    programs: [...new Map(programs.map((one) => [JSON.stringify(one), one])).values()],
    refusals,
  };
}

function target(inventory: Inventory, config: VmConfig): LoadTarget | string {
  const vm = inventory.vms.find(({ name }) => name === config.name);
  if (vm === undefined) return `VM ${config.name} is not in the cluster; check vms`;
  if (vm.powerState !== "poweredOn") return `VM ${config.name} is ${vm.powerState}; power it on`;
  if (!vm.toolsRunning) return `VMware Tools do not run in ${config.name}: load is started through them`;
  const host = inventory.hosts.find(({ id }) => id === vm.hostId);
  if (host === undefined) return `VM ${config.name} is on no host of the cluster`;
  const service = serviceOf(config, vm);
  if (service === undefined) return `VM ${config.name} has no address: set vms[].address, or let its Tools report one`;
  return { vm, config, host, service };
}

function bystanders({ vms }: Inventory, config: VerificationConfig, hosts: readonly HostState[]): string[] {
  const own = new Set(config.vms.map(({ name }) => name));
  return hosts.flatMap(({ id, name }) => {
    const others = vms.filter((vm) => {
      return vm.hostId === id && vm.powerState === "poweredOn" && !vm.system && !vm.template && !own.has(vm.name);
    });
    if (others.length === 0) return [];
    return [
      `${others.map((vm) => vm.name).join(", ")} on ${name} would share its processors with the load: ` +
        "move them to another host, or load it all the same with --include-bystanders",
    ];
  });
}

/** Idle once, where level 0 is asked for; then each guest OS, and all together where there are several. */
function stagesOf(targets: LoadTarget[], config: VerificationConfig, { levels, seconds }: LoadOptions): Stage[] {
  const guests = [...new Set(targets.map((one) => one.config.guestOs))].sort();
  const kinds: LoadedGuests[] = guests.length > 1 ? [...guests, "mixed"] : guests;
  const idle: Stage[] = levels.includes(0) ? [{ guests: "idle", level: 0, loaded: [] }] : [];
  return [
    ...idle,
    ...kinds.flatMap((kind) => {
      const own = targets.filter((one) => kind === "mixed" || one.config.guestOs === kind);
      return levels
        .filter((level) => level > 0)
        .map((level): Stage => {
          const loaded = own.map((one): Loaded => {
            const { guestOs } = one.config;
            const program = loadProgram(config.guests[guestOs].load, level, seconds + graceSeconds);
            return { ...one, program: { vm: one.vm.name, guestOs, ...program } };
          });
          return { guests: kind, level, loaded };
        });
    }),
  ];
}
