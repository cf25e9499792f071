import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJournal } from "../../../../verification/journal";
import { printSummary, writeReport } from "../../../../verification/report";
import { page } from "../../../../verification/report/page";
import { summaryMarkdown } from "../../../../verification/report/summary";
import { timelineData } from "../../../../verification/report/timelineRows";
import { shortened } from "../../../../verification/report/svg";
import { check, drill, hostileJournal, journal } from "./fixture";

const lab = { timeScale: 10, simulated: ["vCenter and all below it"] };

describe("report page", () => {
  it("has the verdict, then what is simulated and the time scale, before any figure", () => {
    const text = page(journal(lab));
    const places = ['class="lead passed">Passed', "vCenter and all below it", "lab seconds", "49.33–50.00"];
    const found = places.map((place) => text.indexOf(place));
    assert.ok(
      found.every((index, k) => index > (found[k - 1] ?? 0)),
      found.join(),
    );
  });

  it("says nothing of lab seconds on real hardware", () => {
    assert.doesNotMatch(page(journal()), /lab seconds|Simulated/);
  });

  it("shows bounds with their window, and the published figures with theirs", () => {
    const text = page(journal());
    assert.match(text, /49\.33–50\.00 %/);
    assert.match(text, /150\.0–152\.0 s/);
    assert.match(text, /300\.0 s/);
    assert.match(text, /94\.88037823 %/);
    assert.match(text, /96\.36959032 %/);
    assert.match(text, /its window was not published/);
  });

  it("shows the interval over repetitions with its n, the time to restore and the long run", () => {
    const base = journal().means[0];
    assert.ok(base !== undefined);
    const part = { seconds: 50, n: 5, interval: { lower: 48, upper: 52 } };
    const mean = {
      ...base,
      repetitions: 5,
      interval: { availabilityPercent: { lower: 49, upper: 51 }, downtimeSeconds: { lower: 148, upper: 154 } },
      restore: {
        total: { ...part, seconds: 151 },
        detection: part,
        restart: undefined,
        boot: { ...part, seconds: 61 },
      },
      longRun: { mtbfHours: 8760, availabilityPercent: { lower: 99.9995, upper: 99.9996 } },
    };
    for (const text of [page(journal({ means: [mean] })), summaryMarkdown(journal({ means: [mean] }))]) {
      assert.match(text, /n = 5/);
      assert.match(text, /49\.00–51\.00 %/);
      assert.match(text, /151\.0 s \(95 %: 48\.0–52\.0 s\)/);
      assert.match(text, /detection 50\.0 s/);
      assert.match(text, /boot 61\.0 s/);
      assert.match(text, /a host failing every 8760 h on average/);
      assert.match(text, /99\.999500–99\.999600 %/);
      assert.match(text, /5\.3 to 5\.4 nines/);
    }
    assert.doesNotMatch(page(journal()), /95 % interval|In the long run/);
  });

  it("loads nothing and runs nothing", () => {
    const text = page(journal(lab));
    assert.doesNotMatch(text, /<script|<link|<img|<iframe|@import|url\(|\b(src|href)=/i);
    const addresses = [...text.matchAll(/https?:\/\/[^"' <)]+/g)].map(([address]) => address);
    assert.deepEqual([...new Set(addresses)], ["http://www.w3.org/2000/svg"]);
  });

  it("escapes every text that comes from outside, also in charts", () => {
    const text = page(hostileJournal());
    assert.doesNotMatch(text, /<script/i);
    assert.doesNotMatch(text, /alert\("1"\)/);
    assert.ok(text.includes("&lt;script&gt;"));
  });

  it("names remedy and findings of a check that failed", () => {
    const failed = check({
      verdict: "failed",
      remedy: "switch it on",
      findings: [{ subject: "xp-1", read: "off", expected: "on" }],
    });
    const text = page(journal({ verdict: "failed", checks: [failed] }));
    assert.match(text, /Remedy: switch it on/);
    assert.match(text, /xp-1: off; expected on/);
  });

  it("says that the host was not put back", () => {
    const open = drill({
      undo: {
        fault: { kind: "host-power", host: "esx-01" },
        description: "power on esx-01 through its BMC",
        done: false,
      },
    });
    assert.match(page(journal({ drills: [open] })), /not done/);
  });

  it("reports a run that ended before any drill", () => {
    const text = page(journal({ drills: [], means: [], checks: [], verdict: "inconclusive", error: "no vCenter" }));
    assert.match(text, /The run ended early/);
    assert.match(text, /no vCenter/);
  });
});

describe("timeline of a drill", () => {
  it("splits the outage by detection, restart and boot, in seconds since the fault", () => {
    const data = timelineData(drill(), 1);
    assert.deepEqual(
      data?.rows[1]?.bars.map(({ from, to, phase }) => [phase, from, to]),
      [
        ["edge", 0, 1],
        ["edge", 151, 152],
        ["detection", 1, 50],
        ["restart", 50, 62],
        ["boot", 62, 151],
      ],
    );
    assert.deepEqual(data.rows[0], { label: "esx-01", bars: [{ from: 0, to: 160, phase: "off" }] });
    assert.deepEqual(data.rows[2], { label: "1 other VM", bars: [] });
    assert.deepEqual(
      data.marks.map(({ at }) => at),
      [0, 50, 160],
    );
  });

  it("is in lab seconds where time runs faster", () => {
    assert.equal(timelineData(drill(), 10)?.rows[1]?.bars.at(-1)?.to, 1510);
  });

  it("does not split what was not seen in parts", () => {
    const vms = drill().vms.map((vm) => ({
      ...vm,
      shares: { detectionSeconds: 50, restartSeconds: undefined, bootSeconds: undefined },
    }));
    assert.deepEqual(
      timelineData(drill({ vms }), 1)?.rows[1]?.bars.map(({ phase }) => phase),
      ["edge", "edge", "down"],
    );
  });

  it("is absent when nothing was failed", () => {
    assert.equal(timelineData(drill({ faultAt: undefined }), 1), undefined);
  });
});

describe("Markdown summary", () => {
  it("has verdict, scale, table and what did not pass", () => {
    const failed = check({ verdict: "failed", read: "off" });
    const text = summaryMarkdown(journal({ ...lab, verdict: "failed", checks: [failed] }));
    assert.match(text, /^# Failed: vsphere-ha drill host-loss on compute\n/);
    assert.match(text, /wall seconds × 10/);
    assert.match(
      text,
      /\| esx-01 \(HA master, window 300\.0 s\) \| 49\.33–50\.00 %, 150\.0–152\.0 s down \| – \| Passed \|/,
    );
    assert.match(text, /- Failed, ha-on: off; expected on\. set haEnabled to true/);
  });

  it("keeps hostile text in its cell", () => {
    const lines = summaryMarkdown(hostileJournal()).split("\n");
    const rows = lines.filter((line) => line.startsWith("| "));
    const columns = (row: string): number => row.replace(/\\\|/g, "").split("|").length;
    assert.deepEqual([...new Set(rows.map(columns))], [columns(rows[0] ?? "")]);
    assert.ok(lines.every((line) => !line.includes("<script>") || line.includes("\\<script")));
  });
});

describe("terminal summary", () => {
  it("shows guest × host, means and the published figures", () => {
    const text = printSummary(journal(lab));
    assert.match(text, /^Passed: cluster compute\./);
    assert.match(text, /lab seconds/);
    assert.match(text, /esx-01 .*49\.33–50\.00 %/);
    assert.match(text, /94\.88037823 %/);
  });

  it("keeps VMs of OpenStack in columns of their own, and a fault beside the host's on its row", () => {
    const vms = drill().vms.map((vm) => ({ ...vm, openstack: true as const, vm: `${vm.vm}-os` }));
    const one = journal();
    const text = printSummary(
      journal({
        drills: [drill(), drill({ drill: "nova-compute-down", vms })],
        target: {
          ...one.target,
          vms: [...one.target.vms, { name: "ubuntu-1-os", guestOs: "ubuntu", openstack: true }],
        },
      }),
    );
    const lines = text.split("\n").map((line) => line.split("│").map((part) => part.trim()));
    const head = lines.find((parts) => parts[1] === "failed host");
    assert.deepEqual(head?.slice(2, 5), ["Ubuntu", "Windows XP", "Ubuntu"]);
    const rows = lines.filter((parts) => parts[1] === "esx-01");
    assert.deepEqual(
      rows.map((parts) => parts.slice(2, 5)),
      [
        ["49.33–50.00 %", "–", "–"],
        ["–", "–", "49.33–50.00 %"],
      ],
    );
    assert.match(text, /nova-compute down/);
    assert.match(text, /without another fault/);
    assert.match(text, /^Passed: .*1 host was failed, 2 times in all/);
  });

  it("gives no figure for a drill that could not be observed", () => {
    const text = printSummary(journal({ drills: [drill({ verdict: "inconclusive" })], means: [] }));
    assert.doesNotMatch(text, /49\.33/);
  });
});

describe("report files", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "report-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it("are four, and can be written again from the journal", async () => {
    await writeReport(journal(), join(dir, "a"));
    assert.deepEqual(readdirSync(join(dir, "a")).sort(), ["index.html", "journal.json", "junit.xml", "summary.md"]);
    await writeReport(readJournal(join(dir, "a", "journal.json")), join(dir, "b"));
    for (const name of readdirSync(join(dir, "a"))) {
      assert.equal(readFileSync(join(dir, "b", name), "utf8"), readFileSync(join(dir, "a", name), "utf8"), name);
    }
  });

  it("fail with the reason when the directory cannot be written", async () => {
    writeFileSync(join(dir, "file"), "");
    await assert.rejects(writeReport(journal(), join(dir, "file")), /cannot write .*file/);
  });

  for (const [name, text, message] of [
    ["that is missing", undefined, /cannot read the journal .*: ENOENT/],
    ["that is no JSON", "{", /is not JSON/],
    ["of another kind", '{"schemaVersion": 2}', /is no journal of schema version 1/],
    ["that is null", "null", /is no journal/],
  ] as const) {
    it(`fails on a journal ${name}`, () => {
      const file = join(dir, "journal.json");
      if (text !== undefined) writeFileSync(file, text);
      assert.throws(() => readJournal(file), message);
    });
  }
});

describe("names in a picture", () => {
  it("stay whole where there is room, lose their domain first, and then their middle", () => {
    assert.equal(shortened("esx-01.example.com", 24), "esx-01.example.com");
    assert.equal(shortened("esx-01.rack-a.dc-2.example.com", 24), "esx-01");
    assert.equal(shortened("verification-ubuntu-nova-0001.example.com", 13), "verifi…a-0001");
  });
});
