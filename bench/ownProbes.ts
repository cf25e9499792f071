/** Probes every target once a second as a drill does, and prints how late each probe was sent, in ms, as JSON. */
import { setTimeout as sleep } from "node:timers/promises";
import { Clock } from "../verification/clock";
import { ProbeThread } from "../verification/probes/probeThread";
import { targetAddresses, targetPort } from "./targets";

async function main(count: number, seconds: number): Promise<number[]> {
  const targets = targetAddresses(count).map((address) => ({ vm: address, address, port: targetPort }));
  const prober = await ProbeThread.create(targets, { period: 1000, timeout: 1000, limit: 2000 }, new Clock(1));
  prober.start();
  await sleep(seconds * 1000);
  const samples = await prober.stop();
  const failed = samples.filter(({ outcome }) => outcome !== "up").length;
  if (failed > 0)
    console.error(`${failed.toString()} of ${samples.length.toString()} probes were not answered in time`);
  return samples.map(({ sent, due }) => sent - due);
}

void main(Number(process.argv[2]), Number(process.argv[3])).then((lateness) => {
  console.log(JSON.stringify(lateness));
});
