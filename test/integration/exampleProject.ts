import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Ended } from "./deployedLab";
import { packedProject } from "./packedProject";

const examples = resolve(__dirname, "../../examples");

/** The commands of a README, in their order: the lines of its `sh` blocks. */
export function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  return blocks.flatMap((block) => block.split("\n")).filter((line) => line.trim() !== "");
}

/** A user's copy of an example, with the packed package installed, and the commands of its README. */
export class ExampleProject {
  private constructor(
    readonly dir: string,
    private readonly env: Record<string, string>,
    private readonly commands: string[],
  ) {}

  /** @param env in which its commands run */
  static async of(name: string, env: Record<string, string>): Promise<ExampleProject> {
    const { dir: packed, project } = await packedProject();
    const dir = join(packed, "examples", name);
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(join(packed, "examples"), { recursive: true });
    cpSync(join(examples, name), dir, { recursive: true });
    return new ExampleProject(dir, env, commandsOf(readFileSync(join(dir, "README.md"), "utf8"))).installed(project);
  }

  /**
   * Stands for its `npm install`: vsphere-ha is in no registry, and one installation serves all examples. What it asks for
   * must be there, in a version that it allows.
   */
  private async installed(project: string): Promise<this> {
    assert.equal(this.commands.shift(), "npm install");
    symlinkSync(join(project, "node_modules"), join(this.dir, "node_modules"));
    const { code, stdout, stderr } = await this.run("npm ls --depth 0");
    assert.equal(code, 0, stdout + stderr);
    return this;
  }

  /** Runs its documented commands up to the first that begins like this, which stays for later. All must succeed. */
  async documented(until?: string): Promise<string> {
    let output = "";
    for (let next = this.commands[0]; next !== undefined; next = this.commands[0]) {
      if (until !== undefined && next.startsWith(until)) return output;
      this.commands.shift();
      const { code, stdout, stderr } = await this.run(next);
      assert.equal(code, 0, `${next}\n${stdout}${stderr}`);
      output += stdout + stderr;
    }
    assert.equal(until, undefined, `no command ${until ?? ""} is left`);
    return output;
  }

  /** One command as in a shell, which nobody answers. */
  run(command: string): Promise<Ended> {
    return new Promise((done, fail) => {
      const env = { ...process.env, ...this.env };
      const child = spawn("bash", ["-o", "pipefail", "-c", command], {
        cwd: this.dir,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended: Ended = { code: null, stdout: "", stderr: "" };
      child.stdout.on("data", (chunk: Buffer) => void (ended.stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => void (ended.stderr += chunk.toString()));
      child.on("error", fail).on("close", (code) => {
        done({ ...ended, code });
      });
    });
  }

  /** What a command says that must fail, in one message and without a stack trace. */
  async refusal(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(command);
    const output = stdout + stderr;
    assert.notEqual(code, 0, output);
    assert.doesNotMatch(output, /^\s+at .*:\d+:\d+/m);
    assert.doesNotMatch(output, /unhandled exception/);
    return output;
  }

  /** Does something while a file says something else. */
  async with<T>(file: string, text: string, replacement: string, action: () => Promise<T>): Promise<T> {
    const path = join(this.dir, file);
    const content = readFileSync(path, "utf8");
    assert.ok(content.includes(text), `${file} has no ${text}`);
    writeFileSync(path, content.replace(text, replacement));
    try {
      return await action();
    } finally {
      writeFileSync(path, content);
    }
  }
}
