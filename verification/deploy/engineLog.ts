import type { PropertyChange, ResourceChange } from "../model";

/** What is read of an engine event of Pulumi: https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/apitype#EngineEvent */
export interface EngineEvent {
  resourcePreEvent?: { metadata: Step };
  resOutputsEvent?: { metadata: Step };
  resOpFailedEvent?: { metadata: Step };
  stdoutEvent?: { message: string };
  diagnosticEvent?: { urn?: string; message: string; severity: string };
  policyEvent?: {
    policyName: string;
    policyPackName: string;
    enforcementLevel: string;
    message: string;
    resourceUrn?: string;
  };
  policyAnalyzeSummaryEvent?: PolicySummary;
  policyAnalyzeStackSummaryEvent?: PolicySummary;
}

interface PolicySummary {
  policyPackName: string;
  passed?: string[] | null;
  failed?: string[] | null;
}

export interface Step {
  op: string;
  urn: string;
  type: string;
  old?: State;
  new?: State;
  detailedDiff?: Record<string, unknown> | null;
}

interface State {
  custom?: boolean;
  inputs?: Record<string, unknown> | null;
  outputs?: Record<string, unknown> | null;
}

/** A rule of a policy pack that a resource, or the stack, breaks. */
export interface Violation {
  policy: string;
  pack: string;
  mandatory: boolean;
  /** Name of the resource; the stack's for a rule of the whole. */
  resource: string;
  message: string;
}

const operations: Record<string, ResourceChange["operation"]> = {
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  import: "import",
};

/**
 * What the engine told of one preview, refresh or update. Debugging messages are never kept: they hold secrets in plain
 * text.
 */
export class EngineLog {
  readonly #planned = new Map<string, Step>();
  readonly #ended = new Map<string, "done" | "failed">();
  readonly #refreshing = new Set<string>();
  readonly #drifted: Step[] = [];
  readonly #packs = new Map<string, Set<string>>();
  readonly violations: Violation[] = [];
  readonly errors: string[] = [];
  /** It was told to end, and does so in good order. */
  cancelling = false;

  /** Returns the change that ended with this event, if one did. */
  add(event: EngineEvent): ResourceChange | undefined {
    const { resourcePreEvent: begun, resOutputsEvent: done, resOpFailedEvent: failed } = event;
    if (event.stdoutEvent?.message.includes("received; cancelling")) this.cancelling = true;
    if (begun !== undefined) this.#begin(begun.metadata);
    if (event.policyEvent !== undefined) this.#violated(event.policyEvent);
    for (const summary of [event.policyAnalyzeSummaryEvent, event.policyAnalyzeStackSummaryEvent]) {
      if (summary !== undefined) this.#analyzed(summary);
    }
    if (event.diagnosticEvent?.severity === "error") this.#error(event.diagnosticEvent);
    if (done !== undefined) return this.#end(done.metadata, "done");
    if (failed !== undefined) return this.#end(failed.metadata, "failed");
    return undefined;
  }

  /** What is to change, or was changed, in the engine's order. */
  changes(applied: boolean): ResourceChange[] {
    return [...this.#planned.values()].map((step) => {
      return changeOf(step, applied ? (this.#ended.get(step.urn) ?? "unfinished") : "proposed");
    });
  }

  /** What a refresh found otherwise than the state has it. */
  drift(): ResourceChange[] {
    return this.#drifted.map((step) => ({
      ...named(step),
      operation: step.op === "delete" ? "delete" : "update",
      state: "done",
      properties: differences(step, step.old?.outputs, step.new?.outputs),
    }));
  }

  /** Names of the rules that were asked, by pack. */
  rules(): Map<string, ReadonlySet<string>> {
    return this.#packs;
  }

  #begin(step: Step): void {
    if (step.op === "refresh") this.#refreshing.add(step.urn);
    else this.#refreshing.delete(step.urn);
    if (operations[step.op] !== undefined && isDeclared(step)) this.#planned.set(step.urn, step);
  }

  #end(step: Step, how: "done" | "failed"): ResourceChange | undefined {
    if (this.#refreshing.has(step.urn)) {
      this.#refreshing.delete(step.urn);
      if (["update", "delete"].includes(step.op)) this.#drifted.push(step);
      return undefined;
    }
    const planned = this.#planned.get(step.urn);
    if (planned === undefined) return undefined;
    // A replacement ends with its last part, the first failure counts.
    if (this.#ended.get(step.urn) !== "failed") this.#ended.set(step.urn, how);
    return changeOf(planned, how);
  }

  #violated({ policyName, policyPackName, enforcementLevel, message, resourceUrn }: Policy): void {
    this.violations.push({
      policy: policyName,
      pack: policyPackName,
      mandatory: enforcementLevel === "mandatory",
      resource: resourceUrn === undefined ? "the stack" : nameOf(resourceUrn),
      message: message.trim().replace(/\s*\n\s*/g, " "),
    });
  }

  #analyzed({ policyPackName, passed, failed }: PolicySummary): void {
    const known = this.#packs.get(policyPackName) ?? new Set();
    for (const rule of [...(passed ?? []), ...(failed ?? [])]) known.add(rule);
    this.#packs.set(policyPackName, known);
  }

  #error({ urn, message }: { urn?: string; message: string }): void {
    const text = message.trim();
    // Says no more than that there were errors.
    if (text === "" || /^(preview|update|refresh) failed$/.test(text)) return;
    const line = urn === undefined || urn === "" ? text : `${nameOf(urn)}: ${text}`;
    if (!this.errors.includes(line)) this.errors.push(line);
  }
}

type Policy = NonNullable<EngineEvent["policyEvent"]>;

/** Components and providers are no things of vCenter. */
function isDeclared(step: Step): boolean {
  return (step.new ?? step.old)?.custom === true && !step.type.startsWith("pulumi:");
}

function changeOf(step: Step, state: ResourceChange["state"]): ResourceChange {
  const operation = operations[step.op] ?? "update";
  const whole = operation !== "update" && operation !== "replace";
  return {
    ...named(step),
    operation,
    state,
    properties: whole ? [] : differences(step, { ...step.old?.inputs, ...step.old?.outputs }, step.new?.inputs),
  };
}

function named({ urn, type }: Step): Pick<ResourceChange, "resource" | "type"> {
  return { resource: nameOf(urn), type };
}

/** The name that the program gave it: the last part of the URN. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

type Values = Record<string, unknown> | null | undefined;

function differences({ detailedDiff }: Step, before: Values, after: Values): PropertyChange[] {
  return Object.keys(detailedDiff ?? {}).map((property) => ({
    property,
    before: textOf(valueAt(before, property)),
    after: textOf(valueAt(after, property)),
  }));
}

/** `disks[0].size`, `tags["a.b"]`: the engine's way to write a path. */
function valueAt(values: unknown, path: string): unknown {
  const parts = [...path.matchAll(/\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]|([^.[\]]+)/g)];
  return parts.reduce<unknown>((value, [, quoted, index, plain]) => {
    const key = quoted ?? index ?? plain ?? "";
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }, values);
}

/** The engine's marks for a secret and for a value that is known only after the deployment (pulumi/sdk, plugin.go). */
const secretMark = "4dabf18193072939515e22adb298388d";
const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.includes(secretMark)) return "[secret]";
  return text.includes(unknownMark) ? "known after the deployment" : text;
}
