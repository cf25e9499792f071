import * as pulumi from "@pulumi/pulumi";
import { userError } from "./userError";

/** One wrong input: where it is, what was written, what must hold, and what to write instead. */
export interface Problem {
  /** For example `hosts[1].name`. */
  path: string;
  /** What was found there; `hidden` when it may be a secret. */
  value: unknown;
  rule: string;
  remedy: string;
}

/** Where a rule found itself broken. */
export interface Violation {
  path: string;
  value: unknown;
}

/** A type with every Input resolved; undefined also stands for a value that is not known yet. */
export type Plain<T> =
  T extends pulumi.OutputInstance<infer U>
    ? Plain<U> | undefined
    : T extends Promise<infer U>
      ? Plain<U> | undefined
      : T extends (infer U)[]
        ? Plain<U>[]
        : T extends object
          ? { [K in keyof T]: Plain<T[K]> }
          : T;

/** A rule as data. `broken` sees plain values only; it must take a member that is undefined for "not known yet". */
export interface Rule<A> {
  rule: string;
  remedy: string;
  broken: (args: Plain<A>) => Violation[];
  /** What JSON Schema can say of the rule, for editors. Default: nothing. */
  limits?: Limits;
}

/** A JSON Schema for each value at some paths, such as `hosts[].name`. */
export interface Limits {
  paths: string[];
  schema: Record<string, unknown>;
}

const isPending = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/** A copy of plain data; what is pending is replaced, members that are undefined and resources are left out. */
function copyOf(value: unknown, replace: (pending: unknown) => unknown): unknown {
  if (isPending(value)) {
    return replace(value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => copyOf(item, replace));
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, v]) => v !== undefined && !pulumi.Resource.isInstance(v));
    return Object.fromEntries(members.map(([key, v]) => [key, copyOf(v, replace)]));
  }
  return value;
}

/** What can be said of the arguments now: values that are not known yet are there, but undefined. */
export function plain<T>(value: T): Plain<T> {
  return copyOf(value, () => undefined) as Plain<T>;
}

/** Every rule that plain arguments break, paths beginning with `prefix`. */
export function problemsOf<A>(args: Plain<A>, rules: Rule<A>[], prefix = ""): Problem[] {
  return rules.flatMap(({ rule, remedy, broken }) =>
    broken(args).map(({ path, value }) => ({ path: prefix + path, value, rule, remedy })),
  );
}

/** Stands for a value that must not be printed. */
export const hidden = Symbol("hidden");

function shown(value: unknown): string {
  if (value === undefined) {
    return "is not set";
  }
  return value === hidden ? "(value not shown)" : `= ${JSON.stringify(value)}`;
}

