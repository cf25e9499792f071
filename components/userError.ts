import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/**
 * An error that Pulumi shows as its message alone, without a stack: the program is not at fault.
 *
 * Pulumi also renders the error for a trace of its own, with everything that hangs on the promise that it came from;
 * for an Output that is half the program, and takes half a minute. So the error renders itself.
 */
export function userError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  // Where an error comes by a nested input, Pulumi shows the stack of a RunError, too.
  error.stack = message;
  Object.defineProperty(error, inspect.custom, { value: () => message });
  return error;
}
