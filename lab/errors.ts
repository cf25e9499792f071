/** Something about a lab that the user can put right: printed without a stack, exit code 2. */
export class LabError extends Error {}
