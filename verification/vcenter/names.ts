/** vCenter escapes three characters in names of objects: `%`, `/` and `\`. */
export function decodeName(name: string): string {
  return name.replace(/%(25|2f|5c)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
