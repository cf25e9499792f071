/** `npm run policies`: writes the table of the rules into policies/README.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { rules } from "../policies/policies";
import { withTable } from "../policies/table";

const file = resolve(__dirname, "..", "policies", "README.md");
writeFileSync(file, withTable(readFileSync(file, "utf8"), rules));
