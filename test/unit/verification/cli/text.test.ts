import assert from "node:assert/strict";
import { checkLines, failureText, paintFor, plain, tally, type Paint } from "../../../../verification/cli/text";
import { waitingText } from "../../../../verification/checks/settle";
import type { CheckResult, Verdict } from "../../../../verification/model";

function result(id: string, verdict: Verdict, change: Partial<CheckResult> = {}): CheckResult {
  return {
    id,
    title: `title of ${id}`,
    severity: "error",
    verdict,
    read: `read by ${id}`,
    expected: "e",
    why: `why ${id}`,
    source: "s",
    remedy: `remedy ${id}`,
    findings: [],
    ...change,
  };
}

const finding = { subject: "vm-1", read: "off", expected: "on" };
const results = [
  result("a", "passed"),
  result("b", "failed", { findings: [finding] }),
  result("c", "inconclusive"),
  result("d", "not-applicable"),
  result("e", "failed", { severity: "warning" }),
];
const softly = result("f", "passed", { severity: "warning" });

describe("what check prints", () => {
  it("is a line a check", () => {
    assert.deepEqual(checkLines(results, plain), [
      "  passed  title of a: read by a",
      "  FAILED  title of b: read by b",
      "  UNKNOWN title of c: read by c",
      "  n/a     title of d: read by d",
      "  warning title of e: read by e",
    ]);
    assert.deepEqual(checkLines([softly], plain), ["  passed  title of f: read by f"]);
  });

  it("counts by verdict, and names only what there is", () => {
    assert.equal(tally(results), "1 passed, 1 failed, 1 warning, 1 inconclusive, 1 not applicable");
    assert.equal(tally([result("a", "passed"), result("b", "passed")]), "2 passed");
    const warning = result("e", "failed", { severity: "warning" });
    assert.equal(tally([warning, warning]), "2 warnings");
    const mixed = [result("a", "passed"), result("b", "passed", { severity: "warning" })];
    assert.equal(tally([...mixed, result("c", "inconclusive", { severity: "warning" })]), "2 passed, 1 inconclusive");
  });

  it("tells on standard error what failed or is unknown, with finding, reason and remedy, and no warning", () => {
    assert.deepEqual(failureText(results, "compute-1")?.split("\n"), [
      "vsphere-ha check: failed on cluster compute-1: 1 passed, 1 failed, 1 warning, 1 inconclusive, 1 not applicable",
      "- b (failed): title of b: read by b",
      "    vm-1: read off; expected on",
      "    why: why b",
      "    remedy: remedy b",
      "- c (inconclusive): title of c: read by c",
      "    why: why c",
      "    remedy: remedy c",
    ]);
  });

  it("tells nothing there when all is well, warnings aside", () => {
    assert.equal(failureText([result("a", "passed"), result("e", "failed", { severity: "warning" })], "c"), undefined);
  });

  it("does not call a run without any object a pass", () => {
    assert.match(
      failureText([result("d", "not-applicable")], "c") ?? "",
      /\nNo check had an object: declare hosts, VMs or settings\.$/,
    );
  });

  it("shortens long lists of findings", () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ ...finding, subject: `vm-${n.toString()}` }));
    const lines = failureText([result("b", "failed", { findings: many })], "c")?.split("\n") ?? [];
    assert.equal(lines.filter((line) => line.includes("read off")).length, 10);
    assert.ok(lines.includes("    … and 2 more"));
  });

  it("says what is waited for", () => {
    assert.equal(
      waitingText([result("a", "failed"), result("b", "inconclusive")]),
      "waiting for the cluster to settle: a (read by a), b (read by b)",
    );
  });
});

describe("colours", () => {
  it("are those of the verdicts, yellow for a warning", () => {
    const paint: Paint = (verdict, text) => `${verdict}:${text.trim()}`;
    assert.deepEqual(
      checkLines(results, paint).map((line) => line.trim().split(" ")[0]),
      ["passed:passed", "failed:FAILED", "inconclusive:UNKNOWN", "not-applicable:n/a", "warning:warning"],
    );
  });

  const terminal = { isTTY: true };
  it("are used on a terminal", () => {
    assert.equal(paintFor(terminal, {})("failed", "x"), "\u001b[31mx\u001b[39m");
    assert.equal(paintFor(terminal, {})("passed", "x"), "\u001b[32mx\u001b[39m");
    assert.equal(paintFor(terminal, { NO_COLOR: "" })("warning", "x"), "\u001b[33mx\u001b[39m");
  });

  it("are not used elsewhere, nor where they are not wanted", () => {
    for (const paint of [
      paintFor({}, {}),
      paintFor(terminal, { NO_COLOR: "1" }),
      paintFor(terminal, { TERM: "dumb" }),
    ]) {
      assert.equal(paint("failed", "x"), "x");
    }
  });
});
