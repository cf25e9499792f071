import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JournalFile, readJournal } from "../../../verification/journal";
import { journal, loadResult } from "./report/fixture";

describe("journal file", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "journal-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it("is read back as it was saved, and leaves no other file", async () => {
    const file = new JournalFile(join(dir, "new", "journal.json"), journal());
    await file.save();
    assert.deepEqual(readJournal(file.path), JSON.parse(JSON.stringify(journal())));
    assert.deepEqual(readdirSync(join(dir, "new")), ["journal.json"]);
  });

  it("is replaced, never written over: a crash leaves the old or the new content", async () => {
    const file = new JournalFile(join(dir, "journal.json"), journal());
    await file.save();
    const before = statSync(file.path).ino;
    file.journal.error = "changed";
    await file.save();
    assert.notEqual(statSync(file.path).ino, before);
    assert.equal((JSON.parse(readFileSync(file.path, "utf8")) as { error: string }).error, "changed");
  });

  it("is reserved where there is none yet, and taken away again where the run may not begin", async () => {
    const file = new JournalFile(join(dir, "journal.json"), journal());
    const withdraw = await file.reserve();
    assert.equal(readJournal(join(dir, "journal.json")).lockOwner, "someone");
    await withdraw();
    assert.throws(() => readJournal(join(dir, "journal.json")), /ENOENT/);
  });

  it("of a run that left something broken is not written over", async () => {
    const [open] = journal().drills;
    assert.ok(open !== undefined);
    const before = journal({ drills: [{ ...open, undo: { ...open.undo, done: false } }], lockOwner: "before" });
    await new JournalFile(join(dir, "journal.json"), before).save();
    const next = new JournalFile(join(dir, "journal.json"), journal());
    await assert.rejects(next.reserve(), /says that something is still broken: run vsphere-ha recover/);
    assert.equal(readJournal(join(dir, "journal.json")).lockOwner, "before");
    before.drills = [];
    before.load = loadResult();
    before.load.undo.done = false;
    await new JournalFile(join(dir, "journal.json"), before).save();
    await assert.rejects(next.reserve(), /says that something is still broken/, "a load that may go on");
    before.load.undo.done = true;
    await new JournalFile(join(dir, "journal.json"), before).save();
    const withdraw = await next.reserve();
    await withdraw();
    assert.equal(readJournal(join(dir, "journal.json")).lockOwner, "before");
  });

  it("fails with path and remedy where it cannot be written", async () => {
    mkdirSync(join(dir, "journal.json"));
    const file = new JournalFile(join(dir, "journal.json"), journal());
    await assert.rejects(file.save(), /cannot write the journal .*journal\.json: .*another directory/);
  });
});
