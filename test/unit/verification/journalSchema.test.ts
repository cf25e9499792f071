import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { journalJsonSchema, journalSchema } from "../../../verification/journalSchema";
import { hostileJournal, journal } from "./report/fixture";

const published = join(resolve(__dirname, "../../.."), "docs", "journal.schema.json");

function written(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("schema of the journal", () => {
  it("takes journals as they are written", () => {
    for (const one of [journal(), hostileJournal()]) {
      const { error } = journalSchema.safeParse(written(one));
      assert.equal(error, undefined);
    }
  });

  it("keeps what a later version adds", () => {
    const later = { ...(written(journal()) as object), added: 1 };
    assert.deepEqual(journalSchema.parse(later), later);
  });

  for (const [what, breaks] of Object.entries<(broken: ReturnType<typeof journal>) => unknown>({
    "another version": (broken) => Object.assign(broken, { schemaVersion: 2 }),
    "a verdict that is none": (broken) => Object.assign(broken, { verdict: "green" }),
    "a drill without expectations": (broken) => delete (broken.drills[0] as { expectations?: unknown }).expectations,
    "bounds that are text": (broken) => Object.assign(broken.means[0] ?? {}, { availabilityPercent: "99 %" }),
    "an instant that is none": (broken) => Object.assign(broken, { started: "yesterday" }),
  })) {
    it(`refuses ${what}`, () => {
      const broken = journal();
      breaks(broken);
      assert.equal(journalSchema.safeParse(written(broken)).success, false);
    });
  }

  it("is published as it is", () => {
    assert.deepEqual(JSON.parse(readFileSync(published, "utf8")), written(journalJsonSchema()), "run: npm run schema");
  });
});
