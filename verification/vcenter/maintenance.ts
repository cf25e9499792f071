import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import { retrieve, retrieveOne } from "./properties";
import { isFault, type Session } from "./session";
import { runTask, TaskFailed } from "./task";
import { at, boolean, element, ref, text, textAt, type Ref } from "./xml";

/** What an evacuation may take: to begin, and for each VM that has to move; seconds of the clock. Ours: no figure is published. */
const startSeconds = 300;
const secondsPerVm = 30;
/** Until vCenter tells that a task with a time-out of its own has ended; seconds of the clock. */
const graceSeconds = 60;
/** Limit of leaving maintenance mode, and of the end of a task that was cancelled; seconds of the clock. */
const exitSeconds = 600;

export interface MaintenanceHost {
  id: string;
  name: string;
  inMaintenanceMode: boolean;
  /** VMs that run on it. */
  running: number;
}

/**
 * Puts a host into maintenance mode, its running VMs moved elsewhere, and waits for it. Resolves to false when VMs were
 * still on it when the time for that was over: vCenter has given up then.
 *
 * @param signal ends the waiting, with its reason; exitMaintenance() ends the rest
 */
export async function enterMaintenance(
  session: Session,
  clock: Clock,
  host: MaintenanceHost,
  signal?: AbortSignal,
): Promise<boolean> {
  if (host.inMaintenanceMode) return true;
  const limit = startSeconds + secondsPerVm * host.running;
  const task = {
    method: "EnterMaintenanceMode_Task",
    on: hostRef(host),
    parameters: [element("timeout", limit.toString()), element("evacuatePoweredOffVms", "false")],
    what: `put ${host.name} into maintenance mode`,
  };
  try {
    await runTask(session, clock, task, limit + graceSeconds, signal);
    return true;
  } catch (error) {
    if (error instanceof TaskFailed && error.fault === "Timedout") return false;
    throw error;
  }
}

/** Takes a host out of maintenance mode, also one that is still about to enter it. Does nothing when it is in service. */
export async function exitMaintenance(session: Session, clock: Clock, host: MaintenanceHost): Promise<void> {
  await cancelEntering(session, clock, host);
  if (!(await isInMaintenance(session, host))) return;
  const task = {
    method: "ExitMaintenanceMode_Task",
    on: hostRef(host),
    parameters: [element("timeout", "0")],
    what: `take ${host.name} out of maintenance mode`,
  };
  await runTask(session, clock, task, exitSeconds);
}

/** A task whose client died goes on: left alone, it would put the host into maintenance mode later. */
async function cancelEntering(session: Session, clock: Clock, host: MaintenanceHost): Promise<void> {
  const until = clock.now() + clock.wallMs(exitSeconds);
  for (;;) {
    const tasks = await enteringTasks(session, host);
    if (tasks.length === 0) return;
    for (const task of tasks) {
      await session.call("CancelTask", task).catch((error: unknown) => {
        // It has ended meanwhile, or ends by its own time-out.
        if (!isFault(error, "InvalidState", "NotSupported", "ManagedObjectNotFound")) throw error;
      });
    }
    if (clock.now() >= until) {
      throw new CouldNotRun(`vCenter ${session.server} does not stop putting ${host.name} into maintenance mode`);
    }
    await clock.wait(1);
  }
}

async function enteringTasks(session: Session, host: MaintenanceHost): Promise<Ref[]> {
  const tasks = await retrieve(session, {
    start: session.service.taskManager,
    properties: { Task: ["info"] },
    traversal: [{ type: "TaskManager", path: "recentTask" }],
  });
  return tasks
    .filter(({ properties }) => {
      const info = properties.get("info");
      return (
        text(at(info, "descriptionId")) === "HostSystem.enterMaintenanceMode" &&
        ref(at(info, "entity"))?.id === host.id &&
        ["queued", "running"].includes(textAt(info, "state"))
      );
    })
    .map((task) => task.ref);
}

async function isInMaintenance(session: Session, host: MaintenanceHost): Promise<boolean> {
  const path = "runtime.inMaintenanceMode";
  return boolean((await retrieveOne(session, hostRef(host), [path])).get(path)) === true;
}

function hostRef({ id }: MaintenanceHost): Ref {
  return { type: "HostSystem", id };
}
