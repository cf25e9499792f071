import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { journalReader } from "../../../../verification/monitor/journalReader";
import { journal } from "../report/fixture";

describe("journal that a monitor tells of", () => {
  let dir: string;
  let file: string;
  let lines: string[];
  let instant: number;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "monitor-"));
    file = join(dir, "journal.json");
    lines = [];
    instant = 1000;
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  /** With a time of change of its own, however fast the machine. */
  function write(text: string): void {
    writeFileSync(file, text);
    instant += 10;
    utimesSync(file, instant, instant);
  }

  const read = (): (() => Promise<unknown>) => journalReader(file, (line) => lines.push(line));

  it("is none where none is named, or there is none yet", async () => {
    assert.equal(await journalReader(undefined, () => assert.fail())(), undefined);
    assert.equal(await read()(), undefined);
    assert.deepEqual(lines, []);
  });

  it("is read when it comes and when it changes, and not in between", async () => {
    const next = read();
    assert.equal(await next(), undefined);
    write(JSON.stringify(journal({ command: "one" })));
    const first = await next();
    assert.equal((first as { command: string }).command, "one");
    assert.equal(await next(), first, "the same object: not read again");
    write(JSON.stringify(journal({ command: "two" })));
    assert.equal(((await next()) as { command: string }).command, "two");
    rmSync(file);
    assert.equal(await next(), undefined);
  });

  it("is told once where it cannot be read, and read again when it has changed", async () => {
    write("{");
    const next = read();
    assert.equal(await next(), undefined);
    assert.equal(await next(), undefined);
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.includes(file), lines[0]);
    write(JSON.stringify(journal()));
    assert.notEqual(await next(), undefined);
    assert.equal(lines.length, 1);
  });
});
