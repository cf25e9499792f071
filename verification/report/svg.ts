/** Takes out what serves only interactive charts, and lets the picture shrink with the page. */
export function tidy(svg: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/ (ecmeta_\w+|class|pointer-events|xmlns:xlink|baseProfile|version)="[^"]*"/g, "")
    .replace(/^<svg width="\d+" height="\d+"/, '<svg role="img" preserveAspectRatio="xMinYMin meet"')
    .replace(/font-family:inherit;/g, "");
}
