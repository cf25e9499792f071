import { Clock } from "../clock";
import type { Environment, VerificationConfig } from "../config";
import type { About, Inventory, Moid, VcEvent } from "../model";
import { peerCertificate } from "../net/certificate";
import { CouldNotRun, Problems } from "../problems";
import { readHostDevices } from "./devices";
import { readEvents } from "./events";
import { clusterFilter, toInventory } from "./inventory";
import { guestOperations, type GuestOperations } from "./guestOperations";
import { locate } from "./locate";
import { acquireLock } from "./lock";
import { enterMaintenance, exitMaintenance, type MaintenanceHost } from "./maintenance";
import { callLimitMs, openSession } from "./open";
import { performanceOf, type Performance } from "./performance";
import { retrieve } from "./properties";
import { isFault, type Session } from "./session";
import { withTargetNames } from "./targetNames";
import { runTask } from "./task";
import { at, element, refElement, text, type Ref } from "./xml";

/** One vCenter session, bound to the configured cluster. All errors are CouldNotRun, with vCenter's own words. */
export interface VCenter {
  readonly about: About;
  /** Programs in guests. */
  readonly guests: GuestOperations;
  /** What hosts and VMs use. */
  readonly performance: Performance;
  /** The configured cluster: hosts, VMs, datastores, networks, read in one traversal. */
  inventory(): Promise<Inventory>;
  /** Events of the cluster and what is in it, since an instant of vCenter's clock, ordered. */
  eventsSince(at: Date): Promise<VcEvent[]>;
  /** vCenter's clock. */
  currentTime(): Promise<Date>;
  /** Moves a VM to a host and waits for it: live when it is powered on. The signal ends the waiting only. */
  moveVm(vm: Moid, host: Moid, signal?: AbortSignal): Promise<void>;
  /** Events of one VM since an instant of vCenter's clock, ordered. */
  eventsOfVm(vm: Moid, since: Date): Promise<VcEvent[]>;
  /**
   * Throws CouldNotRun when the user lacks a privilege of a later call: without what an undo needs, nothing may be broken.
   *
   * @param call the method that asks for it
   */
  requirePrivilege(privilege: string, on: Ref, call: string): Promise<void>;
  /** Resets a VM, as its reset button would, and waits for it. */
  resetVm(vm: Moid): Promise<void>;
  /** Puts a host of the cluster into maintenance mode; see enterMaintenance(). False: VMs are still on it. */
  enterMaintenance(hostName: string, signal?: AbortSignal): Promise<boolean>;
  /** Takes a host of the cluster out of maintenance mode; see exitMaintenance(). */
  exitMaintenance(hostName: string): Promise<void>;
  /**
   * The cluster's lock: one drill at a time. Expires after `ttlSeconds` of the Clock. The same owner gets it again, so
   * an owner names one run. CouldNotRun when another holds it.
   */
  acquireLock(owner: string, ttlSeconds: number): Promise<Lock>;
  /** Logs out. */
  close(): Promise<void>;
}

export interface Lock {
  release(): Promise<void>;
}

/** Limit of a reset, in seconds of the clock. */
const resetLimitSeconds = 120;
/** Limit of one migration, in seconds of the clock. */
const moveLimitSeconds = 600;

