import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import { retrieveOne } from "./properties";
import type { Session } from "./session";
import { lackedPrivilege } from "./soap";
import { at, ref, text, xsiType, type Ref, type Xml } from "./xml";

/** A task ended in error, with vCenter's fault. */
export class TaskFailed extends CouldNotRun {
  override name = "TaskFailed";
  constructor(
    readonly fault: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Starts a task and waits until it has succeeded, for at most `limitSeconds` of the clock.
 *
 * @param signal ends the waiting, with its reason; the task goes on
 */
export async function runTask(
  session: Session,
  clock: Clock,
  { method, on, parameters, what }: { method: string; on: Ref; parameters: string[]; what: string },
  limitSeconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const where = `vCenter ${session.server} (${method})`;
  const started = ref(at(await session.call(method, on, parameters), "returnval"));
  if (started === undefined) throw new CouldNotRun(`${where} gave no task for: ${what}`);
  const until = clock.now() + clock.wallMs(limitSeconds);
  for (;;) {
    const info = (await retrieveOne(session, started, ["info"])).get("info");
    const state = text(at(info, "state"));
    if (state === "success") return;
    if (state === "error") throw failure(info, `${where} failed to ${what}`);
    if (clock.now() >= until) {
      throw new CouldNotRun(`${where} did not ${what} within ${limitSeconds.toString()} s; see the task in vCenter`);
    }
    await clock.wait(1, signal);
  }
}

function failure(info: Xml | undefined, what: string): TaskFailed {
  const error = at(info, "error");
  const fault = xsiType(at(error, "fault")) ?? "unknown fault";
  const message = lackedPrivilege(at(error, "fault")) ?? text(at(error, "localizedMessage"))?.trim() ?? "";
  return new TaskFailed(fault, `${what}: ${message === "" ? fault : `${message} (${fault})`}`);
}
