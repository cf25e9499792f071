import type { ComponentProtection } from "../../../../verification/clusterRules";
import type { VerificationConfig } from "../../../../verification/config";
import { guestHangFault } from "../../../../verification/faults/guestHang";
import { deviceLossFault } from "../../../../verification/faults/deviceLoss";
import { hostIsolationFault } from "../../../../verification/faults/hostIsolation";
import { pathLossFault } from "../../../../verification/faults/pathLoss";
import { maintenanceModeFault } from "../../../../verification/faults/maintenanceMode";
import type { Fault, FaultRecord } from "../../../../verification/faults/fault";
import { hostPowerFault } from "../../../../verification/faults/hostPower";
import { secondFailureFault } from "../../../../verification/faults/secondFailure";
import { hostLossWithoutVcenter } from "../../../../verification/faults/vcenterDown";
import type { HostPower } from "../../../../verification/faults/redfish";
import type { DrillParts, Prober } from "../../../../verification/drills/parts";
import type {
  CheckResult,
  GuestOs,
  HostState,
  Inventory,
  SettingValue,
  VcEvent,
  VmState,
} from "../../../../verification/model";
import { CouldNotRun } from "../../../../verification/problems";
import type { Sample } from "../../../../verification/probes/sample";
import type { VCenter } from "../../../../verification/vcenter/client";
import type { VcenterService } from "../../../../verification/vcenter/service";
import { fillInGuests } from "../../../../verification/config/guests";
import { override } from "../checks/fixture";
import { EsxiShell } from "./esxiShell";
import { WorldGuests } from "./worldGuests";

const start = Date.parse("2026-01-31T12:00:00Z");

interface WorldVm {
  name: string;
  guestOs: GuestOs | undefined;
  host: string;
  poweredOn: boolean;
  answers: boolean;
  /** Its guest: Tools are silent, too. */
  hung: boolean;
  addresses: string[];
  datastoreIds: string[];
  memoryReservationMb: number;
}

/**
 * A cluster in memory with a clock of its own, which moves only while somebody waits. Its fields are what a test breaks.
 */
export class World {
  nowMs = start;
  hosts = new Map(
    ["esx-01", "esx-02", "esx-03"].map((name) => [
      name,
      { on: true, connected: true, maintenance: false, isolated: false },
    ]),
  );
  master = "esx-01";
  vms: WorldVm[] = [
    this.vm("ubuntu-1", "ubuntu", "esx-02"),
    this.vm("ubuntu-2", "ubuntu", "esx-03"),
    this.vm("xp-1", "windowsxp", "esx-02"),
    this.vm("xp-2", "windowsxp", "esx-03"),
    this.vm("vCLS-1", undefined, "esx-02"),
  ];
  readonly guests = new WorldGuests(this);
  /** By VM: HA's isolation response where it is not the cluster's. */
  isolationResponses: Record<string, string> = {};
  /** By VM: component protection where it is not the cluster's. */
  protections: Record<string, Partial<ComponentProtection>> = {};
  settings: Record<string, SettingValue> = {
    haEnabled: true,
    haHostMonitoring: "enabled",
    haVmRestartPriority: "medium",
    haHeartbeatDatastoreIds: ["datastore-1", "datastore-2"],
  };
  overrides: Record<string, string> = {};
  events: VcEvent[] = [];
  moves: string[] = [];
  posted: string[] = [];

