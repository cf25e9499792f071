import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Journal } from "../../verification/model";
import { type Clone, freshClone } from "./freshClone";

/** Commands that run from the clone, by what the kernel says of every process. */
function processesOf(dir: string): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return ""; // it ended meanwhile
      }
    })
    .filter((command) => command.includes(dir));
}

describe("npm start in a fresh clone", function () {
  this.timeout(600_000);
  let clone: Clone;

  before(() => {
    clone = freshClone();
  });

  after(() => {
    clone.remove();
  });

  it("deploys, fails each host once, reports, and leaves nothing behind", async () => {
    const { code, output } = await clone.npm(["start"]);
    assert.equal(code, 0, output);
    assert.match(output, /94\.88037823 %/);
    assert.match(output, /96\.36959032 %/);
    assert.equal(clone.git("status", "--porcelain"), "");
    assert.deepEqual(processesOf(clone.dir), []);

    const report = join(clone.dir, "report");
    for (const file of ["journal.json", "junit.xml", "summary.md", "index.html"]) {
      assert.ok(readdirSync(report).includes(file), `${file} is missing`);
    }
    const journal = JSON.parse(readFileSync(join(report, "journal.json"), "utf8")) as Journal;
    assert.equal(journal.verdict, "passed");
    assert.equal(journal.timeScale, 10);
    assert.deepEqual(
      journal.drills.map(({ host, verdict }) => ({ host, verdict })),
      ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"].map((host) => ({ host, verdict: "passed" })),
    );
    for (const drill of journal.drills) {
      const guests = drill.vms.filter(({ affected }) => affected).map(({ guestOs }) => guestOs);
      assert.deepEqual([...new Set(guests)].sort(), ["ubuntu", "windowsxp"], `on ${drill.host}`);
    }
    assert.equal(
      journal.drills.filter(({ fdmRole }) => fdmRole === "master").length >= 1,
      true,
      "no master was failed",
    );
    const unchanged = journal.checks.filter(({ id }) => id.endsWith("-after-failover"));
    assert.deepEqual(
      unchanged.map(({ id, verdict }) => `${id}: ${verdict}`),
      ["preview-empty-after-failover: passed", "refresh-clean-after-failover: passed"],
    );
  });

  for (const [moment, marker] of [
    ["while the lab starts", "== Start the lab"],
    ["in the middle of the deployment", "created"],
    ["while a host is off", "is off"],
  ] as const) {
    it(`interrupted ${moment}, undoes what it did and exits with 2`, async () => {
      let interrupted = false;
      const { code, output } = await clone.npm(["start"], (soFar, interrupt) => {
        if (interrupted || !soFar.includes(marker)) return;
        interrupted = true;
        interrupt();
      });
      assert.equal(code, 2, output);
      assert.match(output, /interrupted/);
      assert.doesNotMatch(output, /^\s+at .*\(.*:\d+:\d+\)$/m, "a stack trace");
      if (marker === "is off") assert.match(output, /has power/);
      assert.deepEqual(processesOf(clone.dir), []);
      assert.equal(clone.git("status", "--porcelain"), "");
    });
  }
});
