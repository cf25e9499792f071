import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { changesIn, checkSyntax, commandsIn, pages, patched, readPage } from "../../pages";
import { asTyped } from "../../integration/readersTable";
import { root } from "./sources";

/** Links of a page to files that are not there. */
function deadLinks(page: string, markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target ?? "")
    .filter((target) => !/^https?:/.test(target) && !existsSync(join(root, dirname(page), target)));
}

describe("the pages", () => {
  it("link to files that are there", () => {
    for (const page of pages()) assert.deepEqual(deadLinks(page, readPage(page)), [], page);
    assert.deepEqual(deadLinks("docs/README.md", "[a](nowhere.md) [b](safety.md#x) [c](https://example.com)"), [
      "nowhere.md",
    ]);
  });

  it("are all named by the README of docs/", () => {
    const index = readPage("docs/README.md");
    const unnamed = pages().filter((page) => /^docs\/(?!README)/.test(page) && !index.includes(`(${page.slice(5)})`));
    assert.deepEqual(unnamed, []);
    assert.match(readPage("README.md"), /\(docs\/README\.md\)/);
  });

  it("hold commands that a shell understands", () => {
    for (const page of pages()) {
      for (const { text } of commandsIn(readPage(page))) checkSyntax(asTyped(text));
    }
    assert.throws(() => {
      checkSyntax("if true");
    });
  });
});

describe("commands in a page", () => {
  it("are those of shell blocks, with what continues them", () => {
    const markdown = [
      "```sh",
      "# by hand",
      "one \\",
      "  --more",
      "",
      "cat > file <<'EOF'",
      "text",
      "EOF",
      "```",
      "```json",
      "{}",
      "```",
    ].join("\n");
    assert.deepEqual(commandsIn(markdown), [
      { line: 3, text: "one \\\n  --more" },
      { line: 6, text: "cat > file <<'EOF'\ntext\nEOF" },
    ]);
    assert.throws(() => commandsIn("```sh\none"), /does not end/);
  });

  it("are typed with the reader's own values", () => {
    assert.equal(
      asTyped("export VSPHERE_SERVER=vcenter.example.com VSPHERE_PASSWORD=…"),
      'export VSPHERE_SERVER=$LAB_VSPHERE_SERVER VSPHERE_PASSWORD="$LAB_VSPHERE_PASSWORD"',
    );
    assert.equal(asTyped("drill --host esx-02.example.com"), "drill --host esx-02.lab.test");
  });
});

describe("changes in a page", () => {
  const page = "```ts\n// a/b.ts\nnew\n```\n```diff\n--- a/c.ts\n+++ b/c.ts\n@@\n one\n+two\n-three\n```";

  it("are new files, and hunks that have one place", () => {
    assert.deepEqual(changesIn(page), [
      { file: "a/b.ts", hunks: undefined, text: "new\n" },
      { file: "c.ts", hunks: [[" one", "+two", "-three"]], text: "@@\n one\n+two\n-three" },
    ]);
    assert.equal(patched("zero\none\nthree\n", [[" one", "+two", "-three"]]), "zero\none\ntwo\n");
    assert.throws(() => patched("zero\n", [[" one", "+two"]]), /0 places/);
    assert.throws(() => patched("one\none\n", [[" one", "+two"]]), /2 places/);
  });
});
