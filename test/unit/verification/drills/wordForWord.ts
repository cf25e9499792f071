import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Compares what people would read with a file of plans/, word for word. A changed text is reviewed as a change of that file:
 * `RENEW_TEXTS=1 npx mocha test/unit/verification/drills/planTexts.test.ts` writes it anew.
 */
export function sameText(name: string, text: string): void {
  const file = join(__dirname, "plans", name);
  if (process.env["RENEW_TEXTS"] === "1") writeFileSync(file, `${text}\n`);
  assert.ok(existsSync(file), `no ${file}`);
  assert.equal(`${text}\n`, readFileSync(file, "utf8"));
}