  /** HA: seconds. */
  detection = 18;
  restart = 12;
  boot = 60;
  hostBoot = 100;
  /** After it was cut off: HA's report, and the response. */
  isolationReported = 30;
  isolationEvent = "com.vmware.vc.HA.DasHostIsolatedEvent";
  response = 60;
  /** Whether the host obeys the isolation response for a VM. */
  responds = (vm: string): boolean => this.#isolationResponse(vm) !== "none";
  readonly shells = new Map<string, EsxiShell>();
  /** VM monitoring: seconds until HA resets a guest that hangs, and whether it does. */
  silence = 120;
  resets: (vm: string) => boolean = () => true;
  datastores = ["datastore-1", "datastore-2"].map((id) => ({ id, type: "NFS", devices: [] as string[] }));
  /** How every host handles APD. */
  apd: HostState["apd"] = { handled: true, timeoutSeconds: 140 };
  /** Component protection: seconds from the loss of storage to the termination of a VM, and whether it comes. */
  termination = { apd: 325, pdl: 3 };
  terminates = (vm: string): boolean => vm !== "";
  /** Whether HA resets the VMs that are left when their storage is back. */
  resetsOnClear = false;
  storageReported = true;
  readonly #lostStorage = new Map<string, string>();
  /** Called with every command in a host's shell. */
  beforeShell = (command: string): void => void command;
  /** What a move and an evacuation take. */
  moveSeconds = 0;
  evacuationSeconds = 0;
  /** VMs that an evacuation leaves where they are, and those whose service it interrupts. */
  stuck: string[] = [];
  interrupts: string[] = [];
  restarts: (vm: string) => boolean = () => true;
  reported: (vm: string) => boolean = () => true;
  beforePowerOff = (): void => undefined;
  powerOffFails: string | undefined;
  powerOnFails: string | undefined;
  bmcState = "On";
  lockHolder: string | undefined;
  /** For so many seconds the lock was asked for. */
  lockSeconds = 0;
  lockReleaseFails = false;
  /** A privilege that vCenter's user does not have. */
  lacking: string | undefined;
  lockReleased = false;
  eventsFail = false;
  vcenterState = "STARTED";
  serviceSeconds = 30;
  steady = true;
  loseProbes = false;
  /** The system clock minus the monotonic one. */
  systemStep = 0;
  vcenterStep = 0;

  readonly #agenda: { at: number; act: () => void }[] = [];

  /** Does something so many seconds from now. */
  later(seconds: number, act: () => void): void {
    this.#agenda.push({ at: this.nowMs + seconds * 1000, act });
  }

  every(ms: number, act: () => void): () => void {
    let ended = false;
    const tick = (): void => {
      if (ended) return;
      act();
      this.later(ms / 1000, tick);
    };
    this.later(ms / 1000, tick);
    return () => {
      ended = true;
    };
  }

  /** Moves the clock, and does what is due on the way. */
  advance(seconds: number): void {
    const end = this.nowMs + seconds * 1000;
    for (;;) {
      this.#agenda.sort((a, b) => a.at - b.at);
      const next = this.#agenda[0];
      if (next === undefined || next.at > end) break;
      this.#agenda.shift();
      this.nowMs = next.at;
      next.act();
    }
    this.nowMs = end;
  }

  vmNamed(name: string): WorldVm {
    const vm = this.vms.find((one) => one.name === name);
    if (vm === undefined) throw new Error(`no VM ${name}`);
    return vm;
  }

  vm(name: string, guestOs: GuestOs | undefined, host: string): WorldVm {
    const octet = (this.vms as WorldVm[] | undefined)?.length ?? 0;
    return {
      name,
      guestOs,
      host,
      poweredOn: true,
      answers: true,
      hung: false,
      addresses: [`192.0.2.${(octet + name.length * 7).toString()}`],
      datastoreIds: ["datastore-1"],
      memoryReservationMb: 0,
    };
  }

  // ------------------------------------------------------------ what happens

  event(type: string, about: { host?: string; vm?: string }): void {
    this.events.push({
      key: this.events.length + 1,
      createdAt: new Date(this.nowMs),
      type,
      message: `${type} ${about.host ?? ""} ${about.vm ?? ""}`,
      hostId: about.host,
      vmId: about.vm,
    });
  }

