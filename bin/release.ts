/** `pulumi stack export | npm run -s release:state`: prints the state as the upgrade tests keep it. */
import { readFileSync } from "node:fs";
import { type Exported, released } from "./releasedState";

const exported = JSON.parse(readFileSync(0, "utf8")) as Exported;
process.stdout.write(`${JSON.stringify(released(exported), undefined, 2)}\n`);
