import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

const root = resolve(__dirname, "../../..");

/** A stack's settings as Pulumi reads them. */
export interface Settings {
  config: Record<string, unknown>;
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

export function settingsOf(file: string): Settings {
  return parse(textOf(file)) as Settings;
}

/**
 * The file with what is commented out put into effect: lines that begin with a setting (`# name: …`, `# - …`). Prose must
 * not begin so.
 */
export function everySettingOf(file: string): Settings {
  const setting = /^( *)# ( *(?:- )?(?:[a-z][\w:-]*|esx-[\w.]+):(?: .*)?|( *- \{.*\}))$/;
  const lines = textOf(file)
    .split("\n")
    .map((line) => {
      // A comment within what is commented out.
      if (/^ *# +# /.test(line)) return "";
      const found = setting.exec(line);
      return found ? `${found[1] ?? ""}${found[2] ?? ""}` : line;
    });
  return parse(lines.join("\n")) as Settings;
}
