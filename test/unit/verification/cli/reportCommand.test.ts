import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { readJournal } from "../../../../verification/journal";
import type { Journal } from "../../../../verification/model";
import { drill, journal } from "../report/fixture";
import { Commands } from "./command";

let commands: Commands;
beforeEach(() => {
  commands = new Commands();
});
afterEach(() => {
  commands.remove();
});

function written(name: string, changes: Partial<Journal> = {}): string {
  writeFileSync(commands.path(name), JSON.stringify(journal(changes)));
  return commands.path(name);
}

describe("report of journals", () => {
  it("writes the four files anew, and says where", async () => {
    const out = commands.path("public");
    const ended = await commands.run("report", "--journal", written("one.json"), "--out", out);
    assert.deepEqual(ended, {
      code: 0,
      out: `wrote journal.json, junit.xml, summary.md and index.html to ${out}\n`,
      err: "",
    });
    assert.deepEqual(readdirSync(out).sort(), ["index.html", "journal.json", "junit.xml", "summary.md"]);
    assert.deepEqual(readJournal(commands.path("public/journal.json")), JSON.parse(JSON.stringify(journal())));
  });

  it("makes one report of several runs", async () => {
    const files = ["one.json", "two.json"].map((name) => written(name, { drills: [drill({ id: name })] }));
    const journals = files.flatMap((file) => ["--journal", file]);
    assert.equal((await commands.run("report", ...journals, "--out", commands.path("public"))).code, 0);
    const { drills } = readJournal(commands.path("public/journal.json"));
    assert.equal(drills.length, 2);
  });

  it("tells the long-run availability where the mean time between failures is given", async () => {
    const file = written("one.json");
    const longRun = async (...options: string[]): Promise<unknown> => {
      await commands.run("report", "--journal", file, "--out", commands.path("public"), ...options);
      return readJournal(commands.path("public/journal.json")).means[0]?.longRun;
    };
    assert.equal(await longRun(), undefined);
    assert.ok((await longRun("--mtbf-hours", "8760")) !== undefined);
  });

  it("says with 2 that a directory cannot be written", async () => {
    const file = written("one.json");
    const report = (out: string) => commands.run("report", "--journal", file, "--out", commands.path(out));
    writeFileSync(commands.path("file"), "");
    const { code, err } = await report("file/public");
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha report: cannot write the journal .*ENOTDIR.*; .*name another directory\n$/);
    mkdirSync(commands.path("public/index.html"), { recursive: true });
    assert.match(
      (await report("public")).err,
      /^vsphere-ha report: cannot write the report to .*EISDIR.*; name a directory that can be written\n$/,
    );
  });

  it("asks for its journal", async () => {
    const { code, err } = await commands.run("report", "--out", commands.path("public"));
    assert.equal(code, 2);
    assert.match(err, /^error: required option '--journal <file>' not specified/);
  });
});

describe("report compare", () => {
  const good = drill({ id: "a" });
  const bad = drill({ id: "a", verdict: "failed" });
  const compare = (before: Journal["drills"], after: Journal["drills"], ...options: string[]) =>
    commands.run(
      "report",
      "compare",
      written("before.json", { drills: before }),
      written("after.json", { drills: after }),
      ...options,
    );

  it("ends with 1 where something got worse, though other things did not", async () => {
    const other = (verdict: "passed" | "failed") => drill({ id: "b", host: "esx-02", verdict });
    const { code, out } = await compare([good, other("failed")], [bad, other("passed")]);
    assert.equal(code, 1);
    assert.match(out, /worse/i);
  });

  it("ends with 0 where nothing did", async () => {
    assert.equal((await compare([good], [good])).code, 0);
    assert.equal((await compare([bad], [good])).code, 0);
  });

  it("prints the differences as JSON", async () => {
    const { out } = await compare([good], [bad], "--json");
    const differences = JSON.parse(out) as { direction: string }[];
    assert.ok(differences.some(({ direction }) => direction === "worse"));
  });
});
