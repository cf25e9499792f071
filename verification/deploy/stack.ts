import { randomUUID } from "node:crypto";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation";
import { CouldNotRun, messageOf } from "../problems";
import { EngineLog } from "./engineLog";
import { endLeftovers, markName } from "./leftovers";
import { lockedMessage, lockHolder, mayBeAlive } from "./lockHolder";
import type { ResourceChange } from "../model";
import type { StackState } from "./state";

export interface StackRequest {
  /** As `pulumi stack ls` names it. */
  stack: string;
  /** Folder of Pulumi.yaml. */
  cwd: string;
  policyPacks: string[];
  policyPackConfigs: string[];
  /** Told for each resource whose change ended. */
  changed: (change: ResourceChange) => void;
  note: (line: string) => void;
  /** Aborted: Pulumi ends what it is at, and begins nothing more. */
  signal: AbortSignal;
}

/** What came of one operation of Pulumi. */
export interface Operation {
  log: EngineLog;
  /** Why it did not come to its end; undefined when it did. */
  failure: string | undefined;
}

/** A stack, by the user's own Pulumi CLI. */
export class PulumiStack {
  private constructor(
    private readonly stack: Stack,
    private readonly request: StackRequest,
    private readonly isConflict: (error: unknown) => boolean,
    /** Of all that it starts: see endLeftovers(). */
    private readonly mark: string,
  ) {}

  /** @throws CouldNotRun when there is no Pulumi, or no such stack */
  static async open(request: StackRequest): Promise<PulumiStack> {
    const { stack: stackName, cwd: workDir } = request;
    const automation = await loadAutomation();
    const isConflict = (error: unknown): boolean => error instanceof automation.ConcurrentUpdateError;
    try {
      const mark = randomUUID();
      const envVars = { [markName]: mark };
      const stack = await automation.LocalWorkspace.selectStack({ stackName, workDir }, { envVars });
      return new PulumiStack(stack, request, isConflict, mark);
    } catch (error) {
      if (error instanceof automation.StackNotFoundError) {
        throw new CouldNotRun(
          `there is no stack ${stackName} in this backend: create it once with pulumi stack init ${stackName}, or look ` +
            "where PULUMI_BACKEND_URL and pulumi whoami --verbose point",
        );
      }
      throw new CouldNotRun(openFailure(error));
    }
  }

  /** What would change. With the state as vCenter has things now, or as the last deployment left it. */
  preview(options: { refresh: boolean }): Promise<Operation> {
    const { policyPacks, policyPackConfigs } = this.request;
    return this.#run((log) => this.stack.preview({ ...log, ...options, policyPacks, policyPackConfigs }));
  }

  /** What is otherwise in vCenter than the last deployment left it. */
  drift(): Promise<Operation> {
    return this.#run((log) => this.stack.refresh({ ...log, previewOnly: true }));
  }

  /** Reads what vCenter has, then makes it as declared. */
  up(): Promise<Operation> {
    const { policyPacks, policyPackConfigs, changed } = this.request;
    return this.#run((log) => this.stack.up({ ...log, refresh: true, policyPacks, policyPackConfigs }), changed);
  }

  outputs(): Promise<OutputMap> {
    return this.#plain(() => this.stack.outputs());
  }

  state(): Promise<StackState> {
    return this.#plain(() => this.stack.exportStack());
  }

  /** Replaces the state, under the backend's lock. */
  async putState(state: StackState): Promise<void> {
    await this.#unlocked(() => this.stack.importStack(state));
  }

