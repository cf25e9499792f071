/** Reading one part of a configuration by its form. */
import { z } from "zod";
import { nearestName } from "./nearestName";
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

/** The settings that a form has at a path. */
function settingsAt(form: unknown, path: readonly PropertyKey[]): string[] {
  if (form instanceof z.ZodOptional) return settingsAt(form.unwrap(), path);
  const [key, ...rest] = path;
  if (form instanceof z.ZodObject) {
    const shape = form.shape as Record<PropertyKey, unknown>;
    return key === undefined ? Object.keys(shape) : settingsAt(shape[key], rest);
  }
  if (form instanceof z.ZodArray) return settingsAt(form.element, rest);
  return form instanceof z.ZodRecord ? settingsAt(form.valueType, rest) : [];
}

/** The problems of form: missing, of another type, or unknown to the stack. */
function formProblems(form: z.ZodType, input: unknown, error: z.ZodError, base: string): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys") {
      const known = settingsAt(form, issue.path);
      return issue.keys.map((key) => {
        const meant = nearestName(key, known);
        return {
          path: pathText([base, ...issue.path, key]),
          // Nobody knows what it is: a password in the wrong place, perhaps.
          value: hidden,
          rule: "is not a setting of this stack",
          remedy: `${meant === undefined ? "correct its name" : `write ${meant}`}, or leave it out`,
        };
      });
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
  return { data: part.safeParse(rest).data, problems: formProblems(part, value, parsed.error, path) };
}
