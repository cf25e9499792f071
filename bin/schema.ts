/** `npm run schema`: writes the published schemas, and the page of privileges, from what they are made of. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Duty, privilegesPage } from "./privilegesPage";
import { publishedSchemas } from "./publishedSchemas";

const docs = join(resolve(__dirname, ".."), "docs");
for (const [file, schema] of Object.entries(publishedSchemas())) {
  writeFileSync(join(docs, file), `${JSON.stringify(schema, undefined, 2)}\n`);
}
const duties = JSON.parse(readFileSync(join(docs, "privileges.json"), "utf8")) as Duty[];
writeFileSync(join(docs, "privileges.md"), privilegesPage(duties));
