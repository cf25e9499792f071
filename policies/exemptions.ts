/** Who need not fulfil a rule, and why. */
import type { Declared, PolicyRule } from "./rule";

/** Reasons by names of resources; `*` stands for any text. */
export type Exempt = Record<string, string>;

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

/** The names under which a configuration may exempt a resource: in the program, and where it is deployed. */
const namesOf = ({ name, props }: Declared): string[] =>
  [name, props.name, props.hostname].filter((text): text is string => typeof text === "string");

/** Why a resource is exempt from a rule; undefined when it is not. */
export function exemption(rule: PolicyRule, resource: Declared, exempt: Exempt): string | undefined {
  const { guestId } = resource.props;
  const guest = rule.exemptions?.find(({ guestIds }) => typeof guestId === "string" && guestIds.test(guestId));
  const [, reason] =
    Object.entries(exempt).find(([pattern]) => namesOf(resource).some((name) => matches(pattern, name))) ?? [];
  return guest?.reason ?? reason;
}
