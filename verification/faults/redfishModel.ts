import { CouldNotRun } from "../problems";

/** The parts of a Redfish ComputerSystem (DMTF DSP2046) that power control needs. */
export interface ComputerSystem {
  path: string;
  id: string;
  hostName: string | undefined;
  powerState: string;
  action: ResetAction | undefined;
}

export interface ResetAction {
  target: string;
  /** `ResetType@Redfish.AllowableValues`; undefined when the action does not list them. */
  allowed: string[] | undefined;
  /** `@Redfish.ActionInfo`, where they may be instead. */
  infoPath: string | undefined;
}

/** Reset types that do what is wanted, the first that is allowed is taken. */
export const resetTypes = { Off: ["ForceOff"], On: ["On", "ForceOn"] } as const;

export function parseSystem(path: string, body: unknown): ComputerSystem {
  const system = body as {
    Id?: string;
    HostName?: string | null;
    PowerState?: string;
    Actions?: Record<string, Record<string, unknown> | undefined>;
  };
  const action = system.Actions?.["#ComputerSystem.Reset"];
  const target = action?.["target"];
  const allowed = action?.["ResetType@Redfish.AllowableValues"];
  const infoPath = action?.["@Redfish.ActionInfo"];
  return {
    path,
    id: system.Id ?? path.split("/").at(-1) ?? path,
    hostName: system.HostName ?? undefined,
    powerState: system.PowerState ?? "unknown",
    action:
      typeof target === "string"
        ? {
            target,
            allowed: Array.isArray(allowed) ? allowed.map(String) : undefined,
            infoPath: typeof infoPath === "string" ? infoPath : undefined,
          }
        : undefined,
  };
}

/** Which system of a BMC is the host: the configured one, else the one of its name, else the only one. */
export function pickSystem(
  systems: readonly ComputerSystem[],
  wanted: { host: string; systemId: string | undefined; peer: string },
): string {
  const { host, systemId, peer } = wanted;
  const listed = systems.map(({ id, hostName }) => (hostName === undefined ? id : `${id} (${hostName})`)).join(", ");
  if (systemId !== undefined) {
    const system = systems.find(({ id, path }) => id === systemId || path === systemId);
    if (system !== undefined) return system.path;
    throw new CouldNotRun(
      `${peer} has no system ${systemId}; it has ${listed || "none"}: set bmc.systemId to one of them`,
    );
  }
  const [named, another] = systems.filter(({ hostName }) => hostName !== undefined && sameHost(hostName, host));
  if (named !== undefined && another === undefined) return named.path;
  const [only, ...others] = systems;
  if (only === undefined) throw new CouldNotRun(`${peer} lists no system`);
  if (others.length > 0) {
    throw new CouldNotRun(`${peer} has several systems, ${listed}; set bmc.systemId to the one that is ${host}`);
  }
  // Its only system, but with another machine's name: cutting its power could hit the wrong host.
  if (only.hostName !== undefined && only.hostName !== "" && isOtherHost(only.hostName, host)) {
    throw new CouldNotRun(
      `${peer} says that its system is ${only.hostName}, not ${host}; check bmc.url, or set bmc.systemId to ${only.id} if it is`,
    );
  }
  return only.path;
}

/** Equal names, or equal short names when one of them is short. */
function sameHost(a: string, b: string): boolean {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  if (left === right) return true;
  return (!left.includes(".") || !right.includes(".")) && left.split(".")[0] === right.split(".")[0];
}

/** Hosts are often added by address, which no name can contradict. */
function isOtherHost(hostName: string, host: string): boolean {
  return !/^[\d.]+$|:/.test(host) && !sameHost(hostName, host);
}
