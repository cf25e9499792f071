import assert from "node:assert/strict";
import { Clock } from "../../../verification/clock";

describe("clock", () => {
  it("converts between wall time and its own seconds", () => {
    const clock = new Clock(10);
    assert.equal(clock.seconds(1500), 15);
    assert.equal(clock.wallMs(15), 1500);
    assert.equal(new Clock().seconds(1500), 1.5);
  });

  it("tells wall time", () => {
    assert.ok(Math.abs(new Clock(50).now() - Date.now()) < 1000);
  });

  it("waits in its own seconds", async () => {
    const started = performance.now();
    await new Clock(100).wait(5);
    const waited = performance.now() - started;
    assert.ok(waited >= 49 && waited < 1000, waited.toString());
  });

  it("stops waiting with the signal's reason", async () => {
    const abort = new AbortController();
    const waiting = new Clock().wait(60, abort.signal);
    abort.abort(new Error("enough"));
    await assert.rejects(waiting, /^Error: enough$/);
    await assert.rejects(new Clock().wait(60, abort.signal), /^Error: enough$/);
  });

  it("refuses a scale that no time has", () => {
    for (const scale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => new Clock(scale), RangeError);
  });
});
