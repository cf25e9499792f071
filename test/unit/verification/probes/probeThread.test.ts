import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Worker } from "node:worker_threads";
import { Clock } from "../../../../verification/clock";
import { ProbeThread } from "../../../../verification/probes/probeThread";
import { probeTiming } from "../../../../verification/probes/schedule";

const clock = new Clock();
const timing = probeTiming(150);
const blockedMs = 600;

/** A service in a thread of its own, so that this one can be kept busy. */
const service = `
const { createServer } = require("node:net");
const { parentPort } = require("node:worker_threads");
const server = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1", () => {
  parentPort.postMessage(server.address().port);
});`;

describe("the thread that probes", () => {
  it("is on time while this one is busy, and its instants are those of this one's clock", async () => {
    const answering = new Worker(service, { eval: true });
    const [port] = (await once(answering, "message")) as [number];
    const thread = await ProbeThread.create([{ vm: "a", address: "127.0.0.1", port }], timing, clock);
    try {
      const from = clock.now();
      thread.start();
      while (clock.now() < from + blockedMs);
      const to = clock.now();
      const samples = await thread.stop();
      const meanwhile = samples.filter(({ due }) => due > from && due < to - timing.limit);
      assert.ok(meanwhile.length >= blockedMs / timing.period - 5, `${meanwhile.length.toString()} samples`);
      const lost = meanwhile.filter(({ outcome }) => outcome === "lost");
      assert.ok(
        lost.length <= meanwhile.length / 4,
        `${lost.length.toString()} of ${meanwhile.length.toString()} lost`,
      );
      assert.ok(samples.every(({ sent, done }) => sent >= from - 5 && done >= sent));
      assert.equal(thread.last("a")?.outcome, "up");
    } finally {
      await thread.stop();
      await answering.terminate();
    }
  });

  it("tells what it saw as it sees it", async () => {
    const server: Server = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const thread = await ProbeThread.create([{ vm: "a", address: "127.0.0.1", port }], timing, clock);
    const becomes = async (outcome: string): Promise<void> => {
      while (thread.last("a")?.outcome !== outcome) await clock.wait(0.01);
    };
    thread.start();
    await becomes("up");
    server.close();
    await becomes("down");
    const samples = await thread.stop();
    assert.ok(samples.some((sample) => sample.outcome === "up") && samples.at(-1)?.outcome === "down");
    assert.equal(samples.length, thread.samples.length);
  });

  it("that died is told, not taken for silence", async () => {
    const thread = await ProbeThread.create([{ vm: "a", address: "not an address", port: -1 }], timing, clock);
    thread.start();
    await clock.wait(0.2);
    await assert.rejects(thread.stop(), /port|thread/i);
  });
});
