/** The commands of the project's pages, as a reader copies them. Pure; test/integration/pages.test.ts runs them. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..");

export interface PageCommand {
  line: number;
  /** With its continuation lines and here-documents, without comments that stand alone. */
  text: string;
}

/** A fenced block of a page. */
export interface Block {
  language: string;
  /** Of its first line of content. */
  line: number;
  lines: string[];
}

/** All fenced blocks. */
export function blocksIn(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^```(\S*)/.exec(line);
    if (open === undefined && fence) open = { language: fence[1] ?? "", line: index + 2, lines: [] };
    else if (open !== undefined && line === "```") {
      blocks.push(open);
      open = undefined;
    } else open?.lines.push(line);
  }
  if (open !== undefined) throw new Error(`the block that begins in line ${open.line.toString()} does not end`);
  return blocks;
}

/** Languages of blocks that a reader runs. */
const shells = ["sh", "bash", "shell", "console"];

/** The commands in the blocks of shell, in order. */
export function commandsIn(markdown: string): PageCommand[] {
  return blocksIn(markdown)
    .filter(({ language }) => shells.includes(language))
    .flatMap(({ line, lines }) => commandsOfBlock(lines, line));
}

function commandsOfBlock(lines: readonly string[], first: number): PageCommand[] {
  const commands: PageCommand[] = [];
  let current: PageCommand | undefined;
  let endOfDocument: string | undefined;
  for (const [index, line] of lines.entries()) {
    if (current === undefined) {
      if (line.trim() === "" || line.trim().startsWith("#")) continue;
      current = { line: first + index, text: line };
      endOfDocument = /<<-?\s*['"]?(\w+)/.exec(line)?.[1];
    } else current.text += `\n${line}`;
    if (endOfDocument !== undefined ? line !== endOfDocument : line.endsWith("\\")) continue;
    commands.push(current);
    current = undefined;
    endOfDocument = undefined;
  }
  if (current !== undefined) throw new Error(`the command in line ${current.line.toString()} does not end`);
  return commands;
}

/** Every page with commands for users: the README, docs/, the policies' and those of the examples. Paths from the root. */
export function pages(): string[] {
  const inFolder = (folder: string): string[] =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .filter((file) => file.endsWith(".md"))
          .map((file) => `${folder}/${file}`)
      : [];
  const examples = existsSync(join(root, "examples"))
    ? readdirSync(join(root, "examples"), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .flatMap(({ name }) => inFolder(`examples/${name}`))
    : [];
  const all = ["README.md", ...inFolder("docs"), "policies/README.md", ...inFolder("examples"), ...examples];
  return all.filter((page) => page !== "docs/api.md");
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** Throws when a shell would not understand the command. */
export function checkSyntax(command: string): void {
  execFileSync("bash", ["-n", "-c", command], { stdio: ["ignore", "ignore", "pipe"] });
}

/** A file of the checkout as a page has it changed. */
export interface Change {
  file: string;
  /** Undefined: the block is the whole, new file. */
  hunks: string[][] | undefined;
  text: string;
}

/** The changes that a page asks for: `ts` blocks that begin with a file's name, and `diff` blocks. */
export function changesIn(markdown: string): Change[] {
  return blocksIn(markdown).flatMap(({ language, lines }): Change[] => {
    const named = /^\/\/ (\S+\.ts)$/.exec(lines[0] ?? "")?.[1];
    if (language === "ts" && named !== undefined) {
      return [{ file: named, hunks: undefined, text: `${lines.slice(1).join("\n")}\n` }];
    }
    const changed = /^\+\+\+ b\/(\S+)$/.exec(lines[1] ?? "")?.[1];
    if (language !== "diff" || changed === undefined) return [];
    const text = lines.slice(2).join("\n");
    const hunks = text.split(/^@@$/m).flatMap((hunk) => {
      const all = hunk.split("\n").filter((line) => line !== "");
      return all.length === 0 ? [] : [all];
    });
    return [{ file: changed, hunks, text }];
  });
}

/** A file with the hunks of a diff in it. Throws when one has no place, or several. */
export function patched(content: string, hunks: readonly string[][]): string {
  return hunks.reduce((text, hunk) => {
    const before = hunk.filter((line) => !line.startsWith("+")).map((line) => `${line.slice(1)}\n`);
    const after = hunk.filter((line) => !line.startsWith("-")).map((line) => `${line.slice(1)}\n`);
    const parts = text.split(before.join(""));
    if (parts.length !== 2) throw new Error(`${(parts.length - 1).toString()} places for:\n${hunk.join("\n")}`);
    return parts.join(after.join(""));
  }, content);
}
