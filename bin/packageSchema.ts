/** `npm run schema:package`: schema.json, which programs in other languages get. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { inferredSchema } from "./inferredSchema";

writeFileSync(resolve(__dirname, "../schema.json"), JSON.stringify(inferredSchema()));
