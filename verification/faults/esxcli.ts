/** What esxcli prints of a list of objects: a name, and its indented fields below it. */
export function parseList(text: string): Map<string, string>[] {
  const objects: Map<string, string>[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    if (!/^\s/.test(line)) objects.push(new Map([["", line.trim()]]));
    const [, name, value] = /^\s+([^:]+): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) objects.at(-1)?.set(name, value?.trim() ?? "");
  }
  return objects;
}
