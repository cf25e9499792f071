import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";

export const flavorMemory: PolicyRule = {
  name: "flavor-memory",
  title: "the memory of an OpenStack flavor is a multiple of 4 MB",
  group: "redundancy",
  level: "mandatory",
  severity: "medium",
  source: "nova, VMware vSphere driver; vSphere's granularity of memory",
  remedy: "write the next multiple of 4",
  types: [types.flavor],
  scope: "resource",
  judge: ({ props }) => {
    const ram = stated(props, "ram");
    return ram === undefined || Number(ram) % 4 === 0 ? [] : [`ram is ${shown(ram)}, must be a multiple of 4`];
  },
};
