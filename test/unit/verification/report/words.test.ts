import assert from "node:assert/strict";
import type { FaultRecord } from "../../../../verification/faults/fault";
import { faultWords } from "../../../../verification/faults/words";
import type { DrillResult, Journal } from "../../../../verification/model";
import { printSummary } from "../../../../verification/report";
import { headline } from "../../../../verification/report/headline";
import { junitXml } from "../../../../verification/report/junit";
import { page } from "../../../../verification/report/page";
import { summaryMarkdown } from "../../../../verification/report/summary";
import { drill, journal } from "./fixture";

/** One of each kind that is not the loss of a host. */
const faults: FaultRecord[] = [
  { kind: "maintenance-mode", host: "esx-01" },
  { kind: "guest-hang", host: "esx-01", vm: "ubuntu-1" },
];

function drillOf(fault: FaultRecord, changes: Partial<DrillResult> = {}): DrillResult {
  const words = faultWords(fault);
  return drill({
    drill: fault.kind,
    summary: `${words.happened} (HA master), and all that was expected was seen`,
    undo: { fault, description: words.undo, done: true },
    timeline: [
      { at: "2026-01-31T12:00:20.000Z", t: 0, kind: "fault", text: words.breaking },
      { at: "2026-01-31T12:03:00.000Z", t: 160, kind: "recovery", text: words.restored },
    ],
    ...changes,
  });
}

function told(one: Journal): string {
  return [headline(one), page(one), summaryMarkdown(one), printSummary(one), junitXml(one)].join("\n");
}

describe("words of a fault", () => {
  for (const fault of faults) {
    describe(fault.kind, () => {
      const words = faultWords(fault);

      it("are in the report, and those of a host's loss are not", () => {
        const passed = journal({ command: `drill ${fault.kind}`, drills: [drillOf(fault)] });
        assert.doesNotMatch(
          told(passed),
          /loss of|failed host|hosts? (was|were) failed|brought the guests back|power/i,
        );
        assert.ok(page(passed).includes(words.title));
        assert.ok(page(passed).includes(words.span));
        assert.ok(printSummary(passed).includes(words.note ?? "no note"));
      });

      it("are in what did not pass", () => {
        const missed = drill().expectations.map((one) => ({ ...one, verdict: "failed" as const }));
        const failed = journal({
          verdict: "failed",
          drills: [drillOf(fault, { verdict: "failed", expectations: missed })],
        });
        assert.match(headline(failed), new RegExp(`; not as expected: ${words.subject}\\.$`));
        assert.ok(summaryMarkdown(failed).includes(`Failed, ${words.inLine}: ubuntu-1 answers`));
        assert.ok(printSummary(failed).includes(`failed: ${words.inLine}: ubuntu-1 answers`));
      });

      it("are in a run that broke nothing", () => {
        const none = journal({ command: `drill ${fault.kind}`, drills: [], error: "refused" });
        assert.doesNotMatch(headline(none), /No host was failed/);
      });

      it("stand beside those of a host's loss where both are in one report", () => {
        const both = journal({ drills: [drill(), drillOf(fault)] });
        assert.match(headline(both), /^1 host was failed, and HA brought the guests back .*; 1 /);
        assert.match(printSummary(both), /│ host /);
        const failed = journal({ drills: [drill(), drillOf(fault, { verdict: "failed" })] });
        assert.ok(headline(failed).endsWith(`not as expected: ${words.inLine}.`), headline(failed));
      });
    });
  }

  it("of a host's loss are the ones that they were", () => {
    const text = told(journal());
    for (const part of [
      "1 host was failed, and HA brought the guests back within the time that the settings promise.",
      "A row is the loss of one host.",
      "Failed host",
      "failed host",
      "Loss of esx-01",
      "host without power",
      "power restored",
      "failed with the host",
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.equal(headline(journal({ drills: [], error: "no vCenter" })), "No host was failed.");
  });
});
