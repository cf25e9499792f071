import assert from "node:assert/strict";
import { readPage } from "../../pages";
import { gap, sourceFiles, textsOf } from "./sources";

/** Messages in the first column of the page's tables, and those that its prose quotes. */
function messages(markdown: string): string[] {
  const rows = [...markdown.matchAll(/^\| `([^`]+)` \|/gm)];
  const quoted = [...markdown.matchAll(/`(vsphere-ha check: failed|internal error[^`]*)`/g)];
  return [...rows, ...quoted].map(([, message]) => message ?? "");
}

/** Whether a text of the sources makes the message: both may leave gaps, in which anything stands. */
function makes(text: string, message: string): boolean {
  const parts = message.split(gap).map((part) => part.trim());
  const pattern = parts.map(escape).join("[\\s\\S]*");
  return new RegExp(pattern).test(text.replaceAll("\n", " "));
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

describe("the page of errors", () => {
  const texts = sourceFiles(["components", "verification", "lab", "bin"]).flatMap(textsOf);
  const page = readPage("docs/troubleshooting.md");

  it("quotes only what the program really prints", () => {
    const all = messages(page);
    assert.ok(all.length > 40, `${all.length.toString()} messages`);
    assert.deepEqual(
      all.filter((message) => !texts.some((text) => makes(text, message))),
      [],
    );
  });

  it("fails for a message that nothing prints, and for one with its words in another order", () => {
    for (const message of ["vCenter is sad: …", "has no BMC in the host … configuration"]) {
      assert.ok(!texts.some((text) => makes(text, message)), message);
    }
  });
});
