import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../verification/cli/main";

export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** The command line in this process: its streams are texts, and it is interrupted by interrupt(). */
export class Commands {
  /** For files of one test. */
  readonly dir = mkdtempSync(join(tmpdir(), "command-"));
  env: Record<string, string> = { VSPHERE_PASSWORD: "secret" };
  /** Called with everything that is written. */
  onText = (text: string): void => void text;
  readonly #interrupted = new AbortController();

  /** Writes a configuration; returns the option that names it. */
  config(document: unknown, name = "config.json"): string[] {
    const file = join(this.dir, name);
    writeFileSync(file, JSON.stringify(document));
    return ["--config", file];
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  async run(...args: string[]): Promise<Ended> {
    const ended: Ended = { code: -1, out: "", err: "" };
    const writer = (stream: "out" | "err"): { write: (text: string) => void } => ({
      write: (text) => {
        ended[stream] += text;
        this.onText(text);
      },
    });
    ended.code = await main(args, {
      env: this.env,
      stdout: writer("out"),
      stderr: writer("err"),
      signal: this.#interrupted.signal,
      hurried: new AbortController().signal,
    });
    return ended;
  }

  interrupt(): void {
    this.#interrupted.abort(new Error("SIGINT"));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
