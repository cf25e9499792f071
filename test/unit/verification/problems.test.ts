import assert from "node:assert/strict";
import { CouldNotRun, Problems, secret } from "../../../verification/problems";

describe("problems", () => {
  it("are one message, a line each", () => {
    const problems = new Problems([
      { path: "a.b", value: undefined, rule: "must be set", remedy: "set it" },
      { path: "c[0]", value: ["x"], rule: "must be text", remedy: "write text" },
      { path: "d", value: secret, rule: "must not be here", remedy: "remove it" },
      { path: "e", value: "y".repeat(100), rule: "is long", remedy: "shorten it" },
    ]);
    assert.ok(problems instanceof CouldNotRun);
    assert.deepEqual(problems.message.split("\n"), [
      "4 problems in the configuration:",
      "  a.b is not set: must be set; set it",
      '  c[0] = ["x"]: must be text; write text',
      "  d (value not shown): must not be here; remove it",
      `  e = "${"y".repeat(76)}...: is long; shorten it`,
    ]);
  });

  it("may be one, and elsewhere", () => {
    const one = new Problems([{ path: "A", value: 1, rule: "r", remedy: "m" }], "the environment");
    assert.equal(one.message, "1 problem in the environment:\n  A = 1: r; m");
  });
});
