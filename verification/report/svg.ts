import { escapeXml } from "./escape";

/**
 * Takes out what serves only interactive charts, and lets the picture shrink with the page.
 *
 * @param title what the picture shows, for those who do not see it
 */
export function tidy(svg: string, title: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/ (ecmeta_\w+|class|pointer-events|xmlns:xlink|baseProfile|version)="[^"]*"/g, "")
    .replace(
      /^<svg width="\d+" height="\d+"/,
      () => `<svg role="img" aria-label="${escapeXml(title)}" preserveAspectRatio="xMinYMin meet"`,
    )
    .replace(/font-family:inherit;/g, "");
}

/** A name of at most so many letters: without its domain, then cut in its middle, as names differ at both ends. */
export function shortened(name: string, most: number): string {
  if ([...name].length <= most) return name;
  const own = name.replace(/(?<=.)\..*/su, "");
  const letters = [...own];
  if (letters.length <= most) return own;
  const head = Math.ceil((most - 1) / 2);
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (most - 1 - head)).join("")}`;
}