  async #run(
    operation: (options: RunOptions) => Promise<unknown>,
    changed: StackRequest["changed"] = () => undefined,
  ): Promise<Operation> {
    const { signal } = this.request;
    let log = new EngineLog();
    const onEvent = (event: Parameters<EngineLog["add"]>[0]): void => {
      const ended = log.add(event);
      if (ended !== undefined) changed(ended);
    };
    const order = orderlyEnd(signal, () => log.cancelling);
    try {
      await this.#unlocked(() => {
        log = new EngineLog();
        return operation({ onEvent, signal: order, color: "never", suppressProgress: true });
      });
      return { log, failure: undefined };
    } catch (error) {
      if (error instanceof CouldNotRun) throw error;
      const killed = killedBy(error);
      // A CLI that comes to its end has ended what it started.
      if (killed !== undefined || signal.aborted) await endLeftovers(this.mark);
      return { log, failure: log.errors.join("\n") || (killed ?? words(error)) };
    }
  }

  /** Works; and once more when a process that is gone holds the lock of the stack. */
  async #unlocked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.isConflict(error)) throw error;
      const holder = lockHolder(words(error));
      if (holder === undefined || mayBeAlive(holder)) throw new CouldNotRun(lockedMessage(this.request.stack, holder));
      await this.#plain(() => this.stack.cancel());
      const { user, host, pid, since } = holder;
      this.request.note(
        `a deployment by ${user} on ${host} (process ${pid.toString()}, since ${since}) was killed: its lock is released, ` +
          "as pulumi cancel does, and this deployment continues it",
      );
    }
    try {
      return await work();
    } catch (error) {
      if (!this.isConflict(error)) throw error;
      throw new CouldNotRun(lockedMessage(this.request.stack, lockHolder(words(error))));
    }
  }

  async #plain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new CouldNotRun(`pulumi: ${words(error)}`);
    }
  }
}

interface RunOptions {
  onEvent: (event: Parameters<EngineLog["add"]>[0]) => void;
  signal: AbortSignal;
  color: "never";
  suppressProgress: true;
}

/** Wall ms in which the CLI tells that it got the signal, too. */
const hearingMs = 2000;

/**
 * What tells the CLI to end in good order: one signal, because a second one is its order to leave everything as it is. A
 * terminal, and a runner that signals the whole process group, have sent it already.
 */
export function orderlyEnd(stop: AbortSignal, heard: () => boolean, patienceMs = hearingMs): AbortSignal {
  const order = new AbortController();
  const unlessHeard = (): void => {
    setTimeout(() => {
      if (!heard()) order.abort();
    }, patienceMs);
  };
  if (stop.aborted) unlessHeard();
  else stop.addEventListener("abort", unlessHeard, { once: true });
  return order.signal;
}

type Automation = typeof import("@pulumi/pulumi/automation");

/** Only here, so that every other command works without Pulumi. */
async function loadAutomation(): Promise<Automation> {
  try {
    return await import("@pulumi/pulumi/automation/index.js");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new CouldNotRun(
      "this command needs the package @pulumi/pulumi, which is not there: npm install @pulumi/pulumi",
    );
  }
}

function openFailure(error: unknown): string {
  const text = words(error);
  if (text.includes("spawn pulumi ENOENT")) {
    return "the Pulumi CLI is not on the PATH: install it (https://www.pulumi.com/docs/install/)";
  }
  return `pulumi: ${text}`;
}

/** In a sentence, if the CLI did not end by itself: its output, which the Automation API gives then, says nothing of that. */
export function killedBy(error: unknown): string | undefined {
  const [, signal] = /Command was killed with (SIG[A-Z0-9]+)/.exec(String(error)) ?? [];
  return signal && `the Pulumi CLI was killed (${signal}): deploy again, which continues what it was at`;
}

/** The CLI's own words of an error of the Automation API, which tells them beside the command line. */
function words(error: unknown): string {
  const text = messageOf(error);
  const lines = text.split("\n").map((line) => line.replace(/^\s*(stderr|stdout|err\?): ?/, "").trimEnd());
  const told = lines.filter(
    (line) => line !== "" && !/^(code: |Error: |\s*at |.*Command failed with exit code)/.test(line),
  );
  return [...new Set(told)].join("\n");
}
