/** `npm run schema`: writes the published schemas from the code that reads what they describe. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { journalJsonSchema } from "../verification/journalSchema";

const file = join(resolve(__dirname, ".."), "docs", "journal.schema.json");
writeFileSync(file, `${JSON.stringify(journalJsonSchema(), undefined, 2)}\n`);
