/** What a switch or port group lets a guest pretend or overhear. */
import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";
import { guide } from "./guide";

const rows = [
  { name: "network-promiscuous-mode", what: "overhear others", key: "allowPromiscuous", standard: false },
  { name: "network-forged-transmits", what: "send as others", key: "allowForgedTransmits", standard: true },
  { name: "network-mac-changes", what: "change its address", key: "allowMacChanges", standard: true },
];

/** Standard switches allow the last two by default, and their port groups inherit that; distributed ones do not. */
const standard = [types.hostSwitch, types.hostPortGroup];

export const switchSecurity: PolicyRule[] = rows.map((row) => ({
  name: row.name,
  title: `a guest cannot ${row.what} on its network`,
  group: "hardening",
  level: "mandatory",
  severity: "high",
  source: `${guide}, ESXi and distributed switches: ${row.key}`,
  remedy: `set ${row.key}: false`,
  types: [...standard, types.distributedSwitch, types.distributedPortGroup],
  scope: "resource",
  judge: ({ type, props }) => {
    const value = stated(props, row.key, standard.includes(type) && row.standard ? "inherited" : false);
    return value === undefined || value === false ? [] : [`${row.key} is ${shown(value)}, must be false`];
  },
}));
