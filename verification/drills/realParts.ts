import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { constants, networkInterfaces, setPriority } from "node:os";
import { runChecks } from "../checks";
import { openstackChecks } from "../checks/openstack";
import { Clock } from "../clock";
import type { Environment, VerificationConfig } from "../config";
import type { OpenStackConfig } from "../config/openstack";
import type { Fault, GuestHangRecord } from "../faults/fault";
import { guestHangFault } from "../faults/guestHang";
import { guestHang } from "../faults/guestHangCommand";
import { deviceLossFault } from "../faults/deviceLoss";
import { hostIsolationFault } from "../faults/hostIsolation";
import { hostPowerFault } from "../faults/hostPower";
import { hostShell } from "../faults/hostShell";
import { maintenanceModeFault } from "../faults/maintenanceMode";
import { pathLossFault } from "../faults/pathLoss";
import { redfishPower } from "../faults/redfish";
import { secondFailureFault } from "../faults/secondFailure";
import { hostLossWithoutVcenter } from "../faults/vcenterDown";
import { ProbeThread } from "../probes/probeThread";
import { probeTiming } from "../probes/schedule";
import { serviceOf } from "../probes/target";
import { probeTcp } from "../probes/tcp";
import { CouldNotRun } from "../problems";
import type { Cloud } from "../openstack/cloud";
import type { GuestOs } from "../model";
import type { VCenter } from "../vcenter/client";
import type { GuestAccount } from "../vcenter/guestOperations";
import { vcenterService } from "../vcenter/service";
import { cloudCompanion } from "./cloudCompanion";
import type { Every } from "./cloudWatch";
import type { DrillParts } from "./parts";
import { nfsServers } from "./storageNetwork";
import { holds } from "./steadyState";
import { variantOf, type DrillName } from "./variants";

/** Limit of one probe of a check, in wall ms. */
const checkProbeLimit = 2000;

/** Limit of a look whether a guest hangs, in seconds of the Clock and at least so many wall ms: the fault is known no better. */
const hangProbeSeconds = 2;
const hangProbeLimit = 300;

const ofOpenStack = new Set(openstackChecks.map(({ id }) => id));

/** What a user asks for, in every command that drills. */
export interface DrillRequest {
  config: VerificationConfig;
  env: Environment;
  /** Default `host-loss`. */
  drill?: DrillName | undefined;
  includeBystanders: boolean;
  /** One line at a time. */
  progress: (line: string) => void;
  /** Ends the run: what is broken is undone, the steady state awaited. */
  signal: AbortSignal;
  /** Ends that waiting too. */
  hurried: AbortSignal;
}

/** The parts that act on a real cluster. Asks for priority: probes must be on time on a busy machine. */
export async function realParts(request: DrillRequest, vcenter: VCenter, cloud?: Cloud): Promise<DrillParts> {
  const { config, env, drill = "host-loss" } = request;
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Only the administrator may; late probes are counted as lost.
  }
  const clock = new Clock(config.timeScale);
  const timing = probeTiming(clock.wallMs(config.probeIntervalSeconds));
  return {
    config,
    vcenter,
    clock,
    systemTime: () => Date.now(),
    fault: (record) => {
      const name = record.host;
      const host = config.hosts.find((one) => one.name === name) ?? { name, bmc: undefined, ssh: undefined };
      switch (record.kind) {
        case "host-power":
          return hostPowerFault(name, redfishPower(host, env, clock));
        case "host-loss-vcenter-down":
          return hostLossWithoutVcenter(
            hostPowerFault(name, redfishPower(host, env, clock)),
            vcenterService(config.vcenter, env, clock),
            vcenter,
            clock,
          );
        case "second-failure": {
          const other = config.hosts.find((one) => one.name === record.second) ?? {
            ...host,
            name: record.second,
            bmc: undefined,
          };
          return secondFailureFault(
            hostPowerFault(name, redfishPower(host, env, clock)),
            hostPowerFault(other.name, redfishPower(other, env, clock)),
          );
        }
        case "maintenance-mode":
          return maintenanceModeFault(name, vcenter);
        case "guest-hang":
          return hangOf(record, request, vcenter, clock);
        case "host-isolation":
          return hostIsolationFault(record, hostShell(host, env), clock);
        case "apd":
          return pathLossFault(record, hostShell(host, env), clock);
        case "pdl":
          return deviceLossFault(record, hostShell(host, env), clock);
      }
    },
    prober: (targets) => ProbeThread.create(targets, timing, clock),
    checks: async (inventory) => {
      const probe = ({ address, port }: { address: string; port: number }): Promise<boolean> => {
        return probeTcp(address, port, checkProbeLimit);
      };
      const results = await runChecks({ inventory, config, probe });
      // Reading a cloud costs seconds, and while the cluster is not in order says nothing new: its checks are told as not read.
      if (cloud === undefined || !holds(results.filter(({ id }) => !ofOpenStack.has(id)))) return results;
      return runChecks({ inventory, config, probe, openstack: await cloud.state() });
    },
    drill,
    ...(cloud !== undefined &&
      config.openstack !== undefined && { companion: companions(cloud, config.openstack, clock, request.progress) }),
    every,
    keepUp: await addressesToKeepUp(config.vcenter.server),
    ...(drill === "host-isolation" && {
      addresses: await addressesOf(nfsServers((await vcenter.inventory()).datastores)),
    }),
    includeBystanders: request.includeBystanders,
    guestAccount: (guestOs) => accountOf(request, guestOs),
    progress: request.progress,
    interrupted: request.signal,
    hurried: request.hurried,
  };
}

