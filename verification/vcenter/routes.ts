import { BlockList, isIP } from "node:net";
import type { Route } from "../model";
import { at, children, integer, members, text, type Xml } from "./xml";

/** The stack of adapters that name none, and the one that NFS uses (vSphere Networking, VMkernel TCP/IP Stacks). */
const defaultStack = "defaultTcpipStack";

/** A host's routes: the networks that its adapters are in, and those of its routing table. */
export function readRoutes(read: Map<string, Xml>): Route[] | undefined {
  const adapters = read.get("config.network.vnic");
  const table = read.get("config.network.routeTableInfo");
  if (adapters === undefined || table === undefined) return undefined;
  const connected = members(adapters)
    .filter((adapter) => (text(at(adapter, "spec", "netStackInstanceKey")) ?? defaultStack) === defaultStack)
    .flatMap(subnets);
  const entries = [...children(table, "ipRoute"), ...children(table, "ipv6Route")];
  return [...connected, ...entries.flatMap((entry) => route(entry, connected))];
}

function subnets(adapter: Xml): Route[] {
  const device = text(at(adapter, "device"));
  const ip = at(adapter, "spec", "ip");
  const mask = text(at(ip, "subnetMask"));
  const own = { address: text(at(ip, "ipAddress")), prefixLength: mask === undefined ? undefined : prefixOf(mask) };
  const others = children(at(ip, "ipV6Config"), "ipV6Address").map((one) => {
    return { address: text(at(one, "ipAddress")), prefixLength: integer(at(one, "prefixLength")) };
  });
  return [own, ...others].flatMap(({ address, prefixLength }) => {
    if (device === undefined || address === undefined || isIP(address) === 0 || prefixLength === undefined) return [];
    return [{ network: address, prefixLength, adapter: device }];
  });
}

/** An entry of the routing table; where it names no adapter, the one whose network its gateway is in. */
function route(entry: Xml, connected: readonly Route[]): Route[] {
  const network = text(at(entry, "network")) ?? "";
  const prefixLength = integer(at(entry, "prefixLength")) ?? 0;
  const named = text(at(entry, "deviceName"));
  const [byGateway] = adaptersTo(connected, text(at(entry, "gateway")) ?? "");
  const adapter = named === undefined || named === "" ? byGateway : named;
  return adapter === undefined || isIP(network) === 0 ? [] : [{ network, prefixLength, adapter }];
}

/** `255.255.255.0` → 24. */
function prefixOf(mask: string): number {
  const bits = mask.split(".").map((part) => Number(part).toString(2).replaceAll("0", ""));
  return bits.join("").length;
}

/**
 * The adapters that a host's traffic to an address may leave by: those of the narrowest network that holds it (VMware KB 2007069,
 * VMkernel network routing). More than one where adapters share a network: the host takes one of them.
 */
export function adaptersTo(routes: readonly Route[], address: string): string[] {
  const holding = routes.filter((one) => holds(one, address));
  const narrowest = Math.max(...holding.map(({ prefixLength }) => prefixLength));
  return [...new Set(holding.filter((one) => one.prefixLength === narrowest).map(({ adapter }) => adapter))];
}

function holds({ network, prefixLength }: Route, address: string): boolean {
  const family = isIP(address);
  if (family === 0 || family !== isIP(network)) return false;
  if (prefixLength === 0) return true;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(network, prefixLength, type);
  return list.check(address, type);
}
