import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { policies, rules } from "../../../policies/policies";
import { markers, withTable } from "../../../policies/table";

const folder = resolve(__dirname, "../../../policies");

describe("what is said of the policies", () => {
  it("is the table in policies/README.md, made from them (npm run policies)", () => {
    const text = readFileSync(join(folder, "README.md"), "utf8");
    assert.equal(withTable(text, rules), text);
    const other = [{ ...(rules[0] ?? assert.fail()), remedy: "do something else" }, ...rules.slice(1)];
    assert.notEqual(withTable(text, other), text);
  });

  it("fails on a text without the place for the table", () => {
    assert.throws(() => withTable(markers.end, rules), /lacks/);
  });

  it("holds a source and a remedy of each, under a name of its own", () => {
    assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length);
    for (const { name, source, remedy, title } of rules) assert.ok(source && remedy && title, name);
  });
});

describe("the presets", () => {
  const preset = (name: string) =>
    JSON.parse(readFileSync(join(folder, "presets", `${name}.json`), "utf8")) as Record<string, unknown>;

  it("name policies of the pack only", () => {
    const names = rules.map(({ name }) => name);
    for (const file of ["advisory", "mandatory", "reference"]) {
      assert.deepEqual(
        Object.keys(preset(file)).filter((name) => name !== "all" && !names.includes(name)),
        [],
      );
    }
    assert.deepEqual([preset("advisory").all, preset("mandatory").all], ["advisory", "mandatory"]);
  });

  it("take the place of the rules' own levels", () => {
    const levels = (level?: "advisory" | "mandatory") =>
      new Set(policies(level).map((policy) => policy.enforcementLevel));
    assert.deepEqual(levels("advisory"), new Set(["advisory"]));
    assert.deepEqual(levels("mandatory"), new Set(["mandatory"]));
    assert.deepEqual(levels(), new Set(["mandatory", "advisory"]));
  });
});
