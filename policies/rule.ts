/** What a policy is: data and a pure function. adapter.ts makes a policy of Pulumi's SDK from it. */

/** Properties of a resource. A member that is there but undefined is not known yet; null was not stated. */
export type Props = Record<string, unknown>;

/** A resource as it is proposed. */
export interface Declared {
  type: string;
  /** Name in the program. */
  name: string;
  urn: string;
  props: Props;
  /** Resources of the stack that a property was made from; none in a rule that sees one resource only. */
  from: (property: string) => Declared[];
}

/** A setting of a rule, which a project may state otherwise. */
export interface Setting {
  type: "integer" | "array";
  default: number | (string | number)[];
  /** Meaning and unit. */
  description: string;
}

/** Guests that cannot fulfil a rule. */
export interface GuestExemption {
  /** Guest ids of the vSphere API. */
  guestIds: RegExp;
  reason: string;
}

/** What a rule may look at beside the resource. */
export interface Context {
  number: (setting: string) => number;
  list: (setting: string) => (string | number)[];
  /** All resources of the stack; only the one in a rule that sees one resource only. */
  stack: Declared[];
}

export type Level = "advisory" | "mandatory";

/** One rule. */
export interface PolicyRule {
  /** Name in the policy pack, and in its configuration. */
  name: string;
  /** What must hold. */
  title: string;
  group: "redundancy" | "hardening" | "openstack";
  /** What a violation does when neither preset nor configuration says otherwise. */
  level: Level;
  severity: "low" | "medium" | "high" | "critical";
  /** Where the rule comes from. */
  source: string;
  /** What to do about a violation. */
  remedy: string;
  /** Default: none. */
  settings?: Record<string, Setting>;
  /** Default: none. */
  exemptions?: GuestExemption[];
  /** Types of the resources that are judged. */
  types: string[];
  /** `resource`: each is judged when it is proposed; `stack`: when all are known, beside the others. */
  scope: "resource" | "stack";
  /** What is wrong with a resource, each as `subject is …, must be …`; nothing while it is not known yet. */
  judge: (resource: Declared, context: Context) => string[];
}

/** A member; `fallback`, the provider's default, where it is not stated; undefined while it is not known yet. */
export function stated(props: Props, key: string, fallback?: unknown): unknown {
  const value = key in props ? props[key] : null;
  return value === null ? fallback : value;
}

/** Number of members of a list, also of members that are not known yet; undefined while the list is not known. */
export function countOf(props: Props, key: string): number | undefined {
  const list = stated(props, key, []);
  return Array.isArray(list) ? list.length : undefined;
}

/** What was read, in a message. */
export const shown = (value: unknown): string => (value === undefined ? "not stated" : JSON.stringify(value));
