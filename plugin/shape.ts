/** Inputs of other languages beside the schema: what is missing, unknown or of another type. Pure. */
import * as pulumi from "@pulumi/pulumi";
import { hidden, type Problem } from "../components/validation";
import { type PropertySpec, referred, type TypeSpec } from "./packageSchema";

/** Inputs, and what is wrong with their form. */
export interface Shaped {
  /** Without what is malformed: its content can be judged then, in the same run; undefined when something needed is not there. */
  rest: unknown;
  problems: Problem[];
}

const anyValue = "pulumi.json#/Any";

const kinds: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

function wrongType(path: string, value: unknown, expected: string): Shaped {
  return {
    rest: undefined,
    problems: [{ path, value, rule: `must be of type ${expected}`, remedy: "correct the value" }],
  };
}

function members(
  object: Record<string, unknown>,
  specOf: (key: string) => PropertySpec | undefined,
  required: string[],
  at: (key: string) => string,
): Shaped {
  const missing = required
    .filter((key) => object[key] === undefined || object[key] === null)
    .map((key): Problem => ({
      path: at(key),
      value: undefined,
      rule: specOf(key)?.description ?? "is needed",
      remedy: "set it",
    }));
  const given = Object.entries(object)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => {
      const spec = specOf(key);
      // Nobody knows what it is: a password in the wrong place, perhaps.
      const unknown = {
        path: at(key),
        value: hidden,
        rule: "is no property of it",
        remedy: "correct its name, or leave it out",
      };
      return [key, spec ? shaped(value, spec, at(key)) : { rest: undefined, problems: [unknown] }] as const;
    });
  const rest = Object.fromEntries(given.flatMap(([key, part]) => (part.rest === undefined ? [] : [[key, part.rest]])));
  const whole = required.every((key) => rest[key] !== undefined);
  return {
    rest: whole ? rest : undefined,
    problems: [...missing, ...given.flatMap(([, part]) => part.problems)],
  };
}

function object(value: Record<string, unknown>, { properties = {}, required = [] }: TypeSpec, path: string): Shaped {
  return members(
    value,
    (key) => properties[key],
    required,
    (key) => (path === "" ? key : `${path}.${key}`),
  );
}

function shaped(value: unknown, spec: PropertySpec, path: string): Shaped {
  // What is not known yet, or secret, is judged where it is used.
  if (pulumi.Output.isInstance(value) || spec.$ref === anyValue) return { rest: value, problems: [] };
  const type = referred(spec);
  const expected = type ? (type.enum ? "string" : "object") : (spec.type ?? "object");
  if (!kinds[expected]?.(value)) return wrongType(path, value, expected);
  if (expected === "object") {
    const held = value as Record<string, unknown>;
    return type
      ? object(held, type, path)
      : members(
          held,
          () => spec.additionalProperties,
          [],
          (key) => `${path}.${key}`,
        );
  }
  if (expected !== "array" || !spec.items) return { rest: value, problems: [] };
  const { items } = spec;
  const parts = (value as unknown[]).map((item, index) => shaped(item, items, `${path}[${String(index)}]`));
  return {
    // Without one of its items every other would have another index.
    rest: parts.some(({ rest }) => rest === undefined) ? undefined : parts.map(({ rest }) => rest),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

/** @param inputs of a component, as far as they are known */
export function shapeOf(
  inputs: Record<string, unknown>,
  properties: Record<string, PropertySpec>,
  required: string[],
): Shaped {
  return object(inputs, { properties, required }, "");
}
