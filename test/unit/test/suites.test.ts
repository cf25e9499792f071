import assert from "node:assert/strict";
import { countsOfExitCode, countsOfGoTest, countsOfProcess, sum } from "../../suites";

const line = (event: object): string => JSON.stringify(event);

describe("counting the results of the suites", () => {
  it("counts a command by its exit code", () => {
    assert.deepEqual(countsOfExitCode(0), { passed: 1, failed: 0 });
    assert.deepEqual(countsOfExitCode(2), { passed: 0, failed: 1 });
  });

  it("counts top-level Go tests and leaves subtests to their parent", () => {
    const output = [
      line({ Action: "run", Package: "p", Test: "TestA" }),
      line({ Action: "pass", Package: "p", Test: "TestA/sub" }),
      line({ Action: "pass", Package: "p", Test: "TestA" }),
      line({ Action: "fail", Package: "p", Test: "TestB" }),
      line({ Action: "fail", Package: "p" }),
    ].join("\n");
    assert.deepEqual(countsOfGoTest(output), { passed: 1, failed: 1 });
  });

  it("counts a skipped Go test as failed", () => {
    assert.deepEqual(countsOfGoTest(line({ Action: "skip", Package: "p", Test: "TestA" })), { passed: 0, failed: 1 });
  });

  it("counts a package that does not compile as one failure", () => {
    const output = [
      "# p",
      line({ Action: "pass", Package: "q", Test: "TestQ" }),
      line({ Action: "fail", Package: "p" }),
    ];
    assert.deepEqual(countsOfGoTest(output.join("\n")), { passed: 1, failed: 1 });
  });

  it("fails a suite that ran nothing, left no count, or exited badly with all tests passed", () => {
    assert.deepEqual(countsOfProcess({ passed: 0, failed: 0 }, 0), { passed: 0, failed: 1 });
    assert.deepEqual(countsOfProcess(undefined, 0), { passed: 0, failed: 1 });
    assert.deepEqual(countsOfProcess({ passed: 3, failed: 0 }, 7), { passed: 3, failed: 1 });
    assert.deepEqual(countsOfProcess({ passed: 3, failed: 2 }, 2), { passed: 3, failed: 2 });
  });

  it("sums all suites", () => {
    assert.deepEqual(
      sum([
        { passed: 1, failed: 2 },
        { passed: 3, failed: 4 },
      ]),
      { passed: 4, failed: 6 },
    );
  });
});
