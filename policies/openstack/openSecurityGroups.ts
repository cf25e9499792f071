import { type PolicyRule, stated } from "../rule";
import * as types from "../types";

export const openSecurityGroups: PolicyRule = {
  name: "security-group-open",
  title: "no security group lets everybody in",
  group: "openstack",
  level: "mandatory",
  severity: "critical",
  source: "OpenStack Security Guide, Networking: security groups",
  remedy: "name who may come in (remoteIpPrefix, remoteGroupId), or list the port in openPorts",
  settings: {
    openPorts: { type: "array", default: [], description: "ports that everybody may reach" },
  },
  types: [types.securityGroupRule],
  scope: "resource",
  judge: ({ props }, { list }) => {
    const text = (key: string): unknown => stated(props, key, "");
    const from = text("remoteIpPrefix");
    const others = ["remoteGroupId", "remoteAddressGroupId"].map(text);
    // A prefix of length 0 is everybody, whatever stands before it.
    const everybody = from === "" ? others.every((id) => id === "") : typeof from === "string" && /\/0+$/.test(from);
    if (text("direction") !== "ingress" || !everybody) return [];
    const [first, last] = [stated(props, "portRangeMin", 0), stated(props, "portRangeMax", 0)].map(Number);
    const ports = first === 0 ? "all ports" : `ports ${String(first)} to ${String(last)}`;
    const open =
      first !== 0 &&
      first === last &&
      list("openPorts")
        .map(Number)
        .includes(first ?? 0);
    return open
      ? []
      : [
          `remoteIpPrefix is ${from === "" ? "not stated" : JSON.stringify(from)} for ${ports}, must name who may come in`,
        ];
  },
};
