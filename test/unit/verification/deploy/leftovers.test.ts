import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { endLeftovers, markName } from "../../../../verification/deploy/leftovers";

describe("what a killed Pulumi leaves", () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });

  /** Runs, in a process group of its own, once its first output is there. */
  async function process_(mark: string, program = ""): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["-e", `${program};console.log("ready");setInterval(() => {}, 1000)`], {
      env: { ...process.env, [markName]: mark },
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    started.push(child);
    await once(child.stdout, "data");
    return child;
  }

  it("is ended wherever it is, by its mark, and nothing else is", async () => {
    const [left, other] = [await process_("one"), await process_("one-more")];
    const ended = once(left, "exit");
    await endLeftovers("one");
    assert.deepEqual(await ended, [null, "SIGTERM"]);
    assert.deepEqual([other.exitCode, other.signalCode], [null, null]);
  });

  it("is ended by force when it does not heed", async () => {
    const left = await process_("deaf", 'process.on("SIGTERM", () => {})');
    const ended = once(left, "exit");
    await endLeftovers("deaf", 200);
    assert.deepEqual(await ended, [null, "SIGKILL"]);
  });

  it("may be nothing", async () => {
    await endLeftovers("nobody");
  });
});
