/** The rules as a table for people, from their metadata. */
import type { PolicyRule } from "./rule";

const heading = ["rule", "what must hold", "level", "source", "remedy"];

/** Without what a table of Markdown would take for its own. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("*", "\\*");

const row = (cells: string[]): string => `| ${cells.join(" | ")} |`;

function settingsOf({ settings = {}, exemptions = [] }: PolicyRule): string[] {
  return [
    ...Object.entries(settings).map(([name, { default: value, description }]) => {
      const shown = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
      return `\`${name}\` (${shown}): ${description}`;
    }),
    ...exemptions.map(({ reason }) => `exempt: ${reason}`),
  ];
}

function section(group: string, rules: readonly PolicyRule[]): string[] {
  const rows = rules.map((rule) =>
    row([
      `\`${rule.name}\``,
      [rule.title, ...settingsOf(rule)].map(cell).join("<br>"),
      `${rule.level}, ${rule.severity}`,
      cell(rule.source),
      cell(rule.remedy),
    ]),
  );
  return [
    `### ${group.charAt(0).toUpperCase()}${group.slice(1)}`,
    "",
    row(heading),
    row(heading.map(() => "---")),
    ...rows,
    "",
  ];
}

/** Between these lines of README.md. */
export const markers = { begin: "<!-- rules: npm run policies -->", end: "<!-- end of the rules -->" };

/** The text with its table made anew. */
export function withTable(text: string, rules: readonly PolicyRule[]): string {
  const [before, after] = [text.indexOf(markers.begin), text.indexOf(markers.end)];
  if (before < 0 || after < before) throw new Error(`the text lacks ${markers.begin} or ${markers.end}`);
  const groups = [...new Set(rules.map(({ group }) => group))];
  const tables = groups.flatMap((group) =>
    section(
      group,
      rules.filter((rule) => rule.group === group),
    ),
  );
  return `${text.slice(0, before)}${[markers.begin, "", ...tables].join("\n")}${text.slice(after)}`;
}
