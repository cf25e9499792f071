/** vsphere-ha/policies: rules of redundancy and hardening, for a policy pack. */
import type { Policies } from "@pulumi/policy";
import { policyOf } from "./adapter";
import { hardening } from "./hardening";
import { openstack } from "./openstack";
import { redundancy } from "./redundancy";
import type { Level, PolicyRule, Props } from "./rule";

export type { Context, Declared, GuestExemption, Level, PolicyRule, Props, Setting } from "./rule";

/** Every rule, as data. */
export const rules: readonly PolicyRule[] = [...redundancy, ...hardening, ...openstack];

/**
 * The policies of all rules, for `new PolicyPack(…, { policies: policies() })`.
 *
 * @param level what every violation does: `advisory` warns, `mandatory` refuses the deployment. Default: each rule's own.
 */
export function policies(level?: Level): Policies {
  const seen = new Map<string, Props>();
  return rules.map((rule) => policyOf(rule, seen, level));
}
