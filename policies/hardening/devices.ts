/** Devices that a server does not need, and that open a way out of a guest. */
import { type PolicyRule, stated } from "../rule";
import * as types from "../types";
import { guide } from "./guide";

const rows = [
  { name: "vm-floppy", what: "floppy drive", key: /^floppy\d+\.present$/i },
  { name: "vm-serial-port", what: "serial port", key: /^serial\d+\.present$/i },
  { name: "vm-parallel-port", what: "parallel port", key: /^parallel\d+\.present$/i },
];

export const devices: PolicyRule[] = rows.map(({ name, what, key }) => ({
  name,
  title: `a virtual machine is given no ${what}`,
  group: "hardening",
  level: "mandatory",
  severity: "medium",
  source: `${guide}, virtual machines: unnecessary devices`,
  remedy: "leave it out of extraConfig, or exempt the virtual machine with the reason",
  types: [types.vm],
  scope: "resource",
  judge: ({ props }) =>
    Object.entries((stated(props, "extraConfig", {}) as Record<string, unknown> | undefined) ?? {})
      .filter(([option, value]) => key.test(option) && String(value).toUpperCase() === "TRUE")
      .map(([option]) => `${option} is "TRUE", must not be there`),
}));
