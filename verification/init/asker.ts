import { CouldNotRun } from "../problems";

/** Loaded when there is something to ask: other commands, and those without a terminal, need not wait for it. */
const load = () => import("@inquirer/prompts");
type Prompts = Awaited<ReturnType<typeof load>>;

/** Asks the user; every answer is one that the question takes. */
export interface Asker {
  /** @param refuse why an answer will not do; undefined: it will */
  text(message: string, usual: string | undefined, refuse: (answer: string) => string | undefined): Promise<string>;
  /** What is typed is not shown. */
  secret(message: string): Promise<string>;
  confirm(message: string): Promise<boolean>;
  choose(message: string, choices: readonly string[]): Promise<string>;
  /** None, one or several. */
  chooseSome(message: string, choices: readonly string[]): Promise<string[]>;
}

/** Asks on the terminal of this process. Throws CouldNotRun when the user interrupts. */
export function terminalAsker(signal: AbortSignal): Asker {
  const ask = async <T>(question: (prompts: Prompts, context: { signal: AbortSignal }) => Promise<T>): Promise<T> => {
    try {
      return await question(await load(), { signal });
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      if (name !== "ExitPromptError" && name !== "AbortPromptError") throw error;
      throw new CouldNotRun("interrupted; nothing was written");
    }
  };
  return {
    text: (message, usual, refuse) =>
      ask(({ input }, context) =>
        input(
          {
            message,
            ...(usual !== undefined && { default: usual }),
            validate: (answer) => refuse(answer.trim()) ?? true,
          },
          context,
        ).then((answer) => answer.trim()),
      ),
    secret: (message) =>
      ask(({ password }, context) =>
        password({ message, mask: "*", validate: (answer) => answer !== "" || "must not be empty" }, context),
      ),
    confirm: (message) => ask(({ confirm }, context) => confirm({ message, default: false }, context)),
    choose: (message, choices) =>
      ask(({ select }, context) => select({ message, choices: choices.map((value) => ({ value })) }, context)),
    chooseSome: (message, choices) =>
      ask(({ checkbox }, context) =>
        checkbox({ message, choices: choices.map((value) => ({ value })), pageSize: 12 }, context),
      ),
  };
}
