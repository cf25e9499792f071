import { z } from "zod";
import { normalThumbprint } from "../net/thumbprint";

/** A rule and its remedy travel through zod as one message. */
export const separator = "\u0000";

export function say(rule: string, remedy: string): { error: string } {
  return { error: rule + separator + remedy };
}

/** What a setting is and what to write, as editors show it. */
function told(what: string, remedy: string): string {
  return [what, remedy].map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}.`).join(" ");
}

export function text(what: string, remedy: string): z.ZodString {
  const message = say(`must be ${what}`, remedy);
  return z
    .string(message)
    .min(1, { ...message, abort: true })
    .describe(told(what, remedy));
}

/**
 * @param holds a pattern goes into the JSON Schema as it is
 * @param roughly what the JSON Schema says instead of a function
 */
export function check(
  schema: z.ZodString,
  holds: RegExp | ((value: string) => boolean),
  rule: string,
  remedy: string,
  roughly?: RegExp,
): z.ZodString {
  if (holds instanceof RegExp) return schema.regex(holds, say(rule, remedy));
  const refined = schema.refine(holds, say(rule, remedy));
  return roughly ? refined.meta({ pattern: roughly.source }) : refined;
}

export function numberIn(from: number, to: number, what: string, remedy: string): z.ZodNumber {
  const range = `${what}, ${from.toString()} to ${to.toString()}`;
  const message = say(`must be ${range}`, remedy);
  return z.number(message).min(from, message).max(to, message).describe(told(range, remedy));
}

/** @param usual taken where none is stated */
export function port(usual = "22"): z.ZodNumber {
  const message = say("must be a TCP port, 1 to 65535", "write for example 22");
  return z
    .int(message)
    .min(1, message)
    .max(65_535, message)
    .describe(told("a TCP port, 1 to 65535", `leave it out for ${usual}`));
}

export const thumbprint = check(
  text("the SHA-256 or SHA-1 thumbprint of the certificate", "leave it out to have the certificate verified"),
  (value) => normalThumbprint(value) !== undefined,
  "must be a SHA-256 or SHA-1 thumbprint in hex",
  "write 64 or 40 hex digits, with or without colons",
  /^[:\s]*(([0-9a-fA-F][:\s]*){40}|([0-9a-fA-F][:\s]*){64})$/,
);

/** The name of an environment variable that holds a password. @param usual taken where none is stated */
export function variable(usual: string): z.ZodString {
  return check(
    text("the name of an environment variable", `leave it out for ${usual}`),
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    "must be the name of an environment variable, not the password",
    `leave it out for ${usual}`,
  );
}

export const caFile = text(
  "the path of a PEM file with the CA's certificate",
  "leave it out to trust what the system trusts",
);
