/** What the docstrings of interfaces say of their members, read from the sources without checking types. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** A member of an interface. */
interface Member {
  /** Its docstring in one line; empty where it has none. */
  text: string;
  /** The interface that it holds, be it in a list, in a table or as an Input. */
  holds: string | undefined;
}

/** Members by name of the interfaces by name, inherited ones included. */
export type Docstrings = Map<string, Map<string, Member>>;

/** Reads every interface that the files of a folder declare. */
export function docstringsOf(folder: string): Docstrings {
  const all: Docstrings = new Map();
  const parents = new Map<string, string[]>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    const path = join(folder, file);
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);
    for (const statement of source.statements.filter(ts.isInterfaceDeclaration)) {
      all.set(statement.name.text, membersOf(statement));
      const clauses = statement.heritageClauses ?? [];
      parents.set(
        statement.name.text,
        clauses.flatMap(({ types }) => types.map((type) => type.expression.getText())),
      );
    }
  }
  for (const [name, members] of all) {
    for (const parent of parents.get(name) ?? []) {
      for (const [key, member] of all.get(parent) ?? []) if (!members.has(key)) members.set(key, member);
    }
  }
  return all;
}

function membersOf({ members }: ts.InterfaceDeclaration): Map<string, Member> {
  return new Map(
    members.filter(ts.isPropertySignature).map((member) => {
      const comments = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
      const text = comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "").join(" ");
      return [member.name.getText(), { text: text.replace(/\s+/g, " ").trim(), holds: heldBy(member.type) }];
    }),
  );
}

/** `pulumi.Input<Foo[]>` and `Record<string, Foo>` hold Foo. */
function heldBy(type: ts.TypeNode | undefined): string | undefined {
  if (type === undefined) return undefined;
  if (ts.isArrayTypeNode(type)) return heldBy(type.elementType);
  if (!ts.isTypeReferenceNode(type)) return undefined;
  return type.typeArguments === undefined ? type.typeName.getText() : heldBy(type.typeArguments.at(-1));
}
