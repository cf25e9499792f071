/** Something that the user can put right: printed without a stack, exit code 2. */
export class SetupError extends Error {}

/** The user ended the setup. */
export class Interrupted extends SetupError {
  constructor() {
    super("interrupted, run again to resume");
  }
}

/**
 * Whether an error, or what a program printed, says that a disk is full.
 * @param {unknown} problem
 */
export function saysDiskFull(problem) {
  if (problem instanceof Error && "code" in problem && (problem.code === "ENOSPC" || problem.code === "EDQUOT"))
    return true;
  const text = problem instanceof Error ? problem.message : String(problem);
  return /no space left on device|disk quota exceeded|ENOSPC/i.test(text);
}
