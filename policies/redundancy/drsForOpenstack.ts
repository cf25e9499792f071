import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";

export const drsForOpenstack: PolicyRule = {
  name: "drs-for-openstack",
  title: "DRS is fully automated where OpenStack runs on the cluster",
  group: "redundancy",
  level: "mandatory",
  severity: "high",
  source: "nova, VMware vSphere driver: DRS",
  remedy: "set drsEnabled: true and drsAutomationLevel: fullyAutomated",
  types: [types.cluster],
  scope: "stack",
  judge: ({ props }, { stack }) => {
    if (!stack.some(({ type }) => type.startsWith("openstack:compute/"))) return [];
    const wanted = [
      ["drsEnabled", false, true],
      ["drsAutomationLevel", "manual", "fullyAutomated"],
    ] as const;
    return wanted.flatMap(([key, fallback, value]) => {
      const own = stated(props, key, fallback);
      return own === undefined || own === value ? [] : [`${key} is ${shown(own)}, must be ${shown(value)}`];
    });
  },
};