/** All problems as one text. */
export function describe(subject: string, problems: Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${String(problems.length)} problems`;
  const lines = problems.map(({ path, value, rule, remedy }) => {
    return `  ${path} ${shown(value)}: ${rule}; ${remedy}`;
  });
  return [`${count} in ${subject}:`, ...lines].join("\n");
}

/** @throws pulumi.RunError that lists all problems; nothing when there are none. */
export function refuse(subject: string, problems: Problem[]): void {
  if (problems.length > 0) {
    throw userError(describe(subject, problems));
  }
}

/**
 * Checks a component's arguments before anything of it is created: plain values at once, values that come from other
 * resources as soon as they are known. Secrets are left alone.
 * @returns the component's options, with which it waits for that.
 * @throws pulumi.RunError that lists all problems.
 */
export function validated<A extends object>(
  subject: string,
  args: A,
  rules: Rule<A>[],
  opts: pulumi.ComponentResourceOptions | undefined,
): pulumi.ComponentResourceOptions {
  const pending: unknown[] = [];
  refuse(subject, problemsOf(copyOf(args, (value) => void pending.push(value)) as Plain<A>, rules));
  const visible = pending.map((value) => {
    const output = pulumi.output(value);
    return pulumi
      .all([pulumi.unsecret(output), pulumi.isSecret(output)])
      .apply(([v, secret]) => (secret ? undefined : v));
  });
  const checked = pulumi.all(visible).apply((known) => {
    const values = known.values();
    refuse(subject, problemsOf(copyOf(args, () => values.next().value) as Plain<A>, rules));
    return [] as pulumi.Resource[];
  });
  return pulumi.mergeOptions(opts, { dependsOn: checked });
}

// ---------------------------------------------------------------- building blocks of rules

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** Every value at a path such as `hosts[].name`, with the path that names it. Absent members give undefined. */
export function valuesAt(args: unknown, path: string): Violation[] {
  return path.split(".").reduce<Violation[]>(
    (found, step) => {
      const key = step.replace(/\[\]$/, "");
      return found.flatMap(({ path: base, value }) => {
        const at = { path: base === "" ? key : `${base}.${key}`, value: member(value, key) };
        if (!step.endsWith("[]")) {
          return value === undefined ? [] : [at];
        }
        return Array.isArray(at.value)
          ? at.value.map((item: unknown, index) => ({ path: `${at.path}[${String(index)}]`, value: item }))
          : [];
      });
    },
    [{ path: "", value: args }],
  );
}

/** A rule on each stated value at some paths. @param schema the same in JSON Schema, where that can say it */
export function each<A>(
  paths: string | string[],
  rule: string,
  remedy: string,
  holds: (value: unknown) => boolean,
  schema?: Limits["schema"],
): Rule<A> {
  const list = [paths].flat();
  return {
    rule,
    remedy,
    broken: (args) =>
      list.flatMap((path) => valuesAt(args, path).filter(({ value }) => value !== undefined && !holds(value))),
    ...(schema && { limits: { paths: list, schema } }),
  };
}

/** A text of a form. @param pattern without flags, which JSON Schema has none of */
export function matches<A>(paths: string | string[], rule: string, remedy: string, pattern: RegExp): Rule<A> {
  return each(paths, rule, remedy, (value) => pattern.test(String(value)), { pattern: pattern.source });
}

/** A whole number in a range, both ends included. */
export function wholeNumber<A>(paths: string | string[], unit: string, least: number, most = Infinity): Rule<A> {
  const range = most === Infinity ? `${String(least)} or more` : `from ${String(least)} to ${String(most)}`;
  return each(
    paths,
    `must be a whole number of ${unit}, ${range}`,
    `write a whole number, ${range}`,
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    { type: "integer", minimum: least, ...(most < Infinity && { maximum: most }) },
  );
}

/** A whole number, `least` or more, or -1, which stands for something else. */
export function orMinusOne<A>(paths: string | string[], rule: string, remedy: string, least: 0 | 1): Rule<A> {
  return each(paths, rule, remedy, (value) => Number.isInteger(value) && (value === -1 || (value as number) >= least), {
    type: "integer",
    minimum: -1,
    ...(least === 1 && { not: { const: 0 } }),
  });
}

/** Memory, which vSphere takes in steps of 4 MB. @param source who says so */
export function memory<A>(path: string, source: string): Rule<A> {
  return each(
    path,
    `must be a multiple of 4 MB, 4 or more (${source})`,
    "write the next multiple of 4",
    (value) => Number.isInteger(value) && (value as number) >= 4 && (value as number) % 4 === 0,
    { type: "integer", minimum: 4, multipleOf: 4 },
  );
}

/** One of the values of an enumeration. */
export function oneOf<A>(paths: string | string[], values: Record<string, string>): Rule<A> {
  const list = Object.values(values).join(", ");
  return each(
    paths,
    `must be one of ${list}`,
    `write one of ${list}`,
    (value) => Object.values(values).includes(value as string),
    { enum: Object.values(values) },
  );
}

/** A text that is more than blanks. */
export function nonEmpty<A>(paths: string | string[], what: string): Rule<A> {
  return each(
    paths,
    `must not be empty`,
    `write ${what}`,
    (value) => typeof value === "string" && value.trim() !== "",
    {
      pattern: "\\S",
    },
  );
}

/** No two values at a path are equal; names in vCenter are compared without regard to case. */
export function unique<A>(path: string, what: string): Rule<A> {
  return {
    rule: `must not be stated twice`,
    remedy: `give each ${what} once`,
    broken: (args) => {
      const seen = new Set<string>();
      return valuesAt(args, path).filter(({ value }) => {
        const key = typeof value === "string" ? value.toLowerCase() : undefined;
        const again = key !== undefined && seen.has(key);
        seen.add(key ?? "");
        return again;
      });
    },
  };
}

/** Every value at some paths is a name that another list declares. */
export function known<A>(paths: string | string[], what: string, declared: (args: Plain<A>) => string[]): Rule<A> {
  return {
    rule: `must name one of the ${what}`,
    remedy: `correct the name, or add it to the ${what}`,
    broken: (args) => {
      const names = new Set(declared(args));
      return [paths]
        .flat()
        .flatMap((path) =>
          valuesAt(args, path).filter(({ value }) => value !== undefined && !names.has(value as string)),
        );
    },
  };
}
