/** What esxcli prints of a list of objects: a name, and its indented fields below it. */
export function parseList(text: string): Map<string, string>[] {
  const objects: Map<string, string>[] = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (/^\S/.test(line)) objects.push(new Map([["", line.trim()]]));
    else if (colon !== -1) objects.at(-1)?.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return objects;
}
