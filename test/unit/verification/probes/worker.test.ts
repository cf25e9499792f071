import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Clock } from "../../../../verification/clock";
import { monotonicMs } from "../../../../verification/probes/monotonic";
import type { FromProbes } from "../../../../verification/probes/probeThread";
import type { Sample } from "../../../../verification/probes/sample";
import { serveProbes } from "../../../../verification/probes/worker";

const clock = new Clock();
const timing = { period: 20, timeout: 1000, limit: 2000 };

/** The thread's program, in this thread: its side of the channel does what the thread's does. */
describe("the program of the thread that probes", () => {
  let service: Server;
  let port: MessagePort;
  let messages: FromProbes[];
  const samples = (): Sample[] => messages.flatMap((one) => (typeof one === "object" ? one.samples : []));

  async function until(what: string, holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 2000 && !holds(); tries++) await clock.wait(0.005);
    assert.ok(holds(), `waited in vain until ${what}`);
  }

  async function serve(targets: number): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    port = port1;
    port.on("message", (message: FromProbes) => messages.push(message));
    const { port: tcp } = service.address() as AddressInfo;
    const all = Array.from({ length: targets }, (_, n) => ({
      vm: `vm-${n.toString()}`,
      address: "127.0.0.1",
      port: tcp,
    }));
    serveProbes(port2, { targets: all, timing, epoch: clock.now() - monotonicMs() });
    await until("it is ready", () => messages.length > 0);
  }

  beforeEach(async () => {
    messages = [];
    service = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(service, "listening");
  });
  afterEach(() => {
    port.close();
    service.close();
  });

  it("says that it is ready, and probes only when it is told to start", async () => {
    await serve(1);
    await clock.wait(0.1);
    assert.deepEqual(messages, ["ready"]);
    port.postMessage("start");
    await until("it has probed", () => samples().length > 0);
  });

  it("tells every sample once, with instants of the clock of whoever asked", async () => {
    await serve(3);
    const from = clock.now();
    port.postMessage("start");
    await until("each was probed several times", () => samples().length > 30);
    const seen = samples();
    for (const { sent, done, outcome } of seen) {
      assert.ok(sent >= from - 5 && done >= sent && done <= clock.now() + 5);
      assert.equal(outcome, "up");
    }
    assert.deepEqual([...new Set(seen.map(({ vm }) => vm))].sort(), ["vm-0", "vm-1", "vm-2"]);
    const instants = seen.map(({ vm, due }) => `${vm} ${due.toString()}`);
    assert.equal(new Set(instants).size, instants.length);
  });

  it("puts samples that end together into one message, and sends no empty one", async () => {
    await serve(10);
    port.postMessage("start");
    await until("probes are under way", () => samples().length > 0);
    // What came due meanwhile is sent in one turn of the event loop.
    const from = performance.now();
    while (performance.now() < from + 60);
    await until("they have ended", () => samples().length >= 40);
    const sizes = messages.flatMap((one) => (typeof one === "object" ? [one.samples.length] : []));
    assert.ok(Math.min(...sizes) > 0);
    assert.ok(sizes.length < samples().length, `${sizes.length.toString()} messages`);
  });

  it("when it is told to stop, waits for probes under way, tells what they saw, says so, and ends", async () => {
    const closed = new Promise<void>((resolve) => {
      void serve(1).then(() => port.once("close", resolve));
    });
    await until("it is ready", () => messages.length > 0);
    port.postMessage("start");
    await until("it has probed", () => samples().length > 0);
    port.postMessage("stop");
    await closed;
    assert.equal(messages.at(-1), "stopped");
    const count = samples().length;
    await clock.wait(0.1);
    assert.equal(samples().length, count);
  });

  it("ends without a sample when it was never started", async () => {
    await serve(1);
    port.postMessage("stop");
    await until("it has stopped", () => messages.includes("stopped"));
    assert.deepEqual(messages, ["ready", "stopped"]);
  });
});
