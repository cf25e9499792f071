import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { privilegesPage } from "../../../bin/privilegesPage";
import { duties } from "../../../verification/privileges";

describe("the page of privileges", () => {
  it("is as its table says", () => {
    const page = readFileSync(join(resolve(__dirname, "../../.."), "docs", "privileges.md"), "utf8");
    assert.equal(page, privilegesPage(duties), "run: npm run schema");
  });

  it("shows every privilege of the table with its call", () => {
    const page = privilegesPage(duties);
    for (const { privilege, call } of duties.flatMap(({ privileges }) => privileges)) {
      assert.match(page, new RegExp(`\\| \`${privilege.replaceAll(".", "\\.")}\` \\|.*\\| ${call} \\|`));
    }
  });
});
