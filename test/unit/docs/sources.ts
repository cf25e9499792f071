import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";

export const root = resolve(__dirname, "../../..");

/** Sources below the folders, paths from the root. */
export function sourceFiles(folders: readonly string[], endings: RegExp = /\.(ts|mjs)$/): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => endings.test(file) && !file.includes("node_modules"))
      .map((file) => `${folder}/${file}`),
  );
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2022, true);
}

/** What stands in a text for an expression of a template. */
export const gap = "…";

/** The text that an expression makes, with a gap for whatever is computed; undefined where it makes none. */
function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression);
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => gap + literal.text).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    if (left === undefined && right === undefined) return undefined;
    return (left ?? gap) + (right ?? gap);
  }
  return undefined;
}

/** Every text that a file can make, those joined by `+` as one. */
export function textsOf(file: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = ts.isExpression(node) ? textOf(node) : undefined;
    if (text !== undefined) texts.push(text);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return texts;
}

/** A property of an interface as its documentation describes it. */
export interface Property {
  name: string;
  optional: boolean;
  description: string;
}

/** The exported interfaces of files, by name; without what they inherit. */
export function interfacesOf(files: readonly string[]): Map<string, Property[]> {
  const found = new Map<string, Property[]>();
  for (const file of files) {
    for (const statement of parse(file).statements) {
      if (!ts.isInterfaceDeclaration(statement)) continue;
      if (!statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
      found.set(
        statement.name.text,
        statement.members.filter(ts.isPropertySignature).map((member) => ({
          name: member.name.getText(),
          optional: member.questionToken !== undefined,
          description: ts
            .getJSDocCommentsAndTags(member)
            .map(({ comment }) => (typeof comment === "string" ? comment : ""))
            .join(" ")
            .replace(/\s+/g, " "),
        })),
      );
    }
  }
  return found;
}
