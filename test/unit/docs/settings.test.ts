import assert from "node:assert/strict";
import { readPage } from "../../pages";
import { interfacesOf, sourceFiles, type Property } from "./sources";

interface Row {
  names: string[];
  defaults: string[];
}

/** The rows of a section of docs/settings.md, by the names of the interfaces in its heading. */
function sections(markdown: string): { interfaces: string[]; rows: Row[] }[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      const cells = lines
        .filter((line) => /^\| `/.test(line))
        .map((line) => line.split("|").map((cell) => cell.trim()));
      return {
        interfaces: names(heading),
        rows: cells.map(([, setting = "", , byDefault = ""]) => ({
          names: names(setting),
          defaults: byDefault.split("; ").filter((text) => text !== ""),
        })),
      };
    });
}

const names = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? "");

/** What the documentation of a property says of its default; empty where it has none. */
function documentedDefault({ optional, description }: Property): string {
  return /Default: (.*)$/.exec(description)?.[1] ?? (optional ? "" : "required");
}

/** The page says it when one of its texts is how the documentation begins. */
function says({ defaults }: Row, documented: string): boolean {
  if (documented === "") return defaults.length === 0;
  return defaults.some((text) => documented.startsWith(text));
}

/** What the page does not say, or says otherwise, of the interfaces. */
function differences(markdown: string, interfaces: Map<string, Property[]>): string[] {
  const all = sections(markdown);
  const missing = [...interfaces.keys()].filter((name) => !all.some((one) => one.interfaces.includes(name)));
  return [
    ...missing.map((name) => `${name} is not there`),
    ...all.flatMap((section) => {
      const properties = section.interfaces.flatMap((name) =>
        (interfaces.get(name) ?? []).map((property) => ({ of: name, ...property })),
      );
      const unknown = section.rows
        .flatMap((row) => row.names)
        .filter((name) => !properties.some((property) => property.name === name));
      const wrong = properties.filter(
        (property) =>
          !section.rows.some((row) => row.names.includes(property.name) && says(row, documentedDefault(property))),
      );
      return [
        ...unknown.map((name) => `${name} is no setting of ${section.interfaces.join(", ")}`),
        ...wrong.map(({ of, ...property }) => `${of}.${property.name}: ${documentedDefault(property) || "no default"}`),
      ];
    }),
  ];
}

describe("the page of settings", () => {
  const page = readPage("docs/settings.md");
  // LookupArgs and SettingsArgs are of the library's own; the rest is what users write.
  const interfaces = new Map(
    [...interfacesOf(sourceFiles(["components"]))].filter(
      ([name]) => name.endsWith("Args") && !["LookupArgs", "SettingsArgs"].includes(name),
    ),
  );

  it("has every setting of every component with its default", () => {
    assert.ok(interfaces.size > 25);
    assert.deepEqual(differences(page, interfaces), []);
  });

  it("fails when a default, a setting or a whole interface is another", () => {
    const changed = page
      .replace("| 180 | seconds after", "| 140 | seconds after")
      .replace("| `vmMonitoring` |", "| `x` |");
    assert.deepEqual(differences(changed, new Map([...interfaces, ["NewArgs", []]])), [
      "NewArgs is not there",
      "x is no setting of HaArgs",
      "HaArgs.datastoreApdResponseDelay: 180.",
      "HaArgs.vmMonitoring: vmMonitoringOnly, the heartbeat of VMware Tools.",
    ]);
  });
});
