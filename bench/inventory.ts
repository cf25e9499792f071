/** `npm run bench:inventory`: one reading of 96 hosts and 10,000 VMs, in a process of its own. */
import Table from "cli-table3";
import { startLargeLab } from "./largeLab";
import type { Traversal } from "./traverse";

const limits = { calls: 20, seconds: 5, maxRssMb: 300 };
const [hosts, machines] = [96, 10_000];
const runs = 3;

async function main(): Promise<boolean> {
  const lab = await startLargeLab(hosts, machines);
  try {
    const found: Traversal[] = [];
    for (let run = 0; run < runs; run++) found.push(await lab.traverse());
    const head = ["", ...found.map((_, k) => `run ${(k + 1).toString()}`), "limit"];
    const table = new Table({ head, style: { head: [], border: [] } });
    const row = (name: string, pick: (one: Traversal) => string, limit: string): void => {
      table.push([name, ...found.map(pick), limit]);
    };
    row("hosts, VMs", (one) => `${one.hosts.toString()}, ${one.vms.toString()}`, "");
    row("calls", (one) => one.calls.toString(), limits.calls.toString());
    row("seconds", (one) => one.seconds.toFixed(2), limits.seconds.toString());
    row("seconds of processor", (one) => one.cpuSeconds.toFixed(2), "");
    row("MB resident", (one) => one.maxRssMb.toFixed(0), limits.maxRssMb.toString());
    console.log(table.toString());
    console.log(`start of the simulated vCenter: ${lab.startSeconds.toFixed(1)} s`);
    const [best] = [...found].sort((a, b) => a.seconds - b.seconds);
    return (
      best !== undefined &&
      best.vms >= machines &&
      best.seconds <= limits.seconds &&
      found.every((one) => one.calls <= limits.calls && one.maxRssMb <= limits.maxRssMb)
    );
  } finally {
    await lab.stop();
  }
}

void main().then((within) => {
  if (!within) console.error("a limit was missed");
  process.exitCode = within ? 0 : 1;
});
