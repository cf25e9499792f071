import { type PolicyRule, stated } from "../rule";
import * as types from "../types";
import { guide } from "./guide";

/** A version that is not stated is the template's, or the newest that the cluster knows: nothing to judge here. */
export const hardwareVersion: PolicyRule = {
  name: "vm-hardware-version",
  title: "no virtual machine is declared with an old hardware version",
  group: "hardening",
  level: "mandatory",
  severity: "medium",
  source: `${guide}, virtual machines: hardware version`,
  remedy: "leave hardwareVersion out, or raise it",
  settings: { least: { type: "integer", default: 19, description: "oldest hardware version that passes" } },
  types: [types.vm],
  scope: "resource",
  judge: ({ props }, { number }) => {
    const version = stated(props, "hardwareVersion", 0);
    const least = number("least");
    return typeof version !== "number" || version === 0 || version >= least
      ? []
      : [`hardwareVersion is ${String(version)}, must be ${String(least)} or more`];
  },
};
