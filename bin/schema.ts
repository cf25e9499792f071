/** `npm run schema`: writes the published schemas, and the page of privileges, from what they are made of. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { duties } from "../verification/privileges";
import { privilegesPage } from "./privilegesPage";
import { publishedSchemas } from "./publishedSchemas";

const docs = join(resolve(__dirname, ".."), "docs");
for (const [file, schema] of Object.entries(publishedSchemas())) {
  writeFileSync(join(docs, file), `${JSON.stringify(schema, undefined, 2)}\n`);
}
writeFileSync(join(docs, "privileges.md"), privilegesPage(duties));
