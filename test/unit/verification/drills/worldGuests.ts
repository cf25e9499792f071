import { CouldNotRun } from "../../../../verification/problems";
import type { GuestOperations } from "../../../../verification/vcenter/guestOperations";
import type { Performance, PerfSample } from "../../../../verification/vcenter/performance";

interface Program {
  vm: string;
  pid: number;
  command: string;
  from: number;
  to: number | undefined;
}

/** As much of the world as its guests' programs need. */
interface Surroundings {
  nowMs: number;
  /** vCenter's clock, and those of its hosts, minus this machine's. */
  vcenterStep: number;
  vms: { name: string; host: string; poweredOn: boolean; hung: boolean }[];
}

const interval = 20_000;
const hostProcessors = 8;

/** Programs in the guests of a world, and the counters that follow from them. Its fields are what a test breaks. */
export class WorldGuests {
  programs: Program[] = [];
  password = "secret";
  /** Share of the load asked for that really is made. */
  effect = 1;
  /** VMs whose programs cannot be ended. */
  immortal: string[] = [];
  /** Things that vCenter has no statistics of. */
  unmeasured: string[] = [];
  /** Called before a program is started. */
  beforeStart = (): void => undefined;

  constructor(private readonly world: Surroundings) {}

  running(vm?: string): Program[] {
    return this.programs.filter((one) => one.to === undefined && (vm === undefined || one.vm === vm));
  }

  readonly operations: GuestOperations = {
    start: (vm, account, { path, arguments: args }) => {
      this.beforeStart();
      this.#enter(vm.name, account.password);
      const pid = 1200 + this.programs.length;
      this.programs.push({ vm: vm.name, pid, command: `${path} ${args}`, from: this.world.nowMs, to: undefined });
      return Promise.resolve(pid);
    },
    processes: (vm, account) => {
      return Promise.resolve().then(() => {
        this.#enter(vm.name, account.password);
        if (this.world.vms.some(({ name, hung }) => name === vm.name && hung)) {
          throw new CouldNotRun(`guest operations in ${vm.name}: VMware Tools do not answer`);
        }
        return this.programs
          .filter((one) => one.vm === vm.name)
          .map(({ pid, command, to }) => ({ pid, command, running: to === undefined }));
      });
    },
    terminate: (vm, _, pid) => {
      const program = this.programs.find((one) => one.vm === vm.name && one.pid === pid);
      if (program !== undefined && !this.immortal.includes(vm.name)) program.to ??= this.world.nowMs;
      return Promise.resolve();
    },
  };

  readonly performance: Performance = {
    samplesSince: (entities, since) => {
      const found = new Map<string, PerfSample[]>();
      for (const { type, id } of entities) {
        if (this.unmeasured.includes(id)) continue;
        const samples: PerfSample[] = [];
        const { nowMs, vcenterStep: step } = this.world;
        const first = Math.ceil((since.getTime() - step + 1) / interval) * interval;
        for (let at = first; at <= nowMs; at += interval) {
          const one = this.#of[type]?.(id, at);
          if (one !== undefined) samples.push({ ...one, at: at + step });
        }
        if (samples.length > 0) found.set(id, samples);
      }
      return Promise.resolve(found);
    },
  };

  #enter(vm: string, password: string): void {
    if (password !== this.password) throw new CouldNotRun(`guest operations in ${vm}: the guest refuses the user`);
  }

  /** Percent, mean over the interval that ends then. */
  #load(vm: string, at: number): number {
    const parts = this.programs
      .filter((one) => one.vm === vm)
      .map(({ command, from, to }) => {
        const level = Number(/--cpu-load (\d+)/.exec(command)?.[1] ?? 0);
        const overlap = Math.max(0, Math.min(at, to ?? at) - Math.max(at - interval, from));
        return (level * this.effect * overlap) / interval;
      });
    return Math.min(100, 2 + parts.reduce((sum, one) => sum + one, 0));
  }

  readonly #of: Partial<Record<string, (id: string, at: number) => PerfSample>> = {
    HostSystem: (id, at) => this.#host(id, at),
    VirtualMachine: (id, at) => this.#vm(id, at),
  };

  #vm(vm: string, at: number): PerfSample {
    return sample(at, this.#load(vm, at));
  }

  #host(host: string, at: number): PerfSample {
    const used = this.world.vms
      .filter((vm) => vm.host === host && vm.poweredOn)
      .map(({ name }) => this.#load(name, at));
    return sample(at, 1 + used.reduce((sum, one) => sum + one, 0) / hostProcessors);
  }
}

function sample(at: number, percent: number): PerfSample {
  return {
    at,
    values: {
      "cpu.usage.average": percent * 100,
      "cpu.usagemhz.average": percent * 26,
      "cpu.ready.summation": 0,
      "mem.usage.average": 1000,
    },
  };
}
