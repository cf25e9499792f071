import assert from "node:assert/strict";
import { journalSchema } from "../../../../verification/journalSchema";
import { printSummary } from "../../../../verification/report";
import { compare } from "../../../../verification/report/compare";
import { junitXml } from "../../../../verification/report/junit";
import { loadLines, loadSvg } from "../../../../verification/report/loadChart";
import { page } from "../../../../verification/report/page";
import { summaryMarkdown } from "../../../../verification/report/summary";
import { drill, hostile, journal } from "./fixture";
import { load, reading } from "./loadFixture";

const loaded = journal({ command: "load", drills: [], means: [], load: load() });

describe("report of a load run", () => {
  it("shows verdict, each level of each host, and the slope with its interval, everywhere", () => {
    for (const text of [page(loaded), summaryMarkdown(loaded), printSummary(loaded)]) {
      assert.match(text, /The CPU usage of guests and hosts rose with the load\./);
      assert.match(text, /CPU usage of each host, by load of its guests/);
      assert.match(text, /27\.0 %/);
      assert.match(text, /702 MHz/);
      assert.match(text, /0\.250/);
      assert.match(text, /95 %: 0\.240 to 0\.260/);
    }
    assert.match(page(loaded), /0\.4 ms, 1\.3 ms/);
  });

  it("draws a line for each host and set of guests, idle included", () => {
    assert.deepEqual(loadLines(load().readings), [
      {
        host: "esx-01",
        guests: "ubuntu",
        points: [
          [0, 2],
          [50, 14.5],
          [100, 27],
        ],
      },
    ]);
    const svg = loadSvg(load().readings)?.text ?? "";
    assert.match(svg, /^<svg role="img"/);
    assert.match(svg, /var\(--load-ubuntu\)/);
    assert.doesNotMatch(svg, /<script|<style|NaN/);
    assert.equal(loadSvg([]), undefined);
  });

  it("leaves out what was not measured, and says so", () => {
    const [idle, half, full] = load().readings;
    assert.ok(idle !== undefined && half !== undefined && full !== undefined);
    const blind = { ...half, hosts: half.hosts.map((host) => ({ ...host, usage: undefined })) };
    const readings = [idle, blind, full];
    assert.deepEqual(loadLines(readings)[0]?.points, [
      [0, 2],
      [100, 27],
    ]);
    assert.match(page(journal({ load: load({ readings }) })), /not told/);
  });

  it("tells the availability by level of hosts that failed under load", () => {
    const under = [0, 50].map((loadPercent) => drill({ loadPercent }));
    const text = page(journal({ drills: under, load: load() }));
    assert.match(text, /Availability by load/);
    assert.match(text, /50 %<\/th><td class="figure">esx-01<\/td><td class="figure">49\.33–50\.00 % in 300\.0 s/);
    assert.match(text, /load 50 %/);
  });

  it("says why there is no figure of a level", () => {
    const open = drill({ loadPercent: 50, verdict: "inconclusive", summary: "inconclusive: xp-1 was not observed" });
    const whole = journal({ drills: [drill({ loadPercent: 0 }), open], load: load() });
    assert.match(page(whole), /not measured<small>esx-01: inconclusive: xp-1 was not observed<\/small>/);
    assert.match(summaryMarkdown(whole), /not measured esx-01: inconclusive: xp-1 was not observed/);
    const other = drill({ loadPercent: 50, vms: drill().vms.filter(({ affected }) => !affected) });
    assert.match(page(journal({ drills: [drill({ loadPercent: 0 }), other], load: load() })), /no such VM went down/);
  });

  it("shows what did not pass, and a program that was not ended", () => {
    const failed = load({
      verdict: "failed",
      expectations: [{ id: "x", statement: "esx-01 rises", basis: "b", verdict: "failed", seen: "flat" }],
      undo: { programs: [], description: "end it", done: false },
    });
    const bad = journal({ verdict: "failed", drills: [], load: failed });
    assert.match(page(bad), /not done/);
    assert.match(summaryMarkdown(bad), /- Failed, load: esx-01 rises\. Seen: flat/);
    assert.match(printSummary(bad), /failed: load: esx-01 rises; seen: flat/);
    assert.match(junitXml(bad), /<testsuite name="load" tests="1" failures="1"/);
    const [worse] = compare(loaded, bad).filter(({ what }) => what === "drill load");
    assert.equal(worse?.direction, "worse");
  });

  it("escapes what comes from outside", () => {
    const readings = [reading("idle", 0, hostile), reading("ubuntu", 50, hostile)];
    const text = page(journal({ load: load({ readings, summary: hostile }) }));
    assert.doesNotMatch(text, /<script/i);
  });

  it("agrees with the journal's schema", () => {
    assert.equal(journalSchema.safeParse(JSON.parse(JSON.stringify(loaded))).success, true);
    const broken = { ...loaded, load: { ...load(), levels: ["half"] } };
    assert.equal(journalSchema.safeParse(JSON.parse(JSON.stringify(broken))).success, false);
  });
});
