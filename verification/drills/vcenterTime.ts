import type { DrillParts } from "./parts";

type TimeParts = Pick<DrillParts, "vcenter" | "clock" | "systemTime">;

/** How two clocks stood to the monotonic one at a moment, wall ms. */
export interface Offset {
  /** vCenter's clock minus ours; events are moved by it. */
  ms: number;
  /** Known to half of this: the time that the call took. */
  roundTrip: number;
  /** The system clock minus ours: changes when it is stepped, or when the machine slept. */
  system: number;
}

const attempts = 3;

/** Asks vCenter's time a few times and keeps the quickest answer, which is the most exact. */
export async function readOffset({ vcenter, clock, systemTime }: TimeParts): Promise<Offset> {
  const offsets: Offset[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const sent = clock.now();
    const there = await vcenter.currentTime();
    const done = clock.now();
    offsets.push({ ms: there.getTime() - (sent + done) / 2, roundTrip: done - sent, system: systemTime() - done });
  }
  return offsets.reduce((best, one) => (one.roundTrip < best.roundTrip ? one : best));
}

/** The largest step that vCenter's or this machine's clock certainly made since then, in seconds of the Clock. */
export async function clockStep(parts: TimeParts, since: Offset): Promise<number> {
  const now = await readOffset(parts);
  const uncertain = (now.roundTrip + since.roundTrip) / 2;
  const ofVcenter = Math.max(0, Math.abs(now.ms - since.ms) - uncertain);
  return parts.clock.seconds(Math.max(ofVcenter, Math.abs(now.system - since.system)));
}
