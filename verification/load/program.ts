import type { LoadCommand } from "../config/guests";
import type { GuestProcess, GuestProgram } from "../vcenter/guestOperations";

/**
 * The program that makes load of a level.
 *
 * @param seconds after which it ends by itself, should nobody be left to end it: of the Clock
 */
export function loadProgram(
  { program, arguments: template }: LoadCommand,
  level: number,
  seconds: number,
): GuestProgram {
  const args = template.replaceAll("{level}", level.toString()).replaceAll("{seconds}", Math.ceil(seconds).toString());
  return { path: program, arguments: args };
}

/** True when a guest's process runs that program. Windows puts the file's name into quotes. */
export function isProgram({ command, running }: GuestProcess, { path, arguments: args }: GuestProgram): boolean {
  const bare = (line: string): string => line.replaceAll('"', "").replace(/\s+/g, " ").trim();
  return running && bare(command) === bare(`${path} ${args}`);
}
