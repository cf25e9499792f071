import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Compares what people would read with a file, word for word. A changed text is reviewed as a change of that file:
 * `RENEW_TEXTS=1 npx mocha <the test>` writes it anew.
 */
export function sameText(file: string, text: string): void {
  if (process.env["RENEW_TEXTS"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text.trimEnd()}\n`);
  }
  assert.ok(existsSync(file), `no ${file}`);
  assert.equal(`${text.trimEnd()}\n`, readFileSync(file, "utf8"));
}
