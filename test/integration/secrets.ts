import { readFileSync } from "node:fs";

/** The secrets that an environment gives, by the variables that give them: passwords, and keys in files. */
export function secretsOf(env: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const given = Object.entries(env).flatMap(([name, value = ""]): [string, string][] => {
    if (value === "") return [];
    if (name.endsWith("PASSWORD")) return [[name, value]];
    // A line of the key: texts that hold it may have their own ends of lines.
    return name.endsWith("PRIVATE_KEY_FILE") ? [[name, readFileSync(value, "utf8").split("\n")[1] ?? ""]] : [];
  });
  return new Map(given);
}

/** Which of these secrets a text holds, as they are or in base64. */
export function leaked(secrets: ReadonlyMap<string, string>, text: string): string[] {
  return [...secrets]
    .filter(([, secret]) => text.includes(secret) || text.includes(Buffer.from(secret).toString("base64")))
    .map(([name]) => name);
}