function accountOf({ config, env }: Pick<DrillRequest, "config" | "env">, guestOs: GuestOs): GuestAccount {
  const { user, passwordEnv } = config.guests[guestOs];
  const password = env[passwordEnv];
  if (password) return { user, password };
  throw new CouldNotRun(`${passwordEnv} is not set; export the password of ${user} in the guests in it`);
}

function hangOf(record: GuestHangRecord, request: DrillRequest, vcenter: VCenter, clock: Clock): Fault {
  const { config, env } = request;
  const vm = config.vms.find(({ name }) => name === record.vm);
  if (vm === undefined) throw new CouldNotRun(`VM ${record.vm} is not in the configuration; give the one of that run`);
  return guestHangFault(record, {
    vcenter,
    clock,
    hang: guestHang(config.guests[vm.guestOs].hang, vcenter, () => accountOf(request, vm.guestOs), env),
    answers: async (state) => {
      const service = serviceOf(vm, state);
      const limit = Math.max(hangProbeLimit, clock.wallMs(hangProbeSeconds));
      return service !== undefined && probeTcp(service.address, service.port, limit);
    },
    bootSeconds: vm.bootSeconds,
  });
}

const every: Every = (intervalMs, act) => {
  const timer = setInterval(act, intervalMs);
  return () => {
    clearInterval(timer);
  };
};

function companions(
  cloud: Cloud,
  config: OpenStackConfig,
  clock: Clock,
  progress: DrillRequest["progress"],
): NonNullable<DrillParts["companion"]> {
  return (drill, interrupted) => {
    if (variantOf(drill).watchesOpenStack !== true) return undefined;
    return cloudCompanion(drill, { cloud, config, clock, interrupted, progress, every });
  };
}

/** What this machine's name service says; names that it does not know are absent. */
async function addressesOf(names: readonly string[]): Promise<Map<string, string[]>> {
  const known = new Map<string, string[]>();
  const find = async (name: string): Promise<void> => {
    const found = await lookup(name, { all: true }).catch(() => []);
    if (found.length > 0)
      known.set(
        name,
        found.map(({ address }) => address),
      );
  };
  await Promise.all(names.filter((name) => isIP(name) === 0).map(find));
  return known;
}

/** vCenter's addresses and this machine's, loopback aside. */
async function addressesToKeepUp(server: string): Promise<string[]> {
  const name = new URL(`https://${server}`).hostname.replace(/^\[|\]$/g, "");
  const resolved = await lookup(name, { all: true }).catch(() => []);
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [
    ...resolved.map(({ address }) => address),
    ...own.filter(({ internal }) => !internal).map(({ address }) => address),
  ];
}
