import { z } from "zod";
import type { GuestOs } from "../model";
import { check, say, text, variable } from "./rules";

/** How a guest is made to work. */
export interface LoadCommand {
  program: string;
  /** `{level}` stands for the load in percent, `{seconds}` for the time after which it must end by itself. */
  arguments: string;
}

/** What makes a guest hang: a program in it, or a command of the user's on this machine. */
export type HangCommand = { program: string; arguments: string } | { command: string[] };

/** What is the same in all guests of one operating system. */
export interface GuestConfig {
  /** Account of the guest's own, for programs in it. */
  user: string;
  /** Name of the environment variable that holds its password. */
  passwordEnv: string;
  load: LoadCommand;
  hang: HangCommand;
}

export const guestPasswordVariable = "VSPHERE_HA_GUEST_PASSWORD";

/** stress-ng(1): 0 workers are one for each processor. */
const stress = "--cpu 0 --cpu-load {level} --timeout {seconds}";

const defaults: Record<GuestOs, GuestConfig> = {
  ubuntu: {
    user: "root",
    passwordEnv: guestPasswordVariable,
    load: { program: "/usr/bin/stress-ng", arguments: stress },
    // The kernel panics and, as Ubuntu is set up, stays so (Linux, Documentation/admin-guide/sysrq.rst). Not at once: Tools
    // tell vCenter first that the program has begun.
    hang: { program: "/bin/sh", arguments: "-c 'sleep 1; echo c > /proc/sysrq-trigger'" },
  },
  windowsxp: {
    user: "Administrator",
    passwordEnv: guestPasswordVariable,
    load: { program: "C:\\stress-ng\\stress-ng.exe", arguments: stress },
    // Not a crash, after which Windows restarts by itself (Sysinternals NotMyFault).
    hang: { program: "C:\\notmyfault\\notmyfaultc.exe", arguments: "hang 1" },
  },
};

const load = z.strictObject(
  {
    program: text("the path of a program in the guest", "write for example /usr/bin/stress-ng"),
    arguments: check(
      text("the program's arguments", "write for example --cpu 0 --cpu-load {level} --timeout {seconds}"),
      /^(?=[^]*\{level\})(?=[^]*\{seconds\})/,
      "must have {level} and {seconds} in it: the load in percent, and when the program ends by itself",
      "write for example --cpu 0 --cpu-load {level} --timeout {seconds}",
    ),
  },
  say("must be an object", "write {program, arguments}"),
);

const hang = z.union(
  [
    z.strictObject({
      program: text("the path of a program in the guest", "write for example /bin/sh"),
      arguments: z
        .string(say("must be the program's arguments", 'write for example -c "…"'))
        .describe("The program's arguments."),
    }),
    z.strictObject({
      command: z
        .array(text("a word of the command", "write the command as a list of words"))
        .min(1, say("must be a command and its arguments", "write the command as a list of words"))
        .describe("A command on the machine that runs the drill, and its arguments; VM_NAME is in its environment."),
    }),
  ],
  say("must be what makes the guest hang", "write {program, arguments}, or {command} as a list of words"),
);

const guest = z.strictObject(
  {
    user: text("a user name", "name an account of the guest, or leave it out for root or Administrator").optional(),
    passwordEnv: variable(guestPasswordVariable).optional(),
    load: load.optional().describe("What makes the guest work, for load. Default: stress-ng."),
    hang: hang.optional().describe("What makes the guest hang, for the drill guest-hang. Default: see its --help."),
  },
  say("must be an object", "write {user, passwordEnv, load, hang}"),
);

/** Of a configuration: accounts of guests and what loads them, by operating system. */
export const guests = z.strictObject(
  {
    ubuntu: guest.optional().describe("In Ubuntu."),
    windowsxp: guest.optional().describe("In Windows XP."),
  },
  say("must be an object", "write {ubuntu, windowsxp}, each {user, passwordEnv, load, hang}"),
);

export function fillInGuests(document: z.infer<typeof guests> = {}): Record<GuestOs, GuestConfig> {
  const filled = (os: GuestOs): GuestConfig => {
    const { user, passwordEnv, load: command, hang: hangs } = document[os] ?? {};
    const standard = defaults[os];
    return {
      user: user ?? standard.user,
      passwordEnv: passwordEnv ?? standard.passwordEnv,
      load: command ?? standard.load,
      hang: hangs ?? standard.hang,
    };
  };
  return { ubuntu: filled("ubuntu"), windowsxp: filled("windowsxp") };
}
