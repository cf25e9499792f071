import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";
import { guide } from "./guide";

export const lockdown: PolicyRule = {
  name: "host-lockdown",
  title: "hosts are administered through vCenter only",
  group: "hardening",
  level: "advisory",
  severity: "medium",
  source: `${guide}, ESXi: lockdown mode`,
  remedy: "set lockdown: normal; accounts that must log in to the host are made exception users there",
  settings: {
    allowed: { type: "array", default: ["normal", "strict"], description: "lockdown modes that pass" },
  },
  types: [types.host],
  scope: "resource",
  judge: ({ props }, { list }) => {
    const mode = stated(props, "lockdown", "disabled");
    const allowed = list("allowed");
    return mode === undefined || allowed.includes(mode as string)
      ? []
      : [`lockdown is ${shown(mode)}, must be ${allowed.join(" or ")}`];
  },
};
