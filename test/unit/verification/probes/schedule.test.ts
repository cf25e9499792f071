import assert from "node:assert/strict";
import { ProbeSchedule, probeTiming, type Ask, type ProbeTarget } from "../../../../verification/probes/schedule";
import { SampleLog } from "../../../../verification/probes/sampleLog";
import type { Sample } from "../../../../verification/probes/sample";
import { Clock } from "../../../../verification/clock";

const clock = new Clock();
const now = (): number => clock.now();
const targets: ProbeTarget[] = ["a", "b", "c"].map((vm) => ({ vm, address: "192.0.2.1", port: 22 }));
const timing = probeTiming(60);

async function run(ask: Ask, ms: number, disturb?: () => void): Promise<SampleLog> {
  const log = new SampleLog();
  const schedule = new ProbeSchedule(
    targets,
    timing,
    now,
    (sample) => {
      log.add(sample);
    },
    ask,
  );
  schedule.start();
  if (disturb !== undefined) setTimeout(disturb, ms / 2);
  await clock.wait(ms / 1000);
  await schedule.stop();
  return log;
}

function pause(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe("probe schedule", () => {
  it("keeps each target's k-th probe at start + k · period, also after a pause", async () => {
    const { samples } = await run(
      () => Promise.resolve("up"),
      400,
      () => {
        pause(90);
      },
    );
    for (const { vm } of targets) {
      const due = samples.filter((sample) => sample.vm === vm).map((sample) => sample.due);
      assert.ok(due.length >= 15, `${due.length.toString()} probes`);
      const first = due[0] ?? NaN;
      due.forEach((at, k) => {
        assert.ok(Math.abs(at - first - k * timing.period) < 1e-6);
      });
    }
  });

  it("never sends before a probe is due", async () => {
    const { samples } = await run(() => Promise.resolve("up"), 200);
    assert.ok(samples.every(({ due, sent }) => sent >= due));
  });

  it("counts the probes of a pause as lost, neither up nor down", async () => {
    const { samples } = await run(
      () => Promise.resolve("up"),
      400,
      () => {
        pause(100);
      },
    );
    const lost = samples.filter(({ outcome }) => outcome === "lost");
    assert.ok(lost.length >= 9, `${lost.length.toString()} lost`);
    assert.ok(samples.every(({ outcome }) => outcome !== "down"));
  });

  it("counts an answer after the limit as lost", async () => {
    const slow: Ask = async ({ vm }) => {
      if (vm === "b") await clock.wait(0.05);
      return "refused";
    };
    const { samples } = await run(slow, 200);
    assert.ok(samples.filter(({ vm }) => vm === "b").every(({ outcome }) => outcome === "lost"));
    assert.ok(samples.some(({ vm, outcome }) => vm === "a" && outcome === "down"));
  });

  it("does not let one slow target delay the others", async () => {
    const slow: Ask = async ({ vm }) => {
      if (vm === "a") await clock.wait(0.1);
      return "up";
    };
    const { samples } = await run(slow, 300);
    const others = samples.filter(({ vm, outcome }) => vm !== "a" && outcome === "up");
    assert.ok(others.length >= 24, `${others.length.toString()} answers`);
  });

  it("counts a probe that was sent late and not answered as lost: it had no time to be answered", async () => {
    const silent: Ask = async (_, timeoutMs) => {
      await clock.wait(timeoutMs / 1000);
      return "silent";
    };
    const { samples } = await run(silent, 300, () => {
      pause(35);
    });
    const late = samples.filter(({ due, sent }) => sent - due > timing.limit - timing.timeout);
    assert.ok(late.length > 0);
    assert.ok(late.every(({ outcome }) => outcome === "lost"));
    assert.ok(samples.some(({ outcome }) => outcome === "down"));
  });

  it("counts a failure of its own as lost", async () => {
    const schedule = await run(() => Promise.resolve("unknown"), 60);
    assert.ok(schedule.samples.length > 0);
    assert.ok(schedule.samples.every(({ outcome }) => outcome === "lost"));
    assert.equal(schedule.last("a"), undefined);
  });

  it("reads answers also where sending takes longer than there is time for", async () => {
    let [asked, answered] = [0, 0];
    const costly: Ask = async () => {
      asked += 1;
      assert.ok(asked < 100, "it sends and sends, and reads nothing");
      pause(30);
      await clock.wait(0);
      answered += 1;
      return "up";
    };
    const many = Array.from({ length: 10 }, (_, k) => ({ vm: k.toString(), address: "127.0.0.1", port: 1 }));
    const samples: Sample[] = [];
    const schedule = new ProbeSchedule(many, timing, now, (sample) => samples.push(sample), costly);
    schedule.start();
    while (samples.length < 20) await clock.wait(0.01);
    await schedule.stop();
    assert.ok(answered > 0);
    assert.ok(samples.some(({ outcome }) => outcome === "lost"));
  });

  it("gives period and limit that together are the interval", () => {
    assert.equal(timing.period + timing.limit, 60);
    assert.ok(timing.timeout < timing.limit);
  });

  it("does nothing without targets", async () => {
    const schedule = new ProbeSchedule([], timing, now, () => {
      assert.fail("a sample of nothing");
    });
    schedule.start();
    await schedule.stop();
  });
});
