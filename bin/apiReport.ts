/**
 * What a release promises, as text that a review reads: the exports of each entry, and the types and names of the
 * resources that components make. Read from the sources without checking types, which takes no time.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** A declaration by the name under which it is exported. */
type Exports = Map<string, string>;

const printer = ts.createPrinter({ removeComments: true });

function sourceOf(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
}

/** The file that a relative module name means. */
function resolveModule(from: string, specifier: string): string {
  const base = join(dirname(from), specifier);
  const found = [`${base}.ts`, join(base, "index.ts")].find((file) => ts.sys.fileExists(file));
  if (found === undefined) throw new Error(`${from} exports from ${specifier}, which is none of its files`);
  return found;
}

/** As in a declaration file: no bodies, and of a class what is not private. */
function signature(node: ts.Node, source: ts.SourceFile): string {
  const { factory } = ts;
  const strip: ts.TransformerFactory<ts.Node> = (context) => (root) => {
    const visit = (child: ts.Node): ts.Node | undefined => {
      if (ts.isFunctionDeclaration(child)) {
        const { modifiers, asteriskToken, name, typeParameters, parameters, type } = child;
        const plain = parameters.map(withoutDefault);
        return factory.createFunctionDeclaration(
          modifiers,
          asteriskToken,
          name,
          typeParameters,
          plain,
          type,
          undefined,
        );
      }
      if (ts.isConstructorDeclaration(child)) {
        return factory.createConstructorDeclaration(child.modifiers, child.parameters.map(withoutDefault), undefined);
      }
      if (ts.isMethodDeclaration(child)) {
        const { modifiers, asteriskToken, name, questionToken, typeParameters, parameters, type } = child;
        if (hidden(child)) return undefined;
        const plain = parameters.map(withoutDefault);
        return factory.createMethodDeclaration(
          modifiers,
          asteriskToken,
          name,
          questionToken,
          typeParameters,
          plain,
          type,
          undefined,
        );
      }
      if (ts.isPropertyDeclaration(child) && hidden(child)) return undefined;
      return ts.visitEachChild(child, visit, context);
    };
    return visit(root) ?? root;
  };
  const [stripped] = ts.transform(node, [strip]).transformed;
  return printer.printNode(ts.EmitHint.Unspecified, stripped ?? node, source);
}

/** A parameter with a default is one that may be left out. */
function withoutDefault(parameter: ts.ParameterDeclaration): ts.ParameterDeclaration {
  const { modifiers, dotDotDotToken, name, questionToken, type, initializer } = parameter;
  const optional = initializer ? ts.factory.createToken(ts.SyntaxKind.QuestionToken) : questionToken;
  return ts.factory.createParameterDeclaration(modifiers, dotDotDotToken, name, optional, type, undefined);
}

const hidden = (member: ts.ClassElement): boolean =>
  ts.canHaveModifiers(member) &&
  (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** Names that a statement declares. */
function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as ts.Statement & { name?: ts.Identifier };
  return name === undefined ? [] : [name.text];
}

/** Two declarations of one name, a type and a value, stand together. */
function add(exports: Exports, name: string, text: string): void {
  const known = exports.get(name);
  exports.set(name, known === undefined || known === text ? text : `${known}\n${text}`);
}

/** Everything that a module exports. */
export function exportsOf(file: string): Exports {
  const source = sourceOf(file);
  const exports: Exports = new Map();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const from = exportsOf(resolveModule(file, (statement.moduleSpecifier as ts.StringLiteral).text));
      const { exportClause } = statement;
      if (exportClause === undefined) for (const [name, text] of from) add(exports, name, text);
      else if (ts.isNamedExports(exportClause)) {
        for (const { name, propertyName } of exportClause.elements) {
          const text = from.get((propertyName ?? name).text);
          if (text === undefined) throw new Error(`${file} exports ${name.text}, which is not there`);
          add(exports, name.text, text);
        }
      }
    } else if (isExported(statement)) {
      for (const name of declaredNames(statement)) add(exports, name, signature(statement, source));
    }
  }
  return exports;
}

/** A resource that a component makes. */
export interface Child {
  type: string;
  name: string;
}

/** The whole report, in Markdown. */
export function apiReport(root: string, entries: Record<string, string>, children: Child[]): string {
  const sections = Object.entries(entries).flatMap(([entry, file]) => [
    `## ${entry}`,
    "",
    `From ${relative(root, file)}.`,
    "",
    "```ts",
    ...[...exportsOf(file)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text),
    "```",
    "",
  ]);
  const rows = children.map(({ type, name }) => `| \`${type}\` | \`${name}\` |`);
  return [
    "# What a release promises",
    "",
    "Written by `npm run api`; a test fails when it is out of date. A change here is a change for users: what is removed or",
    "takes another form, and a child of a component that gets another type or name, needs a new major version.",
    "",
    ...sections,
    "## Children of the components",
    "",
    "Of a component called `c`, `o`, `u`, `x`, `i`, `p` or `v`. Another type or name replaces a user's resource.",
    "",
    "| type | name |",
    "| --- | --- |",
    ...new Set(rows.sort()),
    "",
  ].join("\n");
}
