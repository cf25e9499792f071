import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import ts from "typescript";
import { parse, sourceFiles } from "./sources";

/** Folders that each folder may import from, as docs/architecture.md says; all others it must not know. */
const known: Record<string, string[]> = {
  components: ["components"],
  "components/nova": ["components", "verification"],
  verification: ["verification"],
  policies: ["policies", "verification"],
  lab: ["lab"],
};

/** Of several folders that hold the file, the innermost says what it may know. */
function folderOf(file: string): string {
  return (
    Object.keys(known)
      .filter((folder) => file.startsWith(`${folder}/`))
      .sort((a, b) => b.length - a.length)[0] ?? ""
  );
}

/** Folders of the checkout that a file imports from. */
function importsOf(file: string): string[] {
  return parse(file).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    if (!moduleSpecifier.text.startsWith(".")) return [];
    const target = join(dirname(file), moduleSpecifier.text);
    return target.includes("/") ? [target.split("/")[0] ?? ""] : []; // the manifest is everybody's
  });
}

function strangers(file: string, allowed: readonly string[], imports = importsOf(file)): string[] {
  return imports.filter((folder) => !allowed.includes(folder)).map((folder) => `${file} knows ${folder}`);
}

describe("dependencies between folders", () => {
  it("point one way", () => {
    const files = sourceFiles(["components", "verification", "policies", "lab"], /\.ts$/);
    for (const folder of Object.keys(known))
      assert.ok(
        files.some((file) => folderOf(file) === folder),
        folder,
      );
    assert.deepEqual(
      files.flatMap((file) => strangers(file, known[folderOf(file)] ?? [])),
      [],
    );
  });

  it("fails for an import the other way", () => {
    assert.deepEqual(strangers("verification/clock.ts", ["verification"], ["components"]), [
      "verification/clock.ts knows components",
    ]);
    assert.deepEqual([...new Set(importsOf("bin/start.ts"))].sort(), ["lab", "verification"]);
  });
});
