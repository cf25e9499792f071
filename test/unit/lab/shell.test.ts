import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { exportLines, quote } from "../../../lab/shell";

describe("quote", () => {
  it("leaves plain words as they are", () => {
    for (const word of ["dev", "127.77.0.1:8443", "file:///a/b-c_d", "administrator@vsphere.local"]) {
      assert.equal(quote(word), word);
    }
  });

  it("quotes what a shell would change", () => {
    assert.equal(quote(""), "''");
    assert.equal(quote("a b$HOME"), "'a b$HOME'");
    assert.equal(quote("it's"), `'it'\\''s'`);
  });
});

describe("exportLines", () => {
  it("gives any value to a shell unchanged", () => {
    const value = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && !/[\ud800-\udfff]/.test(text));
    fc.assert(
      fc.property(fc.array(value, { minLength: 20, maxLength: 20 }), (texts) => {
        const env = Object.fromEntries(texts.map((text, i) => [`VALUE_${i}`, text]));
        const print = Object.keys(env).map((name) => `printf '%s\\0' "$${name}"\n`);
        const output = execFileSync("/bin/sh", ["-c", exportLines(env) + print.join("")], { encoding: "utf8" });
        assert.deepEqual(output.split("\0").slice(0, -1), texts);
      }),
      { numRuns: 5 },
    );
  });
});
