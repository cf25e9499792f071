/** Other probers on the same targets: how late each of their probes was sent, in ms. */
import { setTimeout as sleep } from "node:timers/promises";
import { request, Agent } from "undici";
import { targetAddresses, targetPort } from "./targets";

/**
 * fping's own lines, `[1700000000.12345] 127.0.0.1 : [7], 64 bytes, 0.045 ms …`: stamp of the answer, number, round trip.
 * Its schedule is taken to begin with the earliest of a target's probes, which favours it.
 */
export function fpingLateness(output: string, periodMs: number): number[] {
  const sent = new Map<string, number[]>();
  for (const [, stamp, address = "", number, rtt] of output.matchAll(
    /^\[([\d.]+)\] (\S+)\s*: \[(\d+)\].*?([\d.]+) ms/gm,
  )) {
    const offset = Number(stamp) * 1000 - Number(rtt) - Number(number) * periodMs;
    sent.set(address, [...(sent.get(address) ?? []), offset]);
  }
  return [...sent.values()].flatMap((offsets) => {
    const first = Math.min(...offsets);
    return offsets.map((offset) => offset - first);
  });
}

/**
 * The blackbox exporter probes when it is asked; so it is asked on the schedule on which Prometheus would, each target at its
 * own moment of the period. A probe began by its own duration before the answer came.
 */
export async function blackboxLateness(base: string, count: number, seconds: number): Promise<number[]> {
  const agent = new Agent({ connections: 64 });
  const lateness: number[] = [];
  const open = new Set<Promise<void>>();
  const began = performance.now();
  const addresses = targetAddresses(count);
  for (let k = 0; ; k++) {
    const due = began + (k * 1000) / count;
    if (due - began >= seconds * 1000) break;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const address = addresses[k % count] ?? "";
    const ask = request(`${base}/probe?module=tcp_connect&target=${address}:${targetPort.toString()}`, {
      dispatcher: agent,
    }).then(async ({ body }) => {
      const text = await body.text();
      const duration = Number(/^probe_duration_seconds (\S+)$/m.exec(text)?.[1]) * 1000;
      if (/^probe_success 1$/m.test(text)) lateness.push(performance.now() - duration - due);
    });
    open.add(ask);
    void ask.finally(() => open.delete(ask));
  }
  await Promise.all(open);
  await agent.close();
  return lateness;
}
