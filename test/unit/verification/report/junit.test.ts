import assert from "node:assert/strict";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { junitXml } from "../../../../verification/report/junit";
import { check, drill, hostile, hostileJournal, journal } from "./fixture";

describe("JUnit report", () => {
  it("is as common CI servers read it", () => {
    const failing = journal({
      checks: [
        check(),
        check({
          id: "vms-protected",
          title: "Every VM is protected",
          verdict: "failed",
          read: "1 of 2",
          expected: "all",
          findings: [{ subject: "xp-1", read: "unprotected", expected: "protected" }],
        }),
        check({ id: "vmfs", title: "PDL", verdict: "not-applicable", read: "NFS only" }),
        check({ id: "tools", title: "Tools run", verdict: "failed", severity: "warning", read: "xp-1: no" }),
      ],
      drills: [
        drill({
          expectations: [
            { id: "observed", statement: "the drill was observed", basis: "b", verdict: "inconclusive", seen: "lost" },
          ],
        }),
      ],
    });
    assert.equal(
      junitXml(failing),
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="vsphere-ha" tests="5" failures="1" errors="1" skipped="1" time="310.000">
  <testsuite name="checks" tests="4" failures="1" errors="0" skipped="1" timestamp="2026-01-31T12:00:00" time="310.000">
    <testcase classname="checks" name="ha-on: HA is on" time="0"/>
    <testcase classname="checks" name="vms-protected: Every VM is protected" time="0">
      <failure message="1 of 2">1 of 2
expected: all
xp-1: unprotected; expected protected
why: nothing restarts without it
remedy: set haEnabled to true</failure>
    </testcase>
    <testcase classname="checks" name="vmfs: PDL" time="0">
      <skipped message="NFS only"/>
    </testcase>
    <testcase classname="checks" name="tools: Tools run" time="0">
      <system-out>warning: xp-1: no
expected: on
why: nothing restarts without it
remedy: set haEnabled to true</system-out>
    </testcase>
  </testsuite>
  <testsuite name="host-loss esx-01" tests="1" failures="0" errors="1" skipped="0" timestamp="2026-01-31T12:00:00" time="300.000">
    <testcase classname="host-loss.esx-01" name="the drill was observed" time="0">
      <error message="lost">lost
basis: b</error>
    </testcase>
  </testsuite>
</testsuites>
`,
    );
  });

  it("says as an error that a run ended early", () => {
    const xml = junitXml(journal({ checks: [], drills: [], error: "no vCenter\nat all" }));
    assert.match(xml, /<testsuites name="vsphere-ha" tests="1" failures="0" errors="1"/);
    assert.match(xml, /<error message="no vCenter">no vCenter\nat all<\/error>/);
  });

  it("stays well-formed whatever the texts are", () => {
    const xml = junitXml(hostileJournal());
    assert.equal(XMLValidator.validate(xml), true);
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(xml) as {
      testsuites: { testsuite: { "@_name": string }[] };
    };
    assert.equal(parsed.testsuites.testsuite[1]?.["@_name"], `host-loss ${hostile.replace("\u0007", "\uFFFD")}`);
  });
});
