import assert from "node:assert/strict";
import { fpingLateness } from "../../../bench/peers";

describe("fping's output", () => {
  it("tells how late each probe was sent, against the earliest of its target", () => {
    const output = [
      "[1700000000.00200] 127.0.0.1 : [0], 64 bytes, 2.00 ms (2.00 avg, 0% loss)",
      "[1700000000.50100] 127.0.0.2 : [0], 64 bytes, 1.00 ms (1.00 avg, 0% loss)",
      "[1700000001.03000] 127.0.0.1 : [1], 64 bytes, 5.00 ms (3.50 avg, 0% loss)",
      "[1700000001.50100] 127.0.0.2 : [1], 64 bytes, 1.00 ms (1.00 avg, 0% loss)",
      "127.0.0.3 : [0], timed out (NaN avg, 100% loss)",
    ].join("\n");
    assert.deepEqual(
      fpingLateness(output, 1000).map((ms) => Math.round(ms)),
      [0, 25, 0, 0],
    );
  });
});
