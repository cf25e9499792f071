import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Said {
  code: number | null;
  output: string;
}

/** A shell that a reader keeps open: what a command exports and where it goes is there for the next one. */
export class Reader {
  private readonly envFile: string;
  private readonly dirFile: string;

  /**
   * @param dir where the shell keeps what it remembers
   * @param env what the shell begins with, beside this process' environment
   */
  constructor(
    dir: string,
    private readonly env: Record<string, string>,
    private cwd: string,
  ) {
    this.envFile = join(dir, "exports.sh");
    this.dirFile = join(dir, "pwd");
  }

  /** Begins in that folder. */
  goTo(cwd: string): void {
    this.cwd = cwd;
  }

  /** @param until the command goes on for ever; it is interrupted, as by Ctrl-C, when its output matches */
  run(command: string, until?: RegExp): Promise<Said> {
    const script = [
      existsSync(this.envFile) ? `source ${this.envFile}` : "",
      command,
      "code=$?",
      `export -p > ${this.envFile}`,
      `pwd > ${this.dirFile}`,
      "exit $code",
    ].join("\n");
    return new Promise((done, fail) => {
      const child = spawn("bash", ["-c", script], {
        cwd: this.cwd,
        env: { ...process.env, ...this.env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true, // its own process group, as under a terminal: Ctrl-C reaches all of it
      });
      let output = "";
      let interrupted = false;
      const keep = (chunk: Buffer): void => {
        output += chunk.toString();
        if (until === undefined || interrupted || !until.test(output) || child.pid === undefined) return;
        interrupted = true;
        process.kill(-child.pid, "SIGINT");
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("error", fail).on("close", (code) => {
        if (existsSync(this.dirFile)) this.cwd = readFileSync(this.dirFile, "utf8").trim();
        // A shell that was interrupted with its command says so; what counts is that the command came so far.
        done({ code: interrupted ? 0 : code, output });
      });
    });
  }

  /** Lets the next command begin with nothing of what the earlier ones exported. */
  forget(): void {
    writeFileSync(this.envFile, "");
  }
}
