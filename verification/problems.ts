/** What keeps a command from running: exit code 2, one message, no stack. */

export interface Problem {
  /** Where: `hosts[1].bmc.url`, `VSPHERE_PASSWORD`, `--config`. */
  path: string;
  /** What stands there; undefined when nothing does. Never a secret: write `secret` then. */
  value: unknown;
  /** What must hold. */
  rule: string;
  /** What to do. */
  remedy: string;
}

/** Stands for a value that must not be shown. */
export const secret = Symbol("secret");

/** The command could not run. The message is for the user: it says what, where and what to do. */
export class CouldNotRun extends Error {
  override name = "CouldNotRun";
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The input is wrong. Holds every problem that was found, not only the first. */
export class Problems extends CouldNotRun {
  override name = "Problems";
  constructor(
    readonly problems: readonly Problem[],
    where = "the configuration",
  ) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length.toString()} problems`;
    super([`${count} in ${where}:`, ...problems.map((problem) => `  ${problemText(problem)}`)].join("\n"));
  }
}

/** One problem in one line. */
export function problemText({ path, value, rule, remedy }: Problem): string {
  return `${path} ${valueText(value)}: ${rule}; ${remedy}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return "is not set";
  if (value === secret) return "(value not shown)";
  const text = JSON.stringify(value);
  return `= ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}
