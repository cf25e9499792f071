import { join } from "node:path";
import { printSummary } from "../../../../verification/report";
import { junitXml } from "../../../../verification/report/junit";
import { page } from "../../../../verification/report/page";
import { summaryMarkdown } from "../../../../verification/report/summary";
import { sameText } from "../../sameText";
import { journals } from "./wholeJournals";

/** Without its style sheet, and of pictures what can be read in them and the names of their colours. */
function readable(html: string): string {
  return html.replace(/<style>[^]*?<\/style>/g, "<style>").replace(/<svg[^]*?<\/svg>/g, (svg) => {
    const [head = ""] = /<svg[^>]*>/.exec(svg) ?? [];
    const texts = [...svg.matchAll(/<(?:text|title|desc)[^>]*>([^<]+)/g)].map(([, text]) => `  ${text ?? ""}`);
    const colours = new Set([...svg.matchAll(/var\(--[\w-]+\)/g)].map(([colour]) => colour));
    return [head, ...texts, `  ${[...colours].join(" ")}`, "</svg>"].join("\n");
  });
}

describe("what people and pipelines read of a run", () => {
  for (const [name, journal] of Object.entries(journals)) {
    const file = (end: string): string => join(__dirname, "texts", `${name}.${end}`);

    it(`is word for word texts/${name}.md and .txt`, () => {
      sameText(file("md"), summaryMarkdown(journal));
      sameText(file("txt"), printSummary(journal));
    });

    it(`is word for word texts/${name}.xml`, () => {
      sameText(file("xml"), junitXml(journal));
    });

    it(`is word for word texts/${name}.html`, () => {
      sameText(file("html"), readable(page(journal)));
    });
  }
});
