import assert from "node:assert/strict";
import { join } from "node:path";
import ts from "typescript";
import { blocksIn, readPage } from "../../pages";
import { parse, root, sourceFiles } from "./sources";

/** Functions of vsphere-ha/verification that programs begin with. */
const mainFunctions = ["loadConfig", "planDrills", "recover", "runChecks", "runDrills", "writeReport"];

/** The programs in the `@example` tags of a declaration, without their fences. */
function examplesOf(node: ts.Node): string[] {
  return ts
    .getJSDocTags(node)
    .filter(({ tagName }) => tagName.text === "example")
    .flatMap(({ comment }) => blocksIn(ts.getTextOfJSDocComment(comment) ?? ""))
    .map(({ lines }) => lines.join("\n"));
}

/** Examples by the name of what they are of; those that should have one and have none are there with an empty list. */
function examples(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of sourceFiles(["components", "verification"], /\.ts$/)) {
    for (const statement of parse(file).statements) {
      const component =
        ts.isClassDeclaration(statement) && statement.heritageClauses?.[0]?.getText().includes("ComponentResource");
      const main = ts.isFunctionDeclaration(statement) && mainFunctions.includes(statement.name?.text ?? "");
      if (!component && !main) continue;
      const name = statement.name?.text ?? "";
      found.set(name, [...(found.get(name) ?? []), ...examplesOf(statement)]);
    }
  }
  return found;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
  baseUrl: root,
  paths: {
    "vsphere-ha": ["components/index.ts"],
    "vsphere-ha/verification": ["verification/index.ts"],
    "vsphere-ha/policies": ["policies/policies.ts"],
  },
};

/** What the compiler says of programs, by their names, as if each were a file beside the manifest. */
function compile(programs: Record<string, string>): string[] {
  const files = new Map(Object.entries(programs).map(([name, text]) => [join(root, `example-${name}.ts`), text]));
  const real = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...real,
    fileExists: (file) => files.has(file) || real.fileExists(file),
    readFile: (file) => files.get(file) ?? real.readFile(file),
    getSourceFile: (file, language) => {
      const text = files.get(file);
      return text === undefined ? real.getSourceFile(file, language) : ts.createSourceFile(file, text, language, true);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) =>
        `${file.slice(root.length + "/example-".length)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  });
}

describe("the examples of the reference", function () {
  this.timeout(120_000);
  const all = examples();

  it("are there for every component and the main functions of the verification", () => {
    assert.deepEqual(
      [...all].filter(([, programs]) => programs.length === 0).map(([name]) => name),
      [],
    );
    for (const name of ["EsxiCluster", "VmPlacement", "UbuntuVm", "WindowsXpVm", "OpenStackCompute", "OpenStackVm"]) {
      assert.ok(all.has(name), name);
    }
    for (const name of ["PostDeployCheck", ...mainFunctions]) assert.ok(all.has(name), name);
  });

  it("compile, as do the programs of the README and the policies' page; a wrong one does not", () => {
    const programs = Object.fromEntries([...all].flatMap(([name, texts]) => texts.map((text) => [name, text])));
    const ofPages = ["README.md", "policies/README.md"].flatMap((page) =>
      blocksIn(readPage(page))
        .filter(({ language }) => language === "ts")
        .map(({ line, lines }): [string, string] => [`${page.replace("/", "-")}-${line.toString()}`, lines.join("\n")]),
    );
    assert.ok(ofPages.length >= 2);
    const wrong = (programs.EsxiCluster ?? "").replace("hosts:", "host:");
    const said = compile({
      ...programs,
      // What the README's program takes from its reader.
      ...Object.fromEntries(
        ofPages.map(([name, text]): [string, string] => [name, `${text}\ndeclare const hostPassword: string;`]),
      ),
      wrong,
    });
    assert.deepEqual(
      said.filter((line) => !line.startsWith("wrong.ts")),
      [],
    );
    assert.match(said.join("\n"), /wrong\.ts: .*'hosts?'/);
  });
});
