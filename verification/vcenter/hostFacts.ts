import type { HostState } from "../model";
import { readRoutes } from "./routes";
import { at, boolean, children, ids, integer, members, text, textAt, type Xml } from "./xml";

/** Facts of a host's configuration that redundancy rests on. */
type HostFacts = Pick<HostState, "version" | "clock" | "apd" | "management" | "routes">;

/**
 * One advanced setting of a host. Of the thousand that it has, vCenter sends the one whose key the path names, as it names elements
 * of lists in changes of properties (vSphere API reference, PropertyChange.name).
 */
const option = (key: string): string => `config.option["${key}"]`;

/** vSphere Storage, "Disable Storage APD Handling" and "Change Timeout Limits for Storage APD". */
const apdHandling = option("Misc.APDHandlingEnable");
const apdTimeout = option("Misc.APDTimeout");

/** Properties of HostSystem that the facts are read from. */
export const hostFactProperties = [
  "config.product.version",
  "config.product.build",
  "config.dateTimeInfo",
  "config.service.service",
  apdHandling,
  apdTimeout,
  "config.virtualNicManagerInfo.netConfig",
  "config.network.vnic",
  "config.network.routeTableInfo",
  "config.network.portgroup",
  "config.network.vswitch",
  "config.network.proxySwitch",
];

export function readHostFacts(read: Map<string, Xml>): HostFacts {
  return {
    version: version(read),
    clock: clock(read),
    apd: apd(read),
    management: management(read),
    routes: readRoutes(read),
  };
}

function version(read: Map<string, Xml>): string | undefined {
  const number = text(read.get("config.product.version"));
  const build = text(read.get("config.product.build"));
  return number === undefined ? undefined : [number, ...(build === undefined ? [] : [`build-${build}`])].join(" ");
}

/** Services that keep the clock: vSphere API reference, HostDateTimeInfo and HostService. */
const clockServices = ["ntpd", "ptpd"];

function clock(read: Map<string, Xml>): HostFacts["clock"] {
  const info = read.get("config.dateTimeInfo");
  const services = read.get("config.service.service");
  if (info === undefined || services === undefined) return undefined;
  const servers = ids(children(at(info, "ntpConfig"), "server"));
  const running = members(services).some((service) => {
    return clockServices.includes(textAt(service, "key")) && boolean(at(service, "running")) === true;
  });
  return { servers, running };
}

function apd(read: Map<string, Xml>): HostFacts["apd"] {
  const handling = integer(at(read.get(apdHandling), "value"));
  const timeoutSeconds = integer(at(read.get(apdTimeout), "value"));
  if (handling === undefined || timeoutSeconds === undefined) return undefined;
  return { handled: handling !== 0, timeoutSeconds };
}

function management(read: Map<string, Xml>): HostFacts["management"] {
  const purposes = read.get("config.virtualNicManagerInfo.netConfig");
  const adapters = read.get("config.network.vnic");
  if (purposes === undefined || adapters === undefined) return undefined;
  const purpose = members(purposes).find((one) => text(at(one, "nicType")) === "management");
  const selected = new Set(ids(children(purpose, "selectedVnic")));
  const chosen = children(purpose, "candidateVnic").filter((one) => selected.has(textAt(one, "key")));
  const devices = new Set(ids(chosen.flatMap((one) => children(one, "device"))));
  return members(adapters)
    .filter((adapter) => devices.has(textAt(adapter, "device")))
    .map((adapter) => ({ adapter: textAt(adapter, "device"), uplinks: uplinks(adapter, read) }));
}

/** Names of the physical adapters that may carry an adapter's traffic. */
function uplinks(adapter: Xml, read: Map<string, Xml>): string[] {
  const dvs = text(at(adapter, "spec", "distributedVirtualPort", "switchUuid"));
  if (dvs !== undefined) {
    const own = members(read.get("config.network.proxySwitch")).find((one) => text(at(one, "dvsUuid")) === dvs);
    return physical(ids(children(own, "pnic")));
  }
  const portGroupName = text(at(adapter, "portgroup"));
  const portGroup = members(read.get("config.network.portgroup")).find((one) => {
    return text(at(one, "spec", "name")) === portGroupName;
  });
  const switchName = text(at(portGroup, "spec", "vswitchName"));
  const own = members(read.get("config.network.vswitch")).find((one) => text(at(one, "name")) === switchName);
  const all = physical(ids(children(own, "pnic")));
  // The port group's teaming leaves out adapters that it does not use; where it says nothing, the switch's holds.
  const order =
    at(portGroup, "computedPolicy", "nicTeaming", "nicOrder") ?? at(own, "spec", "policy", "nicTeaming", "nicOrder");
  const used = ids([...children(order, "activeNic"), ...children(order, "standbyNic")]);
  return order === undefined ? all : all.filter((name) => used.includes(name));
}

/** `key-vim.host.PhysicalNic-vmnic0` → `vmnic0`. */
function physical(keys: string[]): string[] {
  return keys.map((key) => key.replace(/^key-vim\.host\.PhysicalNic-/, ""));
}
