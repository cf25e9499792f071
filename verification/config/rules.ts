import { z } from "zod";
import { normalThumbprint } from "../net/thumbprint";

/** A rule and its remedy travel through zod as one message. */
export const separator = "\u0000";

export function say(rule: string, remedy: string): { error: string } {
  return { error: rule + separator + remedy };
}

export function text(what: string, remedy: string): z.ZodString {
  const message = say(`must be ${what}`, remedy);
  return z.string(message).min(1, message);
}

export function check(
  schema: z.ZodString,
  holds: (value: string) => boolean,
  rule: string,
  remedy: string,
): z.ZodString {
  return schema.refine((value) => value === "" || holds(value), say(rule, remedy));
}

export function numberIn(from: number, to: number, what: string, remedy: string): z.ZodNumber {
  const message = say(`must be ${what}, ${from.toString()} to ${to.toString()}`, remedy);
  return z.number(message).min(from, message).max(to, message);
}

export function port(): z.ZodNumber {
  const message = say("must be a TCP port, 1 to 65535", "write for example 22");
  return z.int(message).min(1, message).max(65_535, message);
}

export const thumbprint = check(
  text("the SHA-256 or SHA-1 thumbprint of the certificate", "write its hex digits"),
  (value) => normalThumbprint(value) !== undefined,
  "must be a SHA-256 or SHA-1 thumbprint in hex",
  "write 64 or 40 hex digits, with or without colons",
);

/** The name of an environment variable that holds a password. @param usual taken where none is stated */
export function variable(usual: string): z.ZodString {
  return check(
    text("the name of an environment variable", `leave it out for ${usual}`),
    (value) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(value),
    "must be the name of an environment variable, not the password",
    `leave it out for ${usual}`,
  );
}

export const caFile = text("the path of a PEM file", "name the file with the CA's certificate");
