import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Duty, privilegesPage } from "../../../bin/privilegesPage";

const root = resolve(__dirname, "../../..");
const read = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");
const duties = JSON.parse(read("docs", "privileges.json")) as Duty[];

describe("the page of privileges", () => {
  it("is as its table says", () => {
    assert.equal(read("docs", "privileges.md"), privilegesPage(duties), "run: npm run schema");
  });

  it("shows every privilege of the table with its call", () => {
    const page = privilegesPage(duties);
    for (const { privilege, call } of duties.flatMap(({ privileges }) => privileges)) {
      assert.match(page, new RegExp(`\\| \`${privilege.replaceAll(".", "\\.")}\` \\|.*\\| ${call} \\|`));
    }
  });
});