  failHost(name: string): void {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    host.on = false;
    const victims = this.vms.filter((vm) => vm.host === name && vm.poweredOn);
    for (const vm of victims) vm.answers = false;
    this.later(this.detection, () => {
      host.connected = false;
      this.event("com.vmware.vc.HA.DasHostFailedEvent", { host: name });
      if (this.master === name) this.master = [...this.hosts].find(([, { on }]) => on)?.[0] ?? name;
      for (const vm of victims) {
        if (this.restarts(vm.name)) this.later(this.restart, () => this.#restartVm(vm, name));
      }
    });
  }

  #restartVm(vm: WorldVm, failed: string): void {
    vm.host = [...this.hosts].find(([name, { on }]) => on && name !== failed)?.[0] ?? vm.host;
    if (this.reported(vm.name)) this.event("com.vmware.vc.ha.VmRestartedByHAEvent", { vm: vm.name, host: vm.host });
    this.later(this.boot, () => {
      vm.answers = true;
    });
  }

  #isolationResponse(vm: string): SettingValue | undefined {
    return this.isolationResponses[vm] ?? this.settings.haHostIsolationResponse;
  }

  isolateHost(name: string): void {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    this.posted.push(`isolate ${name}`);
    host.isolated = true;
    this.later(this.isolationReported, () => {
      this.event(this.isolationEvent, { host: name });
      host.connected = false;
    });
    this.later(this.response, () => {
      for (const vm of this.vms.filter((one) => one.host === name && one.poweredOn && this.responds(one.name))) {
        vm.answers = false;
        if (this.restarts(vm.name)) this.later(this.restart, () => this.#restartVm(vm, name));
      }
    });
  }

  rejoinHost(name: string): void {
    const host = this.hosts.get(name);
    if (!host?.isolated) return;
    this.posted.push(`rejoin ${name}`);
    host.isolated = false;
    host.connected = true;
    this.event("DasHostIsolatedEvent", { host: name });
  }

  /** A host loses datastores, or has them again. */
  setStorage(host: string, ids: readonly string[], lost: "apd" | "pdl" | undefined): void {
    for (const id of ids) {
      const key = `${host} ${id}`;
      const before = this.#lostStorage.get(key);
      if (before === lost) continue;
      this.posted.push(`${host}: ${id} ${lost ?? "back"}`);
      if (lost === undefined) this.#lostStorage.delete(key);
      else this.#lostStorage.set(key, lost);
      const hit = this.vms.filter((vm) => vm.host === host && vm.datastoreIds.includes(id) && vm.poweredOn);
      if (lost === undefined) {
        if (this.resetsOnClear) for (const vm of hit) this.event("VmDasBeingResetEvent", { vm: vm.name, host });
        continue;
      }
      const type = lost === "apd" ? "esx.problem.storage.apd.start" : "esx.problem.scsi.device.state.permanentloss";
      if (this.storageReported) this.event(type, { host });
      this.later(this.termination[lost], () => {
        if (this.#lostStorage.get(key) !== lost) return;
        for (const vm of hit.filter((one) => this.terminates(one.name))) {
          this.event("com.vmware.vc.HA.VmcpTerminatingVm", { vm: vm.name, host });
          vm.answers = false;
          if (this.restarts(vm.name)) this.later(this.restart, () => this.#restartVm(vm, host));
        }
      });
    }
  }

  shell(name: string): EsxiShell {
    const shell = this.shells.get(name) ?? new EsxiShell(this, name);
    this.shells.set(name, shell);
    return shell;
  }

  /** HA resets it after a while, unless a test says otherwise. */
  hangGuest(name: string): void {
    const vm = this.vmNamed(name);
    vm.answers = false;
    vm.hung = true;
    if (this.resets(name)) this.later(this.silence, () => this.#resetByHa(vm));
  }

  #resetByHa(vm: WorldVm): void {
    if (!vm.hung) return;
    if (this.reported(vm.name)) this.event("VmDasBeingResetEvent", { vm: vm.name });
    this.resetVm(vm.name);
  }

  resetVm(name: string): void {
    const vm = this.vmNamed(name);
    vm.hung = false;
    vm.answers = false;
    this.later(this.boot, () => (vm.answers = !vm.hung));
  }

  setMaintenance(name: string, on: boolean): void {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    this.posted.push(`${on ? "enter" : "exit"} ${name}`);
    host.maintenance = on && !this.vms.some((vm) => vm.host === name && this.stuck.includes(vm.name));
    if (!on) return;
    for (const vm of this.vms.filter((one) => one.host === name && one.poweredOn && !this.stuck.includes(one.name))) {
      vm.host = [...this.hosts].find(([other, { on: runs }]) => runs && other !== name)?.[0] ?? name;
      if (!this.interrupts.includes(vm.name)) continue;
      vm.answers = false;
      this.later(3, () => (vm.answers = true));
    }
  }

  restoreHost(name: string): void {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    host.on = true;
    this.later(this.hostBoot, () => {
      host.connected = true;
    });
  }

  // ------------------------------------------------------------ what a drill sees

  inventory(): Inventory {
    return {
      takenAt: new Date(this.nowMs),
      certificateValidTo: undefined,
      cluster: {
        id: "domain-c1",
        name: "compute",
        settings: this.settings,
        rules: [],
        overrides: [
          ...Object.entries(this.overrides).map(([vm, restartPriority]) => override(vm, { restartPriority })),
          ...Object.entries(this.isolationResponses).map(([vm, isolationResponse]) =>
            override(vm, { isolationResponse }),
          ),
          ...Object.entries(this.protections).map(([vm, own]) =>
            override(vm, { componentProtection: { apd: undefined, pdl: undefined, ...own } }),
          ),
        ],
        configIssues: [],
      },
      hosts: [...this.hosts].map(([name, { connected, on, maintenance }]): HostState => {
        return {
          id: name,
          name,
          connectionState: connected ? "connected" : "notResponding",
          powerState: connected || on ? "poweredOn" : "unknown",
          inMaintenanceMode: maintenance,
          fdmState: !connected ? undefined : name === this.master ? "master" : "connectedToMaster",
          cpuMhz: 10_000,
          cpuThreads: 8,
          memoryMb: 16_384,
          cpuUsageMhz: 0,
          memoryUsageMb: 0,
          uptimeSeconds: 1000,
          datastoreIds: ["datastore-1", "datastore-2"],
          networkIds: ["network-1"],
          configIssues: [],
          version: undefined,
          clock: undefined,
          apd: this.apd,
          management: [{ adapter: "vmk0", uplinks: ["vmnic0", "vmnic1"] }],
        };
      }),
      vms: this.vms.map((vm): VmState => {
        return {
          id: vm.name,
          name: vm.name,
          uuid: vm.name,
          instanceUuid: vm.name,
          hostId: vm.host,
          template: false,
          system: vm.name.startsWith("vCLS"),
          powerState: vm.poweredOn ? "poweredOn" : "poweredOff",
          connectionState: "connected",
          haProtected: vm.answers,
          failoverInProgress: false,
          guestHeartbeat: "green",
          toolsRunning: true,
          addresses: vm.addresses,
          uptimeSeconds: 100,
          numCpu: 1,
          memoryMb: 1024,
          cpuReservationMhz: 0,
          memoryReservationMb: vm.memoryReservationMb,
          memoryOverheadMb: 50,
          datastoreIds: vm.datastoreIds,
          networkIds: ["network-1"],
          hostDevices: undefined,
        };
      }),
      datastores: this.datastores.map(({ id, type, devices }) => ({
        id,
        name: id,
        type,
        accessible: true,
        multipleHostAccess: true,
        hostIds: [...this.hosts.keys()],
        devices,
      })),
      networks: [{ id: "network-1", name: "VM Network", hostIds: [...this.hosts.keys()] }],
    };
  }

  #asked<T>(answer: () => T): Promise<T> {
    if (this.vcenterState === "STARTED") return Promise.resolve().then(answer);
    return Promise.reject(new CouldNotRun("vCenter answers HTTP 503"));
  }

  service(): VcenterService {
    const change = (to: string): Promise<void> => {
      if (this.vcenterState !== to) this.posted.push(`vCenter ${to}`);
      this.vcenterState = to;
      this.advance(this.serviceSeconds);
      return Promise.resolve();
    };
    return {
      state: () => Promise.resolve(this.vcenterState),
      stop: () => change("STOPPED"),
      start: () => change("STARTED"),
      close: () => Promise.resolve(),
    };
  }

  get vcenter(): VCenter {
    return {
      about: { fullName: "in memory", version: "8.0.3", instanceUuid: "u", simulated: true },
      guests: this.guests.operations,
      performance: this.guests.performance,
      inventory: () => this.#asked(() => this.inventory()),
      eventsSince: (at) =>
        this.eventsFail || this.vcenterState !== "STARTED"
          ? Promise.reject(new CouldNotRun("vCenter is busy"))
          : Promise.resolve(this.events.filter(({ createdAt }) => createdAt >= at)),
      currentTime: () => this.#asked(() => new Date(this.nowMs + this.vcenterStep)),
      moveVm: async (vm, host, signal) => {
        this.moves.push(`${vm} to ${host}`);
        await this.clock.wait(this.moveSeconds, signal);
        this.vmNamed(vm).host = host;
      },
      eventsOfVm: (vm, since) =>
        Promise.resolve(this.events.filter(({ vmId, createdAt }) => vmId === vm && createdAt >= since)),
      requirePrivilege: (privilege, on, call) =>
        this.lacking === privilege
          ? Promise.reject(new CouldNotRun(`(${call}): the user lacks ${privilege} on ${on.type} ${on.id}`))
          : Promise.resolve(),
      resetVm: (vm) => {
        this.posted.push(`reset ${vm}`);
        this.resetVm(vm);
        return Promise.resolve();
      },
      enterMaintenance: async (name, signal) => {
        await this.clock.wait(this.evacuationSeconds, signal);
        this.setMaintenance(name, true);
        return this.hosts.get(name)?.maintenance === true;
      },
      exitMaintenance: (name) => {
        this.setMaintenance(name, false);
        return Promise.resolve();
      },
      acquireLock: (owner, ttlSeconds) => {
        if (this.lockHolder !== undefined && this.lockHolder !== owner) {
          return Promise.reject(new CouldNotRun(`the lock is held by ${this.lockHolder}`));
        }
        this.lockHolder = owner;
        this.lockSeconds = ttlSeconds;
        return Promise.resolve({
          release: () => {
            if (this.lockReleaseFails) return Promise.reject(new CouldNotRun("the lock could not be freed"));
            this.lockReleased = true;
            this.lockHolder = undefined;
            return Promise.resolve();
          },
        });
      },
      close: () => Promise.resolve(),
    };
  }

  power(name: string): HostPower {
    return {
      check: () => Promise.resolve(this.bmcState),
      powerOff: () => {
        this.beforePowerOff();
        if (this.powerOffFails !== undefined) return Promise.reject(new CouldNotRun(this.powerOffFails));
        this.posted.push(`off ${name}`);
        this.failHost(name);
        return Promise.resolve();
      },
      powerOn: () => {
        if (this.powerOnFails !== undefined) return Promise.reject(new CouldNotRun(this.powerOnFails));
        if (this.hosts.get(name)?.on === true) return Promise.resolve();
        this.posted.push(`on ${name}`);
        this.restoreHost(name);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }

  prober(vms: readonly string[]): Prober {
    const samples: Sample[] = [];
    let running = true;
    const tick = (): void => {
      if (!running) return;
      for (const vm of vms) {
        const outcome = this.loseProbes ? "lost" : this.vmNamed(vm).answers ? "up" : "down";
        samples.push({ vm, due: this.nowMs, sent: this.nowMs, done: this.nowMs + 1, outcome });
      }
      this.later(0.5, tick);
    };
    return {
      samples,
      start: tick,
      last: (vm) => samples.filter((sample) => sample.vm === vm && sample.outcome !== "lost").at(-1),
      stop: () => {
        running = false;
        return Promise.resolve(samples);
      },
    };
  }

  checks(inventory: Inventory): CheckResult[] {
    const away = inventory.hosts.filter(({ connectionState }) => connectionState !== "connected");
    const silent = this.vms.filter(({ guestOs, answers }) => guestOs !== undefined && !answers);
    const good = this.steady && away.length === 0 && silent.length === 0;
    return [
      {
        id: "at-rest",
        title: "The cluster is at rest",
        severity: "error",
        verdict: good ? "passed" : "failed",
        read: [...away, ...silent].map(({ name }) => name).join(", "),
        expected: "everything is there",
        why: "",
        source: "",
        remedy: "wait",
        findings: [],
      },
    ];
  }

  config(): VerificationConfig {
    return {
      vcenter: { server: "vcenter.example.com:443", user: "u", caFile: undefined, thumbprint: undefined },
      cluster: { datacenter: "dc", name: "compute", declared: {} },
      hosts: [...this.hosts.keys()].map((name) => ({
        name,
        bmc: {
          url: `https://${name}`,
          systemId: undefined,
          username: "u",
          passwordEnv: "P",
          thumbprint: undefined,
          caFile: undefined,
        },
        ssh: {
          host: name,
          port: 22,
          user: "root",
          keyFile: "key",
          passwordEnv: "P",
          hostKey: "SHA256:x",
          knownHostsFile: undefined,
        },
      })),
      vms: this.vms.flatMap(({ name, guestOs }) =>
        guestOs === undefined
          ? []
          : [{ name, guestOs, address: undefined, probe: { port: 22 }, bootSeconds: 120, openstack: undefined }],
      ),
      guests: fillInGuests(),
      openstack: undefined,
      timeScale: 1,
      probeIntervalSeconds: 1,
    };
  }

  readonly clock: DrillParts["clock"] = {
    now: () => this.nowMs,
    seconds: (ms) => ms / 1000,
    wallMs: (seconds) => seconds * 1000,
    wait: (seconds, signal) => {
      signal?.throwIfAborted();
      this.advance(seconds);
      return Promise.resolve().then(() => signal?.throwIfAborted());
    },
  };

  fault(record: FaultRecord): Fault {
    switch (record.kind) {
      case "host-power":
        return hostPowerFault(record.host, this.power(record.host));
      case "host-loss-vcenter-down": {
        const power = hostPowerFault(record.host, this.power(record.host));
        return hostLossWithoutVcenter(power, this.service(), this.vcenter, this.clock);
      }
      case "second-failure":
        return secondFailureFault(
          hostPowerFault(record.host, this.power(record.host)),
          hostPowerFault(record.second, this.power(record.second)),
        );
      case "maintenance-mode":
        return maintenanceModeFault(record.host, this.vcenter);
      case "guest-hang":
        return guestHangFault(record, {
          vcenter: this.vcenter,
          clock: this.clock,
          hang: {
            what: "a hang",
            account: { user: "root", password: "secret" },
            start: (vm) => {
              this.posted.push(`hang ${vm.name}`);
              this.hangGuest(vm.name);
              return Promise.resolve();
            },
          },
          answers: ({ name }) => Promise.resolve(this.vmNamed(name).answers),
          bootSeconds: 120,
        });
      case "host-isolation":
        return hostIsolationFault(record, this.shell(record.host), this.clock);
      case "apd":
        return pathLossFault(record, this.shell(record.host), this.clock);
      case "pdl":
        return deviceLossFault(record, this.shell(record.host), this.clock);
    }
  }

  parts(changes: Partial<DrillParts> = {}): DrillParts {
    const never = new AbortController().signal;
    return {
      config: this.config(),
      vcenter: this.vcenter,
      clock: this.clock,
      systemTime: () => this.nowMs + this.systemStep,
      fault: (record) => this.fault(record),
      every: (ms, act) => this.every(ms, act),
      prober: (targets) => Promise.resolve(this.prober(targets.map(({ vm }) => vm))),
      checks: (inventory) => Promise.resolve(this.checks(inventory)),
      keepUp: [],
      includeBystanders: false,
      guestAccount: () => ({ user: "root", password: "secret" }),
      progress: () => undefined,
      interrupted: never,
      hurried: never,
      ...changes,
    };
  }
}
