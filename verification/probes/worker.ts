/** The thread of probeThread.ts: nothing but probes, so that whatever the main thread computes makes none late. */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { monotonicMs } from "./monotonic";
import type { FromProbes, ProbeOrder, ToProbes } from "./probeThread";
import type { Sample } from "./sample";
import { ProbeSchedule } from "./schedule";

/** Says that it is ready, probes from `start` to `stop`, and tells what it saw in messages of several samples. */
export function serveProbes(port: MessagePort, { targets, timing, epoch }: ProbeOrder): void {
  let fresh: Sample[] = [];

  const tell = (message: FromProbes): void => {
    port.postMessage(message);
  };
  const flush = (): void => {
    if (fresh.length > 0) tell({ samples: fresh });
    fresh = [];
  };
  const told = (sample: Sample): void => {
    // Those of one turn of the event loop go in one message.
    if (fresh.length === 0) setImmediate(flush);
    fresh.push(sample);
  };
  const schedule = new ProbeSchedule(targets, timing, () => monotonicMs() + epoch, told);

  port.on("message", (order: ToProbes) => {
    if (order === "start") {
      schedule.start();
      return;
    }
    void schedule.stop().then(() => {
      flush();
      tell("stopped");
      port.close();
    });
  });
  // Nobody is left to tell.
  port.once("close", () => void schedule.stop());
  tell("ready");
}

if (parentPort !== null) serveProbes(parentPort, workerData as ProbeOrder);