/** Logs in and finds the cluster. Throws CouldNotRun, or Problems when the configuration does not suit this vCenter. */
export async function connect(config: VerificationConfig, env: Environment): Promise<VCenter> {
  const { session, close } = await openSession(config.vcenter, env);
  try {
    requireSimulation(config, session.service.about);
    return await bind(config, session, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Throws Problems when time is to run faster than it can on this vCenter. */
export function requireSimulation({ timeScale }: Pick<VerificationConfig, "timeScale">, about: About): void {
  if (timeScale === 1 || about.simulated) return;
  const rule = `only a simulated vCenter runs faster than real time, and this is ${about.fullName}`;
  throw new Problems([{ path: "timeScale", value: timeScale, rule, remedy: "remove timeScale or set it to 1" }]);
}

async function bind(config: VerificationConfig, session: Session, close: () => Promise<void>): Promise<VCenter> {
  const clock = new Clock(config.timeScale);
  const { datacenter, name: clusterName } = config.cluster;
  const { cluster, vmFolder } = await locate(session, datacenter, clusterName);

  const certificateValidTo = (await peerCertificate(new URL(`https://${session.server}`), callLimitMs))?.validTo;

  const currentTime = async (): Promise<Date> => {
    const answer = await session.read("CurrentTime", { type: "ServiceInstance", id: "ServiceInstance" });
    const now = new Date(text(at(answer, "returnval")) ?? Number.NaN);
    if (Number.isNaN(now.getTime())) throw new CouldNotRun(`vCenter ${session.server} (CurrentTime) sent no time`);
    return now;
  };

  const inventory = async (): Promise<Inventory> => {
    const takenAt = new Date(clock.now());
    const read = toInventory(await retrieve(session, clusterFilter(cluster)), takenAt);
    if (read === undefined) throw new CouldNotRun(`cluster ${clusterName} is gone from vCenter ${session.server}`);
    return withHostDevices(session, { ...withTargetNames(read, config.vms), certificateValidTo }, config);
  };

  const eventsOf = async (entity: Ref, since: Date): Promise<VcEvent[]> => {
    try {
      return await readEvents(session, entity, since);
    } catch (error) {
      // The collector went with an expired session; the new session reads from the start.
      if (!isFault(error, "ManagedObjectNotFound")) throw error;
      return await readEvents(session, entity, since);
    }
  };

  const hostNamed = async (hostName: string): Promise<MaintenanceHost> => {
    const { hosts, vms } = await inventory();
    const host = hosts.find(({ name }) => name === hostName);
    if (host === undefined) throw new CouldNotRun(`host ${hostName} is not in cluster ${clusterName}`);
    const running = vms.filter(({ hostId, powerState }) => hostId === host.id && powerState === "poweredOn");
    return { ...host, running: running.length };
  };

  return {
    about: session.service.about,
    guests: guestOperations(session),
    performance: performanceOf(session),
    currentTime,
    inventory,
    eventsSince: (since) => eventsOf(cluster, since),
    eventsOfVm: (vm, since) => eventsOf({ type: "VirtualMachine", id: vm }, since),
    requirePrivilege: (privilege, on, call) => session.requirePrivilege(privilege, on, call),
    async resetVm(vm) {
      const task = { method: "ResetVM_Task", on: { type: "VirtualMachine", id: vm }, parameters: [] };
      await runTask(session, clock, { ...task, what: `reset VM ${vm}` }, resetLimitSeconds);
    },
    async moveVm(vm, host, signal) {
      const parameters = [refElement("host", { type: "HostSystem", id: host }), element("priority", "defaultPriority")];
      const on = { type: "VirtualMachine", id: vm };
      const what = `move VM ${vm} to host ${host}`;
      await runTask(session, clock, { method: "MigrateVM_Task", on, parameters, what }, moveLimitSeconds, signal);
    },
    enterMaintenance: async (hostName, signal) => enterMaintenance(session, clock, await hostNamed(hostName), signal),
    exitMaintenance: async (hostName) => exitMaintenance(session, clock, await hostNamed(hostName)),
    async acquireLock(owner, ttlSeconds) {
      const expires = new Date((await currentTime()).getTime() + clock.wallMs(ttlSeconds));
      return acquireLock(session, clock, { vmFolder, clusterName }, { owner, expires }, currentTime);
    },
    close,
  };
}

/** The devices of the declared VMs, read in one call more. */
async function withHostDevices(session: Session, inventory: Inventory, config: VerificationConfig): Promise<Inventory> {
  const declared = new Set(config.vms.map(({ name }) => name));
  const vms = inventory.vms.filter(({ name }) => declared.has(name));
  const devices = await readHostDevices(
    session,
    vms.map(({ id }) => id),
  );
  return { ...inventory, vms: inventory.vms.map((vm) => ({ ...vm, hostDevices: devices.get(vm.id) })) };
}
