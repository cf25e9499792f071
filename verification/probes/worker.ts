/** The thread of probeThread.ts: nothing but probes, so that whatever the main thread computes makes none late. */
import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "./monotonic";
import type { FromProbes, ProbeOrder, ToProbes } from "./probeThread";
import type { Sample } from "./sample";
import { ProbeSchedule } from "./schedule";

const { targets, timing, epoch } = workerData as ProbeOrder;
const port = parentPort;
if (port === null) throw new Error("this is a worker thread's program");

let fresh: Sample[] = [];

function tell(message: FromProbes): void {
  port?.postMessage(message);
}

function told(sample: Sample): void {
  // Those of one turn of the event loop go in one message.
  if (fresh.length === 0) setImmediate(flush);
  fresh.push(sample);
}

function flush(): void {
  if (fresh.length > 0) tell({ samples: fresh });
  fresh = [];
}

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
tell("ready");
