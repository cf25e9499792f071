import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { page as html } from "../../verification/report/page";
import { accessibility, audit, ruleNames, type RuleName } from "./chromium/audit";
import { openChromium } from "./chromium/browser";
import { wholeJournal } from "./chromium/journals";

type Medium = "light" | "dark" | "print";
const media: readonly Medium[] = ["light", "dark", "print"];
const verdicts = ["passed", "failed", "inconclusive"] as const;
/** A phone, a tablet, a laptop, a large screen; CSS pixels. A4 between its margins is 680 wide. */
const widths = [360, 768, 1280, 1920];
const paper = 680;

describe("the HTML report in Chromium", function () {
  this.timeout(120_000);
  let browser: Browser;
  let dir: string;
  let page: Page;
  /** Everything that was asked for since the page was opened. */
  let requests: string[];

  before(async function () {
    // Chromium may have to be installed.
    this.timeout(600_000);
    browser = await openChromium();
    dir = mkdtempSync(join(tmpdir(), "report-"));
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    if ((dir as string | undefined) !== undefined) rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    requests = [];
    page.on("request", (request) => requests.push(request.url()));
  });
  afterEach(() => page.close());

  async function show(
    text: string,
    medium: Medium = "light",
    width = medium === "print" ? paper : 1280,
  ): Promise<string> {
    const file = join(dir, "index.html");
    writeFileSync(file, text);
    await page.setViewport({ width, height: 800 });
    const session = await page.createCDPSession();
    // Both at once: the one would take the other back. Whoever prints may prefer dark screens.
    const scheme = { name: "prefers-color-scheme", value: medium === "light" ? "light" : "dark" };
    const type = medium === "print" ? "print" : "screen";
    await session.send("Emulation.setEmulatedMedia", { media: type, features: [scheme] });
    const url = pathToFileURL(file).href;
    await page.goto(url);
    return url;
  }

  const openDetails = (): Promise<unknown> =>
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");

  for (const verdict of verdicts) {
    describe(`of a run that is ${verdict}`, () => {
      let text: string;
      before(() => {
        text = html(wholeJournal(verdict));
      });

      for (const medium of media) {
        it(`breaks no rule: ${medium}`, async () => {
          for (const width of medium === "print" ? [paper] : widths) {
            await show(text, medium, width);
            assert.deepEqual(await audit(page, "verdictFirst"), [], `${width.toString()} px`);
            await openDetails();
            for (const rule of ["overflow", "pictures"] as const) {
              assert.deepEqual(await audit(page, rule), [], `${rule} at ${width.toString()} px`);
            }
          }
          assert.deepEqual(await audit(page, "contrast"), []);
          assert.deepEqual(await audit(page, "legends"), []);
          assert.deepEqual(await accessibility(page), []);
        });
      }

      it("asks for nothing but itself", async () => {
        const url = await show(text);
        assert.deepEqual(requests, [url]);
      });

      it("is readable without JavaScript, and needs none", async () => {
        await page.setJavaScriptEnabled(false);
        await show(text);
        const seen = (await page.evaluate("document.body.innerText")) as string;
        for (const part of [verdict, "Availability, guest × host", "49.33–50.00 %", "Checks"]) {
          assert.ok(seen.toLowerCase().includes(part.toLowerCase()), part);
        }
        await page.click("summary");
        assert.equal(await page.evaluate("document.querySelector('details').open"), true);
        assert.equal(await page.$("script"), null);
      });
    });
  }

  it("prints what on a screen has to be opened", async () => {
    const text = html(wholeJournal("failed"));
    const shown = (): Promise<unknown> => page.evaluate("document.querySelector('details li').checkVisibility()");
    await show(text, "print");
    assert.equal(await shown(), true);
    await show(text.replace("details::details-content", ".nothing"), "print");
    assert.equal(await shown(), false);
  });

  describe("is seen to be broken:", () => {
    /** What one change of the page does to a rule that held. */
    const broken: [string, RuleName, RegExp, (text: string) => string, Medium?, number?][] = [
      [
        "a table that does not scroll",
        "overflow",
        /the page is \d+ px wide/,
        (text) => text.replace(".scroll { overflow-x: auto; }", ""),
        "light",
        360,
      ],
      [
        "a name that does not wrap",
        "overflow",
        /text leaves its box: vsphere-ha/,
        (text) => text.replace("h1, h2, h3, p, li { overflow-wrap: anywhere; }", "h1 { white-space: nowrap; }"),
        "light",
        360,
      ],
      [
        "a table that is wider than paper",
        "overflow",
        /the page is \d+ px wide/,
        (text) => text.replaceAll("white-space: normal", "white-space: nowrap"),
        "print",
      ],
      [
        "long names in a picture",
        "pictures",
        /leaves its picture: xxx/,
        (text) => text.replace(/(<text [^>]*>)esx-01/, `$1${"x".repeat(200)}`),
      ],
      [
        "words on each other",
        "pictures",
        /stand on each other: fault \/ fault|stand on each other/,
        (text) => text.replace(/<text [^>]*>declared failed<\/text>/, "$&$&"),
      ],
      [
        "a picture without words",
        "pictures",
        /without a text alternative/,
        (text) => text.replace(/aria-label="[^"]*"/, ""),
      ],
      [
        "pale text",
        "contrast",
        /on rgb\(252, 252, 251\) is 2\.\d\d, expected 4\.5/,
        (text) => text.replace("--ink-2: #5b6168", "--ink-2: #a0a6ad"),
      ],
      [
        "dark text in the dark",
        "contrast",
        /on rgb\(22, 24, 27\)/,
        (text) => text.replace("--failed: #ff8a80", "--failed: #b3261e"),
        "dark",
      ],
      ["white on a bar", "contrast", /expected 4\.5/, (text) => text.replace("--on-bar: #ffffff", "--on-bar: #c0c0c0")],
      [
        "a bar that is hardly seen",
        "contrast",
        /a part of a picture: /,
        (text) => text.replace("--off: #7b8188", "--off: #d0d0d0"),
      ],
      [
        "one grey for two things",
        "legends",
        /one colour for two: between two probes \/ host without power/,
        (text) => text.replace("--edge: #3f63c4", "--edge: #7b8188"),
      ],
      [
        "a colour that nobody explains",
        "legends",
        /does not tell var\(--boot\)/,
        (text) => text.replace(/<span class="key" style="--key:var\(--boot\)">[^<]*<\/span>/, ""),
      ],
      [
        "a verdict further down",
        "verdictFirst",
        /not seen at once/,
        (text) => text.replace("<header>", '<header><div style="height: 700px"></div>'),
      ],
      [
        "a verdict that is small",
        "verdictFirst",
        /larger than the verdict/,
        (text) => text.replace("font-size: 2.5rem", "font-size: 1rem"),
      ],
    ];

    for (const [what, rule, expected, change, medium = "light", width] of broken) {
      it(`${rule} by ${what}`, async () => {
        const text = html(wholeJournal("failed"));
        const changed = change(text);
        assert.notEqual(changed, text, "nothing was changed");
        await show(changed, medium, width);
        if (rule !== "verdictFirst") await openDetails();
        assert.match((await audit(page, rule)).join("\n"), expected);
      });
    }

    it("every rule", () => {
      assert.deepEqual([...new Set(broken.map(([, rule]) => rule))].sort(), [...ruleNames].sort());
    });

    it("accessibility by a page without language", async () => {
      await show(html(wholeJournal("failed")).replace('<html lang="en">', "<html>"));
      assert.match((await accessibility(page)).join("\n"), /html-has-lang/);
    });

    it("requests by a picture from elsewhere", async () => {
      const text = html(wholeJournal("failed")).replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
      const url = await show(text.replace("<main>", '<main><img src="http://127.0.0.1:9/logo.png" alt="logo">'));
      assert.deepEqual(requests, [url, "http://127.0.0.1:9/logo.png"]);
    });

    it("and its own policy keeps such a picture out", async () => {
      const text = html(wholeJournal("failed"));
      const told: string[] = [];
      page.on("console", (message) => told.push(message.text()));
      await show(text.replace("<main>", '<main><img src="http://127.0.0.1:9/logo.png" alt="logo">'));
      assert.match(told.join("\n"), /logo\.png.*violates the following Content Security Policy/);
    });
  });
});
