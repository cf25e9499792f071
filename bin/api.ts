/** `npm run api`: writes the report of what a release promises, docs/api.md. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { currentReport } from "../test/unit/apiProgram";

void currentReport().then((report) => {
  writeFileSync(join(resolve(__dirname, ".."), "docs", "api.md"), report);
});
