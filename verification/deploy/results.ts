import type { CheckResult, Finding, ResourceChange } from "../model";
import { plural } from "../report/format";
import type { Violation } from "./engineLog";
import type { Operation } from "./stack";

type Judged = Pick<CheckResult, "verdict" | "read" | "findings">;

const mandatory = {
  id: "policies-kept",
  title: "no mandatory policy is violated",
  severity: "error" as const,
  expected: "every mandatory rule of the policy packs holds for what the program declares",
  why: "a cluster that breaks one of them is not redundant, or not hardened, whatever its checks say today",
  source: "https://www.pulumi.com/docs/insights/policy/",
  remedy: "change the program as the rule says; or give an exemption with its reason in the configuration of the pack",
};

const advisory = {
  ...mandatory,
  id: "policies-advised",
  title: "no advisory policy is violated",
  severity: "warning" as const,
  expected: "every advisory rule of the policy packs holds for what the program declares",
};

/** The verdict on policies of one operation; `asked`: how many packs were to run. */
export function policyResults({ log, failure }: Operation, asked: number): CheckResult[] {
  if (asked === 0) return [];
  const rules = [...log.rules().values()].reduce((sum, pack) => sum + pack.size, 0);
  const told = `${plural(rules, "rule")} of ${plural(log.rules().size, "policy pack")}`;
  const of = (level: boolean): Finding[] => {
    return log.violations.filter((one) => one.mandatory === level).map(violated);
  };
  const [broken, advised] = [of(true), of(false)];
  const judged = (findings: Finding[]): Judged => {
    if (findings.length > 0) {
      return { verdict: "failed", read: `${told}, ${plural(findings.length, "violation")}`, findings };
    }
    // A pack that did not run, or not to its end, lets nothing pass.
    const incomplete = log.rules().size < asked || (failure !== undefined && broken.length === 0);
    if (incomplete)
      return { verdict: "inconclusive", read: `${told} were asked; ${plural(asked, "pack")} given`, findings };
    return { verdict: "passed", read: told, findings };
  };
  return [
    { ...mandatory, ...judged(broken) },
    { ...advisory, ...judged(advised) },
  ];
}

function violated({ policy, resource, message }: Violation): Finding {
  return { subject: `${policy}, ${resource}`, read: message, expected: "the rule holds" };
}

/** Whether the program could be previewed. */
export function previewResult({ log, failure }: Operation): CheckResult {
  const changes = log.changes(false);
  return {
    id: "preview-complete",
    title: "the proposal can be previewed",
    severity: "error",
    expected: "Pulumi previews every resource of the program",
    why: "what cannot be previewed cannot be deployed",
    source: "pulumi preview --refresh",
    remedy: "mend what the messages name, in the program, its configuration or the environment",
    ...(failure === undefined
      ? { verdict: "passed", read: countText(changes), findings: [] }
      : { verdict: "failed", read: "the preview failed", findings: messages(failure) }),
  };
}

/** What was changed; after an early end also what was proposed and never begun. */
export function madeChanges({ log, failure }: Operation, proposed: readonly ResourceChange[]): ResourceChange[] {
  const begun = log.changes(true);
  if (failure === undefined) return begun;
  const never = proposed.filter(
    (one) => !begun.some(({ resource, type }) => one.resource === resource && one.type === type),
  );
  return [...begun, ...never.map((one) => ({ ...one, state: "unfinished" as const }))];
}

/** Whether everything that was to change did. */
export function upResult({ failure }: Operation, changes: readonly ResourceChange[]): CheckResult {
  const open = changes.filter(({ state }) => state !== "done");
  return {
    id: "deployment-complete",
    title: "everything declared is deployed",
    severity: "error",
    expected: "Pulumi brings every resource to what the program declares",
    why: "half a deployment has half of the redundancy",
    source: "pulumi up --refresh",
    remedy: "mend what the messages name and deploy again: what was done stays, and the rest follows",
    ...(failure === undefined
      ? { verdict: "passed", read: countText(changes), findings: [] }
      : {
          verdict: "failed",
          read: `${plural(changes.length - open.length, "change")} of ${changes.length.toString()} made`,
          findings: [...messages(failure), ...open.map(({ resource, state }) => finding(resource, state, "done"))],
        }),
  };
}

/** What vCenter has otherwise than the last deployment left it, a finding a property. */
export function driftResult({ log }: Operation): CheckResult {
  const drift = log.drift();
  const findings = drift.flatMap(({ resource, operation, properties }) => {
    if (operation === "delete") return [finding(resource, "gone from vCenter", "there, as deployed")];
    return properties.map(({ property, before, after }) => finding(`${resource}, ${property}`, after, before));
  });
  return {
    id: "nothing-drifted",
    title: "vCenter is as the last deployment left it",
    severity: "error",
    expected: "no resource of the stack was changed or removed by other means",
    why: "what was changed by hand may have undone redundancy, and the next deployment undoes it in turn",
    source: "pulumi refresh --preview-only",
    remedy:
      "vsphere-ha deploy brings back what is declared; to keep the change, write it into the program or its configuration",
    verdict: drift.length > 0 ? "failed" : "passed",
    read: drift.length > 0 ? `${plural(drift.length, "resource")} changed` : "nothing changed",
    findings,
  };
}

/** What the program declares and nobody deployed. */
export function undeployedResult({ log }: Operation): CheckResult {
  const changes = log.changes(false);
  return {
    id: "nothing-undeployed",
    title: "the program is deployed",
    severity: "error",
    expected: "a preview of the program has nothing to change",
    why: "a change that was merged and not deployed protects nothing",
    source: "pulumi preview",
    remedy: "deploy: vsphere-ha deploy",
    verdict: changes.length > 0 ? "failed" : "passed",
    read: countText(changes),
    findings: changes.flatMap(({ resource, operation, properties }) => {
      if (properties.length === 0) return [finding(resource, `to ${operation}`, "deployed")];
      return properties.map(({ property, before, after }) => finding(`${resource}, ${property}`, before, after));
    }),
  };
}

/** `1 to create, 3 to update`; `2 created` when they are done. */
export function countText(changes: readonly ResourceChange[]): string {
  if (changes.length === 0) return "nothing to change";
  const kinds = [...new Set(changes.map(({ operation }) => operation))];
  return kinds
    .map((kind) => `${changes.filter(({ operation }) => operation === kind).length.toString()} to ${kind}`)
    .join(", ");
}

function finding(subject: string, read: string, expected: string): Finding {
  return { subject, read, expected };
}

function messages(failure: string): Finding[] {
  return [finding("Pulumi", failure, "no error")];
}
