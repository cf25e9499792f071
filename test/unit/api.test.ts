import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exportsOf } from "../../bin/apiReport";
import { currentReport } from "./apiProgram";
import * as library from "../../components";
import * as verification from "../../verification";
import * as policies from "../../policies/policies";

const root = resolve(__dirname, "../..");

describe("the report of what a release promises", function () {
  this.timeout(60_000);

  it("is docs/api.md, made from the exports and the children of the components (npm run api)", async () => {
    assert.equal(await currentReport(), readFileSync(join(root, "docs", "api.md"), "utf8"));
  });

  it("names every value that the entries really export", () => {
    const entries = {
      "components/index.ts": library,
      "verification/index.ts": verification,
      "policies/policies.ts": policies,
    };
    for (const [file, values] of Object.entries(entries)) {
      const names = [...exportsOf(join(root, file)).keys()];
      assert.deepEqual(
        Object.keys(values).filter((name) => !names.includes(name)),
        [],
        file,
      );
    }
  });

  it("changes with a signature, a member and a name, and not with a body, a comment or what is private", () => {
    const dir = mkdtempSync(join(tmpdir(), "api-"));
    const file = join(dir, "index.ts");
    const of = (text: string): string => {
      writeFileSync(file, text);
      return JSON.stringify([...exportsOf(file)]);
    };
    try {
      const before = of(
        "export class A { public readonly a: string; constructor(n: string) { f(); } }\nexport const f = 1;",
      );
      for (const same of [
        "/** New. */ export class A { public readonly a: string; constructor(n: string) {} }\nexport const f = 1;",
        "export class A { public readonly a: string; constructor(n: string) { f(); } private b?: string; }\nexport const f = 1;",
        "import x from 'x'; export class A { public readonly a: string; constructor(n: string) { f(); } }\nexport const f = 1; const g = 2;",
      ]) {
        assert.equal(of(same), before, same);
      }
      for (const other of [
        "export class A { public readonly a: string; constructor(n?: string) { f(); } }\nexport const f = 1;",
        "export class A { public readonly a?: string; constructor(n: string) { f(); } }\nexport const f = 1;",
        "export class A { public readonly a: string; constructor(n: string) { f(); } }\nexport const g = 1;",
        "export class A { public readonly a: string; constructor(n: string) { f(); } }",
      ]) {
        assert.notEqual(of(other), before, other);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
