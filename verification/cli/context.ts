import type { Environment } from "../config";

/** Where a command reads from and writes to, and what stops it. */
export interface CommandContext {
  env: Environment;
  stdout: Output;
  stderr: Output;
  /** Aborted when the user interrupts. */
  signal: AbortSignal;
  /** Aborted when the user interrupts again. */
  hurried: AbortSignal;
}

/** As much of a stream as the commands use. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}
