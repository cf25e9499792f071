import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTheWay, writeAll } from "../../../../verification/init/write";
import { CouldNotRun } from "../../../../verification/problems";

describe("the files that init writes", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "init-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
  const files = { "Pulumi.yaml": "a", "index.ts": "b", "import.json": "c" };

  it("are all written, into folders that are made for them", () => {
    writeAll(join(dir, "a", "b"), files);
    for (const [name, text] of Object.entries(files)) {
      assert.equal(readFileSync(join(dir, "a", "b", name), "utf8"), text);
    }
  });

  it("are all taken away again when one cannot be written, and what was there stays", () => {
    mkdirSync(join(dir, "a"));
    writeFileSync(join(dir, "a", "import.json"), "mine");
    assert.throws(() => {
      writeAll(join(dir, "a"), files);
    }, CouldNotRun);
    assert.deepEqual(readdirSync(join(dir, "a")), ["import.json"]);
    assert.equal(readFileSync(join(dir, "a", "import.json"), "utf8"), "mine");
  });

  it("leave no folder behind that was made for them", () => {
    assert.throws(() => {
      writeAll(join(dir, "a", "b"), { ...files, ["nowhere/x" as "index.ts"]: "d" });
    }, /nothing was written/);
    assert.ok(!existsSync(join(dir, "a")));
  });

  it("may go into a folder with other things in it, and into one by a link", () => {
    mkdirSync(join(dir, "a"));
    writeFileSync(join(dir, "a", "notes.txt"), "mine");
    symlinkSync(join(dir, "a"), join(dir, "link"));
    assert.deepEqual(
      [inTheWay(join(dir, "a")), inTheWay(join(dir, "link")), inTheWay(join(dir, "none"))],
      [[], [], []],
    );
  });
});
