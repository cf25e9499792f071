/** Reading one part of a configuration by its form. */
import type { z } from "zod";
import { hidden, Problem } from "./validation";

function at(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

const pathText = (path: PropertyKey[]): string =>
  path.reduce<string>(
    (whole, key) => (typeof key === "number" ? `${whole}[${String(key)}]` : `${whole}${whole && "."}${String(key)}`),
    "",
  );

/** The problems of form: missing, of another type, or unknown to the stack. */
function formProblems(input: unknown, error: z.ZodError, base: string): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: pathText([base, ...issue.path, key]),
        // Nobody knows what it is: a password in the wrong place, perhaps.
        value: hidden,
        rule: "is not a setting of this stack",
        remedy: "correct its name, or leave it out",
      }));
    }
    const value = at(input, issue.path);
    const rule = issue.message.replace(/^Invalid (input|option|URL): /, "").replace(/, received .*$/, "");
    return [
      {
        path: pathText([base, ...issue.path]),
        value,
        rule,
        remedy: value === undefined ? "set it" : "correct the value",
      },
    ];
  });
}

/** Splits one part of the input into what has the right form and the problems of the rest. */
export function read<S extends z.ZodType>(
  part: S,
  value: unknown,
  path: string,
): { data?: z.output<S>; problems: Problem[] } {
  const parsed = part.safeParse(value);
  if (parsed.success) {
    return { data: parsed.data, problems: [] };
  }
  // Without what is malformed the rest may be whole: then its content is checked too, in the same run.
  const rest = structuredClone(value);
  for (const issue of parsed.error.issues) {
    const holder = at(rest, issue.path.slice(0, -1));
    const keys = issue.code === "unrecognized_keys" ? issue.keys : issue.path.slice(-1);
    const parent = issue.code === "unrecognized_keys" ? at(rest, issue.path) : holder;
    keys.forEach((key) => typeof parent === "object" && parent !== null && Reflect.deleteProperty(parent, key));
  }
  return { data: part.safeParse(rest).data, problems: formProblems(value, parsed.error, path) };
}
