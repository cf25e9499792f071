/** Looks at a page in the browser that shows it. */
import { readFileSync } from "node:fs";
import type { Page } from "puppeteer-core";

export const ruleNames = ["overflow", "pictures", "contrast", "legends", "verdictFirst"] as const;
export type RuleName = (typeof ruleNames)[number];

/** What a rule finds wrong, a line each; see rules.mjs. */
export async function audit(page: Page, rule: RuleName): Promise<string[]> {
  const rules = (await import("./rules.mjs")) as Record<RuleName, () => string[]>;
  return page.evaluate(rules[rule]);
}

const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds against WCAG 2.2 A and AA. */
export async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const result = (await page.evaluate(
    `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`,
  )) as { violations: { id: string; nodes: { html: string }[] }[] };
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 150) ?? ""}`);
}
