/** `npm run schema`: writes the published schemas from the code that reads what they describe. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { publishedSchemas } from "./publishedSchemas";

for (const [file, schema] of Object.entries(publishedSchemas())) {
  writeFileSync(join(resolve(__dirname, ".."), "docs", file), `${JSON.stringify(schema, undefined, 2)}\n`);
}
